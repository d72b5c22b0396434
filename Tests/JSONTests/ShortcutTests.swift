import Testing

@testable import JSON

/// Short numbers and keys are read at a glance where enough bytes are behind them. At the end of a
/// document there are not, and they are read byte by byte: both must find the same.
@Suite struct `Tokens read at a glance` {
    private struct Random {
        var state: UInt64
        mutating func take(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }

        mutating func text(of pieces: [String], upTo count: Int) -> String {
            var text = ""
            for _ in 0...take(count) { text += pieces[take(pieces.count)] }
            return text
        }
    }

    /// What a reader makes of a text: where its values are, or why there are none.
    private static func reading(
        _ text: String, limits: JSONLimits = JSONLimits()
    ) -> [Int] {
        let bytes = [UInt8](text.utf8)
        var document = JSONDocument()
        do throws(JSONDefect) {
            try document.parse(bytes.span, limits: limits)
        } catch {
            // What is missing is missing at the end, wherever that is.
            return [-1, error.kind == .truncated ? -1 : error.offset, error.kind.hashValue]
        }
        let view = document.view(of: bytes.span)
        return (0..<view.count).flatMap { index -> [Int] in
            let node = JSONNode(at: index)
            let (range, key) = (view.range(of: node), view.keyRange(of: node))
            let parent = view.parent(of: node)?.index ?? -1
            return [
                range.lowerBound, range.upperBound, key?.lowerBound ?? 0, key?.upperBound ?? 0,
                view.kind(of: node).hashValue, view.depth(of: node), parent, view.indexAfter(node),
            ]
        }
    }

    @Test func `numbers end where they end byte by byte`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let pieces = [
            "0", "1", "7", "9", "42", "000", "12345", ".", ".5", "e", "E1", "-", "+", " ",
        ]
        for _ in 0..<60_000 {
            let text = "[" + random.text(of: pieces, upTo: 5) + "]"
            // Behind the number there are fewer than sixteen bytes, then many.
            #expect(
                Self.reading(text) == Self.reading(text + String(repeating: " ", count: 40)),
                "seed \(seed): \(text)")
        }
    }

    @Test func `keys end where they end byte by byte`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let pieces = [
            "a", "id", "key", "é", "\\u0061", "\\", "\"", ":", " ", "\n", "{", "long_one",
        ]
        let behind = [":", ":", ":", " :", ": ", "", "::", ",", "\":"]
        let values = ["1", "\"\"", "\"text\"", "{}", "[]", "true", " 1", "x"]
        for _ in 0..<60_000 {
            var text = "{\"" + random.text(of: pieces, upTo: 3) + "\""
            text += behind[random.take(behind.count)] + values[random.take(values.count)] + "}"
            #expect(
                Self.reading(text) == Self.reading(text + String(repeating: " ", count: 40)),
                "seed \(seed): \(text)")
        }
    }

    /// A member is read as a whole where 64 bytes are behind its start, token by token elsewhere.
    @Test func `members are what they are token by token, and bounds hold for them`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let keys = [
            "\"a\"", "\"b1\"", "\"c\"", "\"\"", "\"\\u0061\"", "\"key_of_fifteen_\"", "a", "1",
        ]
        let colons = [":", ":", ":", ":", ":", " :", ": ", ":  ", "::", ":,", ""]
        let values = [
            "1", "-1", "1.5", "01", "-", "12345678", "1.25e3", "true", "null", "false", "truex",
            "nul", "\"\"", "\"text\"", "\"\\n\"", "\"an end in the second\"", "\"\u{1}\"", "[]",
            "{}",
            "[1]", "{\"a\":2}", "[", "{", "]", "}", "\"",
        ]
        let ends = [",", ",", ",", ",", " ,", ", ", ",,", "", "]", "}", "\n"]
        for _ in 0..<60_000 {
            var text = "{"
            for _ in 0...random.take(3) {
                text += keys[random.take(keys.count)] + colons[random.take(colons.count)]
                text += values[random.take(values.count)] + ends[random.take(ends.count)]
            }
            if text.last == ",", random.take(8) > 0 { text.removeLast() }
            text += "}"
            guard text.utf8.count < 64 else { continue }
            let limits = JSONLimits(
                depthMax: 1 + random.take(3), keysMax: random.take(6), nodesMax: 1 + random.take(8))
            let most = random.take(2) == 0 ? limits : JSONLimits()
            #expect(
                Self.reading(text, limits: most)
                    == Self.reading(text + String(repeating: " ", count: 80), limits: most),
                "seed \(seed): \(text) \(most)")
        }
    }

    @Test func `members beyond the room there was at first are read once`() {
        for count in [62, 63, 64, 65, 127, 128, 129, 1_000] {
            let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
            let reading = Self.reading("{\(members)}" + String(repeating: " ", count: 80))
            #expect(reading.count == 8 * (count + 1))
            #expect(reading[7] == count + 1)
        }
    }
}
