import HTTP1
import Policy
import Reactor
import Tokens

/// Tokens: of an issuer, of producers inside, and of sessions.
extension Authenticator {
    /// The caller of a token; the memo of the connection, then the worker's cache, then a check of
    /// its signature.
    mutating func token(
        _ slice: Slice, of keys: IssuerKeys, _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>, _ snapshot: Snapshot, _ circumstances: Circumstances,
        _ turns: inout SignatureTurns, _ observation: inout Observation
    ) throws(Refusal) -> Authentication {
        let token = bytes[slice]
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
        try PresentedCredential.requireVisible(token)
        let key = cache.key(of: token, issuer: keys.index)
        if let known = try recall(token, key, epochs, snapshot, circumstances, &observation) {
            return .done(known)
        }
        switch try charge(
            snapshot.payingAddress(of: circumstances.peer, head, bytes), snapshot, circumstances,
            &turns)
        {
        case .later: return .later
        case .now(let unit):
            let caller = try verify(
                token, key, keys, epochs, snapshot, circumstances, unit, &turns, &observation)
            return .done(caller)
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
            return try Self.caller(claims, circumstances.directory, &observation)
        }
        circumstances.memo.token.remember(token, issuer: keys.index, handle: handle)
        return try caller(claims, handle, circumstances.directory, &observation)
    }

    private func giveBack(_ unit: SignatureBudget.Unit?, _ circumstances: Circumstances) {
        if let unit { budget.giveBack(unit, now: circumstances.now) }
    }
}
