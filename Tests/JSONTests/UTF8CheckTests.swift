import Testing

@testable import JSON

/// The standard library's validation is the judge of ours.
@Suite struct `UTF-8 check` {
    private static func isValid(_ bytes: [UInt8]) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }

    /// `bytes` behind and in front of so many letters, as registers of each width meet them.
    private static func differs(_ bytes: [UInt8]) -> [UInt8]? {
        for (before, after) in [(0, 0), (0, 9), (3, 5), (7, 0), (15, 1), (64, 64), (71, 9)] {
            let text =
                [UInt8](repeating: 97, count: before) + bytes
                + [UInt8](repeating: 98, count: after)
            if UTF8Check.accepts(text.span) != isValid(text) { return text }
        }
        return nil
    }

    @Test func `every sequence of two bytes is judged as the standard library does`() {
        for first in UInt8(0)...255 {
            for second in UInt8(0)...255 {
                #expect(Self.differs([first, second]) == nil)
            }
        }
    }

    @Test func `every lead byte with every edge of what may follow is judged alike`() {
        let edges: [UInt8] = [
            0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xed, 0xf4, 0xff,
        ]
        for lead in UInt8(0xc0)...255 {
            for second in edges {
                for third in edges {
                    #expect(Self.differs([lead, second, third]) == nil)
                    for fourth in edges {
                        #expect(Self.differs([lead, second, third, fourth]) == nil)
                    }
                }
            }
        }
    }

    @Test func `characters of all lengths pass, and with one byte changed they are judged alike`() {
        let seed = UInt64.random(in: .min ... .max)
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let alphabet: [Character] = [
            "a", " ", "ß", "é", "\u{7ff}", "客", "\u{ffff}", "😀", "\u{10ffff}",
        ]
        for _ in 0..<4_000 {
            var bytes = [UInt8](
                String((0..<random(60)).map { _ in alphabet[random(alphabet.count)] }).utf8)
            #expect(UTF8Check.accepts(bytes.span) == true, "seed \(seed)")
            guard !bytes.isEmpty else { continue }
            bytes[random(bytes.count)] = UInt8(random(256))
            #expect(UTF8Check.accepts(bytes.span) == Self.isValid(bytes), "seed \(seed): \(bytes)")
        }
    }
}
