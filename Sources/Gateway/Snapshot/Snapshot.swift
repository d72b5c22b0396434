import Policy
import Reactor
import Synchronization
import TLS
import Tokens

/// Everything a request is decided by, as one immutable value. A reload makes a new one; an
/// exchange keeps the one it began under to its end.
final class Snapshot: Sendable {
    struct Upstream: Sendable {
        let name: String
        let connectMilliseconds: UInt64
        let responseMilliseconds: UInt64
        let idleMilliseconds: UInt64
        let echoRequired: Bool
        let isAsserted: Bool
        /// Its part of `targets`.
        let targets: Range<Int>
    }

    struct Target: Sendable {
        let upstream: Int
        let name: String
        /// What `Host` says on routes with `host: upstream`.
        let authority: [UInt8]
        let serverName: String
        let addresses: AddressSource
        let tls: TLSClientContext?
    }

    /// Where a target's addresses come from.
    enum AddressSource: Sendable {
        case fixed([SocketAddress])
        case name(RefreshingName)
    }

    let version: UInt64
    let policy: GatewayPolicy
    let routes: RouteTable
    let rules: [RouteRules]
    let directory: TenantDirectory
    let upstreams: [Upstream]
    let targets: [Target]
    let issuers: [IssuerKeys]
    let vendorKeys: [VendorKeyVerifier?]
    let assertionKey: [UInt8]?
    let trustedProxies: TrustedProxies
    let limitFields: LimitFields

    init(
        version: UInt64, policy: GatewayPolicy, upstreams: [Upstream], targets: [Target],
        issuers: [IssuerKeys], vendorKeys: [VendorKeyVerifier?], assertionKey: [UInt8]?,
        trustedProxies: TrustedProxies
    ) {
        self.version = version
        self.policy = policy
        routes = RouteTable(policy.routes)
        rules = policy.routes.map { RouteRules($0, policy: policy) }
        directory = TenantDirectory(policy: policy)
        self.upstreams = upstreams
        self.targets = targets
        self.issuers = issuers
        self.vendorKeys = vendorKeys
        self.assertionKey = assertionKey
        self.trustedProxies = trustedProxies
        limitFields = LimitFields(policy.limitHeaders)
    }
}

/// The keys of one issuer: fixed, or replaced whole when a fetched set has changed. The epoch grows
/// with every change, so that cached results of removed keys are not used again.
final class IssuerKeys: Sendable {
    private let current: Mutex<TokenIssuer?>
    private let changes = Atomic<UInt32>(0)
    let index: Int
    let policy: IssuerPolicy
    let vendorName: String

    /// - Parameter keys: `nil` until the first set has been fetched; every token is then refused.
    init(index: Int, policy: IssuerPolicy, vendorName: String, keys: KeySet?) {
        self.index = index
        self.policy = policy
        self.vendorName = vendorName
        let issuer = keys.map {
            TokenIssuer(index: index, policy: policy, vendorName: vendorName, keys: $0)
        }
        current = Mutex(issuer)
    }

    var epoch: UInt32 { changes.load(ordering: .acquiring) }
    var issuer: TokenIssuer? { current.withLock { $0 } }

    func replace(_ keys: KeySet) {
        let issuer = TokenIssuer(index: index, policy: policy, vendorName: vendorName, keys: keys)
        current.withLock { $0 = issuer }
        changes.add(1, ordering: .releasing)
    }
}
