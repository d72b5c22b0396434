import HTTP1
import TestSupport
import Testing

@testable import Policy

@Suite struct `Cookies of a request` {
    @Test(arguments: [
        ("C1", "a=1; tenant_id=evil; b=2", "a=1; b=2"), ("C1", "X-Tenant-ID=evil; b=2", "b=2"),
        ("C1", "a=1;tenantId=evil;b=2", "a=1; b=2"), ("C1", "tenant%5Fid=evil;b=2", "b=2"),
        ("C1", "tenant_id[]=evil;b=2", "b=2"), ("C4", "=tenant_id=evil; b=2", "b=2"),
        ("C4", "  tenant_id = evil ; b=2", "b=2"), ("C4", "tenant_id; b=2", "b=2"),
        ("C4", "\"tenant_id\"=evil; b=2", "b=2"), ("C4", "a=1,tenant_id=evil; b=2", "b=2"),
        ("C4", "tenant,_id=evil; b=2", "b=2"), ("C4", "==tenant_id=evil; b=2", "b=2"),
        ("C4", "tenant_id%00x=evil; b=2", "b=2"),
        ("C4", "a=\"x; tenant_id=evil\"; b=2", "a=\"x; b=2"), ("C1", ";;tenant=evil;;b=2;;", "b=2"),
        ("C1", "__Host-tenant_id=evil; b=2", "b=2"), ("C1", "__secure-tenantId=evil; b=2", "b=2"),
        ("C1", "__Host-Http-tenant=evil; b=2", "b=2"), ("C1", "b=2; __HTTP-org_id=evil", "b=2"),
        ("C1", "a=1 __Host-tenant_id=evil; b=2", "b=2"),
    ])
    func `the pair goes and the others keep their bytes`(
        _ vector: String, _ value: String, _ expected: String
    ) throws {
        let sent = try RulesFixture().get("/", "Cookie: \(value)")
        #expect(sent.values("cookie") == [expected], "\(vector)")
        #expect(sent.report.cookies == 1, "\(vector)")
        #expect(!sent.text.contains("evil"), "\(vector)")
    }

    /// Python's `http.cookies` (Bottle, older aiohttp) begins a cookie behind any whitespace, WebOb
    /// (Pyramid) behind any byte that is none of a value's.
    @Test(arguments: [
        "a=1 tenant_id=evil; b=2", "a=1\ttenant_id=evil; b=2", "a=\"x\" tenant_id=evil; b=2",
        "a=1  tenant_id = evil; b=2", "a=1 x tenant_id\t=evil; b=2", "a=[tenant_id=evil; b=2",
        "a=1]tenant_id=evil; b=2", "a=\"tenant_id=evil; b=2", "a=\"x\"tenant_id=evil; b=2",
        "a=1 c=2 tenant%5Fid=evil; b=2", "a=1 tenant_id==evil; b=2", "a 1 tenant_id=evil; b=2",
    ])
    func `a pair that legacy readers find inside a value goes with it`(_ value: String) throws {
        let sent = try RulesFixture().get("/", "Cookie: \(value)")
        #expect(sent.values("cookie") == ["b=2"])
        #expect(sent.report.cookies == 1)
    }

    @Test(arguments: [
        "a=1; b=2", "a=1;b=2;", "a=b tenant_id c", "a=\"tenant_id\"", "a={\"tenant_id\":\"x\"}",
        "a=/x?tenant_id=1", "a=[1] b=[tenant_id]", "session=tenant_id", "a={\"x\",\"y\"}",
        "  a = 1 ",
        "a=tenant_id, b", "a=1,2,tenant_id",
    ])
    func `a field without a tenant is not touched`(_ value: String) throws {
        let sent = try RulesFixture().get("/", "Cookie: \(value)")
        let trimmed = value.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        #expect(sent.values("cookie") == [String(trimmed)])
        #expect(sent.report.cookies == 0)
    }

    @Test func `C2 several lines are joined and then filtered`() throws {
        let sent = try RulesFixture().get(
            "/", "Cookie: a=1; tenant_id=evil", "Accept: x", "Cookie: tenant=evil",
            "Cookie: b=2; c=3")
        #expect(sent.values("cookie") == ["a=1; b=2; c=3"])
        #expect(sent.report.cookies == 2)
    }

    @Test func `a field that only resembles Cookie never becomes one`() throws {
        let sent = try RulesFixture().get("/", "C-ookie: tenant=evil; a=1", "Cookie: b=2")
        #expect(sent.values("cookie") == ["b=2"])
        #expect(sent.values("c-ookie") == ["tenant=evil; a=1"])
    }

    @Test func `a field with nothing left is not sent`() throws {
        let sent = try RulesFixture().get("/", "Cookie: tenant_id=evil", "Cookie: org_id=evil")
        #expect(sent.values("cookie").isEmpty)
    }

    @Test(
        arguments: ["a b", "a,", "=", "a b=", "a b,", "[a"], [UInt8(ascii: "="), 0x2c, 0x20, 0x61])
    func `C4 a value is judged in time that grows with its length alone`(
        _ start: String, _ filler: UInt8
    ) throws {
        let rule = CookieRule(
            names: SkeletonSet(names: TenantNames.defaults), clientValue: .strip)
        let value = [UInt8](start.utf8) + [UInt8](repeating: filler, count: 20_000)
        let begin = secondsOfThread()
        let removed = try rule.count(value.span, tenant: nil)
        #expect(removed == 0)
        // Comparing all with all would take minutes here.
        #expect(secondsOfThread() - begin < 5)
    }

    @Test func `C4 five thousand pairs are filtered in one pass`() throws {
        let pairs = (0..<1_500).map { "c\($0)=1" } + ["tenant_id=evil"]
        let sent = try RulesFixture().get("/", "Cookie: " + pairs.joined(separator: ";"))
        #expect(sent.report.cookies == 1)
        #expect(sent.values("cookie")[0].split(separator: ";").count == 1_500)
    }
}
