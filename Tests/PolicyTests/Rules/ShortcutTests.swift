import Foundation
import HTTP1
import Testing

@testable import Policy

/// What is remembered, and what is looked at sixteen bytes at a time, must never change a verdict:
/// each shortcut is compared with the definition it stands for.
@Suite struct `Shortcuts of the rules` {
    struct Random {
        var state: UInt64
        mutating func take(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }

        mutating func name(of pieces: [[UInt8]], upTo count: Int) -> [UInt8] {
            var name: [UInt8] = []
            for _ in 0..<take(count + 1) { name += pieces[take(pieces.count)] }
            return name
        }
    }

    /// More where `RINGFENCE_TURNS` says by how many times: 20 are millions of names.
    static func turns(_ count: Int) -> Int {
        count * (ProcessInfo.processInfo.environment["RINGFENCE_TURNS"].flatMap { Int($0) } ?? 1)
    }

    /// Pieces of names of the tenant and of our own fields, and what may stand between.
    private static let pieces =
        ["tenant", "Tenant", "id", "ID", "org", "account", "x", "X", "http", "bin", "forwarded"]
        .map { [UInt8]($0.utf8) }
        + [
            "proxy", "real-ip", "te", "n", "a", "b", "-", "_", ".", "__", "0", "for", "cookie", "%",
            "~", "host", "status", "ringfence-", "op", "path", "ordered", "attendance",
        ].map { [UInt8]($0.utf8) }

    private static let sets = [
        SkeletonSet(names: TenantNames.defaults), SkeletonSet(names: ["status", "ab"]),
        SkeletonSet(names: []),
    ]

    // MARK: Heads

    /// Few pieces and three rules at once, so that names come again and meet in one slot.
    @Test func `a field's fate is the same whatever was asked before`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let rules = Self.sets.map { FieldRule(names: $0, forwardsCredential: random.take(2) == 0) }
        var memo = FieldMemo()
        var names: [[UInt8]] = []
        for _ in 0..<4_000 { names.append(random.name(of: Self.pieces, upTo: 7)) }
        for _ in 0..<Self.turns(40_000) {
            // Some names are asked again and again, and keep their slots.
            let name = names[random.take(random.take(2) == 0 ? 60 : names.count)]
            let rule = rules[random.take(rules.count)]
            let isHopByHop = random.take(8) == 0
            let fate = rule.fate(of: .other, name: name.span, isHopByHop: isHopByHop)
            let again = rule.fate(of: .other, name: name.span, isHopByHop: isHopByHop, &memo)
            #expect(fate == again, "seed \(seed): \(String(decoding: name, as: UTF8.self))")
        }
    }

    @Test func `names of every length that differ in one byte do not stand for each other`() {
        let rule = FieldRule(names: Self.sets[0], forwardsCredential: false)
        for count in 1...40 {
            var memo = FieldMemo()
            let name = [UInt8](repeating: UInt8(ascii: "a"), count: count)
            for place in 0..<count {
                for byte: UInt8 in [0, UInt8(ascii: "_"), UInt8(ascii: "b"), 0xff] {
                    _ = rule.fate(of: .other, name: name.span, isHopByHop: false, &memo)
                    var other = name
                    other[place] = byte
                    let fate = rule.fate(of: .other, name: other.span, isHopByHop: false)
                    let found = rule.fate(of: .other, name: other.span, isHopByHop: false, &memo)
                    #expect(fate == found)
                }
            }
        }
    }

    @Test func `a cookie names a tenant by its plain name or by any reading`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let pieces =
            Self.pieces
            + ["=", "=", " ", "\t", "\"", ",", "[", "]", "__Host-", "__secure-", "%74", "k3j4"]
            .map { [UInt8]($0.utf8) }
        var found = 0
        for _ in 0..<Self.turns(30_000) {
            let pair = random.name(of: pieces, upTo: 9)
            let rule = CookieRule(names: Self.sets[random.take(2)], clientValue: .strip)
            let (front, back) = (random.take(20), random.take(20))
            let field =
                [UInt8](repeating: 0x20, count: front) + pair
                + [UInt8](repeating: 0x3d, count: back)
            let isTenant = rule.namesTenant(field.span, front..<front + pair.count)
            #expect(
                isTenant == rule.namesTenantSomehow(pair.span),
                "seed \(seed): \(String(decoding: pair, as: UTF8.self))")
            found += isTenant ? 1 : 0
        }
        #expect(found > 1_000)
    }

    // MARK: Queries

    /// The definition: one byte after the other.
    private static func pair(_ query: [UInt8], from start: Int) -> [Int]? {
        var (nameEnd, bracketEnd, parts, index) = (-1, -1, 1, start)
        while index < query.count, query[index] != UInt8(ascii: "&") {
            switch query[index] {
            case UInt8(ascii: "="):
                if nameEnd < 0 { nameEnd = index }
                let name = query[start..<index]
                let isBracket =
                    name.last == UInt8(ascii: "]")
                    || [[0x25, 0x35, 0x44], [0x25, 0x35, 0x64]].contains(Array(name.suffix(3)))
                if bracketEnd < 0, isBracket { bracketEnd = index }
            case UInt8(ascii: ";"): parts += 1
            case UInt8(ascii: "%"):
                guard query.count - index > 2, PercentCoding.hexValue(query[index + 1]) < 16,
                    PercentCoding.hexValue(query[index + 2]) < 16
                else { return nil }
            case 0...0x20, 0x7f...0xff, UInt8(ascii: "#"): return nil
            default: break
            }
            index += 1
        }
        if nameEnd < 0 { nameEnd = index }
        return [start, nameEnd, bracketEnd < 0 ? nameEnd : bracketEnd, index, parts]
    }

    @Test func `each parameter ends where it ends byte by byte`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let pieces =
            Self.pieces
            + [
                "=", "&", ";", "%41", "%5d", "%5D", "5d", "d", "]", "[", "+",
                "long_value_of_a_parameter",
            ]
            .map { [UInt8]($0.utf8) }
        var lengths: Set<Int> = []
        for turn in 0..<Self.turns(20_000) {
            var query = random.name(of: pieces, upTo: 12)
            if turn % 4 == 0, !query.isEmpty {
                query[random.take(query.count)] = UInt8(random.take(256))
            }
            lengths.insert(query.count)
            var marks = QueryMarks()
            var start = 0
            while start <= query.count {
                let pair = try? Pair(query.span, from: start, &marks)
                let found = pair.map { [$0.start, $0.nameEnd, $0.bracketEnd, $0.end, $0.parts] }
                #expect(found == Self.pair(query, from: start), "seed \(seed): \(query) \(start)")
                guard let pair else { break }
                start = pair.end + 1
            }
        }
        #expect(lengths.isSuperset(of: [0, 1, 15, 16, 17, 31, 32, 33]))
    }

    @Test func `a query keeps its bytes, or the parameters that stay in order`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let rule = QueryRule(names: Self.sets[0], clientValue: .strip, inject: nil)
        var out = ByteBuffer(capacityMax: 1_024)
        var removed = 0
        for _ in 0..<Self.turns(20_000) {
            var parameters: [[UInt8]] = []
            for _ in 0..<random.take(6) {
                let name = random.name(of: Self.pieces.filter { $0 != [0x25] }, upTo: 3)
                parameters.append(name + [UInt8]((random.take(2) == 0 ? "=1" : "").utf8))
            }
            let kept = parameters.filter { parameter in
                let name = [UInt8](parameter.prefix { $0 != UInt8(ascii: "=") })
                return Self.sets[0].judgeSlowly(name.span) == .clean && !parameter.isEmpty
            }
            let isCut = kept.count < parameters.count(where: { !$0.isEmpty })
            let query = [UInt8](parameters.joined(separator: [UInt8(ascii: "&")]))
            out.removeAll()
            let report = try rule.clean(query.span, tenant: nil, into: &out)
            let expected = isCut ? [UInt8](kept.joined(separator: [UInt8(ascii: "&")])) : query
            #expect(out.bytes == expected, "seed \(seed): \(query)")
            removed += report.removed
        }
        #expect(removed > 1_000)
    }

    @Test func `values and keys are counted as byte by byte`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let type = try ContentType([UInt8]("text/json".utf8).span)
        for bytes in [16_385, 16_400, 70_001] {
            let marks = [UInt8](",:[{]}a\"".utf8)
            for density in [1, 3, 200] {
                let body = (0..<bytes).map { _ in
                    random.take(density) == 0
                        ? marks[random.take(marks.count)] : UInt8(random.take(256))
                }
                let room = BodyRoom(of: body.span, as: type)
                let values = body.count(where: { ",[{".utf8.contains($0) })
                #expect(room.values == values + 1, "seed \(seed)")
                #expect(room.keys == body.count(where: { $0 == UInt8(ascii: ":") }), "seed \(seed)")
            }
        }
        let full = [UInt8](repeating: UInt8(ascii: ","), count: 100_000)
        #expect(BodyRoom(of: full.span, as: type).values == 100_001)
    }
}
