import HTTP1
import Policy
import Reactor
@_spi(OtherCredentials) import Tokens

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
    var token = TokenMemo()
    /// What the connection's certificate says, once somebody asked.
    var certificate = CertificateMemo()
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

/// What one request asks of whom.
struct Asked {
    let route: RouteRule
    let snapshot: Snapshot
    let circumstances: Circumstances
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

    struct Kept {
        var generation: UInt64
        /// Of the directory it was resolved by.
        var directory: UInt64
        var caller: Caller
    }

    var verifier: TokenVerifier
    var vendorKeys: VendorKeyVerifier
    var cache: VerifiedTokenCache
    var forgeries = ForgedTokenCache()
    let counters: WorkerCounters
    let budget: SignatureBudget
    var apiKeys = APIKeyCallers()
    var places = PlacedCallers()
    var witness: CredentialWitness
    /// Callers by cache entry; one is used only for the token and the directory it was made
    /// for.
    var kept: [Kept?] = []

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
            let witness = try CredentialWitness()
            self.verifier = verifier
            self.vendorKeys = vendorKeys
            self.cache = cache
            self.witness = witness
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
            let token = try PresentedCredential.bearer(head, bytes)
            try PresentedCredential.requireVisible(bytes[token])
            guard let claims = vendorKeys.verify(bytes[token], keys: snapshot.vendorKeys) else {
                counters.tokensRefused.increment()
                throw .vendorKeyInvalid
            }
            return .done(Caller(claims: claims, principal: nil))
        case .issuer(let index), .internalCaller(let index):
            return try token(
                try PresentedCredential.bearer(head, bytes), of: snapshot.issuers[index], head,
                bytes, snapshot, circumstances, &turns, &observation)
        case .credentials(let kinds):
            let asked = Asked(route: route, snapshot: snapshot, circumstances: circumstances)
            return try anyOf(kinds, head, bytes, asked, &turns, &observation)
        }
    }

    /// One credential of a route that takes several kinds, or another than tokens.
    private mutating func anyOf(
        _ kinds: CredentialKinds, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ asked: Asked, _ turns: inout SignatureTurns, _ observation: inout Observation
    ) throws(Refusal) -> Authentication {
        switch try PresentedCredential(head, bytes, kinds, asked) {
        case .certificate(let certificate):
            return .done(try caller(showing: certificate, asked, &observation))
        case .apiKey(let key):
            return .done(try caller(withKey: bytes[key], asked, &observation))
        case .basic(let user):
            return .done(try caller(withKey: user.span, asked, &observation))
        case .session(let text):
            guard let keys = asked.snapshot.sessions else { throw .internalError }
            return try token(
                text, of: keys, head, bytes, asked.snapshot, asked.circumstances, &turns,
                &observation)
        case .token(let text):
            guard let issuer = kinds.issuer else { throw .internalError }
            return try token(
                text, of: asked.snapshot.issuers[issuer], head, bytes, asked.snapshot,
                asked.circumstances, &turns, &observation)
        }
    }

    mutating func caller(
        _ claims: VerifiedClaims, _ handle: VerifiedTokenCache.Handle,
        _ directory: DirectoryView, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        let place = handle.entryIndex
        if place < kept.count, let known = kept[place], known.generation == handle.generation,
            known.directory == directory.generation
        {
            return known.caller
        }
        let made = try Self.caller(claims, directory, &observation)
        while kept.count <= place { kept.append(nil) }
        kept[place] = Kept(
            generation: handle.generation, directory: directory.generation, caller: made)
        return made
    }

    /// Step 6: see `TenantDirectory.resolve`. An internal caller has yet to name a tenant.
    static func caller(
        _ claims: VerifiedClaims, _ view: DirectoryView, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        if claims.credential == .internalToken, claims.tenant == nil {
            return Caller(claims: claims, principal: nil)
        }
        do throws(Refusal) {
            return Caller(claims: claims, principal: try view.directory.resolve(claims))
        } catch {
            // The client is told what it is told of any token that is none.
            if error == .tokenInvalid { observation.defect = "token.revoked" }
            throw error
        }
    }
}
