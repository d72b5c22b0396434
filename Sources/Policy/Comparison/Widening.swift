/// When a change of one key lets something through that was kept out before: the one list that
/// `diff` judges by. A key that is not in it is said to be unjudged, and a test fails.
enum Widening {
    /// What of a change widens.
    indirect enum Rule: Sendable {
        case never
        case always(String)
        /// A number, a duration, a size or a rate gets larger, or ends.
        case raised(String)
        /// A list gets items it did not have.
        case grows(String)
        /// A list loses items.
        case shrinks(String)
        /// The value becomes this one.
        case becomes(String, String)
        /// It stops being said.
        case disappears(String)
        /// It was not said before.
        case appears(String)
        /// The value moves to a word further left.
        case loosens([String], String)
        case either(Rule, Rule)
        /// Not where the value was this one, which nothing is wider than.
        case unless(String, Rule)
    }

    static func rule(for pattern: String) -> Rule? {
        for (name, rule) in rules where name == pattern { return rule }
        // Longest first: `listen.public.deadlines.*`.
        for (name, rule) in groups where pattern.hasPrefix(name) { return rule }
        return nil
    }

    /// Everything below these.
    private static let groups: [(String, Rule)] = [
        ("listen.public.deadlines.", .never),
        ("upstreams.NAME.in_flight.", .never),
    ]

    private static let rules: [(String, Rule)] = listen + issuers + routes + tenants + credentials

    /// A list that restricts: without it everything is let through.
    private static func restriction(_ more: String, _ all: String) -> Rule {
        .either(.unless("", .grows(more)), .disappears(all))
    }

    private static let listen: [(String, Rule)] = [
        ("listen.public.address", .always("another address is listened on")),
        ("listen.public.workers", .never),
        ("listen.public.tls", .becomes("none", "clients are served in cleartext")),
        ("listen.public.tls.certificate", .never),
        ("listen.public.tls.key", .never),
        ("listen.public.tls.certificates[].certificate", .never),
        ("listen.public.tls.certificates[].key", .never),
        ("listen.public.tls.profile", .becomes("intermediate", "TLS 1.2 is taken too")),
        (
            "listen.public.tls.client_ca",
            .always("client certificates of other authorities are taken")
        ),
        (
            "listen.public.tls.client_certificates",
            .loosens(["optional", "required"], "clients without a certificate may connect")
        ),
        (
            "listen.public.tls.client_crl",
            .either(
                .disappears("revoked client certificates are taken"),
                .unless("", .always("another list says which certificates are revoked")))
        ),
        ("listen.public.limits.head", .never),
        ("listen.public.limits.fields", .never),
        ("listen.public.limits.target", .never),
        ("listen.public.limits.connections", .never),
        ("listen.public.limits.body_memory", .never),
        (
            "listen.public.limits.signature_checks",
            .raised("more forged tokens are tried")
        ),
        ("listen.public.limits.handshakes", .raised("an address may begin more connections")),
        ("listen.public.access_log", .never),
        ("listen.health.address", .always("others may read the metrics")),
        ("listen.admin.address", .always("others may reach the admin socket")),
        ("trusted_proxies", .grows("more addresses may say who a client is")),
    ]

    private static let issuers: [(String, Rule)] = [
        ("vendors.NAME.key", .appears("a vendor gets a key")),
        ("issuers.NAME.issuer", .always("another issuer is believed")),
        ("issuers.NAME.jwks", .always("other keys are believed")),
        ("issuers.NAME.jwks_refresh", .raised("a withdrawn key is believed for longer")),
        ("issuers.NAME.jwks_ca", .always("other authorities are believed")),
        ("issuers.NAME.jwks_max_stale", .raised("old keys are believed for longer")),
        ("issuers.NAME.jwks_unknown_kid", .never),
        (
            "issuers.NAME.jwks_private",
            .becomes("true", "keys may come from addresses that are not public")
        ),
        (
            "issuers.NAME.allow.tenants",
            restriction("it speaks for more tenants", "it speaks for every tenant")
        ),
        (
            "issuers.NAME.allow.tiers",
            restriction("it speaks for more tiers", "it speaks for every tier")
        ),
        ("issuers.NAME.secret", .always("another secret is believed")),
        (
            "issuers.NAME.audience",
            .either(
                .becomes("none", "tokens for any service are taken"),
                .grows("tokens for more services are taken"))
        ),
        ("issuers.NAME.reason", .never),
        ("issuers.NAME.algorithms", .grows("more algorithms are taken")),
        ("issuers.NAME.leeway", .raised("expired tokens are taken for longer")),
        ("issuers.NAME.max_lifetime", .raised("longer-lived tokens are taken")),
        ("issuers.NAME.type", .grows("more types of tokens are taken")),
        ("issuers.NAME.vendor", .always("it speaks for another vendor's tenants")),
        ("issuers.NAME.tenant.claim", .always("another claim names the tenant")),
        ("issuers.NAME.tenant.format", .always("tenants are written otherwise")),
        ("issuers.NAME.role.claim", .always("another claim names the role, or none")),
        ("issuers.NAME.tier.claim", .always("another claim names the tier")),
        ("upstreams.NAME.targets", .grows("requests go to other addresses")),
        ("upstreams.NAME.connect", .never),
        ("upstreams.NAME.response", .never),
        ("upstreams.NAME.idle", .never),
        ("upstreams.NAME.ca", .always("other authorities are believed")),
        ("upstreams.NAME.echo", .disappears("answers for another tenant are not noticed")),
        ("assertion.to", .shrinks("an upstream is not told whose request it is")),
        ("assertion.key", .never),
        ("assertion.algorithm", .always("assertions are signed otherwise")),
        ("assertion.ttl", .raised("an assertion holds for longer")),
        ("assertion.seal.key", .never),
        ("assertion.seal.ttl", .raised("a seal opens the database for longer")),
        ("assertion.seal.to", .grows("more upstreams are given seals")),
    ]

    private static let routes: [(String, Rule)] = [
        ("routes[].name", .never),
        ("routes[].match.host", .always("it takes requests for other hosts")),
        ("routes[].match.path", .always("it takes requests for other paths")),
        (
            "routes[].match.methods",
            restriction("it takes more methods", "it takes every method")
        ),
        (
            "routes[].auth",
            .either(
                .becomes("none", "nobody is asked who they are"),
                .unless("none", .always("others may call")))
        ),
        ("routes[].reason", .never),
        ("routes[].host", .never),
        (
            "routes[].roles.NAME",
            restriction("more roles may call", "every role may call")
        ),
        ("routes[].cors.origins", .grows("browsers of more origins may read answers")),
        ("routes[].cors.credentials", .becomes("true", "browsers may send cookies")),
        ("routes[].cors.max_age", .never),
        (
            "routes[].tenant.client_value",
            .loosens(
                ["strip", "reject-if-different", "reject"],
                "a client that names a tenant is refused less")
        ),
        ("routes[].tenant.names", .shrinks("names of the tenant are left to clients")),
        ("routes[].tenant.except", .grows("names of the tenant are left to clients")),
        ("routes[].tenant.mode", .becomes("shadow", "nothing is taken out any more")),
        ("routes[].tenant.inject.header", .never),
        ("routes[].tenant.inject.query", .never),
        ("routes[].tenant.inject.json", .never),
        ("routes[].tenant.inject.form", .never),
        (
            "routes[].forward_credential",
            .becomes("true", "the upstream sees the client's credential")
        ),
        ("routes[].body.clean", .becomes("false", "bodies pass unread")),
        ("routes[].body.max", .never),
        (
            "routes[].body.graphql",
            .loosens(
                ["opaque", "reject-arguments", "reject"],
                "documents that name a tenant pass")
        ),
        (
            "routes[].responses.cookie_domain",
            .loosens(["keep", "strip", "reject"], "cookies reach other hosts")
        ),
        ("routes[].limits", .always("requests are counted otherwise")),
        ("routes[].limits.tier", .becomes("false", "the tier's limits do not count")),
        ("routes[].limits.requests", .raised("more requests are admitted")),
        ("routes[].limits.per_user", .raised("more requests are admitted")),
        (
            "routes[].feature",
            .unless("", .always("tenants of other tiers may call"))
        ),
        ("routes[].upstream", .always("requests go elsewhere")),
    ]

    private static let tenants: [(String, Rule)] = [
        ("include", .never),
        ("state", .never),
        ("tenant_names", .shrinks("names of the tenant are left to clients")),
        ("tiers.NAME.requests", .raised("more requests are admitted")),
        ("tiers.NAME.fallback", .raised("more requests are admitted")),
        ("tiers.NAME.per_user", .raised("more requests are admitted")),
        ("tiers.NAME.concurrency", .raised("more requests are open at once")),
        ("tiers.NAME.weight", .never),
        ("tiers.NAME.features", .grows("more routes are open to the tier")),
        ("limits.charge", .always("requests are counted otherwise")),
        ("limits.headers", .never),
        ("limits.unauthenticated.key", .always("requests are counted otherwise")),
        ("limits.unauthenticated.requests", .raised("an address may try more")),
        ("tenants.source", .always("tenants are known from elsewhere")),
        ("tenants.unknown", .always("unknown tenants are treated otherwise")),
        ("tenants.feed.address", .always("another backend says who tenants are")),
        ("tenants.feed.secret", .always("another secret is the feed's")),
        ("tenants.key_pepper", .always("other API keys are taken")),
        ("tenants.max_stale", .raised("a suspended tenant may be let in for longer")),
        ("tenants.cache", .always("another copy says who tenants are")),
        ("tenants.source.NAME.domains", .grows("more hosts are the tenant's")),
        ("tenants.source.NAME.features", .grows("more routes are open to the tenant")),
        ("tenants.source.NAME.tier", .always("another tier's limits hold")),
        ("tenants.source.NAME.requests", .raised("more requests are admitted")),
        ("tenants.source.NAME.id", .always("it reads another tenant's data")),
        ("tenants.source.NAME.vendor", .always("it is another vendor's customer")),
        ("tenants.source.NAME.state", .becomes("active", "a suspended tenant is back")),
    ]
}

extension Widening.Rule {
    /// What a change widens; `nil` where it does not.
    func reason(from old: EffectiveValue?, to new: EffectiveValue?) -> String? {
        switch self {
        case .never: return nil
        case .always(let reason): return reason
        case .raised(let reason):
            guard let new else { return reason }
            guard let old else { return nil }
            return Self.amount(new.text) > Self.amount(old.text) ? reason : nil
        case .grows(let reason): return Self.gained(old, new).isEmpty ? nil : reason
        case .shrinks(let reason): return Self.gained(new, old).isEmpty ? nil : reason
        case .becomes(let text, let reason): return new?.text == text ? reason : nil
        case .disappears(let reason): return new == nil ? reason : nil
        case .appears(let reason): return old == nil ? reason : nil
        case .loosens(let words, let reason):
            guard let left = new.flatMap({ words.firstIndex(of: $0.text) }),
                let right = old.flatMap({ words.firstIndex(of: $0.text) })
            else { return reason }
            return left < right ? reason : nil
        case .unless(let text, let rule):
            return (old?.text ?? "") == text ? nil : rule.reason(from: old, to: new)
        case .either(let one, let other):
            return one.reason(from: old, to: new) ?? other.reason(from: old, to: new)
        }
    }

    private static func gained(_ old: EffectiveValue?, _ new: EffectiveValue?) -> Set<String> {
        Set(new?.items ?? []).subtracting(old?.items ?? [])
    }

    /// How much a value is, in its own unit; a word such as `unlimited` or `custom` is more than
    /// any number.
    private static func amount(_ text: String) -> Int {
        Quantity.milliseconds(text) ?? Quantity.perMinute(text) ?? Quantity.perSecond(text)
            ?? Quantity.bytes(text) ?? Int.max
    }
}
