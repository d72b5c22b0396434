import Testing

@testable import Attack

/// What is learnt from answers, and what of it is proof.
@Suite struct `Answers of two tenants` {
    static func answer(
        _ body: String, status: UInt16 = 200, fields: [String: String] = [:]
    ) -> Answer {
        Answer(
            status: status,
            fields: fields.map { Answer.Field(name: $0.key, value: $0.value) },
            body: Array(body.utf8))
    }

    static func profile(
        _ own: [String], _ foreign: [String], hidden: [String] = []
    ) throws -> Profile {
        try #require(
            Profile(
                own: own.map { answer($0) }, foreign: foreign.map { answer($0) }, hidden: hidden))
    }

    @Test func `are told apart by what stays the same for each`() throws {
        let profile = try Self.profile(
            [#"{"t":"acme","n":1,"at":11}"#, #"{"t":"acme","n":1,"at":12}"#],
            [#"{"t":"globex","n":1,"at":13}"#, #"{"t":"globex","n":1,"at":14}"#])
        #expect(profile.telling.keys.sorted() == ["body /t"])
        #expect(profile.followed(by: Self.answer(#"{"t":"globex"}"#).leaves) == ["body /t"])
        #expect(profile.followed(by: Self.answer(#"{"t":"acme"}"#).leaves) == [])
        #expect(profile.followed(by: Self.answer(#"{"x":"globex"}"#).leaves) == [])
        #expect(
            profile.difference(of: Self.answer(#"{"t":"acme","n":1,"at":99}"#).leaves) == nil)
        #expect(
            profile.difference(of: Self.answer(#"{"t":"acme","n":2,"at":99}"#).leaves)
                == "body /n")
        #expect(
            profile.difference(of: Self.answer(#"{"t":"acme","n":1,"at":9,"x":1}"#).leaves)
                == "body /x")
        #expect(profile.isUnstable("body /at"))
    }

    @Test func `are not told apart by what was asked, by counters and by dates`() throws {
        let hidden = try Self.profile(
            [#"{"self":"/o/1"}"#], [#"{"self":"/o/2"}"#], hidden: ["/o/2"])
        #expect(!hidden.isTelling)
        let same = try #require(
            Profile(
                own: [Self.answer("x", fields: ["date": "1", "x-request-id": "a"])],
                foreign: [Self.answer("x", fields: ["date": "2", "x-request-id": "b"])],
                hidden: []))
        #expect(!same.isTelling)
    }

    @Test func `of different statuses are followed as a whole or not at all`() throws {
        let profile = try #require(
            Profile(
                own: [Self.answer(#"{"error":1}"#, status: 404)],
                foreign: [Self.answer(#"{"id":"7","n":"x"}"#)], hidden: []))
        #expect(!profile.followed(by: Self.answer(#"{"id":"7","n":"x"}"#).leaves).isEmpty)
        #expect(profile.followed(by: Self.answer(#"{"id":"8"}"#).leaves) == [])
        #expect(profile.followed(by: Self.answer(#"{}"#).leaves) == [])
    }

    @Test func `are not followed by a refusal that has the same value by chance`() throws {
        let profile = try #require(
            Profile(
                own: [Self.answer("{}", fields: ["x-ratelimit-limit": "100"])],
                foreign: [Self.answer("{}", fields: ["x-ratelimit-limit": "60"])], hidden: []))
        let fields = ["x-ratelimit-limit": "60"]
        #expect(!profile.followed(by: Self.answer("{}", fields: fields).leaves).isEmpty)
        #expect(
            profile.followed(by: Self.answer("{}", status: 401, fields: fields).leaves) == [])
    }

    @Test func `lose what turns out to change by itself, and not what tells them apart`() throws {
        let profile = try Self.profile(
            [#"{"t":"acme","minute":1}"#], [#"{"t":"globex","minute":1}"#])
        let later = Self.answer(#"{"t":"acme","minute":2}"#).leaves
        #expect(profile.difference(of: later) == "body /minute")
        let relaxed = try #require(profile.relaxed(by: later))
        #expect(relaxed.difference(of: later) == nil)
        #expect(relaxed.isUnstable("body /minute"))
        #expect(profile.relaxed(by: Self.answer(#"{"t":"x","minute":1}"#).leaves) == nil)
        let refused = Self.answer(#"{"t":"acme","minute":1}"#, status: 403).leaves
        #expect(profile.relaxed(by: refused) == nil)
    }

    @Test func `leave marks that no request may hold`() {
        let marks = Marks(
            given: ["given-mark"],
            foreign: [Self.answer(#"{"a":"sulphur lamp","b":"shared text","c":"x","t":"globex"}"#)]
                .map(\.leaves),
            own: [Array("with shared text in it".utf8)], sent: ["globex"])
        #expect(marks.texts == ["given-mark", "sulphur lamp"])
        #expect(marks.found(in: Array("a sulphur lamp!".utf8), request: []) == "sulphur lamp")
        #expect(
            marks.found(in: Array("sulphur lamp".utf8), request: Array("sulphur lamp".utf8))
                == nil)
        #expect(marks.found(in: Array("globex".utf8), request: []) == nil)
    }

    @Test func `are read as JSON, or as words`() {
        let json = Answer.leaves(ofBody: Array(#"{"a":[{"b":"\u0041"},2],"c":null}"#.utf8))
        #expect(json["body /a/0/b"] == "A")
        #expect(json["body /a/1"] == "2")
        #expect(json["body /c"] == "null")
        let words = Answer.leaves(ofBody: Array("<p class=\"x\">acme & co</p>".utf8))
        #expect(words.values.sorted() == ["/p", "acme", "class", "co", "p", "x"])
        let many = Array(("[" + String(repeating: "1,", count: 9_000) + "1]").utf8)
        #expect(Answer.leaves(ofBody: many).count <= Answer.leavesMax)
        let twice = Answer.leaves(ofBody: Array(#"{"a":1,"a":2}"#.utf8))
        #expect(twice["word 0"] != nil)
    }

    @Test func `for ids that are nobody's show what is noise`() {
        func pair(_ id: String, _ body: String) -> (Answer, String) { (Self.answer(body), id) }
        let first = pair("n-1", #"{"error":"no n-1","trace":1}"#)
        let second = pair("n-2", #"{"error":"no n-2","trace":2}"#)
        let same = pair("b-1", #"{"error":"no b-1","trace":3}"#)
        #expect(Campaign.difference(same, first, second) == nil)
        let other = pair("b-1", #"{"error":"b-1 is not yours","trace":3}"#)
        #expect(Campaign.difference(other, first, second) == "body /error")
    }

    @Test(arguments: [
        "7", "123456789", "ord-acme-000001", "0190a000-0000-7000-8000-00000000000a", "ABCdef",
        "---",
    ]) func `an id that is nobody's looks like the one it stands for`(_ id: String) {
        let others = (0..<8).map { ObjectID.missing(like: id, variant: $0) }
        #expect(!others.contains(id))
        #expect(Set(others).count > 1)
        if id.count > 5 { #expect(others.allSatisfy { $0.count == id.count }) }
        let uuid = others.allSatisfy { $0.allSatisfy { $0.isHexDigit || $0 == "-" } }
        if id.contains("-7000-") { #expect(uuid) }
    }
}

@Suite struct `Comparisons by time` {
    /// A generator of its own, so that a failure can be repeated.
    struct Noise: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 1 ^ state << 29
        }
    }

    static func sample(_ count: Int, shift: Int64, seed: UInt64) -> [Int64] {
        var noise = Noise(state: seed)
        return (0..<count).map { index in
            // One in twenty is a very slow answer.
            let outlier: Int64 = index % 20 == 3 ? 50_000_000 : 0
            return shift + Int64.random(in: -200_000...200_000, using: &noise) + outlier
        }
    }

    @Test func `find a shift through slow answers`() throws {
        let estimate = try #require(
            TimingEstimate(
                differences: Self.sample(60, shift: 500_000, seed: 7), median: 1_000_000))
        #expect(estimate.isSuspicious)
        #expect(estimate.low > 300_000 && estimate.high < 900_000, "\(estimate.text)")
    }

    @Test func `find none where there is none`() throws {
        var suspicious: [UInt64] = []
        for seed in UInt64(0)..<100 {
            let estimate = try #require(
                TimingEstimate(
                    differences: Self.sample(60, shift: 0, seed: seed), median: 1_000_000))
            if estimate.isSuspicious { suspicious.append(seed) }
        }
        // One in a thousand is what the interval allows; a campaign measures again then.
        #expect(suspicious.count <= 1, "seeds \(suspicious)")
    }

    @Test func `leave a shift alone that no client could tell`() throws {
        let small = [Int64](repeating: 15_000, count: 60)
        let estimate = try #require(TimingEstimate(differences: small, median: 100_000))
        #expect(estimate.low > 0)
        #expect(!estimate.isSuspicious)
    }

    @Test func `need pairs enough, and hold at the ends of the range`() {
        #expect(TimingEstimate(differences: [Int64](repeating: 1, count: 11), median: 1) == nil)
        let wild = [Int64](repeating: .max, count: 10) + [Int64](repeating: .min, count: 10)
        #expect(TimingEstimate(differences: wild, median: .max) != nil)
        #expect(TimingEstimate.median(of: [UInt64.max]) == .max)
    }
}

@Suite struct `Words of an operator` {
    @Test func `are requests, one a line`() throws {
        let list = try Endpoint.list(
            "# x\n\nGET /v1/orders/{id}\r\nPOST /o application/json {\"a\": \"{canary} b\"}\n")
        #expect(list.count == 2)
        #expect(list[0].takesID && !list[0].writes)
        #expect(list[1].takesCanary && list[1].writes)
        #expect(list[1].body == "{\"a\": \"{canary} b\"}")
        let draft = list[1].draft(authority: "h", id: nil, canary: "c1")
        #expect(draft.body == Array("{\"a\": \"c1 b\"}".utf8))
        let object = list[0].draft(authority: "h", id: "a/b", canary: "")
        #expect(object.path == "/v1/orders/a%2Fb")
    }

    @Test(arguments: [
        ("get /", Endpoint.Defect.method(line: 1)), ("TRACE /", .method(line: 1)),
        ("GET x", .target(line: 1)), ("GET", .target(line: 1)), ("GET /#a", .target(line: 1)),
        ("\nGET /a\nPOST /x application/json", .body(line: 3)), ("POST /x y {}", .body(line: 1)),
        ("GET /" + String(repeating: "a", count: 16_400), .tooLong(line: 1)),
        (String(repeating: "GET /\n", count: 65), .tooMany),
    ]) func `are refused where they are none`(_ text: String, _ defect: Endpoint.Defect) {
        #expect(throws: defect) { try Endpoint.list(text) }
    }

    @Test(arguments: [
        "http://h", "https://h:1/a?b", "http://[::1]:80/", "http://h?x=1",
    ]) func `are URLs`(_ text: String) {
        #expect(TargetLocation(text)?.target.hasPrefix("/") == true)
    }

    @Test(arguments: [
        "", "h", "ftp://h/", "http://", "http://u@h/", "http://h/#a", "http://h/ a", "http://h:x/",
        "http://h/\u{E9}", "http://" + String(repeating: "a", count: 5_000),
    ]) func `are refused where they are no URL`(_ text: String) {
        #expect(TargetLocation(text) == nil)
    }
}
