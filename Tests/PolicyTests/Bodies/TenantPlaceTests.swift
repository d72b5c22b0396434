import HTTP1
import Testing

@testable import Policy

/// `inject: {json: /meta/id}`, where `id` is no name of the tenant: the place is the tenant's, the
/// name is not.
@Suite struct `A place of the tenant whose name is common` {
    private static let documents: [(String, String, Int)] = [
        ("{}", #"{"meta":{"id":"acme"}}"#, 0),
        (#"{"id":7,"a":[{"id":8}]}"#, #"{"meta":{"id":"acme"},"id":7,"a":[{"id":8}]}"#, 0),
        (#"{"meta":{"id":"evil"}}"#, #"{"meta":{"id":"acme"}}"#, 1),
        (#"{"meta":{"a":1,"id":"evil"}}"#, #"{"meta":{"id":"acme","a":1}}"#, 1),
        (#"{"meta":{"i\u0064":"evil","a":{"id":1}}}"#, #"{"meta":{"id":"acme","a":{"id":1}}}"#, 1),
        // Readers that take no notice of case let the last one win.
        (#"{"meta":{"ID":"evil","Id":1,"x_id":2}}"#, #"{"meta":{"id":"acme"}}"#, 3),
        (#"{"X-Meta":{"id":"evil","a":1}}"#, #"{"meta":{"id":"acme"},"X-Meta":{"a":1}}"#, 1),
        // As deep, or called so, but not there.
        (
            #"{"a":{"id":1},"meta":{"b":{"id":2}},"z":{"meta":{"id":3}}}"#,
            #"{"a":{"id":1},"meta":{"id":"acme","b":{"id":2}},"z":{"meta":{"id":3}}}"#, 0
        ),
        (
            #"{"meta":{"order.id":1,"identity":2,"tenant_id":"evil"}}"#,
            #"{"meta":{"id":"acme","order.id":1,"identity":2}}"#, 1
        ),
        (
            #"{"a":[[{"id":1}]],"b":{"id":2}}"#,
            #"{"meta":{"id":"acme"},"a":[[{"id":1}]],"b":{"id":2}}"#, 0
        ),
        // Operations inside of a document that lead there.
        (
            #"{"o":[{"op":"add","path":"/meta/id","value":1},{"op":"x","path":"/id","value":2}]}"#,
            #"{"meta":{"id":"acme"},"o":[{"op":"x","path":"/id","value":2}]}"#, 1
        ),
        (
            #"{"o":[{"op":"add","path":"meta.ID","value":1},{"op":"add","path":"id","value":2}]}"#,
            #"{"meta":{"id":"acme"},"o":[{"op":"add","path":"id","value":2}]}"#, 1
        ),
    ]

    @Test(arguments: documents)
    func `it is taken out and put in there, and nowhere else`(
        _ body: String, _ expected: String, _ removed: Int
    ) throws {
        let cleaned = try CleanedBody(body, as: CleanedBody.json, pointer: "/meta/id")
        #expect(cleaned == CleanedBody(text: expected, removed: removed, isChanged: true))
        let again = try CleanedBody(cleaned.text, as: CleanedBody.json, pointer: "/meta/id")
        #expect(again.text == expected && again.removed == 1)
    }

    private static let patches: [(String, Bool)] = [
        ("/meta/id", true), ("/meta/ID", true), ("/meta/id/x", true), ("/meta/%69d", true),
        ("/id", false), ("/meta/a", false), ("/meta/a/id", false), ("/items/3/id", false),
        ("/meta~1id", false), ("", false), ("/meta", false), ("/met~0a/id", true),
    ]

    @Test(arguments: patches)
    func `an operation goes whose path leads there`(_ path: String, _ goes: Bool) throws {
        let body = #"[{"op":"replace","path":"\#(path)","value":1}]"#
        let cleaned = try CleanedBody(
            body, as: "application/json-patch+json", pointer: "/meta/id")
        #expect(cleaned.text == (goes ? "[]" : body))
    }

    private static let containers: [(String, Bool)] = [
        (#"{"op":"add","path":"/meta","value":{"id":"evil"}}"#, true),
        (#"{"op":"add","path":"/meta","value":{"Id":"evil","a":1}}"#, true),
        (#"{"op":"add","path":"/meta","value":{"a":{"id":1}}}"#, false),
        (#"{"op":"add","path":"","value":{"meta":{"id":"evil"}}}"#, true),
        (#"{"op":"add","path":"","value":{"id":1,"a":{"meta":{"id":1}}}}"#, false),
        (#"{"op":"move","from":"/x","path":"/meta"}"#, true),
        (#"{"op":"move","From":"/x","path":"/meta"}"#, true),
        (#"{"op":"copy","FROM":"/meta/id","path":"/x"}"#, true),
        (#"{"op":"add","path":"/meta","Value":{"id":"evil"}}"#, true),
        (#"{"op":"copy","from":"/meta/id","path":"/x"}"#, true),
        (#"{"op":"copy","from":"/meta","path":"/x"}"#, false),
        (#"{"op":"remove","path":"/meta"}"#, false),
        (#"{"op":"copy","from":"/a","path":"/id"}"#, false),
    ]

    @Test(arguments: containers)
    func `an operation goes that brings a container with it`(
        _ operation: String, _ goes: Bool
    ) throws {
        let cleaned = try CleanedBody(
            "[\(operation)]", as: "application/json-patch+json", pointer: "/meta/id")
        #expect(cleaned.text == (goes ? "[]" : "[\(operation)]"))
    }

    @Test(arguments: [#"{"Meta":{"id":"evil"}}"#, #"{"meta":{},"META":null}"#])
    func `a member called like what is around it is refused`(_ body: String) throws {
        #expect(
            refusal(body, as: CleanedBody.json, pointer: "/meta/id") == .requestBodyMalformed)
        // Where nothing is put in, what was there still goes.
        let open = try CleanedBody(
            #"{"Meta":{"id":"evil"}}"#, as: CleanedBody.json, pointer: "/meta/id", tenant: nil)
        #expect(open.text == #"{"Meta":{}}"#)
    }

    @Test func `a route may refuse what is there instead`() {
        for (text, mode, expected) in [
            ("acme", RoutePolicy.ClientValue.rejectIfDifferent, nil as Refusal?),
            ("evil", .rejectIfDifferent, .tenantConflict), ("acme", .reject, .tenantConflict),
        ] {
            let body = #"{"id":"evil","meta":{"id":"\#(text)"}}"#
            #expect(
                refusal(body, as: CleanedBody.json, mode: mode, pointer: "/meta/id") == expected)
        }
    }

    @Test func `forms and their parts may have the name`() throws {
        let form = try CleanedBody("id=1&meta.id=2", as: CleanedBody.form, pointer: "/meta/id")
        #expect(form == CleanedBody(text: "id=1&meta.id=2", removed: 0, isChanged: false))
    }

    @Test func `other carriers of the route keep the name`() {
        var policy = GatewayPolicy()
        var route = RoutePolicy(
            name: "r", path: PathPattern(text: "/**", segments: [.rest]),
            authentication: .issuer(0), upstream: 0)
        for (pointer, isReserved) in [
            ("/meta/id", false), ("/id", false), ("/tenant_id", true), ("/a/Org~1Id", true),
        ] {
            route.injectJSON = pointer
            policy.routes = [route]
            let names = RouteRule(0, in: policy).tenantNames
            let last = RouteRule.injectedMember(of: route) ?? ""
            #expect((names.judge([UInt8](last.utf8).span) == .listed) == isReserved, "\(pointer)")
            #expect(names.judge([UInt8]("id".utf8).span) == .clean)
        }
    }
}
