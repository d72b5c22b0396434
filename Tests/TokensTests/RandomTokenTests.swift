import Testing

@testable import Tokens

@Suite struct `Random changes of tokens` {
    @Test func `no random change of a valid token verifies`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = Randomness(seed: seed)
        var verifier = try TokenVerifier()
        let issuers = [try Fixture.hsIssuer(), try Fixture.rsIssuer(), try Fixture.esIssuer()]
        let signers = [Fixture.hs256, Fixture.rs256, Fixture.es256]
        let names = ["HS256", "RS256", "ES256"]
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0".utf8)
        var taken = 0
        for round in 0..<3_000 {
            let kind = round % 3
            let good = signers[kind].token(
                header: Fixture.header(names[kind]), claims: Fixture.claims())
            // The second half meets headers that the verifier knows.
            if round >= 1_500 {
                _ = try verifier.verify(good.span, issuer: issuers[kind], now: Fixture.now)
            }
            var token = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<token.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0..<4, using: &random) {
                case 0: token[place] = byte
                case 1: token.insert(byte, at: place)
                case 2: token.remove(at: place)
                default: token.swapAt(place, Int.random(in: 0..<token.count, using: &random))
                }
            }
            guard token != good else { continue }
            do throws(TokenDefect) {
                _ = try verifier.verify(token.span, issuer: issuers[kind], now: Fixture.now)
                taken += 1
            } catch {
                #expect(error != .readersDisagree)
            }
        }
        #expect(taken == 0, "seed \(seed)")
    }
}
