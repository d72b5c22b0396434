import HTTP1
import Policy
import Tokens

/// Who is calling, ready for every request of the same credential: what the token said, whom that
/// resolves to, and the place where the tenant's requests are counted. Belongs to one worker.
final class Caller {
    let claims: VerifiedClaims
    /// `nil` for a vendor, who speaks for no tenant.
    let principal: Principal?
    var limit = LimiterHandle()

    init(claims: VerifiedClaims, principal: Principal?) {
        self.claims = claims
        self.principal = principal
    }
}

/// What one connection's last credential was, and whose: a client that sends it again costs a
/// comparison.
final class CredentialMemo {
    fileprivate var token = TokenMemo()
}

/// Step 5 and 6 of a request: one credential in, one caller out. Belongs to one worker.
struct Authenticator: ~Copyable {
    /// Verified tokens one worker remembers.
    static let cachedTokensMax = 16_384

    private struct Kept {
        var generation: UInt64
        var snapshot: UInt64
        var caller: Caller
    }

    private var verifier: TokenVerifier
    private var vendorKeys: VendorKeyVerifier
    private var cache: VerifiedTokenCache
    /// Callers by cache entry; one is used only for the token and the snapshot it was made for.
    private var kept: [Kept?] = []

    init() throws(StartFault) {
        do throws(KeyDefect) {
            let verifier = try TokenVerifier()
            let vendorKeys = try VendorKeyVerifier()
            let cache = try VerifiedTokenCache(capacity: Self.cachedTokensMax)
            self.verifier = verifier
            self.vendorKeys = vendorKeys
            self.cache = cache
        } catch {
            throw .cryptography(error.message)
        }
    }

    var secondReadingsSkipped: UInt64 { verifier.secondReadingsSkipped }

    /// The caller of a request on `route`; `nil` where the route asks for no credential.
    ///
    /// - Parameters:
    ///   - memo: of the connection.
    ///   - observation: learns which check failed, for the log alone.
    mutating func authenticate(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, route: RouteRule,
        snapshot: Snapshot, now: Int64, memo: CredentialMemo, counters: WorkerCounters,
        observation: inout Observation
    ) throws(Refusal) -> Caller? {
        switch route.policy.authentication {
        case .none: return nil
        case .vendor:
            let token = try Self.bearerToken(head, bytes)
            try Self.requireVisible(bytes[token])
            guard let claims = vendorKeys.verify(bytes[token], keys: snapshot.vendorKeys) else {
                counters.tokensRefused.increment()
                throw .vendorKeyInvalid
            }
            return Caller(claims: claims, principal: nil)
        case .issuer(let index):
            let token = try Self.bearerToken(head, bytes)
            return try verify(
                bytes[token], keys: snapshot.issuers[index], snapshot: snapshot, now: now,
                memo: memo, counters: counters, observation: &observation)
        }
    }

    private mutating func verify(
        _ token: Span<UInt8>, keys: IssuerKeys, snapshot: Snapshot, now: Int64,
        memo: CredentialMemo, counters: WorkerCounters, observation: inout Observation
    ) throws(Refusal) -> Caller {
        let epochs = TokenEpochs(keySet: keys.epoch, global: snapshot.version)
        if let hit = memo.token.lookup(
            token, issuer: keys.index, in: &cache, now: now, epochs: epochs)
        {
            counters.tokensCached.increment()
            observation.tokenWasCached = true
            return try caller(hit.claims, hit.handle, snapshot)
        }
        // Not asked of the token before: that one was remembered for having passed.
        try Self.requireVisible(token)
        let key = cache.key(of: token, issuer: keys.index)
        if let key, let hit = cache.lookup(key, now: now, epochs: epochs) {
            memo.token.remember(token, issuer: keys.index, handle: hit.handle)
            counters.tokensCached.increment()
            observation.tokenWasCached = true
            return try caller(hit.claims, hit.handle, snapshot)
        }
        guard let issuer = keys.issuer else {
            observation.defect = "token.keys_unavailable"
            counters.tokensRefused.increment()
            throw .tokenInvalid
        }
        let claims: VerifiedClaims
        do throws(TokenDefect) {
            claims = try verifier.verify(token, issuer: issuer, now: now)
        } catch {
            observation.defect = error.code
            counters.tokensRefused.increment()
            if error.isAlarm { counters.secondReaderAlarms.increment() }
            throw error.refusal
        }
        counters.tokensVerified.increment()
        guard let key, let handle = cache.insert(claims, under: key, now: now, epochs: epochs)
        else {
            return Caller(claims: claims, principal: try snapshot.rules.resolve(claims))
        }
        memo.token.remember(token, issuer: keys.index, handle: handle)
        return try caller(claims, handle, snapshot)
    }

    private mutating func caller(
        _ claims: VerifiedClaims, _ handle: VerifiedTokenCache.Handle, _ snapshot: Snapshot
    ) throws(Refusal) -> Caller {
        let place = handle.entryIndex
        if place < kept.count, let known = kept[place], known.generation == handle.generation,
            known.snapshot == snapshot.version
        {
            return known.caller
        }
        let made = Caller(claims: claims, principal: try snapshot.rules.resolve(claims))
        while kept.count <= place { kept.append(nil) }
        kept[place] = Kept(
            generation: handle.generation, snapshot: snapshot.version, caller: made)
        return made
    }

    /// A comma could begin a second credential; nothing but VCHAR is part of one (RFC 6750 §2.1).
    private static func requireVisible(_ token: Span<UInt8>) throws(Refusal) {
        guard token.isVisible(except: UInt8(ascii: ",")) else { throw .tokenAmbiguous }
    }

    /// The one bearer token of a request (attacks A1, A2; RFC 6750 §2.1): one field, the scheme in
    /// any case, exactly one space, the token and nothing else.
    static func bearerToken(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Slice {
        guard let index = head.fields.index(of: .authorization) else { throw .tokenMissing }
        guard !head.fields.repeats(.authorization) else { throw .tokenAmbiguous }
        let slice = head.fields[index].value
        let value = bytes[slice]
        let scheme = 6
        guard value.count > scheme + 1, value[scheme] == UInt8(ascii: " "),
            value.extracting(0..<scheme).equalsIgnoringCase("Bearer")
        else {
            throw value.isEmpty ? .tokenMissing : .tokenAmbiguous
        }
        let token = Slice(Int(slice.start) + scheme + 1, Int(slice.end))
        return token
    }
}
