import HTTP1
import Policy

/// The endpoints, as logs and metrics name them.
enum Endpoint: UInt8, CaseIterable, Sendable {
    case none, tenants, tenant, keys, key, revocations, events, event

    /// Never a client's bytes.
    var template: StaticString {
        switch self {
        case .none: "-"
        case .tenants: "/v1/tenants"
        case .tenant: "/v1/tenants/{external_id}"
        case .keys: "/v1/tenants/{external_id}/keys"
        case .key: "/v1/tenants/{external_id}/keys/{id}"
        case .revocations: "/v1/tenants/{external_id}/revocations"
        case .events: "/v1/events"
        case .event: "/v1/events/{id}"
        }
    }

    /// What `Allow` lists. HEAD goes wherever GET goes (RFC 9110 §9.1).
    var methods: [KnownMethod] {
        switch self {
        case .none: []
        case .tenants, .keys, .events: [.get, .head, .post]
        case .tenant: [.get, .head, .patch, .delete]
        case .key: [.delete]
        case .revocations: [.post]
        case .event: [.get, .head]
        }
    }
}

/// Where a path leads.
struct Route: Equatable, Sendable {
    let endpoint: Endpoint
    /// The segment of a path that names one resource, decoded; empty when it cannot be.
    var name: [UInt8] = []
    /// The last segment of a path that names a second one inside it.
    var item: [UInt8] = []

    init(path: [UInt8]) {
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].isEmpty, parts[1].elementsEqual("v1".utf8) else {
            endpoint = .none
            return
        }
        let isTenants = parts[2].elementsEqual("tenants".utf8)
        guard isTenants || parts[2].elementsEqual("events".utf8) else {
            endpoint = .none
            return
        }
        switch parts.count {
        case 3: endpoint = isTenants ? .tenants : .events
        case 4 where !parts[3].isEmpty:
            endpoint = isTenants ? .tenant : .event
            name = InputRule.percentDecoded(parts[3], plusIsSpace: false) ?? []
        case 5...6 where isTenants && !parts[3].isEmpty:
            name = InputRule.percentDecoded(parts[3], plusIsSpace: false) ?? []
            let isKeys = parts[4].elementsEqual("keys".utf8)
            if parts.count == 5 {
                let isRevocations = parts[4].elementsEqual("revocations".utf8)
                endpoint = isKeys ? .keys : isRevocations ? .revocations : .none
            } else {
                endpoint = isKeys && !parts[5].isEmpty ? .key : .none
                item = InputRule.percentDecoded(parts[5], plusIsSpace: false) ?? []
            }
        default: endpoint = .none
        }
    }

    /// Finds the method, or says which there are.
    func require(_ method: KnownMethod) throws(Rejection) {
        guard endpoint != .none else { throw Rejection(.routeNotFound) }
        guard endpoint.methods.contains(method) else {
            var rejection = Rejection(.routeMethod)
            rejection.allowed = endpoint.methods
            throw rejection
        }
    }
}
