import Testing

@testable import Tokens

@Suite struct `Forged tokens remembered` {
    let epochs = TokenEpochs(keySet: 1, global: 1)
    let start: UInt64 = 120_000_000_000

    func key(_ number: Int) throws -> TokenKey {
        var cache = try VerifiedTokenCache(capacity: 1)
        return try TokensTests.key(
            of: Array("token number \(number)".utf8), issuer: 0, in: &cache)
    }

    @Test func `one is remembered for some seconds, under the keys it failed with`() throws {
        var forgeries = ForgedTokenCache()
        let key = try key(1)
        let before = forgeries.contains(key, now: start, epochs: epochs)
        forgeries.insert(key, now: start, epochs: epochs)
        let end = start + ForgedTokenCache.lifetime
        let during = forgeries.contains(key, now: end - 1, epochs: epochs)
        let after = forgeries.contains(key, now: end, epochs: epochs)
        #expect(!before && during && !after)
        for other in [TokenEpochs(keySet: 2, global: 1), TokenEpochs(keySet: 1, global: 2)] {
            let underOtherKeys = forgeries.contains(key, now: start, epochs: other)
            #expect(!underOtherKeys)
        }
        let another = forgeries.contains(try self.key(2), now: start, epochs: epochs)
        #expect(!another)
    }

    @Test func `many take places from each other and nothing else`() throws {
        var forgeries = ForgedTokenCache()
        for number in 0..<5_000 {
            forgeries.insert(try key(number), now: start, epochs: epochs)
        }
        var held = 0
        for number in 0..<5_000 {
            if forgeries.contains(try key(number), now: start, epochs: epochs) { held += 1 }
        }
        #expect(held > ForgedTokenCache.entriesMax / 2 && held <= ForgedTokenCache.entriesMax)
    }

    @Test func `a clock at its end remembers nothing`() throws {
        var forgeries = ForgedTokenCache()
        let key = try key(1)
        forgeries.insert(key, now: .max, epochs: epochs)
        let found = forgeries.contains(key, now: .max, epochs: epochs)
        #expect(!found)
    }
}
