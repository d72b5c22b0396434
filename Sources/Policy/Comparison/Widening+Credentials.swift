/// The keys of credentials other than access tokens, and of tenants that none names.
extension Widening {
    static let credentials: [(String, Rule)] = [
        ("issuers.NAME.kind", .always("its tokens name their tenant otherwise")),
        ("issuers.NAME.scope.claim", .always("another claim lists scopes")),
        ("upstreams.NAME.certificate", .never),
        ("upstreams.NAME.key", .never),
        ("sessions.key", .always("another key makes sessions")),
        ("sessions.issuer", .never),
        ("sessions.cookie", .never),
        ("sessions.origins", .grows("pages of more origins may change something")),
        ("sessions.max_lifetime", .raised("longer-lived sessions are taken")),
        ("sessions.vendor", .always("sessions are of another vendor's tenants")),
        ("certificates.uri", .always("other names in certificates mean tenants")),
        ("certificates.dns", .always("other names in certificates mean tenants")),
        ("certificates.vendor", .always("certificates are of another vendor's tenants")),
        ("routes[].basic", .never),
        (
            "routes[].scopes.NAME",
            .either(
                .shrinks("a credential needs fewer scopes"),
                .disappears("a credential needs no scope"))
        ),
        ("routes[].tenant.from", .always("tenants are named elsewhere")),
        ("tenants.hosts", .shrinks("a host is nobody's any more")),
    ]
}
