import Testing

@testable import Policy

@Suite struct `Form body` {
    @Test(arguments: [
        ("tenant_id=evil", ""), ("a=1&tenant_id=evil&b=2", "a=1&b=2"),
        ("tenant_id=evil&a=1&tenant_id=acme", "a=1"), ("%74enant_id=evil&a=1", "a=1"),
        ("filter[tenant_id]=evil&a=x+y", "a=x+y"), ("+tenant_id=evil&a=1", "a=1"),
        ("a+tenant_id=evil&b", "b"), ("_method=DELETE&a=1", "a=1"), ("&&a=1&", "&&a=1&"),
        ("", ""),
    ])
    func `B17 fields go like parameters of a query`(_ body: String, _ expected: String) throws {
        let cleaned = try CleanedBody(body, as: CleanedBody.form)
        #expect(cleaned.text == expected)
        #expect(cleaned.isChanged == (body != expected))
    }

    @Test(arguments: [
        "a=1;tenant_id=evil", "a=%", "tenant_id%00=1", "a b=1", "a=1\n", "a=é", "a=#&b",
    ])
    func `what readers read differently is refused`(_ body: String) {
        #expect(refusal(body, as: CleanedBody.form) == .requestBodyMalformed)
    }

    /// PHP's `json_decode`, Go's `json.NewDecoder` and Sanic never look at the type.
    @Test(arguments: [
        #"{"a":"=","tenant_id":"evil"}"#, #"{"\u0074enant_id":"evil"}"#, "{}", "{",
        #"[{"a":"=","tenant_id":"evil"}]"#, #"[[{"a":"="}]]"#, #"["a",{"b":"="}]"#,
        #"[1,{"a":"="}]"#, #"['a',{b:'='}]"#, #"/*a=*/{"tenant_id":"evil"}"#,
        #"[/*]*/{"tenant_id":"evil"}]"#, #"{"a":";","tenant_id":"evil"}"#,
        // What would stand first when another field is gone.
        #"tenant_id=1&{"a":"=","tenant_id":"evil"}"#, #"&{"a":"="}"#, #"x=1&[{"a":"="}]"#,
    ])
    func `B14 what readers that never look at the type take for JSON is refused`(_ body: String) {
        #expect(refusal(body, as: CleanedBody.form) == .requestBodyMalformed)
        #expect(
            refusal(body, as: CleanedBody.form, field: "tenant_id") == .requestBodyMalformed)
    }

    @Test(arguments: [
        "[0].name=x&[0][id]=y", "[a][b]=1", "[]=1", "[", "[a", "a={\"b\":1}", "a[{]=1", "/a=1",
        "%7B%22a%22:1%7D", "a=[{}]", "/",
    ])
    func `B14 brackets of names and JSON in values are no document`(_ body: String) throws {
        #expect(try CleanedBody(body, as: CleanedBody.form).text == body)
    }

    @Test func `more fields than the bound is too large`() {
        for field in ["a=1", ""] {
            let body = Array(repeating: field, count: QueryRule.parametersMax).joined(
                separator: "&")
            #expect(refusal(body, as: CleanedBody.form) == nil)
            #expect(refusal(body + "&", as: CleanedBody.form) == .requestBodyTooLarge)
            let withOurs = refusal(body, as: CleanedBody.form, field: "tenant_id")
            #expect(withOurs == .requestBodyTooLarge)
        }
    }

    @Test func `the tenant is added as a field exactly once`() throws {
        let one = try CleanedBody("tenant_id=evil&a=1", as: CleanedBody.form, field: "tenant_id")
        #expect(one.text == "tenant_id=acme&a=1")
        let none = try CleanedBody("", as: CleanedBody.form, field: "tenant_id")
        #expect(none.text == "tenant_id=acme")
        #expect(none.isChanged)
    }

    @Test func `a route may refuse instead of stripping`() {
        #expect(refusal("tenant_id=evil", as: CleanedBody.form, mode: .reject) == .tenantConflict)
        #expect(
            refusal("tenant_id=acme", as: CleanedBody.form, mode: .rejectIfDifferent) == nil)
    }
}
