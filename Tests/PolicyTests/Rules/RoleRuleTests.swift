import HTTP1
@testable import Policy
import Testing

@Suite struct `Roles of a route` {
    private let rule = RoleRule([
        RoleRequirement(method: "GET", roles: ["reader", "admin"]),
        RoleRequirement(method: "DELETE", roles: ["admin"]),
    ])

    private func allows(_ method: KnownMethod, _ role: String?) throws -> Bool {
        try #require(rule).allows(method, role: role.map { [UInt8]($0.utf8) })
    }

    @Test func `ask for a role byte for byte`() throws {
        #expect(try allows(.get, "reader"))
        #expect(try allows(.get, "admin"))
        for role in ["Reader", "reader ", "read", "readers", "", nil] {
            #expect(try !allows(.get, role))
        }
        #expect(try !allows(.delete, "reader"))
    }

    @Test func `leave methods that are not listed to everybody`() throws {
        for method: KnownMethod in [.post, .put, .patch, .options] {
            #expect(try allows(method, nil))
        }
    }

    @Test func `leave methods that no route takes to nobody`() throws {
        for method: KnownMethod in [.other, .trace, .track, .connect] {
            #expect(try !allows(method, "admin"))
        }
    }

    @Test func `are for HEAD what they are for GET, unless it is listed`() throws {
        #expect(try allows(.head, "reader"))
        #expect(try !allows(.head, nil))
        let own = RoleRule([
            RoleRequirement(method: "GET", roles: ["admin"]),
            RoleRequirement(method: "HEAD", roles: ["probe"]),
        ])
        let rule = try #require(own)
        #expect(rule.allows(.head, role: [UInt8]("probe".utf8)))
        #expect(!rule.allows(.head, role: [UInt8]("admin".utf8)))
        #expect(!rule.allows(.get, role: [UInt8]("probe".utf8)))
    }

    @Test func `are none where the policy lists none`() throws {
        #expect(RoleRule([]) == nil)
        let rules = RulesFixture().rules
        try rules.routes[0].checkRole(.delete, nil)
    }

    @Test func `refuse with role missing`() {
        let rules = RulesFixture { _, route in
            route.roles = [RoleRequirement(method: "PUT", roles: ["editor"])]
        }.rules
        let refusal = #expect(throws: Refusal.self) { try rules.routes[0].checkRole(.put, nil) }
        #expect(refusal == .roleMissing)
        #expect(Refusal.roleMissing.status == 403)
    }
}
