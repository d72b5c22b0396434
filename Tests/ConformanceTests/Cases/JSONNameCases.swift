/// B1 to B5 and B13: the tenant in JSON, under every name and at every depth. What stays keeps its
/// bytes.
enum JSONNameCases {
    static let all =
        places + without + depths + patches + spelledPatches + modes + injections + duplicates
        + escapes + spellings + controls + scalars

    private static let places: [Case] = [
        .json("B1a", #"{"tenant_id":"evil","x":1}"#, #"{"x":1}"#),
        .json("B1b", #"{"a":[{"b":{"tenantId":"evil"}}]}"#, #"{"a":[{"b":{}}]}"#),
        .json("B1c", #"{"tenant_id":"evil"}"#, "{}"),
        .json("B1d", #"{"x":1,"tenant_id":"evil"}"#, #"{"x":1}"#),
        .json(
            "B1e", #"{ "x" : 1 , "tenant_id" : "evil" ,\#t"y" :\#n[ 2 ] }"#,
            #"{ "x" : 1 ,\#t"y" :\#n[ 2 ] }"#),
        .json("B1f", #"{"tenant":{"id":"evil","name":"evil"},"x":1}"#, #"{"x":1}"#),
        .json("B1g", #"{"x":1,"tenant_id":["evil",{"y":[["evil"]]}],"z":2}"#, #"{"x":1,"z":2}"#),
        .json("B1h", #"{"tenant_id":null,"org_id":7,"account_id":true,"x":1}"#, #"{"x":1}"#),
        .json(
            "B1i", #"{"org_id":"evil","x":1,"account_id":"evil","y":2,"workspaceId":"evil"}"#,
            #"{"x":1,"y":2}"#),
        .json("B1j", #"{"where":{"tenant_id":{"$ne":"evil"}}}"#, #"{"where":{}}"#),
        .json(
            "B1k", #"{"$or":[{"tenant_id":"evil"},{"tenant_id":"acme","x":1}]}"#,
            #"{"$or":[{},{"x":1}]}"#),
        .cleaned(
            "B1l", "application/vnd.api+json",
            #"{"data":{"attributes":{"tenant_id":"evil","x":1}}}"#,
            #"{"data":{"attributes":{"x":1}}}"#),
        .kept("B1m", Case.json, #"{"q":"tenant_id","tenants":["globex"],"my_tenant_id_2":1}"#),
        .kept("B1n", Case.json, "{}"),
        .kept("B1o", Case.json, #" { "x" : "a\/b\u00e9" , "y" : [ ] } "#),
        .cleaned(
            "B1p", Case.json, #"{"workspace":"evil","tenant_id":"evil","x":1}"#, #"{"x":1}"#,
            to: "POST /clean/named/x"),
        .kept("B1q", Case.json, #"{"workspace":"w","x":1}"#),
        // What is signed is what is sent.
        .cleaned(
            "B1r", Case.json, #"{"tenant_id":"evil","x":1}"#, #"{"x":1}"#,
            to: "POST /clean/signed/x"),
        .body("B1s", Case.json, "", .forwarded, .body(""), .field("Content-Length", "0")),
        .raw("B1t", "POST /clean/x HTTP/1.1\r\n{host}{auth}\r\n", .forwarded, .body("")),
    ]

    /// A route that asks for no tenant may clean bodies too, where it says so.
    private static let without: [Case] = [
        .cleaned(
            "B1u", Case.json, #"{"tenant_id":"evil","x":1}"#, #"{"x":1}"#,
            to: "POST /clean/open/x"
        ).tenant(nil),
        .raw(
            "B1v",
            "POST /clean/vendor HTTP/1.1\r\n{host}Authorization: Bearer {vendor}\r\n"
                + "Content-Type: application/json\r\nContent-Length: 26\r\n\r\n"
                + #"{"tenant_id":"evil","x":1}"#, .forwarded, .body(#"{"x":1}"#)
        ).tenant(nil),
        // What was said of the bytes that came need not hold for those that go on.
        .cleaned(
            "B1w", Case.json, #"{"tenant_id":"evil","x":1}"#, #"{"x":1}"#,
            lines: "Content-MD5: eA==\r\nContent-Digest: sha-256=:eA==:\r\n"
        ).and(.lacks("Content-MD5"), .lacks("Content-Digest")),
        .cleaned(
            "B1x", Case.json, #"{"tenant_id":"evil","x":1}"#, #"{"x":1}"#,
            lines: "Digest: md5=eA==\r\nRepr-Digest: sha-256=:eA==:\r\n"
        ).and(.lacks("Digest"), .lacks("Repr-Digest")),
    ]

    private static func nested(_ depth: Int, _ inner: String) -> String {
        repeated(#"{"a":"#, depth) + inner + repeated("}", depth)
    }

    private static let depths: [Case] = [
        .json("B1za", nested(63, #"{"tenant_id":"evil"}"#), nested(63, "{}")),
        .json("B1zb", nested(20, #"{"x":1,"tenant_id":"evil"}"#), nested(20, #"{"x":1}"#)),
        .json(
            "B1zc", repeated("[", 62) + #"{"b":{"Tenant-Id":"evil"}}"# + repeated("]", 62),
            repeated("[", 62) + #"{"b":{}}"# + repeated("]", 62)),
        .json(
            "B1zd", #"{"tenant_id":\#(nested(62, #"{"tenant_id":"evil"}"#)),"x":1}"#, #"{"x":1}"#),
        // On each level one before, one behind, one between.
        .json(
            "B1ze",
            #"{"org_id":"evil","a":{"x":1,"org_id":"evil","a":{"a":[],"org_id":"evil"}},"y":2}"#,
            #"{"a":{"x":1,"a":{"a":[]}},"y":2}"#),
    ]

    private static let patch = "application/json-patch+json"
    private static let merge = "application/merge-patch+json"
    private static let add = #"{"op":"add","path":"/x","value":1}"#

    private static let patches: [Case] = [
        .cleaned("B1zf", merge, #"{"tenant_id":"evil","x":null}"#, #"{"x":null}"#, to: update),
        .cleaned(
            "B1zg", patch, #"[{"op":"replace","path":"/tenant_id","value":"evil"},\#(add)]"#,
            "[\(add)]", to: update),
        .cleaned(
            "B1zh", patch, #"[{"op":"move","from":"/a/tenantId","path":"/evil"},\#(add)]"#,
            "[\(add)]", to: update),
        .cleaned(
            "B1zi", patch, #"[\#(add),{"op":"add","path":"/a~1tenant_id","value":"evil"}]"#,
            "[\(add)]", to: update),
        .cleaned(
            "B1zj", patch, #"[{"op":"add","path":"/\u0074enant_id/-","value":"evil"}]"#, "[]",
            to: update),
        .cleaned(
            "B1zk", patch, #"[{"op":"add","path":"","value":{"tenant_id":"evil","x":1}}]"#,
            #"[{"op":"add","path":"","value":{"x":1}}]"#, to: update),
        .cleaned(
            "B1zl", patch, #"[{"path":"/org%5fid","value":"evil","op":"test"},\#(add)]"#,
            "[\(add)]", to: update),
        .body("B1zm", patch, #"{"path":"/tenant_id","value":"evil"}"#, Case.malformed, to: update),
        .body("B1zn", patch, #"[{"op":"add","path":["/tenant_id"]}]"#, Case.malformed, to: update),
        .body("B1zo", patch, #"[{"op":"add","path":"tenant_id"}]"#, Case.malformed, to: update),
        .body("B1zp", patch, #"[{"op":"add","path":"/~2"}]"#, Case.malformed, to: update),
        .kept("B1zq", patch, "[\(add)]", to: update),
    ]

    private static let scim = "application/scim+json"

    /// What an operation does, said in other letters: Go and SCIM take no notice of case.
    private static let spelledPatches: [Case] =
        Case.rows(
            "B1", from: 208,
            [
                #"[{"op":"replace","Path":"/tenant_id","value":"evil"}]"#,
                #"[{"op":"add","path":"/x","Path":"/tenant_id","value":"evil"}]"#,
                #"[{"op":"add","Path":"/tenant_id","path":"/x","value":"evil"}]"#,
                #"[{"OP":"replace","path":"/tenant_id","value":"evil"}]"#,
                #"[{"path":"/tenant_id","value":"evil"}]"#,
                #"[{"op":"add","path":"/x","p\u0041th":"/tenant_id","value":"evil"}]"#,
                #"[\#(add),{"op":"copy","path":"/x","from":"/y","FROM":"/tenant_id"}]"#,
            ]
        ) { id, text in .body(id, patch, text, Case.malformed, to: update) }
        + [
            .cleaned(
                "B1" + place(215), patch,
                #"[{"op":"move","path":"/x","From":"/tenant_id"},\#(add)]"#, "[\(add)]",
                to: update),
            .cleaned(
                "B1" + place(216), Case.json,
                #"[{"OP":"replace","path":"/tenant_id","value":"evil"},\#(add)]"#, "[\(add)]"),
            .cleaned(
                "B1" + place(217), Case.json,
                #"[{"\u004fp":"add","\u0050ath":"/org_id","value":"evil"},\#(add)]"#, "[\(add)]"),
            .cleaned(
                "B1" + place(218), scim,
                #"{"Operations":[{"Op":"replace","path":"tenant_id","value":"evil"},\#(add)]}"#,
                #"{"Operations":[\#(add)]}"#, to: update),
            .cleaned(
                "B1" + place(219), scim,
                #"{"operations":[{"op":"add","PATH":"urn:acme:User:tenantId","value":"evil"}]}"#,
                #"{"operations":[]}"#, to: update),
            .body(
                "B1" + place(220), scim,
                #"{"Operations":[{"op":"add","path":"x","PATH":"tenant_id","value":"evil"}]}"#,
                Case.malformed, to: update),
            .body(
                "B1" + place(221), Case.json, #"[{"op":"x","oP":"y","path":"/x"}]"#,
                Case.malformed),
            .kept("B1" + place(222), Case.json, #"[{"path":1,"Path":2},{"OP":1,"Path":"/x"}]"#),
            .cleaned(
                "B1" + place(223), patch, #"[{"op":"test","path":"/org_id","Value":"acme"}]"#, "[]",
                to: "PATCH /clean/same/x"),
            .body(
                "B1" + place(224), patch, #"[{"op":"test","path":"/org_id","VALUE":"evil"}]"#,
                Case.conflict, to: "PATCH /clean/same/x"),
        ]

    private static let update = "PATCH /clean/x"
    private static let strict = "POST /clean/strict/x"
    private static let same = "POST /clean/same/x"

    private static let modes: [Case] = [
        .body("B1zr", Case.json, #"{"x":[{"tenant_id":"acme"}]}"#, Case.conflict, to: strict),
        .kept("B1zs", Case.json, #"{"x":[{"b":"acme"}]}"#, to: strict),
        .cleaned("B1zt", Case.json, #"{"tenant_id":"acme","x":1}"#, #"{"x":1}"#, to: same),
        .cleaned("B1zu", Case.json, #"{"tenantId":"\u0061cme","x":1}"#, #"{"x":1}"#, to: same),
        .body("B1zv", Case.json, #"{"tenant_id":"evil","x":1}"#, Case.conflict, to: same),
        .body("B1zw", Case.json, #"{"tenant_id":["acme"]}"#, Case.conflict, to: same),
        .body("B1zx", Case.json, #"{"a":{"tenant_id":null}}"#, Case.conflict, to: same),
        .body("B1zy", Case.json, #"{"tenant_id":"acme","org_id":"evil"}"#, Case.conflict, to: same),
        .body(
            "B1zz", patch, #"[{"op":"remove","path":"/tenant_id"}]"#, Case.conflict,
            to: "PATCH /clean/strict/x"),
        .body(
            "B1zza", patch, #"[{"op":"replace","path":"/tenant_id","value":"evil"}]"#,
            Case.conflict, to: "PATCH /clean/same/x"),
        .cleaned(
            "B1zzb", patch, #"[{"op":"replace","path":"/tenant_id","value":"acme"}]"#, "[]",
            to: "PATCH /clean/same/x"),
        // A value that cannot be looked at is not the same one.
        .body(
            "B1zzc", patch, #"[{"op":"copy","from":"/evil","path":"/tenant_id"}]"#, Case.conflict,
            to: "PATCH /clean/same/x"),
    ]

    private static func injected(
        _ id: String, _ text: String, _ left: String, to path: String, _ facts: Fact...
    ) -> Case {
        var row = Case.body(id, Case.json, text, .forwarded, to: "POST " + path)
        row = Case(row.id, row.wire, row.verdict, [.body(left)] + facts)
        return row
    }

    /// Exactly one, ours, whatever was there.
    private static let injections: [Case] = [
        injected("B1zzd", "{}", #"{"tenant_id":"acme"}"#, to: "/into/json"),
        injected("B1zze", #"{"x":1}"#, #"{"tenant_id":"acme","x":1}"#, to: "/into/json"),
        injected("B1zzf", #"{"tenant_id":"evil"}"#, #"{"tenant_id":"acme"}"#, to: "/into/json"),
        injected(
            "B1zzg", #"{"tenantId":"evil","x":{"org_id":"evil"}}"#,
            #"{"tenant_id":"acme","x":{}}"#, to: "/into/json"),
        injected(
            "B1zzh", #"{"x":1,"\u0074enant_id":"acme"}"#, #"{"tenant_id":"acme","x":1}"#,
            to: "/into/json"),
        injected(
            "B1zzi", #"{"meta":{"owner":{"tenant_id":"evil","x":1}}}"#,
            #"{"meta":{"owner":{"tenant_id":"acme","x":1}}}"#, to: "/into/deep"),
        injected(
            "B1zzj", #"{"meta":{},"x":1}"#,
            #"{"meta":{"owner":{"tenant_id":"acme"}},"x":1}"#, to: "/into/deep"),
        injected(
            "B1zzk", #"{"x":1}"#, #"{"meta":{"owner":{"tenant_id":"acme"}},"x":1}"#,
            to: "/into/deep"),
        .body("B1zzl", Case.json, #"{"meta":"evil"}"#, Case.malformed, to: "POST /into/deep"),
        .body(
            "B1zzm", Case.json, #"[{"tenant_id":"evil"}]"#, Case.malformed, to: "POST /into/json"),
        .body("B1zzn", Case.json, #""evil""#, Case.malformed, to: "POST /into/json"),
        injected(
            "B1zzo", #"{"account":"evil","x":1}"#, #"{"owner":{"account":"acme"},"x":1}"#,
            to: "/into/both?account=evil", .target("/into/both?account=acme"),
            .stripped(["query_tenant", "body_tenant"])),
    ]

    /// Any key twice, whatever it is and however it is written.
    private static let duplicates: [Case] =
        Case.rows(
            "B2",
            [
                #"{"tenant_id":"acme","tenant_id":"evil"}"#,
                #"{"tenant_id":"evil","tenant_id":"acme"}"#, #"{"x":1,"x":2}"#,
                #"{"x":1,"\u0078":2}"#, #"{"\u0078":1,"y":3,"\u0078":2}"#,
                #"{"a":[{"b":1,"c":2,"b":1}]}"#, #"{"tenant":{"a":"evil","a":"acme"}}"#,
                #"{"x":{"y":1},"x":{"z":1}}"#, #"{"\ud83d\ude00":1,"\#(Case.utf8("😀"))":2}"#,
                #"{"a/b":1,"a\/b":2}"#,
            ]
        ) { id, text in .body(id, Case.json, text, Case.malformed) }
        + [
            .kept("B2k", Case.json, #"[{"x":1},{"x":1}]"#),
            .kept("B2l", Case.json, #"{"x":{"x":{"X":1,"x":2}}}"#),
            .body(
                "B2m", Case.json,
                "{\((0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")),\"k7\":1}",
                Case.malformed),
        ]

    private static let escapes: [Case] =
        Case.rows(
            "B3",
            [
                #"\u0074enant_id"#, #"tenant\u005fid"#, #"tenant\u005Fid"#,
                #"\u0074\u0065\u006e\u0061\u006e\u0074\u005f\u0069\u0064"#, #"TENANT\u002did"#,
                #"tenant\/id"#, #"\ud83d\ude00tenant_id"#, #"tenant\u0020id"#, #"x\u002etenant_id"#,
                #"tenant_\u017flug"#, #"wor\u212aspace_id"#, #"tenant\\_id"#, #"tenant\"id"#,
            ]
        ) { id, name in .json(id, #"{"x":1,"\#(name)":"evil","y":2}"#, #"{"x":1,"y":2}"#) }

    private static let spellings: [Case] =
        Case.rows(
            "B4",
            [
                "Tenant_ID", "TENANTID", "tenantId", "tenant-id", "TenantID", "X-Tenant-ID",
                "x_tenant_id", "tenant.id", "tenant id", "tenant_id ", " tenant_id", "xTenantId",
                "org_id", "organizationId", "organisation-id", "accountId", "workspace_id",
                "customerExternalId", "tenant", "tenantid", "app.current_tenant", "tenant_uuid",
                "HTTP_X_TENANT_ID", "tenant%5Fid", "tenant%255Fid", "tenant_id__in", "tenant_id:eq",
                "where[tenant_id]", "tenant_id[$ne]", "a/tenant_id", "$tenant_id", "@tenantId",
                "tenant_\u{c5}\u{bf}lug", "wor\u{e2}\u{84}\u{aa}space_id",
                "tenant\u{c2}\u{a0}id", "tenant\u{e2}\u{80}\u{8b}_id", "grpc-metadata-tenant-id",
            ]
        ) { id, name in .json(id, #"{"x":1,"\#(name)":"evil","y":2}"#, #"{"x":1,"y":2}"#) }

    private static let controls: [Case] =
        Case.rows(
            "B5",
            [
                #"{"tenant_id\u0000":"evil"}"#, #"{"\u0000tenant_id":"evil"}"#,
                #"{"tenant\nid":"evil"}"#, #"{"x\u0000y":1}"#, #"{"\u007f":1}"#, #"{"":"evil"}"#,
                #"{"a":{"":1}}"#, #"{"tenant_id%00":"evil"}"#, #"{"tenant\u001f":"evil"}"#,
            ]
        ) { id, text in .body(id, Case.json, text, Case.malformed) }
        + [.kept("B5j", Case.json, #"{" ":1,"-":"a\u0000b"}"#)]

    private static let scalars: [Case] = [
        .json("B13a", #"[{"tenant_id":"evil"},{"x":1,"tenant_id":"evil"},3]"#, #"[{},{"x":1},3]"#),
        .json("B13b", #"[[[{"org_id":"evil"}]],[]]"#, "[[[{}]],[]]"),
        .kept("B13c", Case.json, #""tenant_id""#), .kept("B13d", Case.json, "42"),
        .kept("B13e", Case.json, "null"), .kept("B13f", Case.json, "true"),
        .kept("B13g", Case.json, "false"), .kept("B13h", Case.json, "[]"),
        .kept("B13i", Case.json, #"["tenant_id","acme"]"#), .kept("B13j", Case.json, #""""#),
    ]
}
