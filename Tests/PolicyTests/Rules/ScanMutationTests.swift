import Foundation
import HTTP1
import Testing

@_spi(TokenVerifier) @_spi(TenantDirectory) @testable import Policy

/// Every strip step switched off, one at a time: the second reading must notice each. Cookies and
/// bodies are not in it; fuzz targets and the generated requests stand for those.
@Suite struct `Second reading of a head that was not cleaned` {
    /// What is done otherwise than it should be between planning and sending.
    struct Mutation: Sendable, CustomTestStringConvertible {
        enum Step: Sendable {
            /// The fate of the first field of this name becomes `keep`.
            case keeps(String)
            /// The query is cleaned by a rule with other names, and other additions.
            case query(names: [String], inject: String?, tenant: String, times: Int)
            /// The path is written by the rule of a route without `{tenant}`.
            case path
            /// The head is written for another tenant, or for none.
            case principal(String?)
        }
        let testDescription: String
        let target: String
        let fields: [String]
        let step: Step

        init(_ name: String, _ target: String, _ fields: [String], _ step: Step) {
            testDescription = name
            self.target = target
            self.fields = fields
            self.step = step
        }
    }

    static let spellings = [
        "X-Tenant-ID", "x-tenant-id", "Tenant-Id", "TENANT", "X-Scope-OrgID", "Http-X-Org-Id",
        "Grpc-Metadata-Tenant-Id-Bin", "Account-ID", "X-X-Workspace-Id",
    ]

    static let mutations: [Mutation] =
        spellings.map { Mutation("field \($0)", "/t/acme", ["\($0): evil"], .keeps($0)) }
        + [
            Mutation(
                "field of our own value", "/t/acme", ["X-Tenant-ID: acme"], .keeps("X-Tenant-ID")),
            Mutation("underscores", "/t/acme", ["X_Tenant_ID: evil"], .keeps("X_Tenant_ID")),
            Mutation("irregular name", "/t/acme", ["a.b: evil"], .keeps("a.b")),
            Mutation("framing", "/t/acme", ["Content-Length: 0"], .keeps("Content-Length")),
            Mutation("authority", "/t/acme", [], .keeps("Host")),
            Mutation("nomination", "/t/acme", ["Connection: X-Tenant-ID"], .keeps("Connection")),
            Mutation(
                "nomination for proxies", "/t/acme", ["Proxy-Connection: X-Tenant-ID"],
                .keeps("Proxy-Connection")),
            Mutation("tier", "/t/acme", ["X-Tenant-Tier: GOLD"], .keeps("X-Tenant-Tier")),
            Mutation("request id", "/t/acme", ["X-Request-ID: 1"], .keeps("X-Request-ID")),
            Mutation(
                "method override", "/t/acme", ["X-HTTP-Method-Override: PUT"],
                .keeps("X-HTTP-Method-Override")),
            Mutation(
                "query removal", "/t/acme?a=1&org_id=evil", [],
                .query(names: [], inject: "tenant_id", tenant: "acme", times: 1)),
            Mutation(
                "query removal of an encoded name", "/t/acme?filter%5Btenant%255Fid%5D=evil", [],
                .query(names: [], inject: "tenant_id", tenant: "acme", times: 1)),
            Mutation(
                "query without ours", "/t/acme?a=1", [],
                .query(names: TenantNames.defaults, inject: nil, tenant: "acme", times: 1)),
            Mutation(
                "query with ours twice", "/t/acme?a=1", [],
                .query(names: [], inject: "tenant_id", tenant: "acme", times: 2)),
            Mutation(
                "query with another's", "/t/acme?a=1", [],
                .query(names: TenantNames.defaults, inject: "tenant_id", tenant: "evil", times: 1)),
            Mutation("path of another", "/t/evil/a", [], .path),
            Mutation("head of another", "/t/acme", [], .principal("evil")),
            Mutation("head of none", "/t/acme", [], .principal(nil)),
        ]

    private static func fixture() -> RulesFixture {
        RulesFixture { _, route in
            route.path = PathPattern(
                text: "/t/{tenant}/**", segments: [.literal([0x74]), .tenant, .rest])
            route.injectQuery = "tenant_id"
        }
    }

    @Test(arguments: mutations)
    func `a strip step that is switched off is noticed`(_ mutation: Mutation) throws {
        let lines = ["GET \(mutation.target) HTTP/1.1", "Host: a"] + mutation.fields
        let text = lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let rules = Self.fixture().rules
        #expect(try Self.isAccepted(text, rules, nil), "with every step in place")
        #expect(try !Self.isAccepted(text, rules, mutation.step))
    }

    private static func principal(_ name: String?, _ rules: RuleSet) throws -> Principal? {
        try name.map { try rules.resolve(RulesFixture.claims(tenant: $0)) }
    }

    /// Whether the head, written as the gateway would but for `step`, passes the second reading.
    private static func isAccepted(
        _ text: String, _ rules: RuleSet, _ step: Mutation.Step?
    ) throws -> Bool {
        let bytes = [UInt8](text.utf8)
        var head = RequestHead()
        guard case .complete = try head.parse(bytes.span, limits: .request) else {
            throw FixtureFault.incompleteHead
        }
        let route = rules.routes[0]
        let acme = try principal("acme", rules)
        var plan = RewritePlan()
        var target = ByteBuffer(capacityMax: 4_096)
        try route.plan(head, bytes.span, principal: acme, target: &target, plan: &plan)
        var writer = acme
        switch step {
        case nil: break
        case .keeps(let name):
            for index in 0..<head.fields.count
            where bytes.span[head.fields[index].name].equalsIgnoringCase([UInt8](name.utf8).span) {
                plan[index] = .keep
            }
        case .query(let names, let inject, let name, let times):
            let rule = QueryRule(
                names: SkeletonSet(names: names), clientValue: .strip, inject: inject)
            let tenant = ExternalID(name, format: .opaque)
            target.truncate(to: head.target.path.count)
            target.append("?")
            var query =
                head.target.query.map { slice in
                    (Int(slice.start)..<Int(slice.end)).map { bytes[$0] }
                } ?? []
            for _ in 0..<times {
                var out = ByteBuffer(capacityMax: 4_096)
                _ = try rule.clean(query.span, tenant: tenant, into: &out)
                query = out.bytes
            }
            target.append(query)
        case .path:
            target.removeAll()
            let rule = PathTenantRule(pattern: PathPattern("/t/*/**"), clientValue: .strip)
            _ = try rule.write(bytes.span[head.target.path], tenant: nil, into: &target)
            target.append("?tenant_id=acme")
        case .principal(let name): writer = try principal(name, rules)
        }
        let written = try write(route, plan, head, bytes, writer, target.bytes)
        // What `write` refuses is noticed; what it lets through is for another tenant.
        return written.map { route.scan.accepts($0.span, tenant: acme?.externalID) } ?? false
    }

    /// `nil` where the second reading refuses what was written.
    private static func write(
        _ route: RouteRule, _ plan: borrowing RewritePlan, _ head: borrowing RequestHead,
        _ bytes: [UInt8], _ principal: Principal?, _ target: [UInt8]
    ) throws -> [UInt8]? {
        let (address, id) = ([UInt8]("192.0.2.7".utf8), [UInt8]("request-1".utf8))
        let (none, upstream) = ([UInt8](), [UInt8]("10.0.0.5:8080".utf8))
        let facts = RequestFacts(
            clientAddress: address.span, isSecure: true, isTrustedProxy: false,
            requestID: id.span, traceparent: none.span, assertion: none.span,
            upstreamAuthority: upstream.span, contentType: Span())
        var out = ByteBuffer(capacityMax: 1 << 16)
        do throws(Refusal) {
            try route.write(
                plan, head, bytes.span, principal: principal, target: target.span,
                framing: .length(0), facts: facts, into: &out)
        } catch {
            // Without a principal the writer does not even begin.
            guard error == .internalScan || principal == nil && error == .internalError else {
                throw error
            }
            return nil
        }
        return out.bytes
    }

    @Test func `no clean request sets off the alarm`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed)
        let rules = Self.fixture().rules
        let letters = [UInt8]("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        func word() -> String {
            let bytes = (0...random.below(14)).map { _ in
                letters[Int(random.below(UInt64(letters.count)))]
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        let environment = ProcessInfo.processInfo.environment
        for _ in 0..<(environment["RINGFENCE_REQUESTS"].flatMap(Int.init) ?? 1_000) {
            // A letter in front, so that a name is never one by chance.
            let fields = (0..<random.below(12)).map { _ in "z\(word()): \(word())" }
            let pairs = (0..<random.below(6)).map { _ in "z\(word())=\(word())" }
            let target =
                "/t/acme/\(word())" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
            let lines = ["GET \(target) HTTP/1.1", "Host: a"] + fields
            let text = lines.map { $0 + "\r\n" }.joined() + "\r\n"
            #expect(try Self.isAccepted(text, rules, nil), "seed \(seed): \(text)")
        }
    }
}
