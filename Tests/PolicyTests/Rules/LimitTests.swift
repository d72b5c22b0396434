import Foundation
import HTTP1
import Testing

@testable import Policy

@Suite struct `Limits of one request` {
    static func standing(
        _ kind: LimitKind, limit: UInt32, left: UInt32, seconds: UInt64
    ) -> LimitStanding {
        let nanoseconds = seconds * 1_000_000_000
        return LimitStanding(
            limitPerMinute: limit,
            verdict: left > 0
                ? .admitted(remaining: left, resetNanoseconds: nanoseconds)
                : .refused(retryNanoseconds: nanoseconds), kind: kind)
    }

    static func text(_ standings: LimitStandings, _ headers: LimitHeaders = .init()) -> String {
        var out = ByteBuffer(capacityMax: LimitHeaders.bytesMax)
        headers.write(standings, route: [UInt8]("orders".utf8), into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `fields list each of them, and those with X the tightest`() {
        var standings = LimitStandings()
        standings.append(Self.standing(.tier, limit: 100, left: 42, seconds: 17))
        standings.append(Self.standing(.tierUser, limit: 20, left: 3, seconds: 50))
        standings.append(Self.standing(.route, limit: 10, left: 3, seconds: 20))
        standings.append(Self.standing(.routeUser, limit: 5, left: 4, seconds: 59))
        standings.concurrency = ConcurrencyStanding(limit: 7, remaining: 6, isAdmitted: true)
        #expect(
            Self.text(standings) == """
                RateLimit-Policy: "tier";q=100;w=60, "tier:user";q=20;w=60, \
                "route:orders";q=10;w=60, "route:orders:user";q=5;w=60, \
                "concurrency";q=7;qu="concurrent-requests"\r
                RateLimit: "tier";r=42;t=17, "tier:user";r=3;t=50, "route:orders";r=3;t=20, \
                "route:orders:user";r=4;t=59, "concurrency";r=6\r
                X-RateLimit-Limit: 20\r
                X-RateLimit-Remaining: 3\r
                X-RateLimit-Reset: 50\r

                """)
    }

    @Test func `nothing is said where nothing holds`() {
        #expect(Self.text(LimitStandings()).isEmpty)
        var open = LimitStandings()
        open.concurrency = ConcurrencyStanding(limit: 7, remaining: 6, isAdmitted: true)
        #expect(!Self.text(open).contains("X-RateLimit"))
        var none = LimitHeaders()
        none.rateLimit = false
        none.xRateLimit = false
        #expect(Self.text(open, none).isEmpty)
    }

    @Test func `the longest name and the largest numbers fit`() {
        var standings = LimitStandings()
        for kind in LimitKind.allCases {
            standings.append(
                LimitStanding(
                    limitPerMinute: .max, verdict: .refused(retryNanoseconds: .max), kind: kind))
        }
        standings.concurrency = ConcurrencyStanding(
            limit: .max, remaining: .max, isAdmitted: false)
        var out = ByteBuffer(capacityMax: LimitHeaders.bytesMax)
        let name = [UInt8](repeating: UInt8(ascii: "n"), count: ScalarForm.nameBytesMax)
        LimitHeaders().write(standings, route: name, into: &out)
        LimitHeaders.writeRetryAfter(standings.retrySeconds, into: &out)
        #expect(out.count < LimitHeaders.bytesMax)
        var members = ByteBuffer(capacityMax: ProblemBody.membersBytesMax)
        LimitHeaders.writeRefusing(standings, route: name, into: &members)
        #expect(members.count > 4 * 10)
    }

    @Test func `who was refused waits for the last of those that refuse`() {
        var standings = LimitStandings()
        standings.append(Self.standing(.tier, limit: 100, left: 0, seconds: 17))
        standings.append(Self.standing(.route, limit: 10, left: 0, seconds: 40))
        standings.append(Self.standing(.routeUser, limit: 5, left: 2, seconds: 59))
        #expect(standings.retrySeconds == 40 && !standings.isAdmitted && standings.isRateExceeded)
        var out = ByteBuffer(capacityMax: 256)
        LimitHeaders.writeRefusing(standings, route: [UInt8]("x".utf8), into: &out)
        #expect(String(decoding: out.bytes, as: UTF8.self) == #""tier","route:x""#)
    }

    @Test func `a route says what a request has to pass`() throws {
        let fixture = RulesFixture { policy, route in
            policy.tiers[0].allowance.requestsPerUser = 20
            route.limits.requests = 30
        }
        let principal = try fixture.rules.resolve(RulesFixture.claims())
        let route = fixture.rules.routes[0]
        #expect(LimitKind.allCases.map { route.limit($0, of: principal) } == [100, 20, 30, nil])
        #expect(!route.isLimitedByTierAlone(principal))
        let apart = RulesFixture { policy, route in
            policy.tiers[0].allowance.requestsPerUser = 20
            route.limits.countsTier = false
            route.limits.requestsPerUser = 3
        }
        let own = apart.rules.routes[0]
        #expect(LimitKind.allCases.map { own.limit($0, of: principal) } == [nil, nil, nil, 3])
        let plain = RulesFixture()
        let alone = try plain.rules.resolve(RulesFixture.claims())
        #expect(plain.rules.routes[0].isLimitedByTierAlone(alone))
    }

    @Test func `a feature is its tiers', and the problem names them`() throws {
        let fixture = RulesFixture { policy, route in
            policy.features = ["exports", "analytics"]
            policy.tiers[1].allowance.features.insert(1)
            policy.tiers[2].allowance.features.insert(1)
            route.feature = 1
        }
        let route = fixture.rules.routes[0]
        for (tier, isAllowed) in [("STARTER", false), ("GROWTH", true), ("ENTERPRISE", true)] {
            let principal = try fixture.rules.resolve(RulesFixture.claims(tier: tier))
            if isAllowed {
                try route.checkFeature(principal)
            } else {
                #expect(throws: Refusal.featureMissing) { try route.checkFeature(principal) }
            }
        }
        let id = [UInt8]("r1".utf8)
        let problem = route.featureProblem
        var out = ByteBuffer(capacityMax: ProblemBody.bytesMax)
        ProblemBody.write(
            .featureMissing, requestID: id.span, members: problem.span, into: &out)
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(
            text.hasSuffix(#","feature":"analytics","tiers":["GROWTH","ENTERPRISE"]}"#), "\(text)")
    }

    @Test func `very many tiers are named as far as there is room`() {
        let fixture = RulesFixture { policy, route in
            policy.features = ["f"]
            policy.tiers = (0..<200).map {
                var tier = TierPolicy(name: "TIER\($0)", requests: .limit(.perMinute(1)))
                tier.allowance.features.insert(0)
                return tier
            }
            route.feature = 0
        }
        let problem = fixture.rules.routes[0].featureProblem
        #expect(problem.count <= ProblemBody.membersBytesMax)
        let text = String(decoding: problem, as: UTF8.self)
        #expect(text.hasSuffix("\"]") && text.contains("TIER50"))
    }

    @Test func `a set holds the features it was given`() {
        var set = FeatureSet()
        for feature in [0, 5, 63] { set.insert(feature) }
        set.insert(64)
        set.insert(-1)
        #expect((-2..<70).filter { set.contains($0) } == [0, 5, 63])
        var other = FeatureSet()
        other.insert(7)
        #expect(set.union(other).contains(7) && set.union(other).contains(63))
    }

    @Test(arguments: [3, 100, 10_000, 10_001, 20_000] as [UInt32])
    func `a probe says what taking would, and takes nothing`(_ limit: UInt32) {
        var window = SlidingWindow()
        var now: UInt64 = 120_000_000_000
        for step in 0..<2_000 {
            now += UInt64(step % 7) * 50_000_000
            let probe = window.probe(nowNanoseconds: now, limit: limit)
            let again = window.probe(nowNanoseconds: now, limit: limit)
            #expect(probe == again)
            let taken = window.take(nowNanoseconds: now, limit: limit)
            switch (probe, taken) {
            case (.refused(let one), .refused(let other)): #expect(one == other)
            case (.admitted(let one, _), .admitted(let other, _)): #expect(one == other + 1)
            default: Issue.record("\(probe) and then \(taken)")
            }
        }
    }
}

@Suite struct `Limits an upstream tells of itself` {
    static func answer(
        _ fields: [String], left: UInt32? = 5, seconds: UInt64 = 30, status: Int = 200
    ) throws -> String {
        let standing = left.map {
            `Limits of one request`.standing(.tier, limit: 10, left: $0, seconds: seconds)
        }
        return try `Response to the client`.answer(
            "HTTP/1.1 \(status) OK\r\n"
                + (fields + ["Content-Length: 0"]).joined(separator: "\r\n") + "\r\n\r\n",
            standing: standing)
    }

    @Test(arguments: [
        (#""burst";r=3;t=1"#, true), (#""a";q=1, "b";q=2"#, true), (#""tier";r=9"#, false),
        (#""a";q=1, "tier:user";q=2"#, false), (#""route:x";q=1"#, false),
        (#""concurrency";r=1"#, false), ("limit=10, remaining=3", false), ("10;w=1", false),
        ("", false), (#""tiers";r=1"#, true),
    ])
    func `a list of other names stays before ours`(_ value: String, _ stays: Bool) throws {
        let text = try Self.answer(["RateLimit: \(value)"])
        let lines = text.components(separatedBy: "\r\n").filter { $0.hasPrefix("RateLimit:") }
        let own = #"RateLimit: "tier";r=5;t=30"#
        #expect(lines == (stays ? ["RateLimit: \(value)", own] : [own]))
    }

    @Test(arguments: [("4", "4"), ("5", "5"), ("6", "5"), ("x", "5"), ("-1", "5"), ("", "5")])
    func `what is left is never more than either says`(_ theirs: String, _ told: String) throws {
        let text = try Self.answer([
            "X-RateLimit-Limit: 999", "X-RateLimit-Remaining: \(theirs)", "X-RateLimit-Reset: 7",
        ])
        let isTheirs = theirs == "4"
        #expect(text.contains("X-RateLimit-Remaining: \(told)\r\n"))
        #expect(text.contains("X-RateLimit-Limit: \(isTheirs ? 999 : 10)\r\n"))
        #expect(text.components(separatedBy: "X-RateLimit-").count == 4)
    }

    @Test func `two that disagree are none, and without ours theirs stay`() throws {
        let doubled = try Self.answer([
            "X-RateLimit-Remaining: 1", "X-RateLimit-Remaining: 2",
        ])
        #expect(doubled.contains("X-RateLimit-Remaining: 5\r\n"))
        let open = try Self.answer(["X-RateLimit-Remaining: 1", "RateLimit: \"a\";r=1"], left: nil)
        #expect(open.contains("X-RateLimit-Remaining: 1\r\n"))
        #expect(open.contains("RateLimit: \"a\";r=1\r\n"))
    }

    @Test(arguments: [
        ("2", 0 as UInt32, "30"), ("31", 0, "31"), ("2", 5, "2"), ("0", 0, "30"),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0, "Fri, 31 Dec 1999 23:59:59 GMT"),
    ])
    func `who waits as the upstream says is not refused by us`(
        _ theirs: String, _ left: UInt32, _ told: String
    ) throws {
        let text = try Self.answer(["Retry-After: \(theirs)"], left: left, status: 503)
        #expect(text.contains("Retry-After: \(told)\r\n"))
        #expect(text.components(separatedBy: "Retry-After").count == 2)
    }
}
