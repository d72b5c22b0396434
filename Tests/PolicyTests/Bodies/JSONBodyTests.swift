import HTTP1
import Testing

@testable import Policy

@Suite struct `JSON body` {
    private static let cleaned: [(String, String, String)] = [
        ("B1", #"{"tenant_id":"evil"}"#, "{}"),
        ("B1", #"{"a":1,"tenant_id":"evil"}"#, #"{"a":1}"#),
        ("B1", #"{"tenant_id":"evil","a":1}"#, #"{"a":1}"#),
        ("B1", #"{ "a" : 1 , "tenant_id" : "evil" , "b" : 2 }"#, #"{ "a" : 1 , "b" : 2 }"#),
        ("B1", #"{"tenant_id":1,"org_id":2,"a":3}"#, #"{"a":3}"#),
        ("B1", #"{"a":3,"tenant_id":1,"org_id":2}"#, #"{"a":3}"#),
        ("B1", #"{"tenant_id":1,"a":3,"org_id":2,"b":4}"#, #"{"a":3,"b":4}"#),
        ("B1", #"{"tenant_id":1,"org_id":2}"#, "{}"), ("B1", #"[{"tenant_id":1},2]"#, "[{},2]"),
        ("B1", #"{"a":{"b":[{"c":1,"tenantId":{"x":[1,2]}}]}}"#, #"{"a":{"b":[{"c":1}]}}"#),
        ("B1", #"{"tenant":{"id":"evil","tenant_id":"evil"},"a":1}"#, #"{"a":1}"#),
        ("B3", #"{"\u0074enant_id":"evil","a":1}"#, #"{"a":1}"#),
        ("B3", #"{"tenant\u005fid":"evil","a":1}"#, #"{"a":1}"#),
        ("B4", #"{"Tenant_ID":1,"TENANTID":2,"tenantId":3,"tenant-id":4,"a":5}"#, #"{"a":5}"#),
        ("B4", #"{"tenant_ıd":1,"tenant_id ":2}"#, #"{"tenant_ıd":1}"#),
        (
            "B10", #"{"n":[1e400,12345678901234567890,-0,1.0,1],"tenant_id":0}"#,
            #"{"n":[1e400,12345678901234567890,-0,1.0,1]}"#
        ),
        ("B13", #"[{"tenant_id":1,"a":2},{"tenant_id":3}]"#, #"[{"a":2},{}]"#),
        (
            "clean", #"{"q":"tenant_id","a":{"b":"\u0074"}}"#,
            #"{"q":"tenant_id","a":{"b":"\u0074"}}"#
        ),
        ("clean", " \n null ", " \n null "), ("clean", "\"tenant_id\"", "\"tenant_id\""),
        ("clean", "[]", "[]"), ("clean", "{}", "{}"),
        ("clean", #"{"my_tenant_id_2":1}"#, #"{"my_tenant_id_2":1}"#),
    ]

    @Test(arguments: cleaned)
    func `every spelling goes at every depth and the rest stays byte for byte`(
        _ vector: String, _ body: String, _ expected: String
    ) throws {
        let cleaned = try CleanedBody(body, as: CleanedBody.json)
        #expect(cleaned.text == expected, "\(vector)")
        #expect((cleaned.removed > 0) == (vector != "clean"))
        #expect(cleaned.isChanged == (vector != "clean"))
    }

    private static let ambiguous: [(String, String)] = [
        ("B2", #"{"tenant_id":"acme","tenant_id":"evil"}"#), ("B2", #"{"a":1,"\u0061":2}"#),
        ("B5", #"{"tenant_id\u0000":"evil"}"#), ("B5", #"{"":"evil"}"#), ("B5", #"{"a\nb":1}"#),
        ("B6", "\u{feff}{}"), ("B7", "{\"a\":\"\u{1}\"}"), ("B7", #"{"a":"\ud800"}"#),
        ("B8", "{\"a\":1,}"), ("B8", "{'a':1}"), ("B8", "{a:1}"), ("B8", "[NaN]"),
        ("B8", "[01]"), ("B8", "[+1]"), ("B8", "[.5]"), ("B8", "[0x1]"), ("B8", "/**/{}"),
        ("B8", "{}\u{c}"), ("B9", #"{"a":1}{"tenant_id":"evil"}"#), ("B9", "{}]"), ("B9", "{}\0{}"),
        ("B9", ""), ("B9", " "), ("B10", "[" + String(repeating: "1", count: 65) + "]"),
        ("B11", String(repeating: "[", count: 65) + String(repeating: "]", count: 65)),
        ("B11", String(repeating: "[", count: 100_000)),
    ]

    @Test(arguments: ambiguous)
    func `what readers read differently is refused`(_ vector: String, _ body: String) {
        #expect(refusal(body, as: CleanedBody.json) == .requestBodyMalformed, "\(vector)")
    }

    @Test func `B6 B7 bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xff, 0x22], [0x22, 0xc1, 0x98, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
            [0x7b, 0, 0x7d, 0], [0, 0x7b, 0, 0x7d], [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
        ] {
            #expect(refusal(bytes, as: CleanedBody.json) == .requestBodyMalformed)
        }
    }

    @Test func `B11 B12 more keys or values than the bound is too large, whatever their hashes`() {
        let keys = (0...JSONBodyRule.keysMax).map { "\"k\($0)\":1" }.joined(separator: ",")
        #expect(refusal("{\(keys)}", as: CleanedBody.json) == .requestBodyTooLarge)
        let values = String(repeating: "1,", count: JSONBodyRule.valuesMax) + "1"
        #expect(refusal("[\(values)]", as: CleanedBody.json) == .requestBodyTooLarge)
    }

    private static let modes: [(RoutePolicy.ClientValue, String, Bool)] = [
        (RoutePolicy.ClientValue.rejectIfDifferent, #"{"tenant_id":"acme"}"#, true),
        (.rejectIfDifferent, #"{"tenant_id":"\u0061cme"}"#, true),
        (.rejectIfDifferent, #"{"tenant_id":"evil"}"#, false),
        (.rejectIfDifferent, #"{"a":[{"tenant_id":["acme"]}]}"#, false),
        (.rejectIfDifferent, #"{"tenant_id":null}"#, false),
        (.reject, #"{"tenant_id":"acme"}"#, false), (.reject, #"{"a":"acme"}"#, true),
    ]

    @Test(arguments: modes)
    func `a route may refuse instead of stripping`(
        _ mode: RoutePolicy.ClientValue, _ body: String, _ passes: Bool
    ) {
        let expected: Refusal? = passes ? nil : .tenantConflict
        #expect(refusal(body, as: CleanedBody.json, mode: mode) == expected)
    }

    private static let injections: [(String, String, String)] = [
        ("{}", "/tenant_id", #"{"tenant_id":"acme"}"#),
        (#"{"a":1}"#, "/tenant_id", #"{"tenant_id":"acme","a":1}"#),
        (#"{ "tenant_id" : "evil" }"#, "/tenant_id", #"{"tenant_id":"acme" }"#),
        (#"{"tenantId":"evil","a":1}"#, "/tenant_id", #"{"tenant_id":"acme","a":1}"#),
        (#"{"a":{"b":2}}"#, "/a/tenant_id", #"{"a":{"tenant_id":"acme","b":2}}"#),
        (#"{"b":2}"#, "/a/c/tenant_id", #"{"a":{"c":{"tenant_id":"acme"}},"b":2}"#),
        (#"{"a":{}}"#, "/a/c/tenant_id", #"{"a":{"c":{"tenant_id":"acme"}}}"#),
        (#"{"x~y/z":{}}"#, "/x~0y~1z/tenant_id", #"{"x~y/z":{"tenant_id":"acme"}}"#),
        // What lies on the way may be a name of the tenant itself, and goes.
        (#"{"tenant":{"key":"evil"},"a":1}"#, "/tenant/key", #"{"tenant":{"key":"acme"},"a":1}"#),
        (#"{"a":1,"tenant":"evil"}"#, "/tenant/key", #"{"tenant":{"key":"acme"},"a":1}"#),
        (#"{"_method":"PUT","a":1}"#, "/tenant_id", #"{"tenant_id":"acme","a":1}"#),
    ]

    @Test(arguments: injections)
    func `the tenant is put at the pointer exactly once`(
        _ body: String, _ pointer: String, _ expected: String
    ) throws {
        let cleaned = try CleanedBody(body, as: CleanedBody.json, pointer: pointer)
        #expect(cleaned.text.filter { $0 != " " } == expected.filter { $0 != " " })
        #expect(cleaned.isChanged)
        // Again gives the same: what was put in is taken out and put in.
        let again = try CleanedBody(cleaned.text, as: CleanedBody.json, pointer: pointer)
        #expect(again.text.filter { $0 != " " } == cleaned.text.filter { $0 != " " })
    }

    @Test(arguments: [
        "[]", "1", #"{"a":1}"#, #"{"a":[{}]}"#, #"{"a":{"B":1,"b":{}},"b":{},"A":{}}"#,
    ])
    func `a document without a place for the tenant is refused`(_ body: String) {
        #expect(
            refusal(body, as: CleanedBody.json, pointer: "/a/tenant_id") == .requestBodyMalformed)
    }

    private static let beside: [(String, Bool)] = [
        (#"{"Meta":null}"#, true), (#"{"META":{},"a":1}"#, true), (#"{"me_ta":1}"#, true),
        (#"{"meta":{},"Meta":null}"#, true), (#"{"Meta":null,"meta":{}}"#, true),
        (#"{"\u004deta":{}}"#, true), (#"{"m-e-t-a ":1}"#, true),
        (#"{"meta":{"OWNER":{}}}"#, true), (#"{"meta":{"owner":{},"Owner":0}}"#, true),
        (#"{"meta":{"owner":{}},"metadata":1,"met":2,"xmeta":3,"x":{"Meta":4}}"#, false),
        (#"{"owner":1,"Owner":2,"meta":{"meta":1,"Meta":2,"owner":{"meta":3,"Owner":4}}}"#, false),
    ]

    /// Go, and others that take no notice of case, would put the one in the place of the other.
    @Test(arguments: beside)
    func `a member called like an object around the tenant is refused`(
        _ body: String, _ isRefused: Bool
    ) {
        for pointer in ["/meta/owner/tenant_id", "/meta/owner/id"] {
            let found = refusal(body, as: CleanedBody.json, pointer: pointer)
            #expect(found == (isRefused ? .requestBodyMalformed : nil), "\(pointer)")
        }
        #expect(refusal(body, as: CleanedBody.json, pointer: "/tenant_id") == nil)
    }

    @Test func `the two letters that fold into ASCII are letters of such a member too`() {
        for key in ["Ta\u{17f}\u{212a}", "tas\u{212a}", #"ta\u017fk"#] {
            let body = "{\"\(key)\":null}"
            #expect(
                refusal(body, as: CleanedBody.json, pointer: "/task/tenant_id")
                    == .requestBodyMalformed)
            #expect(refusal(body, as: CleanedBody.json, pointer: "/tas/tenant_id") == nil)
        }
        // Of names without letters or digits nothing is taken for another.
        #expect(refusal(#"{"$":1,"@":2}"#, as: CleanedBody.json, pointer: "/-/tenant_id") == nil)
    }

    @Test func `nothing is put in where the request acts for no tenant`() throws {
        let cleaned = try CleanedBody(
            #"{"tenant_id":"evil","a":1}"#, as: CleanedBody.json, pointer: "/tenant_id", tenant: nil
        )
        #expect(cleaned.text == #"{"a":1}"#)
    }

    private static let patches: [(String, String)] = [
        (#"[{"op":"replace","path":"/tenant_id","value":"evil"}]"#, "[]"),
        (
            #"[{"op":"add","path":"/a","value":{"org_id":1,"b":2}},{"path":"/a/orgId","op":0}]"#,
            #"[{"op":"add","path":"/a","value":{"b":2}}]"#
        ),
        (
            #"[{"op":"move","from":"/tenant_id","path":"/a"},{"op":"remove","path":"/b"}]"#,
            #"[{"op":"remove","path":"/b"}]"#
        ),
        (#"[{"op":"add","path":"/a~1tenant_id","value":1}]"#, "[]"),
        (#"[{"op":"add","path":"/\u0074enant_id/x","value":1}]"#, "[]"),
        (
            #"[{"op":"add","path":"","value":{"tenant_id":1}}]"#,
            #"[{"op":"add","path":"","value":{}}]"#
        ),
        (
            #"[{"op":0,"path":"/a","value":[{"OP":1,"path":"x"},{"op":1,"path":"org_id"}]}]"#,
            #"[{"op":0,"path":"/a","value":[{"OP":1,"path":"x"}]}]"#
        ),
        // Go reads it as it reads `from`.
        (#"[{"op":"move","path":"/a","From":"/tenant_id"}]"#, "[]"),
        (#"[{"op":"copy","path":"/a","\u0046ROM":"/tenant_id"}]"#, "[]"),
    ]

    @Test(arguments: patches)
    func `an operation of a patch that leads to a tenant goes as a whole`(
        _ body: String, _ expected: String
    ) throws {
        #expect(try CleanedBody(body, as: "application/json-patch+json").text == expected)
    }

    private static let patchLike: [(String, String)] = [
        (#"[{"op":"replace","path":"/tenant_id","value":"evil"},1]"#, "[1]"),
        (
            #"{"Operations":[{"op":"add","path":"a.tenantId","value":1},{"op":"x","path":"a"}]}"#,
            #"{"Operations":[{"op":"x","path":"a"}]}"#
        ),
        (#"[{"\u006fp":"move","from":"/x/org_id","path":"/b"}]"#, "[]"),
        (
            #"[{"op":"add","path":1},{"path":"/tenant_id"}]"#,
            #"[{"op":"add","path":1},{"path":"/tenant_id"}]"#
        ),
        (#"[{"op":"add","path":"a~/tenant_id"}]"#, "[]"),
        // SCIM's names have no case, and to Go none has one.
        (#"[{"OP":"replace","path":"/tenant_id","value":"evil"}]"#, "[]"),
        (
            #"{"Operations":[{"Op":"replace","path":"tenant_id","value":"evil"}]}"#,
            #"{"Operations":[]}"#
        ),
        (#"[{"oP":"replace","PATH":"/tenant_id"},{"op":"x","pAth":"/org_id"}]"#, "[]"),
        (#"[{"\u004f\u0070":"move","FrOm":"/tenant_id","path":"/a"}]"#, "[]"),
        (
            #"[{"path":"/a","Path":"/tenant_id"},{"o_p":1,"path":"/tenant_id"},{"op ":1}]"#,
            #"[{"path":"/a","Path":"/tenant_id"},{"o_p":1,"path":"/tenant_id"},{"op ":1}]"#
        ),
        (#"{"op":"add","path":"/tenant_id"}"#, #"{"op":"add","path":"/tenant_id"}"#),
    ]

    @Test(arguments: patchLike)
    func `what looks like an operation of a patch goes under any type of JSON`(
        _ body: String, _ expected: String
    ) throws {
        #expect(try CleanedBody(body, as: CleanedBody.json).text == expected)
    }

    @Test func `U5 a method override goes from the top of a document`() throws {
        let cleaned = try CleanedBody(
            #"{"_method":"DELETE","a":{"_method":1}}"#, as: CleanedBody.json)
        #expect(
            cleaned == CleanedBody(text: #"{"a":{"_method":1}}"#, removed: 0, isChanged: true))
    }

    @Test(arguments: [
        "{}", "[1]", #"[{"op":0,"path":1}]"#, #"[{"op":0,"path":"a"}]"#,
        #"[{"op":0,"path":"/~2"}]"#,
        // Nothing to one reader, and an operation to another.
        "[{}]", #"[{"path":"/a"}]"#, #"[{"op":"add","value":1}]"#, #"[{"OP":0,"path":"/a"}]"#,
        #"[{"op":"replace","Path":"/tenant_id","value":"evil"}]"#,
    ])
    func `a patch that is none is refused`(_ body: String) {
        #expect(refusal(body, as: "application/json-patch+json") == .requestBodyMalformed)
    }

    @Test(arguments: [
        #"{"op":"add","path":"/x","Path":"/tenant_id","value":"evil"}"#,
        #"{"op":"add","Path":"/tenant_id","path":"/x","value":"evil"}"#,
        #"{"op":"test","OP":"add","path":"/x"}"#, #"{"op":0,"path":"/x","p\u0041th":"/y"}"#,
        #"{"op":"move","path":"/x","from":"/a","FROM":"/b"}"#,
        #"{"op":"add","path":"/x","value":{},"Value":{"a":1}}"#,
    ])
    func `an operation that says a thing in two spellings is refused`(_ operation: String) {
        let body = "[\(operation)]"
        #expect(refusal(body, as: "application/json-patch+json") == .requestBodyMalformed)
        #expect(refusal(body, as: CleanedBody.json) == .requestBodyMalformed)
        let scim = #"{"Operations":\#(body)}"#
        #expect(refusal(scim, as: "application/scim+json") == .requestBodyMalformed)
    }

    @Test func `a value in another spelling is compared`() {
        for (value, expected) in [("acme", nil as Refusal?), ("evil", .tenantConflict)] {
            let body = #"[{"op":"add","path":"/tenant_id","Value":"\#(value)"}]"#
            let found = refusal(
                body, as: "application/json-patch+json", mode: .rejectIfDifferent)
            #expect(found == expected)
        }
    }

    @Test func `the tenant is put into every line of a body of lines`() throws {
        for count in [1, 2, 100] {
            let cleaned = try CleanedBody(
                String(repeating: "{}\n", count: count), as: "application/x-ndjson",
                pointer: "/a\\/\u{1}/b/c/d/tenant_id")
            let line = #"{"a\\":{"\u0001":{"b":{"c":{"d":{"tenant_id":"acme"}}}}}}"# + "\n"
            #expect(cleaned.text == String(repeating: line, count: count))
        }
        let lines = String(repeating: "1\n", count: JSONBodyRule.linesMax + 1)
        #expect(
            refusal(lines, as: "application/x-ndjson", pointer: "/a") == .requestBodyMalformed)
    }

    @Test func `an operation of a patch without a value is never the same tenant`() {
        let patch = "application/json-patch+json"
        for operation in [
            #"{"op":"remove","path":"/tenant_id"}"#,
            #"{"op":"copy","from":"/a","path":"/tenant_id"}"#,
            #"{"op":"move","from":"/tenant_id","path":"/a"}"#,
        ] {
            let refused = refusal("[\(operation)]", as: patch, mode: .rejectIfDifferent)
            #expect(refused == .tenantConflict)
        }
        let same = #"[{"op":"test","path":"/tenant_id","value":"acme"}]"#
        #expect(refusal(same, as: patch, mode: .rejectIfDifferent) == nil)
        #expect(refusal(same, as: patch, mode: .reject) == .tenantConflict)
    }

    @Test func `each line of a body of lines is a document`() throws {
        let body = "{\"tenant_id\":1,\"a\":2}\r\n\n{\"b\":3}\n{\"org_id\":1}"
        let cleaned = try CleanedBody(body, as: "application/x-ndjson")
        #expect(cleaned.text == "{\"a\":2}\r\n\n{\"b\":3}\n{}")
        #expect(cleaned.removed == 2)
        #expect(refusal("{}\n{", as: "application/x-ndjson") == .requestBodyMalformed)
        let lines = String(repeating: "1\n", count: JSONBodyRule.linesMax + 1)
        #expect(refusal(lines, as: "application/x-ndjson") == .requestBodyTooLarge)
    }
}
