/// Every answer that is not the upstream's own, in one list: refusals (the client's doing, 4xx) and
/// faults (the world's doing, 5xx). Problem bodies, logs, metrics, `ringfence help CODE` and
/// docs/codes.md read it; a test fails on a duplicate or an undocumented code.
public enum Refusal: UInt8, CaseIterable, Error, Sendable {
    case requestMalformed
    case requestFraming
    case requestHost
    case requestTarget
    case requestPathAmbiguous
    case requestQueryMalformed
    case requestTargetTooLong
    case requestHeadTooLarge
    case requestVersion
    case requestMethodUnknown
    case requestExpectation
    case requestProxyProtocol
    case requestUpgradeWebSocket
    case requestTimeout
    case requestBodyTooLarge
    case requestBodyBudget
    case requestBodyMalformed
    case requestBodyType
    case requestBodyEncoding
    case requestTransferEncoding
    case routeNotFound
    case routeMethod
    case routeMisdirected
    case corsOrigin
    case tokenMissing
    case tokenAmbiguous
    case tokenInvalid
    case tokenRateLimited
    case vendorKeyInvalid
    case credentialAmbiguous
    case credentialMisplaced
    case sessionAmbiguous
    case sessionOrigin
    case scopeInsufficient
    case tenantHost
    case tenantUnnamed
    case tenantAmbiguous
    case tenantNotFound
    case tenantMissing
    case tenantUnknown
    case tenantSuspended
    case tenantTierUnknown
    case directoryUnavailable
    case tenantConflict
    case issuerNotAllowed
    case roleMissing
    case rateLimited
    case rateDenied
    case concurrencyLimited
    case clientRateLimited
    case featureMissing
    case overloaded
    case draining
    case upstreamBusy
    case upstreamConnect
    case upstreamConnectTimeout
    case upstreamTLS
    case upstreamReset
    case upstreamProtocol
    case upstreamTimeout
    case upstreamEcho
    case upstreamCookieDomain
    case upstreamUnresolved
    case clientClosed
    case internalScan
    case internalError
    case assertionMissing
    case assertionInvalid
    case assertionReplayed
    case assertionSeal
    case scopeRequired
    case resourceNotFound
    case resourceConflict
    case resourceLimit
    case inputInvalid
    case inputMalformed
    case inputType
    case databaseUnavailable
    case databaseTimeout
    case databaseSeal

    /// What the list says about one code.
    public struct Entry: Sendable {
        /// Stable and dotted; a contract for logs, metrics and clients.
        public let code: StaticString
        /// The HTTP status it is answered with.
        public let status: UInt16
        /// One line for people (RFC 9457 `title`).
        public let title: StaticString
        /// What it means and what to do, for `ringfence help CODE`.
        public let help: StaticString
        /// Where the policy decides about it: the key, in one plain line for the problem body (RFC
        /// 9457 `detail`), so that who is refused knows what to ask the operator for.
        public var detail: StaticString? = nil
    }

    public var code: StaticString { entry.code }
    public var status: UInt16 { entry.status }
    public var title: StaticString { entry.title }

    public var entry: Entry { Self.entries[Int(rawValue)] }

    /// In the order of the cases.
    private static let entries: [Entry] = allCases.map(\.written)

    /// What the registry has of it: every section's entries are in a file of their own.
    private var written: Entry {
        switch self {
        case .requestMalformed: .requestMalformed
        case .requestFraming: .requestFraming
        case .requestHost: .requestHost
        case .requestTarget: .requestTarget
        case .requestPathAmbiguous: .requestPathAmbiguous
        case .requestQueryMalformed: .requestQueryMalformed
        case .requestTargetTooLong: .requestTargetTooLong
        case .requestHeadTooLarge: .requestHeadTooLarge
        case .requestVersion: .requestVersion
        case .requestMethodUnknown: .requestMethodUnknown
        case .requestExpectation: .requestExpectation
        case .requestProxyProtocol: .requestProxyProtocol
        case .requestUpgradeWebSocket: .requestUpgradeWebSocket
        case .requestTimeout: .requestTimeout
        case .requestBodyTooLarge: .requestBodyTooLarge
        case .requestBodyBudget: .requestBodyBudget
        case .requestBodyMalformed: .requestBodyMalformed
        case .requestBodyType: .requestBodyType
        case .requestBodyEncoding: .requestBodyEncoding
        case .requestTransferEncoding: .requestTransferEncoding
        case .routeNotFound: .routeNotFound
        case .routeMethod: .routeMethod
        case .routeMisdirected: .routeMisdirected
        case .corsOrigin: .corsOrigin
        case .tokenMissing: .tokenMissing
        case .tokenAmbiguous: .tokenAmbiguous
        case .tokenInvalid: .tokenInvalid
        case .tokenRateLimited: .tokenRateLimited
        case .vendorKeyInvalid: .vendorKeyInvalid
        case .credentialAmbiguous: .credentialAmbiguous
        case .credentialMisplaced: .credentialMisplaced
        case .sessionAmbiguous: .sessionAmbiguous
        case .sessionOrigin: .sessionOrigin
        case .scopeInsufficient: .scopeInsufficient
        case .tenantHost: .tenantHost
        case .tenantUnnamed: .tenantUnnamed
        case .tenantAmbiguous: .tenantAmbiguous
        case .tenantNotFound: .tenantNotFound
        case .tenantMissing: .tenantMissing
        case .tenantUnknown: .tenantUnknown
        case .tenantSuspended: .tenantSuspended
        case .tenantTierUnknown: .tenantTierUnknown
        case .directoryUnavailable: .directoryUnavailable
        case .tenantConflict: .tenantConflict
        case .issuerNotAllowed: .issuerNotAllowed
        case .roleMissing: .roleMissing
        case .rateLimited: .rateLimited
        case .rateDenied: .rateDenied
        case .concurrencyLimited: .concurrencyLimited
        case .clientRateLimited: .clientRateLimited
        case .featureMissing: .featureMissing
        case .overloaded: .overloaded
        case .draining: .draining
        case .upstreamBusy: .upstreamBusy
        case .upstreamConnect: .upstreamConnect
        case .upstreamConnectTimeout: .upstreamConnectTimeout
        case .upstreamTLS: .upstreamTLS
        case .upstreamReset: .upstreamReset
        case .upstreamProtocol: .upstreamProtocol
        case .upstreamTimeout: .upstreamTimeout
        case .upstreamEcho: .upstreamEcho
        case .upstreamCookieDomain: .upstreamCookieDomain
        case .upstreamUnresolved: .upstreamUnresolved
        case .clientClosed: .clientClosed
        case .internalScan: .internalScan
        case .internalError: .internalError
        case .assertionMissing: .assertionMissing
        case .assertionInvalid: .assertionInvalid
        case .assertionReplayed: .assertionReplayed
        case .assertionSeal: .assertionSeal
        case .scopeRequired: .scopeRequired
        case .resourceNotFound: .resourceNotFound
        case .resourceConflict: .resourceConflict
        case .resourceLimit: .resourceLimit
        case .inputInvalid: .inputInvalid
        case .inputMalformed: .inputMalformed
        case .inputType: .inputType
        case .databaseUnavailable: .databaseUnavailable
        case .databaseTimeout: .databaseTimeout
        case .databaseSeal: .databaseSeal
        }
    }
}
