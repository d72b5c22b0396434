@_spi(TokenVerifier) import Policy
import Testing

@testable import Tokens

/// The key of a token, bound outside of expectations: they copy what they look at.
func key(
    of token: [UInt8], issuer: Int, in cache: inout VerifiedTokenCache
) throws -> TokenKey {
    let key = cache.key(of: token.span, issuer: issuer)
    return try #require(key)
}

@Suite struct `Verified-token cache` {
    let epochs = TokenEpochs(keySet: 1, global: 1)

    func claims(
        expires: Int64 = Fixture.now + 1_000, notBefore: Int64 = 0
    ) -> VerifiedClaims {
        VerifiedClaims(
            issuer: 0, vendor: 0, tenant: nil, derivedID: nil, subject: [], role: nil, tier: nil,
            notBefore: notBefore, expires: expires)
    }

    func bytes(_ number: Int) -> [UInt8] { Array("token number \(number)".utf8) }

    /// Inserts `claims` under the token with this number.
    func insert(
        _ number: Int, _ claims: VerifiedClaims? = nil, into cache: inout VerifiedTokenCache,
        now: Int64 = Fixture.now
    ) throws -> VerifiedTokenCache.Handle? {
        let token = bytes(number)
        let key = try TokensTests.key(of: token, issuer: 0, in: &cache)
        return cache.insert(
            claims ?? self.claims(), under: key, now: now, epochs: epochs, tenantEpoch: 7)
    }

    func lookup(
        _ number: Int, in cache: inout VerifiedTokenCache, issuer: Int = 0,
        now: Int64 = Fixture.now, epochs: TokenEpochs? = nil
    ) throws -> VerifiedTokenCache.Hit? {
        let token = bytes(number)
        let key = try TokensTests.key(of: token, issuer: issuer, in: &cache)
        return cache.lookup(key, now: now, epochs: epochs ?? self.epochs)
    }

    @Test func `a token is found by its exact bytes and its issuer`() throws {
        var cache = try VerifiedTokenCache(capacity: 10)
        let stored = claims()
        let handleFound = try insert(1, stored, into: &cache)
        let handle = try #require(handleFound)
        let hitFound = try lookup(1, in: &cache)
        let hit = try #require(hitFound)
        #expect(hit.claims === stored && hit.handle == handle && hit.tenantEpoch == 7)
        let other = try lookup(2, in: &cache)
        let foreign = try lookup(1, in: &cache, issuer: 1)
        #expect(other == nil && foreign == nil && cache.count == 1)
    }

    @Test func `a token too long for a verifier has no key`() throws {
        var cache = try VerifiedTokenCache(capacity: 10)
        let long = [UInt8](repeating: 65, count: VerifiedTokenCache.tokenBytesMax + 1)
        let key = cache.key(of: long.span, issuer: 0)
        #expect(key == nil)
    }

    @Test func `an entry ends with the token and with the cache's own bound`() throws {
        var cache = try VerifiedTokenCache(capacity: 10, lifetimeSecondsMax: 300)
        let now = Fixture.now
        _ = try insert(1, claims(expires: now + 10), into: &cache)
        _ = try insert(2, claims(expires: now + 10_000), into: &cache)
        let early = try lookup(1, in: &cache, now: now + 9)
        let late = try lookup(1, in: &cache, now: now + 10)
        #expect(early != nil && late == nil)
        let bounded = try lookup(2, in: &cache, now: now + 299)
        let over = try lookup(2, in: &cache, now: now + 300)
        #expect(bounded != nil && over == nil && cache.count == 0)
    }

    @Test func `a clock that steps back before nbf misses`() throws {
        var cache = try VerifiedTokenCache(capacity: 10)
        _ = try insert(1, claims(notBefore: Fixture.now), into: &cache)
        let before = try lookup(1, in: &cache, now: Fixture.now - 1)
        #expect(before == nil)
        let dead = try insert(2, claims(expires: Fixture.now), into: &cache)
        #expect(dead == nil && cache.count == 0)
    }

    @Test(arguments: [TokenEpochs(keySet: 2, global: 1), TokenEpochs(keySet: 1, global: 2)])
    func `a new epoch forgets an entry at its next use`(_ newer: TokenEpochs) throws {
        var cache = try VerifiedTokenCache(capacity: 10)
        let handleFound = try insert(1, into: &cache)
        let handle = try #require(handleFound)
        let stale = try lookup(1, in: &cache, epochs: newer)
        let again = try lookup(1, in: &cache)
        let byHandle = cache.entry(handle, now: Fixture.now, epochs: epochs)
        #expect(stale == nil && again == nil && byHandle == nil && cache.count == 0)
    }

    @Test func `the bound holds and what is used stays`() throws {
        var cache = try VerifiedTokenCache(capacity: 100)
        for number in 0..<100 { _ = try insert(number, into: &cache) }
        for number in 0..<10 { _ = try lookup(number, in: &cache) }
        for number in 100..<190 {
            let handleFound = try insert(number, into: &cache)
            let handle = try #require(handleFound)
            #expect(handle.entryIndex < 100 && cache.count == 100)
        }
        #expect(cache.evictions == 90)
        for number in 0..<10 {
            let hit = try lookup(number, in: &cache)
            #expect(hit != nil, "\(number)")
        }
        let evicted = try lookup(50, in: &cache)
        #expect(evicted == nil)
    }

    @Test func `eviction walks a bounded way when everything was used`() throws {
        var cache = try VerifiedTokenCache(capacity: 1_000)
        for number in 0..<1_000 { _ = try insert(number, into: &cache) }
        for number in 0..<1_000 { _ = try lookup(number, in: &cache) }
        _ = try insert(1_000, into: &cache)
        #expect(cache.count == 1_000 && cache.evictions == 1)
        let newest = try lookup(1_000, in: &cache)
        #expect(newest != nil)
    }

    @Test func `a handle dies with its entry though its place is used again`() throws {
        var cache = try VerifiedTokenCache(capacity: 1)
        let firstFound = try insert(1, into: &cache)
        let first = try #require(firstFound)
        let secondFound = try insert(2, into: &cache)
        let second = try #require(secondFound)
        #expect(first.entryIndex == second.entryIndex && first.generation != second.generation)
        let dead = cache.entry(first, now: Fixture.now, epochs: epochs)
        let live = cache.entry(second, now: Fixture.now, epochs: epochs)
        #expect(dead == nil && live != nil)
        cache.remove(first)
        #expect(cache.count == 1)
        cache.remove(second)
        cache.remove(second)
        #expect(cache.count == 0)
        let againFound = try insert(2, into: &cache)
        let again = try #require(againFound)
        let repeatedFound = try insert(2, into: &cache)
        let repeated = try #require(repeatedFound)
        #expect(cache.count == 1 && again.generation != repeated.generation)
    }

    @Test func `it agrees with a plain table under random use`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = Randomness(seed: seed)
        var cache = try VerifiedTokenCache(capacity: 37)
        var model: [Int: VerifiedClaims] = [:]
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<80, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let stored = claims()
                _ = try insert(number, stored, into: &cache)
                model[number] = stored
            case 1:
                if let hit = try lookup(number, in: &cache) { cache.remove(hit.handle) }
                model[number] = nil
            default:
                if let hit = try lookup(number, in: &cache) {
                    #expect(hit.claims === model[number], "seed \(seed)")
                }
            }
            #expect(cache.count <= 37)
        }
        // Nothing is lost from the free list or a bucket: all places fill, and all are found.
        for number in 1_000..<1_037 { _ = try insert(number, into: &cache) }
        #expect(cache.count == 37)
        var found = 0
        for number in Array(0..<80) + Array(1_000..<1_037) {
            if try lookup(number, in: &cache) != nil { found += 1 }
        }
        #expect(found == 37, "seed \(seed)")
    }
}

@Suite struct `Token memo` {
    let epochs = TokenEpochs(keySet: 1, global: 1)

    @Test func `the last token of a connection is found without a hash`() throws {
        var cache = try VerifiedTokenCache(capacity: 4)
        var memo = TokenMemo()
        let issuer = try Fixture.hsIssuer()
        let token = Fixture.hs256.token(
            header: Fixture.header("HS256"), claims: Fixture.claims())
        let claims = try Fixture.verified(token, issuer)
        let key = try TokensTests.key(of: token, issuer: 0, in: &cache)
        let stored = cache.insert(claims, under: key, now: Fixture.now, epochs: epochs)
        let handle = try #require(stored)
        let none = memo.lookup(
            token.span, issuer: 0, in: &cache, now: Fixture.now, epochs: epochs)
        #expect(none == nil)
        memo.remember(token.span, issuer: 0, handle: handle)
        let hit = memo.lookup(
            token.span, issuer: 0, in: &cache, now: Fixture.now, epochs: epochs)
        #expect(hit?.claims === claims)
        let expired = claims.expires
        for (bytes, issuer, now, epochs) in [
            (Array(token.dropLast()) + [65], 0, Fixture.now, epochs),
            (Array(token.dropLast()), 0, Fixture.now, epochs), ([], 0, Fixture.now, epochs),
            (token, 1, Fixture.now, epochs), (token, 0, expired, epochs),
        ] {
            let miss = memo.lookup(
                bytes.span, issuer: issuer, in: &cache, now: now, epochs: epochs)
            #expect(miss == nil)
        }
        // The last row found the entry expired, so it is gone for everybody.
        #expect(cache.count == 0)
    }

    @Test func `epochs, eviction and oversize end a memo`() throws {
        var cache = try VerifiedTokenCache(capacity: 1)
        var memo = TokenMemo()
        let claims = try Fixture.verified(
            Fixture.hs256.token(header: Fixture.header("HS256"), claims: Fixture.claims()),
            Fixture.hsIssuer())
        let tokens = [[UInt8](repeating: 65, count: 40), [UInt8](repeating: 66, count: 40)]
        for token in tokens {
            let key = try TokensTests.key(of: token, issuer: 0, in: &cache)
            let stored = cache.insert(claims, under: key, now: Fixture.now, epochs: epochs)
            let handle = try #require(stored)
            if token == tokens[0] { memo.remember(token.span, issuer: 0, handle: handle) }
        }
        let first = tokens[0]
        let evicted = memo.lookup(
            first.span, issuer: 0, in: &cache, now: Fixture.now, epochs: epochs)
        #expect(evicted == nil)
        let long = [UInt8](repeating: 67, count: TokenMemo.tokenBytesMax + 1)
        let key = try TokensTests.key(of: long, issuer: 0, in: &cache)
        let stored = cache.insert(claims, under: key, now: Fixture.now, epochs: epochs)
        let handle = try #require(stored)
        memo.remember(long.span, issuer: 0, handle: handle)
        let oversize = memo.lookup(
            long.span, issuer: 0, in: &cache, now: Fixture.now, epochs: epochs)
        #expect(oversize == nil)
        let short = Array(long.dropLast())
        memo.remember(short.span, issuer: 0, handle: handle)
        let newer = TokenEpochs(keySet: 1, global: 2)
        let stale = memo.lookup(
            short.span, issuer: 0, in: &cache, now: Fixture.now, epochs: newer)
        #expect(stale == nil)
    }
}
