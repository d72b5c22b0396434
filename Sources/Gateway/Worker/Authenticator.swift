import HTTP1
import Policy
import Reactor
import Tokens

/// Who is calling, ready for every request of the same credential: what the token said, whom that
/// resolves to, and the place where the tenant's requests are counted. Belongs to one worker.
final class Caller {
    let claims: VerifiedClaims
    /// `nil` for a vendor, who speaks for no tenant.
    let principal: Principal?
    var limit = LimiterHandle()
    var limits = CallerLimits()

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

/// Where and when one request is authenticated.
struct Circumstances {
    /// Wall-clock seconds, for the token's times.
    let wall: Int64
    /// Monotonic nanoseconds, for the budget.
    let now: UInt64
    let peer: PeerAddress
    /// Of the connection.
    let memo: CredentialMemo
    /// Who belongs to it now.
    let directory: DirectoryView
}

/// What became of an attempt to authenticate a request.
enum Authentication {
    /// - Parameter caller: `nil` where the route asks for no credential.
    case done(_ caller: Caller?)
    /// A signature has to be checked, and it is not the client's turn.
    case later
}

/// Step 5 and 6 of a request: one credential in, one caller out. Belongs to one worker.
struct Authenticator: ~Copyable {
    /// Verified tokens one worker remembers.
    static let cachedTokensMax = 16_384

    private struct Kept {
        var generation: UInt64
        /// Of the directory it was resolved by.
        var directory: UInt64
        var caller: Caller
    }

    private var verifier: TokenVerifier
    private var vendorKeys: VendorKeyVerifier
    private var cache: VerifiedTokenCache
    private var forgeries = ForgedTokenCache()
    private let counters: WorkerCounters
    private let budget: SignatureBudget
    /// Callers by cache entry; one is used only for the token and the directory it was made
    /// for.
    private var kept: [Kept?] = []

    /// - Parameters:
    ///   - counters: of the worker.
    ///   - budget: of the process.
    init(counters: WorkerCounters, budget: SignatureBudget) throws(StartFault) {
        self.counters = counters
        self.budget = budget
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

    /// The caller of a request on `route`, `nil` where the route asks for no credential; or `later`
    /// when a signature has to be checked and it is not the client's turn.
    ///
    /// - Parameter observation: learns which check failed, for the log alone.
    mutating func authenticate(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, route: RouteRule,
        snapshot: Snapshot, _ circumstances: Circumstances, turns: inout SignatureTurns,
        _ observation: inout Observation
    ) throws(Refusal) -> Authentication {
        switch route.policy.authentication {
        case .none: return .done(nil)
        case .vendor:
            let token = try Self.bearerToken(head, bytes)
            try Self.requireVisible(bytes[token])
            guard let claims = vendorKeys.verify(bytes[token], keys: snapshot.vendorKeys) else {
                counters.tokensRefused.increment()
                throw .vendorKeyInvalid
            }
            return .done(Caller(claims: claims, principal: nil))
        case .issuer(let index):
            let token = bytes[try Self.bearerToken(head, bytes)]
            let keys = snapshot.issuers[index]
            // Read before any verification that follows.
            let epochs = TokenEpochs(keySet: keys.epoch, global: snapshot.version)
            if let hit = circumstances.memo.token.lookup(
                token, issuer: keys.index, in: &cache, now: circumstances.wall, epochs: epochs)
            {
                counters.tokensCached.increment()
                observation.tokenWasCached = true
                return .done(
                    try caller(hit.claims, hit.handle, circumstances.directory, &observation))
            }
            // Not asked of the token before: that one was remembered for having passed.
            try Self.requireVisible(token)
            let key = cache.key(of: token, issuer: keys.index)
            if let known = try recall(token, key, epochs, snapshot, circumstances, &observation) {
                return .done(known)
            }
            switch try charge(
                snapshot.payingAddress(of: circumstances.peer, head, bytes), snapshot,
                circumstances, &turns)
            {
            case .later: return .later
            case .now(let unit):
                let caller = try verify(
                    token, key, keys, epochs, snapshot, circumstances, unit, &turns, &observation)
                return .done(caller)
            }
        }
    }

    /// What the worker knows of a token; `nil` when its signature has to be checked.
    private mutating func recall(
        _ token: Span<UInt8>, _ key: TokenKey?, _ epochs: TokenEpochs, _ snapshot: Snapshot,
        _ circumstances: Circumstances, _ observation: inout Observation
    ) throws(Refusal) -> Caller? {
        guard let key else { return nil }
        if let hit = cache.lookup(key, now: circumstances.wall, epochs: epochs) {
            circumstances.memo.token.remember(token, issuer: key.issuerIndex, handle: hit.handle)
            counters.tokensCached.increment()
            observation.tokenWasCached = true
            return try caller(hit.claims, hit.handle, circumstances.directory, &observation)
        }
        if forgeries.contains(key, now: circumstances.now, epochs: epochs) {
            observation.defect = TokenDefect.signature.code
            counters.tokensRefused.increment()
            throw TokenDefect.signature.refusal
        }
        return nil
    }

    /// What a check may cost, and when.
    private enum Charge {
        case now(SignatureBudget.Unit?)
        case later
    }

    /// Before any signature work: a spent budget refuses at once, and nobody goes before the turn
    /// that is theirs.
    private func charge(
        _ address: IPAddress, _ snapshot: Snapshot, _ circumstances: Circumstances,
        _ turns: inout SignatureTurns
    ) throws(Refusal) -> Charge {
        guard let rate = snapshot.policy.listen.signatureChecksPerSecond else {
            guard turns.isOpen else { return .later }
            turns.use()
            return .now(nil)
        }
        guard turns.isOpen else {
            guard !budget.isSpent(address, perSecond: rate, now: circumstances.now) else {
                counters.tokensLimited.increment()
                throw .tokenRateLimited
            }
            return .later
        }
        guard let unit = budget.take(address, perSecond: rate, now: circumstances.now) else {
            counters.tokensLimited.increment()
            throw .tokenRateLimited
        }
        turns.use()
        return .now(unit)
    }

    private mutating func verify(
        _ token: Span<UInt8>, _ key: TokenKey?, _ keys: IssuerKeys, _ epochs: TokenEpochs,
        _ snapshot: Snapshot, _ circumstances: Circumstances, _ unit: SignatureBudget.Unit?,
        _ turns: inout SignatureTurns, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        guard let issuer = keys.issuer else {
            giveBack(unit, circumstances)
            observation.defect = "token.keys_unavailable"
            counters.tokensRefused.increment()
            throw .tokenInvalid
        }
        let claims: VerifiedClaims
        let checksBefore = verifier.signaturesChecked
        do throws(TokenDefect) {
            claims = try verifier.verify(token, issuer: issuer, now: circumstances.wall)
        } catch {
            if verifier.signaturesChecked == checksBefore { giveBack(unit, circumstances) }
            if error == .signature { turns.close() }
            if error == .signature, let key {
                forgeries.insert(key, now: circumstances.now, epochs: epochs)
            }
            if error == .keyUnknown { keys.noteUnknownKey() }
            observation.defect = error.code
            counters.tokensRefused.increment()
            if error.isAlarm { counters.secondReaderAlarms.increment() }
            throw error.refusal
        }
        giveBack(unit, circumstances)
        counters.tokensVerified.increment()
        guard let key,
            let handle = cache.insert(
                claims, under: key, now: circumstances.wall, epochs: epochs)
        else {
            return Caller(
                claims: claims,
                principal: try Self.resolve(claims, circumstances.directory, &observation))
        }
        circumstances.memo.token.remember(token, issuer: keys.index, handle: handle)
        return try caller(claims, handle, circumstances.directory, &observation)
    }

    private func giveBack(_ unit: SignatureBudget.Unit?, _ circumstances: Circumstances) {
        if let unit { budget.giveBack(unit, now: circumstances.now) }
    }

    private mutating func caller(
        _ claims: VerifiedClaims, _ handle: VerifiedTokenCache.Handle,
        _ directory: DirectoryView, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        let place = handle.entryIndex
        if place < kept.count, let known = kept[place], known.generation == handle.generation,
            known.directory == directory.generation
        {
            return known.caller
        }
        let made = Caller(
            claims: claims, principal: try Self.resolve(claims, directory, &observation))
        while kept.count <= place { kept.append(nil) }
        kept[place] = Kept(
            generation: handle.generation, directory: directory.generation, caller: made)
        return made
    }

    /// Step 6: see `TenantDirectory.resolve`.
    private static func resolve(
        _ claims: VerifiedClaims, _ view: DirectoryView, _ observation: inout Observation
    ) throws(Refusal) -> Principal {
        do throws(Refusal) {
            return try view.directory.resolve(claims)
        } catch {
            // The client is told what it is told of any token that is none.
            if error == .tokenInvalid { observation.defect = "token.revoked" }
            throw error
        }
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
