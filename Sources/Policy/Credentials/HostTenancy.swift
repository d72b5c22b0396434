import HTTP1

/// Which tenant a host name belongs to: by `tenants.hosts`, where the name itself names it, or by
/// the domains of the directory.
public struct HostTenancy: Sendable {
    private let patterns: [TenantPattern]

    init(_ policy: GatewayPolicy) { patterns = policy.tenantHosts }

    /// Whether any host can be a tenant's.
    public func isEmpty(_ directory: TenantDirectory) -> Bool {
        patterns.isEmpty && !directory.hasDomains
    }

    /// Whose a host is.
    enum Owner {
        case nobody
        /// A part of the name, which names a tenant of the default vendor.
        case named(Range<Int>)
        case domain(TenantDirectory.Found)
    }

    /// - Parameter host: as `RouteHost` writes it.
    func owner(of host: Span<UInt8>, _ directory: TenantDirectory) -> Owner {
        guard host.count > 0 else { return .nobody }
        if let found = directory.tenant(domain: host) { return .domain(found) }
        for pattern in patterns {
            if let name = pattern.tenant(in: host) { return .named(name) }
        }
        return .nobody
    }

    /// Whether a request for this host may act for the caller's tenant.
    ///
    /// - Parameter authority: of the request, empty where it has none.
    /// - Throws: `tenant.host` where the host is another tenant's.
    public func check(
        _ authority: Span<UInt8>, _ principal: Principal, _ directory: TenantDirectory
    ) throws(Refusal) {
        let host = RouteHost(authority)
        switch owner(of: host.name, directory) {
        case .nobody: return
        case .named(let name):
            let own = principal.externalID.bytes
            guard principal.vendor == 0, host.name.extracting(name).equals(own.span) else {
                throw .tenantHost
            }
        case .domain(let found):
            let name = principal.externalID.bytes
            let own = directory.tenant(vendor: principal.vendor, externalID: name.span)
            guard let own, own.number == found.number else { throw .tenantHost }
        }
    }

    /// Whether the name a client asked for in its handshake and the host of its request agree
    /// (attack P11). Where neither is a tenant's, and the route takes no certificates, they may
    /// differ: proxies in front have names of their own.
    ///
    /// - Parameter serverName: in lower case.
    /// - Throws: `route.misdirected`.
    public func check(
        serverName: Span<UInt8>, _ authority: Span<UInt8>, _ directory: TenantDirectory,
        takesCertificates: Bool
    ) throws(Refusal) {
        let host = RouteHost(authority)
        guard !host.name.equals(serverName) else { return }
        if takesCertificates { throw .routeMisdirected }
        if case .nobody = owner(of: host.name, directory),
            case .nobody = owner(of: serverName, directory)
        {
            return
        }
        throw .routeMisdirected
    }
}
