/// Two vendors may give their customers equal names, and most upstreams see nothing but the name: a
/// route acts for tenants of one vendor, unless its upstream is told the vendor too.
extension RouteRule {
    /// The vendor of the tokens, sessions or certificates the route takes: API keys beside them are
    /// of that vendor too. Where nothing says whose the route is, it is every vendor's if the
    /// upstream gets assertions, which name the vendor, else the default vendor's.
    static func vendor(of route: RoutePolicy, in gateway: GatewayPolicy) -> Int? {
        if let issuer = route.issuer, gateway.issuers.indices.contains(issuer) {
            return gateway.issuers[issuer].vendor
        }
        if case .credentials(let kinds) = route.authentication {
            if kinds.session, let sessions = gateway.sessions { return sessions.vendor }
            if kinds.certificate, let certificates = gateway.certificates {
                return certificates.vendor
            }
        }
        let isTold = gateway.assertion?.upstreams.contains(route.upstream) ?? false
        return isTold ? nil : 0
    }

    /// Whether a request of the route may act for tenants of this vendor (index into
    /// `GatewayPolicy.vendors`).
    public func serves(vendor: Int) -> Bool { self.vendor == nil || self.vendor == vendor }
}
