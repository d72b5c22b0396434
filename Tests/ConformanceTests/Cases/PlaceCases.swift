/// `inject: {json: /owner/id}`: the place is the tenant's, the name is not (B1, Q1, C1, B17).
enum PlaceCases {
    private static func row(_ index: Int, _ text: String, _ left: String) -> Case {
        .body(
            "B1" + place(200 + index), Case.json, text, .forwarded, .body(left),
            .stripped(text.contains("evil") ? ["body_tenant"] : []), to: start)
    }

    private static let start = "POST /into/place"

    static let all: [Case] = places + beside

    /// A member called like an object around the tenant, which readers that take no notice of case
    /// put in its place.
    private static let beside: [Case] =
        Case.rows(
            "B1", from: 230,
            [
                #"{"Owner":{"ID":"evil"},"id":7}"#, #"{"Owner":null}"#, #"{"OWNER":{},"a":1}"#,
                #"{"owner":{"n":1},"Owner":null}"#, #"{"Owner":0,"owner":{}}"#,
                #"{"\u004fwner":{}}"#, #"{"own_er":{"a":1}}"#,
            ]
        ) { id, text in .body(id, Case.json, text, Case.malformed, to: start) }
        + Case.rows(
            "B1", from: 237,
            [
                #"{"Meta":null}"#, #"{"META":{},"a":1}"#, #"{"meta":{"Owner":{}}}"#,
                #"{"meta":{"owner":{},"owneR":0}}"#,
            ]
        ) { id, text in .body(id, Case.json, text, Case.malformed, to: "POST /into/deep") }
        + [
            .body(
                "B1" + place(241), "application/x-ndjson", "{}\n{\"Owner\":null}\n",
                Case.malformed, to: start),
            row(
                42, #"{"a":{"Owner":1},"owner":{"Owner":2}}"#,
                #"{"a":{"Owner":1},"owner":{"id":"acme","Owner":2}}"#),
            row(
                43, #"{"ownership":1,"own":2}"#,
                #"{"owner":{"id":"acme"},"ownership":1,"own":2}"#),
        ]

    private static let places: [Case] = [
        row(0, "{}", #"{"owner":{"id":"acme"}}"#),
        row(1, #"{"owner":{"id":"evil","n":1}}"#, #"{"owner":{"id":"acme","n":1}}"#),
        row(2, #"{"owner":{"ID":"evil"},"id":7}"#, #"{"owner":{"id":"acme"},"id":7}"#),
        row(
            3, #"{"id":7,"items":[{"id":8}],"owner":{"x":{"id":9}}}"#,
            #"{"id":7,"items":[{"id":8}],"owner":{"id":"acme","x":{"id":9}}}"#),
        row(
            4, #"{"owner":{"i\u0064":"evil","tenant_id":"evil"}}"#, #"{"owner":{"id":"acme"}}"#),
        .body(
            "B1" + place(205), "application/json-patch+json",
            #"[{"op":"add","path":"/owner","value":{"id":"evil"}},{"op":"x","path":"/id"}]"#,
            .forwarded, .body(#"[{"op":"x","path":"/id"}]"#), .stripped(["body_tenant"]),
            to: start),
        .body(
            "B1" + place(244), "application/json-patch+json",
            #"[{"op":"add","path":"/owner","Value":{"id":"evil"}},{"op":"x","path":"/id"}]"#,
            .forwarded, .body(#"[{"op":"x","path":"/id"}]"#), .stripped(["body_tenant"]),
            to: start),
        .body("B1" + place(206), Case.json, #"{"owner":1}"#, Case.malformed, to: start),
        // Other carriers have the name for what they like.
        .body(
            "B1" + place(207), Case.form, "id=1&owner.id=2", .forwarded, .body("id=1&owner.id=2"),
            .target("/into/place?id=1&filter[id]=2"), .field("Cookie", "id=3"),
            .field("X-Id", "4"), .stripped([]), to: "POST /into/place?id=1&filter[id]=2",
            lines: "Cookie: id=3\r\nX-Id: 4\r\n"),
    ]
}
