import TestSupport
import Testing

@testable import JSON

@Suite struct `Duplicate keys` {
    private struct Random {
        var state: UInt64
        mutating func take(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    private static func written(_ key: String, _ random: inout Random) -> String {
        var text = ""
        for unit in key.utf16 {
            if random.take(8) == 0 || unit < 0x20 {
                text += "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count)
                text += String(unit, radix: 16)
            } else {
                text += String(decoding: [unit], as: UTF16.self)
            }
        }
        return "\"\(text)\""
    }

    private static func defect(
        of text: String, _ secret: KeyTable.Secret
    ) -> JSONDefect.Kind? {
        var document = JSONDocument()
        document.secret = secret
        do throws(JSONDefect) {
            try document.parse([UInt8](text.utf8).span)
            return nil
        } catch {
            return error.kind
        }
    }

    /// With the second one all short keys of one length meet in one slot, with the third one keys
    /// meet whose ends differ.
    private static let secrets = [
        KeyTable.secret, KeyTable.Secret(one: 0, other: 0), KeyTable.Secret(one: 1, other: 0),
    ]

    @Test func `keys are duplicates when they mean the same, whatever they are hashed with`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        for turn in 0..<600 {
            let count = 1 + random.take(turn % 10 == 0 ? 400 : 24)
            var keys: [String] = []
            for number in 0..<count {
                let length = random.take(40)
                let filler = String(repeating: random.take(3) == 0 ? "\u{0}" : "k", count: length)
                keys.append(random.take(2) == 0 ? "\(number)\(filler)" : "\(filler)\(number)é")
            }
            if random.take(2) == 0 { keys.append(keys[random.take(keys.count)]) }
            let isDuplicate = Set(keys).count < keys.count
            let members = keys.map { "\(Self.written($0, &random)):[{}]" }
            let text = "{" + members.joined(separator: ",") + "}"
            for secret in Self.secrets {
                #expect(
                    Self.defect(of: text, secret) == (isDuplicate ? .duplicateKey : nil),
                    "seed \(seed): \(text)")
            }
        }
    }

    @Test func `keys that all meet under the fast hash are told apart in linear time`() {
        let keys = (0..<20_000).map { "\"\(100_000 + $0)\":0" }
        let text = "{" + keys.joined(separator: ",") + "}"
        let start = secondsOfThread()
        #expect(Self.defect(of: text, Self.secrets[1]) == nil)
        #expect(
            Self.defect(of: text.dropLast() + ",\"119999\":1}", Self.secrets[1]) == .duplicateKey)
        // Compared pair by pair it is 400 million comparisons, minutes in a debug build.
        #expect(secondsOfThread() - start < 20)
    }

    @Test func `one pair of equal keys is found among thousands, at the second of them`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        for count in [17, 18, 33, 100, 1_000, 4_000] {
            for _ in 0..<10 {
                var keys = (0..<count).map { "key_\($0)" }
                let first = random.take(count - 1)
                let second = first + 1 + random.take(count - first - 1)
                keys[second] = keys[first]
                let members = keys.map { "\"\($0)\":1" }
                var document = JSONDocument()
                let text = [UInt8]("{\(members.joined(separator: ","))}".utf8)
                #expect(
                    throws: JSONDefect(
                        .duplicateKey,
                        at: members[..<second].reduce(1) { $0 + $1.utf8.count + 1 }),
                    "seed \(seed)"
                ) {
                    try document.parse(text.span)
                }
                keys[second] = "other"
                let apart = [UInt8]("{\(keys.map { "\"\($0)\":1" }.joined(separator: ","))}".utf8)
                #expect(throws: Never.self, "seed \(seed)") { try document.parse(apart.span) }
            }
        }
    }
}
