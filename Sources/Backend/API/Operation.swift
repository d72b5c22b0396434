import Policy

/// What one request asks for, checked as far as that is possible without the database. Which scope
/// it runs in is part of the case: there is none that runs without one.
enum Operation: Sendable {
    case createTenant(VendorCaller, NewTenant)
    case listTenants(VendorCaller, Page)
    case readTenant(VendorCaller, ExternalID?)
    case changeTenant(VendorCaller, ExternalID?, TenantChange)
    case deleteTenant(VendorCaller, ExternalID?)
    case createKey(VendorCaller, ExternalID?, NewKey)
    case listKeys(VendorCaller, ExternalID?)
    /// The empty text stands for an id no key can have.
    case revokeKey(VendorCaller, ExternalID?, id: String)
    case revokeTokens(VendorCaller, ExternalID?, TokenRevocation)
    case publishFor(VendorCaller, ExternalID, NewEvent)
    case publish(TenantCaller, NewEvent)
    case listEvents(TenantCaller, topic: String?, Page)
    /// The nil UUID stands for an id no event can have, so that it takes the same way as one that
    /// is not there.
    case readEvent(TenantCaller, id: String)

    /// Whether running it again after it may have been committed changes nothing. An event without
    /// the caller's own id would be published a second time, and the audit of a vendor's change
    /// would tell of two.
    var mayRunTwice: Bool {
        switch self {
        case .listTenants, .readTenant, .listKeys, .listEvents, .readEvent: true
        case .publish(_, let event): event.externalID != nil
        case .createTenant, .changeTenant, .deleteTenant, .createKey, .revokeKey, .revokeTokens,
            .publishFor:
            false
        }
    }
}

enum Tier: String, CaseIterable, Sendable {
    case starter = "STARTER"
    case growth = "GROWTH"
    case scale = "SCALE"
    case enterprise = "ENTERPRISE"
}

enum TenantState: String, CaseIterable, Sendable {
    case active, suspended
}

struct NewTenant: Sendable {
    let externalID: ExternalID
    let name: String
    let tier: Tier
    let requestsPerMinute: UInt32?
}

/// The members a PATCH named; the others stay as they are.
struct TenantChange: Sendable {
    var name: String?
    var tier: Tier?
    var state: TenantState?
    /// The outer `nil` leaves the limit, the inner one takes it away.
    var requestsPerMinute: UInt32??
    /// All the tenant has from now on, each.
    var domains: [[UInt8]]?
    var features: [[UInt8]]?

    var isEmpty: Bool {
        name == nil && tier == nil && state == nil && requestsPerMinute == nil && domains == nil
            && features == nil
    }
}

struct NewEvent: Sendable {
    let topic: String
    /// The object as it was sent, byte for byte.
    let payload: [UInt8]
    /// The caller's own id for it.
    let externalID: String?
}

/// A part of a list, newest first.
struct Page: Sendable {
    static let limitDefault = 50
    static let limitMax = 100
    /// Above every id.
    static let start = "ffffffff-ffff-ffff-ffff-ffffffffffff"

    var limit = limitDefault
    /// Only what has an id below this one.
    var before = start
}
