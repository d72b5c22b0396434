import Postgres

/// For whom a verified assertion lets a request act. Only `AssertionDesk` makes one.
enum Caller: Sendable {
    case tenant(TenantCaller)
    case vendor(VendorCaller)

    var credential: VendorCaller {
        switch self {
        case .tenant(let caller): caller.vendor
        case .vendor(let caller): caller
        }
    }
}

/// A vendor's own credential, or the vendor behind a tenant's.
struct VendorCaller: Sendable {
    let scope: VendorScope
    /// Its name in the gateway's policy.
    let name: String
    /// Who presented the credential, where it says so.
    let subject: String?
}

/// A tenant's credential.
struct TenantCaller: Sendable {
    let scope: TenantScope
    let vendor: VendorCaller
    let externalID: String
}

/// One request that the gateway vouches for.
struct VouchedRequest: Sendable {
    let caller: Caller
    /// The gateway's id of it, a UUID: in every answer, log line and audit row.
    let id: String
}
