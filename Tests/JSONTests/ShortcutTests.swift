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
    private static func reading(_ text: String) -> [Int] {
        let bytes = [UInt8](text.utf8)
        var document = JSONDocument()
        do throws(JSONDefect) {
            try document.parse(bytes.span)
        } catch {
            // What is missing is missing at the end, wherever that is.
            return [-1, error.kind == .truncated ? -1 : error.offset]
        }
        let view = document.view(of: bytes.span)
        return (0..<view.count).flatMap { index -> [Int] in
            let node = JSONNode(at: index)
            let (range, key) = (view.range(of: node), view.keyRange(of: node))
            return [range.lowerBound, range.upperBound, key?.lowerBound ?? 0, key?.upperBound ?? 0]
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
}
