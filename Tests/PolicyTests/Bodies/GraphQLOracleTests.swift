import CleaningOracle
import Testing

@Suite struct `Random documents of GraphQL` {
    private static let pieces = [
        "tenantId", "tenant", "a", "(", ")", "{", "}", ":", "\"", "\"\"\"", "\\", "#", "\n", "\r",
        "\r\n",
        ",", " ", "$", "@", "...", "1", "-1.5", "\"b\"", "\\\"\"\"", "\u{2028}", "\u{feff}", "[",
        "]", "!", "=",
        "(a:1)", "{a}", "\"\"", "tenant_id:", "query", "\u{e9}", "\0", "|", "&",
    ].map { [UInt8]($0.utf8) }

    /// Judged by readers that share no code with the product.
    @Test func `pass only where no reader finds a tenant in them`() throws {
        let oracle = try #require(CleaningOracle())
        var seed = UInt64.random(in: 0 ... .max)
        print("seed of GraphQL documents: \(seed)")
        for _ in 0..<4_000 {
            let start = seed
            var document: [UInt8] = []
            for _ in 0..<Int(Self.next(&seed) % 14) {
                document += Self.pieces[Int(Self.next(&seed) % UInt64(Self.pieces.count))]
            }
            let failure = oracle.checkGraphQL(document)
            try #require(failure == nil, "\(start): \(String(decoding: document, as: UTF8.self))")
        }
    }

    /// An oracle that cannot fail proves nothing.
    @Test func `are caught where the product does not know the name`() throws {
        let oracle = try #require(CleaningOracle(unknown: ["color"]))
        #expect(oracle.checkGraphQL([UInt8]("{a(color:1)}".utf8)) != nil)
        #expect(oracle.checkGraphQL([UInt8]("{a(shape:1)}".utf8)) == nil)
    }

    /// xorshift64.
    private static func next(_ state: inout UInt64) -> UInt64 {
        state |= 1
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state >> 8
    }
}
