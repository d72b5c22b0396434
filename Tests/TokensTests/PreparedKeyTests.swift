import Policy
import Testing

@testable import Tokens

@Suite struct `Prepared keys` {
    static func message(_ number: Int) -> [UInt8] { Array("message \(number)".utf8) }

    static func key(_ pem: [UInt8], _ algorithm: TokenAlgorithm) throws -> VerificationKey {
        try VerificationKey(pem: pem.span, algorithms: [algorithm])
    }

    /// Whether `checker` takes a signature of `signer`, made over `signed`, for `message`.
    static func holds(
        _ checker: inout SignatureChecker, _ key: VerificationKey, _ message: [UInt8],
        _ signature: [UInt8]
    ) -> Bool {
        checker.verify(message.span, signature: signature.span, key: key)
    }

    @Test func `keys in turn are never taken for each other`() throws {
        var checker = try SignatureChecker()
        let one = try Self.key(TestKey.rsa.publicPEM, .rs256)
        let long = try Self.key(TestKey.rsa.publicPEM, .rs512)
        let other = try Self.key(TestKey.otherRSA.publicPEM, .rs256)
        for number in 0..<5 {
            let message = Self.message(number)
            let good = TestKey.rsa.sign(message, hash: "SHA256")
            let byOne = Self.holds(&checker, one, message, good)
            let byOther = Self.holds(&checker, other, message, good)
            // The same key pinned to another hash.
            let byLong = Self.holds(&checker, long, message, good)
            let late = Self.holds(&checker, one, Self.message(number + 1), good)
            #expect(byOne && !byOther && !byLong && !late)
            let wide = TestKey.rsa.sign(message, hash: "SHA512")
            let wideByOne = Self.holds(&checker, one, message, wide)
            let wideByLong = Self.holds(&checker, long, message, wide)
            #expect(!wideByOne && wideByLong)
        }
    }

    @Test func `more keys than are kept prepared still verify`() throws {
        var checker = try SignatureChecker()
        let message = Self.message(1)
        let good = TestKey.rsa.sign(message, hash: "SHA256")
        let others = try (0..<PublicKeyContexts.keysMax).map { _ in
            try Self.key(TestKey.otherRSA.publicPEM, .rs256)
        }
        for _ in 0..<3 {
            // A new key each time, freed at once: whoever comes to lie at its address is not it.
            let fresh = try Self.key(TestKey.rsa.publicPEM, .rs256)
            let byFresh = Self.holds(&checker, fresh, message, good)
            #expect(byFresh)
            for other in others {
                let byOther = Self.holds(&checker, other, message, good)
                #expect(!byOther)
            }
        }
    }
}
