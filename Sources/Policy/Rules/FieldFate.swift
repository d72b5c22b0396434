/// Why a client's field or parameter is not passed on. A bounded set, so it can be a metric label.
public enum StripReason: UInt8, CaseIterable, Sendable {
    /// A spelling of the tenant.
    case tenant
    /// Meant for this hop only (RFC 9110 section 7.6.1), `Connection` nominations included.
    case hopByHop
    /// Says who the client is or what it asked for; only the gateway may say that upstream.
    case identity
    /// A name of the gateway's own fields.
    case gatewayOwn
    /// The credential, which was for the gateway.
    case credential
    /// A name with anything but letters, digits and `-`: CGI and WSGI turn `X_Tenant_ID` and
    /// `X-Tenant-ID` into one variable (attack H4), and no registered field needs such a name.
    case irregularName
    /// A type without a body to describe, in whose character set readers would take other bytes of
    /// the query for a tenant's name.
    case charset

    public var name: StaticString {
        switch self {
        case .tenant: "tenant"
        case .hopByHop: "hop_by_hop"
        case .identity: "identity"
        case .gatewayOwn: "gateway_own"
        case .credential: "credential"
        case .irregularName: "irregular_name"
        case .charset: "charset"
        }
    }
}

/// What happens to one field of a request or response.
public enum FieldFate: Equatable, Sendable {
    case keep
    /// Kept less the cookies that name a tenant.
    case cleanCookies
    /// Not copied, because the gateway writes this field itself.
    case replaced
    case drop(StripReason)
}
