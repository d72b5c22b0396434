import HTTP1
import Testing

@testable import Policy

@Suite struct `Names that do not mean the tenant` {
    private static func fixture(
        _ names: [String], _ change: @escaping (inout RoutePolicy) -> Void = { _ in }
    ) -> RulesFixture {
        RulesFixture { _, route in
            route.exceptedNames = names
            change(&route)
        }
    }

    @Test func `an excepted name passes in every carrier and every spelling`() throws {
        let sent = try Self.fixture(["account_id"]).get(
            "/a;accountId=5/b?account_id=5&filter[accountId]=6&tenant_id=evil", "X-Account-Id: 7",
            "Cookie: account.id=8; tenant=evil", "AccountID: 9")
        #expect(sent.target == "/a;accountId=5/b?account_id=5&filter[accountId]=6")
        #expect(sent.values("x-account-id") == ["7"] && sent.values("accountid") == ["9"])
        #expect(sent.values("cookie") == ["account.id=8"])
        #expect(sent.values("x-tenant-id") == ["acme"])
        #expect(sent.report.query.removed == 1 && sent.report.cookies == 1)
    }

    @Test func `no other name passes with it`() throws {
        let sent = try Self.fixture(["account_id"]).get(
            "/?account=1&org_id=2&tenant_account_id=3", "X-Org-Id: 7", "X_Account_Id: 8")
        #expect(sent.target == "/?account=1&tenant_account_id=3")
        #expect(sent.values("x-org-id").isEmpty && sent.values("x_account_id").isEmpty)
    }

    @Test func `bodies follow`() throws {
        let fixture = Self.fixture(["account_id"])
        let rule = try #require(fixture.rules.routes[0].bodies)
        let (type, text) = ([UInt8](CleanedBody.json.utf8), #"{"accountId":1,"tenant":2}"#)
        var scratch = BodyScratch()
        var out = ByteBuffer(capacityMax: 65_536)
        let report = try withBytes(text) {
            try rule.clean(
                $0, as: try ContentType(type.span), type.span, tenant: nil, &scratch, into: &out)
        }
        #expect(report.removed == 1)
        #expect(String(decoding: out.bytes, as: UTF8.self) == #"{"accountId":1}"#)
    }

    @Test func `another route goes on to mean the tenant by it`() throws {
        let fixture = RulesFixture { policy, route in
            var other = route
            other.name = "other"
            other.path = PathPattern("/other/**")
            other.exceptedNames = ["account_id"]
            policy.routes.append(other)
        }
        #expect(try fixture.get("/x?account_id=1").target == "/x")
        #expect(try fixture.get("/other/x?account_id=1").target == "/other/x?account_id=1")
        #expect(try fixture.get("/other/x;account_id=1").target == "/other/x;account_id=1")
        let refusal = RulesFixture.refusal { _ = try fixture.get("/x;account_id=1") }
        #expect(refusal == .requestPathAmbiguous)
    }

    /// The policy compiler refuses them; should one come through, nothing passes that should not.
    @Test func `what the gateway writes cannot be excepted unseen`() {
        let policy = RulesFixture().policy
        var route = policy.routes[0]
        route.exceptedNames = ["account_id", "org_id"]
        route.injectHeader = "X-Org-Id"
        let names = RouteRule.tenantNames(of: route, in: policy)
        #expect(!names.contains("account_id") && names.contains("X-Tenant-ID"))
        #expect(RouteRule.writtenNames(of: route) == ["X-Tenant-ID", "X-Org-Id"])
    }
}
