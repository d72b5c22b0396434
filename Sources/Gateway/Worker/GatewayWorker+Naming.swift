import HTTP1
import HTTPTransport
import Policy
import Reactor
import Tokens

/// Step 6 beyond tokens: whose host it is, what the caller may do on the route, and the tenants
/// that no credential names.
extension GatewayWorker {
    /// Whether the name of the handshake and the host of the request agree, where that matters; no
    /// credential is looked at before (attack P11).
    func checkServerName(
        _ route: RouteRule, _ snapshot: Snapshot, _ view: DirectoryView,
        _ connection: ServerConnection, _ bytes: Span<UInt8>
    ) throws(Refusal) {
        guard let name = connection.stream.serverName else { return }
        try snapshot.rules.hosts.check(
            serverName: name.span, bytes[requestHead.authority ?? .empty], view.directory,
            takesCertificates: route.takesCertificates)
    }

    /// What a caller who is known may be refused for, before anything is cleaned or charged: such a
    /// refusal costs the tenant nothing.
    func permit(
        _ route: RouteRule, _ principal: Principal?, _ bytes: Span<UInt8>,
        _ view: DirectoryView, _ snapshot: Snapshot
    ) throws(Refusal) {
        if view.hasTenantHosts, let principal {
            try snapshot.rules.hosts.check(
                bytes[requestHead.authority ?? .empty], principal, view.directory)
        }
        try route.checkRole(requestHead.method, principal?.role)
        guard let principal else { return }
        try route.checkScopes(requestHead.method, principal.claims)
        try route.checkAPIKey(principal)
        try route.checkFeature(principal)
    }

    /// The caller for the tenant that the route's places name.
    func named(
        _ exchange: Exchange, _ route: RouteRule, _ snapshot: Snapshot, _ bytes: Span<UInt8>,
        bodyName: [UInt8]?
    ) throws(Refusal) -> Caller {
        let view = view(for: snapshot)
        let internalCaller = exchange.caller
        let trust = PlacedTenant.Trust(
            vendor: internalCaller?.claims.vendor ?? 0,
            readsHeaders: internalCaller != nil || snapshot.trusts(exchange.peer),
            isCaller: internalCaller != nil)
        let found: TenantDirectory.Found
        if let bodyName {
            found = try route.placedTenant(
                requestHead, bytes, trust, snapshot.rules.hosts, view.directory,
                bodyName: bodyName.span)
        } else {
            found = try route.placedTenant(
                requestHead, bytes, trust, snapshot.rules.hosts, view.directory, bodyName: nil)
        }
        return try authenticator.caller(
            for: found, namedBy: internalCaller, snapshot, view, &exchange.observation)
    }

    /// Whether the tenant is named in the body, which is then held and read before anything else is
    /// decided. Who may send one is known by now.
    ///
    /// - Throws: `request.body.type` for a body that is no JSON.
    func awaitsName(
        _ exchange: Exchange, _ route: RouteRule, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Bool {
        guard route.namesTenantInBody, requestHead.framing != .none,
            requestHead.framing != .length(0)
        else { return false }
        guard try bodyContentType(bytes, for: route.bodies).type.form == .json else {
            throw .requestBodyType
        }
        exchange.bodyCoding = try bodyCoding(bytes)
        return true
    }

    /// The body is whole: who is it for, may the caller do this, and what does it cost. The head is
    /// in the worker's scratch.
    func nameFromBody(
        _ exchange: Exchange, _ route: RouteRule, _ snapshot: Snapshot, _ bytes: Span<UInt8>
    ) throws(Refusal) {
        if let coding = exchange.bodyCoding {
            try decodeBody(exchange, coding)
            exchange.bodyCoding = nil
        }
        let name = try Self.name(in: exchange.body, route)
        let caller = try named(exchange, route, snapshot, bytes, bodyName: name)
        exchange.caller = caller
        try permit(route, caller.principal, bytes, view(for: snapshot), snapshot)
    }

    private static func name(
        in body: borrowing ByteBuffer, _ route: RouteRule
    ) throws(Refusal) -> [UInt8]? {
        try route.tenantName(inBody: body.readable)
    }
}
