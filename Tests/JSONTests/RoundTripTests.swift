import JSON
import Testing

@Suite struct `JSON round trip` {
    @Test func `every prefix of a document is refused`() {
        let text = #"""
            {"a":[1,-2.5e+10,true,false,null,"x\n\u00e9\ud83d\ude00é😀"],"b":{"c":{},"d":[]},"é":""}
            """#
        let bytes = Array(text.utf8)
        #expect(defect(of: bytes) == nil)
        for count in 0..<bytes.count {
            let found = defect(of: Array(bytes[..<count]))
            #expect(found != nil, "\(count) bytes")
            // A cut inside a scalar is bad UTF-8, every other one is missing bytes.
            #expect(found?.kind == .truncated || found?.kind == .invalidUTF8, "\(count) bytes")
        }
    }

    @Test func `one changed byte never traps, and what is accepted survives rewriting`() throws {
        let text = #"{"a":[1,-2.5e1,true,null,"x\n\u00e9"],"b":{"c":{}},"é":[[]]}"#
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                guard defect(of: changed) == nil else { continue }
                let again = try rewritten(changed)
                #expect(try outline(again) == outline(changed), "\(index) \(value)")
            }
        }
    }

    @Test func `a random document is read, written and read again the same`() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var numbers = SeededNumbers(seed: seed)
        for round in 0..<300 {
            var text = ""
            var values = 0
            Self.appendValue(to: &text, depth: 0, &values, &numbers)
            let bytes = Array(text.utf8)
            #expect(defect(of: bytes) == nil, "seed \(seed), round \(round): \(text)")
            guard defect(of: bytes) == nil else { continue }
            let lines = try outline(bytes)
            #expect(lines.count == values, "seed \(seed), round \(round)")
            let again = try rewritten(bytes)
            #expect(try outline(again) == lines, "seed \(seed), round \(round)")
            #expect(try rewritten(again) == again, "seed \(seed), round \(round)")
        }
    }

    private static func appendValue(
        to text: inout String, depth: Int, _ values: inout Int, _ numbers: inout SeededNumbers
    ) {
        values += 1
        switch Int.random(in: 0...(depth < 6 ? 7 : 4), using: &numbers) {
        case 0: text += "null"
        case 1: text += Bool.random(using: &numbers) ? "true" : "false"
        case 2:
            text += ["0", "-1", "1e400", "0.50", "-0", "1E-7"].randomElement(using: &numbers) ?? ""
        case 3, 4: appendString(to: &text, &numbers)
        case 5:
            text += "["
            for index in 0..<Int.random(in: 0...5, using: &numbers) {
                text += index == 0 ? " " : " ,\n"
                appendValue(to: &text, depth: depth + 1, &values, &numbers)
            }
            text += "]"
        default:
            text += "{"
            for index in 0..<Int.random(in: 0...12, using: &numbers) {
                text += index == 0 ? "\"\(index)" : ",\t\"\(index)"
                // The index in front keeps the keys apart whatever follows it.
                text += ["", "a", "\\u0061", "é", "\\n"].randomElement(using: &numbers) ?? ""
                text += "\" :"
                appendValue(to: &text, depth: depth + 1, &values, &numbers)
            }
            text += "}"
        }
    }

    private static func appendString(to text: inout String, _ numbers: inout SeededNumbers) {
        let pieces = [
            "a", "é", "€", "😀", "\\u0041", "\\u00e9", "\\u20ac", "\\ud83d\\ude00", "\\\"", "\\\\",
            "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\u{7F}", "{", "]", ",", " ",
        ]
        text += "\""
        for _ in 0..<Int.random(in: 0...10, using: &numbers) {
            text += pieces.randomElement(using: &numbers) ?? ""
        }
        text += "\""
    }
}
