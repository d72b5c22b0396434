import HTTP1
import Testing

@testable import Policy

@Suite struct `Path of a request` {
    static func check(_ path: String) -> Refusal? {
        let names = SkeletonSet(names: TenantNames.defaults)
        return RulesFixture.refusal { try withBytes(path) { try PathRule.check($0, names: names) } }
    }

    @Test(arguments: [
        ("P2", "/v1/tenants/acme/../evil/x"), ("P2", "/./"), ("P2", "/a/.."), ("P2", "/."),
        ("P2", "/../"), ("P3", "/%2e%2e/x"), ("P3", "/.%2e/x"), ("P3", "/%2E./x"), ("P3", "/%2e"),
        ("P3", "/a%2fb"), ("P3", "/a%2Fb"), ("P3", "/a\\b"), ("P3", "/a%5cb"), ("P3", "/a%5C"),
        ("P3", "/%252e%252e%252f"), ("P3", "/a%2541"), ("P4", "//evil/x"),
        ("P4", "/v1//tenants//evil"), ("P4", "/v1/tenants/acme%00evil"), ("P4", "/a//"),
        ("P4", "//"), ("P4", "/a%0d%0ab"), ("P4", "/a%7f"),
        ("P5", "/v1/tenants/acme;tenant_id=evil/x"), ("P5", "/v1;tenant_id=evil/x"),
        ("P5", "/v1;a=1;tenantId=evil"), ("P5", "/v1%3btenant_id=evil"),
        ("P5", "/v1;tenant%5fid=evil"), ("P5", "/v1;tenant_id%3Devil"), ("P5", "/v1;tenant_id"),
        ("P5", "/..;/x"), ("P5", "/..;a=1/x"), ("P5", "/%2e%2e%3b/x"), ("P5", "/.;/"),
        ("P5", "/v1;filter[tenant_id]=evil"), ("P5", "/;/admin"), ("P5", "/;a=1/admin"),
        ("P5", "/v1/%3ba/x"), ("P5", "/v1/;a"),
    ])
    func `a path with two readings is refused`(_ vector: String, _ path: String) {
        #expect(Self.check(path) == .requestPathAmbiguous, "\(vector)")
    }

    @Test(arguments: [
        "", "x", "*", "/a b", "/a%", "/a%2", "/a%zz", "/a#b", "/a?b", "/\u{e9}", "/a\u{7f}",
        "/a\tb",
    ])
    func `P6 a byte that no path has is refused`(_ path: String) {
        #expect(Self.check(path) == .requestTarget)
    }

    @Test(arguments: [
        "/", "/a", "/a/", "/a/b.c/..d/e../...", "/a%20b", "/caf%C3%A9", "/x;jsessionid=1", "/a;",
        "/100%25", "/a%25zz", "/a:b@c!$&'()*+,=", "/~alice/.well-known/x", "/%61%3A", "/tenant_id",
        "/tenant_id=acme/x",
    ])
    func `a canonical path passes`(_ path: String) {
        #expect(Self.check(path) == nil)
    }

    @Test func `what is forwarded is what was matched byte for byte`() throws {
        let path = "/v1/caf%c3%a9/a%20b;p=1/"
        #expect(try RulesFixture().get(path + "?x=1").target == path + "?x=1")
    }

    @Test func `P7 an absolute target is sent as a path with its own authority as Host`() throws {
        let sent = try RulesFixture().send(
            "GET http://api.example.com/x?a=1 HTTP/1.1\r\nHost: API.example.com\r\n\r\n")
        #expect(sent.lines[0] == "GET /x?a=1 HTTP/1.1")
        #expect(sent.values("host") == ["api.example.com"])
    }
}
