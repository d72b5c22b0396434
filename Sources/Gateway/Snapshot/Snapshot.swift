import HTTP1
import Policy
import Reactor
import Synchronization
import TLS
import Tokens

/// Everything a request is decided by, as one immutable value. A reload makes a new one; an
/// exchange keeps the one it began under to its end.
final class Snapshot: Sendable {
    struct Upstream: Sendable {
        /// Its name: what assertions are made out to.
        let audience: [UInt8]
        let connectMilliseconds: UInt64
        let responseMilliseconds: UInt64
        let idleMilliseconds: UInt64
        let echoRequired: Bool
        let isAsserted: Bool
        /// Whether its assertions hold a seal for its database.
        let isSealed: Bool
        /// Its part of `targets`.
        let targets: Range<Int>
    }

    struct Target: Sendable {
        /// What `Host` says on routes with `host: upstream`.
        let authority: [UInt8]
        let serverName: String
        let addresses: AddressSource
        let tls: TLSClientContext?
    }

    /// Where a target's addresses come from.
    enum AddressSource: Sendable {
        case fixed(SocketAddress)
        case name(FreshName, port: UInt16)

        /// The address to try at the given attempt; `nil` behind the last.
        func address(at index: Int) -> SocketAddress? {
            switch self {
            case .fixed(let address): return index == 0 ? address : nil
            case .name(let name, let port):
                let addresses = name.snapshot.addresses
                return index < addresses.count ? .ip(addresses[index], port: port) : nil
            }
        }
    }

    /// Grows with every snapshot of the process.
    let version: UInt64
    let rules: RuleSet
    let upstreams: [Upstream]
    let targets: [Target]
    let issuers: [IssuerKeys]
    let vendorKeys: VendorKeySet
    let vendorNames: [[UInt8]]
    let routeNames: [[UInt8]]
    /// The assertion key file's bytes.
    let assertionKey: [UInt8]?
    let assertionSeconds: Int64
    /// The seal key file's bytes.
    let sealKey: [UInt8]?
    let sealSeconds: Int64
    /// What vendors are called in databases, 36 bytes each.
    let vendorIDs: [[UInt8]]
    /// What the backend's feed is asked with; `nil` where it asks for nothing.
    let feedSecret: [UInt8]?
    /// What API keys are digested with; `nil` where there are none.
    let keyPepper: [UInt8]?
    /// Rules and key of session tokens; `nil` where there are none.
    let sessions: IssuerKeys?
    /// PEM of the authorities whose certificates clients may show, and of what they have revoked.
    let clientAuthority: [UInt8]?
    /// The second from which it is no longer known what they have revoked.
    let clientRevocationsEnd: Int64?
    /// Differs where clients' certificates were believed by other authorities.
    let clientAuthorityEpoch: UInt64
    /// Whether keys may stand where a log would keep them.
    let scrubsKeys: Bool
    /// What each route's own limits are counted under.
    let limitScopes: [UInt64]
    /// What an address may ask without a credential that was verified; `nil` for no end.
    let unauthenticatedRate: AddressBudget.Rate?
    let handshakeRate: AddressBudget.Rate?
    private let trustedProxies: [Reactor.AddressBlock]

    /// Whether tenants come from the directory's feed.
    let followsDirectory: Bool

    var policy: GatewayPolicy { rules.policy }

    init(
        version: UInt64, policy: GatewayPolicy, upstreams: [Upstream], targets: [Target],
        issuers: [IssuerKeys], vendorKeys: VendorKeySet, assertionKey: [UInt8]?,
        sealKey: [UInt8]? = nil, feedSecret: [UInt8]? = nil, keyPepper: [UInt8]? = nil,
        credentials: CredentialMaterial = CredentialMaterial(), directory: TenantDirectory? = nil
    ) {
        sessions = credentials.sessions
        clientAuthority = credentials.clientAuthority
        clientRevocationsEnd = credentials.clientRevocationsEnd
        clientAuthorityEpoch = credentials.clientAuthorityEpoch ?? version
        scrubsKeys = keyPepper != nil || policy.routes.contains { $0.takesAPIKeys }
        self.version = version
        rules = RuleSet(policy: policy, directory: directory)
        self.upstreams = upstreams
        self.targets = targets
        self.issuers = issuers
        self.vendorKeys = vendorKeys
        vendorNames = policy.vendors.map { [UInt8]($0.name.utf8) }
        routeNames = policy.routes.map { [UInt8]($0.name.utf8) }
        if case .directory = policy.tenants {
            followsDirectory = true
        } else {
            followsDirectory = false
        }
        self.assertionKey = assertionKey
        self.feedSecret = feedSecret
        self.keyPepper = keyPepper
        assertionSeconds = policy.assertion?.ttlSeconds ?? 0
        self.sealKey = sealKey
        sealSeconds = policy.assertion?.seal?.ttlSeconds ?? 0
        vendorIDs = vendorNames.map { name in
            var id = ByteBuffer(capacityMax: 36)
            _ = appendDerivedVendorID(name.span, to: &id)
            return id.bytes
        }
        limitScopes = policy.routes.map { LimitKey.scope(ofRoute: $0.name) }
        unauthenticatedRate = policy.unauthenticated.map {
            AddressBudget.Rate(perMinute: Int($0.requestsPerMinute))
        }
        handshakeRate = policy.listen.handshakesPerSecond.map {
            AddressBudget.Rate(perSecond: $0)
        }
        trustedProxies = policy.trustedProxies.compactMap { Reactor.AddressBlock($0.text) }
    }

    /// What `Host` says to an upstream on routes with `host: upstream`: its first target.
    func authority(of upstream: Int) -> [UInt8] {
        targets[upstreams[upstream].targets.lowerBound].authority
    }

    /// Whether the peer's `Forwarded` and `X-Forwarded-*` are continued.
    func trusts(_ peer: PeerAddress) -> Bool {
        guard let address = peer.address else { return false }
        return trusts(address)
    }

    func trusts(_ address: IPAddress) -> Bool {
        guard !trustedProxies.isEmpty else { return false }
        return trustedProxies.contains { $0.contains(address) }
    }
}
