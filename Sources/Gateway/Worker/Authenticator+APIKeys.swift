import HTTP1
import Policy
import Tokens

/// Callers by API key, as one worker has met them. What the directory says of a key is asked at
/// every use; this keeps only whom it resolves to, for as long as the directory is the same.
struct APIKeyCallers: ~Copyable {
    static let countMax = 16_384

    fileprivate var verifier: APIKeyVerifier?
    /// Of the snapshot whose pepper the verifier has.
    fileprivate var snapshot: UInt64 = 0
    fileprivate var directory: UInt64 = 0
    fileprivate var callers: [APIKeyID: Caller] = [:]

    fileprivate mutating func renew(_ asked: borrowing Asked) {
        if snapshot != asked.snapshot.version {
            snapshot = asked.snapshot.version
            verifier = nil
            if let pepper = asked.snapshot.keyPepper {
                verifier = try? APIKeyVerifier(pepper: pepper)
            }
        }
        if directory != asked.circumstances.directory.generation || callers.count >= Self.countMax {
            directory = asked.circumstances.directory.generation
            callers.removeAll(keepingCapacity: callers.count < Self.countMax)
        }
    }
}

extension Authenticator {
    /// The caller of an API key. Every text that is no good key is refused in the same steps and
    /// with the same words (attack K1).
    mutating func caller(
        withKey text: Span<UInt8>, _ asked: Asked, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        let view = asked.circumstances.directory
        guard view.directory.isAvailable else { throw .directoryUnavailable }
        apiKeys.renew(asked)
        observation.apiKey = APIKeyText.id(text)
        let shown = apiKeys.verifier?.verify(
            text, in: view.directory, now: asked.circumstances.wall)
        guard let shown = shown ?? nil else {
            counters.tokensRefused.increment()
            observation.defect = "api_key.invalid"
            throw .tokenInvalid
        }
        if let known = apiKeys.callers[shown.record.id] {
            try requireVendor(of: known.claims, asked, &observation)
            counters.tokensCached.increment()
            observation.tokenWasCached = true
            return known
        }
        guard let claims = shown.claims(in: view.directory) else { throw .tokenInvalid }
        try requireVendor(of: claims, asked, &observation)
        counters.tokensVerified.increment()
        let made = try Self.caller(claims, view, &observation)
        apiKeys.callers[shown.record.id] = made
        return made
    }

    /// Keys come from the directory of all vendors, and a route serves one: a key of another
    /// vendor's tenant is no key here, or equal names of two vendors would meet behind it.
    private func requireVendor(
        of claims: VerifiedClaims, _ asked: Asked, _ observation: inout Observation
    ) throws(Refusal) {
        guard !asked.route.serves(vendor: claims.vendor) else { return }
        counters.tokensRefused.increment()
        observation.defect = "api_key.vendor"
        throw .tokenInvalid
    }
}
