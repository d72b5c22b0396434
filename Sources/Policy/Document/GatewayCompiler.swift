extension GatewayPolicy {
    /// Files that the policy names and that `compile` needs parsed, by resolved path.
    public static func references(
        in document: PolicyDocument
    ) -> [(path: String, mark: SourceMark)] {
        guard let node = document.root["tenants"]?["source"], let text = node.text,
            let path = ScalarForm.path(text)
        else { return [] }
        return [(PolicyDocument.join(document.folder, path), node.mark)]
    }

    /// Gives a document its meaning, or says all that is wrong with it.
    ///
    /// - Parameter isDevelopment: `env:` secrets are not warned about.
    /// - Returns: the policy exactly when no diagnostic is an error.
    public static func compile(
        _ document: PolicyDocument, isDevelopment: Bool = false
    ) -> (policy: GatewayPolicy?, diagnostics: [Diagnostic]) {
        compile(document, isDevelopment: isDevelopment, knowsKeys: false)
    }

    /// - Parameter knowsKeys: API keys are known whatever the source of tenants.
    static func compile(
        _ document: PolicyDocument, isDevelopment: Bool, knowsKeys: Bool
    ) -> (policy: GatewayPolicy?, diagnostics: [Diagnostic]) {
        var check = ShapeCheck(isDevelopment: isDevelopment)
        check.check(root: document.root, GatewayShape.root)
        for (_, root) in document.references {
            if let root { check.check(root: root, BackendShape.tenants) }
        }
        var compiler = GatewayCompiler(document, check.list, isDevelopment: isDevelopment)
        compiler.knowsKeys = knowsKeys
        compiler.run()
        let isGood = !compiler.list.hasErrors && !compiler.hasUnreadReference
        return (isGood ? compiler.policy : nil, compiler.list.items)
    }
}

/// Resolves names to indices and says what only several keys together can tell. It runs on broken
/// documents too, so that one run shows everything; what it makes of those is dropped.
struct GatewayCompiler {
    let root: PolicyNode
    let folder: String
    let references: [(path: String, root: PolicyNode?)]
    private let paths: [String]
    let isDevelopment: Bool
    var policy = GatewayPolicy()
    var list: DiagnosticList
    var hasUnreadReference = false
    /// Indices by name, of whatever has a name, be it broken otherwise.
    var issuers: [String: Int] = [:]
    var upstreams: [String: Int] = [:]
    var tiers: [String: Int] = [:]
    var vendors: [String: Int] = ["default": 0]
    /// Where each vendor is defined; `nil` for the implied default.
    var vendorMarks: [SourceMark?] = [nil]
    var usedIssuers: Set<Int> = []
    var usedUpstreams: Set<Int> = []
    /// Of the first route that takes each, for what the policy then needs.
    var firstUse = CredentialUse()
    var hasTenantRoute = false
    /// API keys come from elsewhere: a test declares its own.
    var knowsKeys = false

    init(_ document: PolicyDocument, _ list: DiagnosticList, isDevelopment: Bool) {
        self.isDevelopment = isDevelopment
        root = document.root
        folder = document.folder
        references = document.references
        paths = document.paths
        self.list = list
    }

    /// Tables come before what refers to them; routes refer to all of them. Assertions come before
    /// routes, because what a route's upstream is told decides what is odd about the route.
    mutating func run() {
        readVendors()
        readTiers()
        readUpstreams()
        readIssuers()
        readAssertion()
        checkEcho()
        readListen()
        policy.tenantNames = root.texts("tenant_names") ?? []
        refuseWrittenNames(root["tenant_names"])
        readTrustedProxies()
        readLimitHeaders()
        readUnauthenticated()
        readTenants()
        checkAuthorities()
        readState()
        readSessions()
        readCertificates()
        readTenantHosts()
        readRoutes()
        checkCredentials()
        warnUnused()
    }

    /// Where `other` is, as seen from `mark`: `in line 5`, or `in tiers.yaml:5`.
    func place(_ other: SourceMark, besides mark: SourceMark?) -> String {
        PolicyDocument.place(other, besides: mark ?? other, in: paths)
    }

    // MARK: names

    /// The index `node` refers to; notes a name that nothing has. Silent where the table itself is
    /// broken or missing though required, because that is an error already.
    mutating func resolve(_ node: PolicyNode?, _ referent: ScalarForm.Referent) -> Int? {
        guard let node, let text = node.text, !text.isEmpty else { return nil }
        let known: [String: Int]
        switch referent {
        case .issuer: known = issuers
        case .upstream: known = upstreams
        case .tier: known = tiers
        case .vendor: known = vendors
        }
        if let index = known[text] { return index }
        let table = root[referent.table]
        if table.map({ $0.entries == nil }) ?? (referent == .upstream) { return nil }
        let names = list.wantsSuggestions ? known.keys.sorted() : []
        let label = Suggestion.label(for: text, among: names)
        let shown = names.prefix(10).map { "`\($0)`" }.joined(separator: ", ")
        list.add(
            .unknownReference, "there is no \(referent.noun) `\(text.shortened)`", at: node.mark,
            label: label,
            notes: known.isEmpty
                ? ["`\(referent.table)` defines none"]
                : label.isEmpty && !shown.isEmpty ? ["`\(referent.table)` defines \(shown)"] : [])
        return nil
    }

    // MARK: tables
    //
    // Each gives every entry an index, broken entries too: otherwise one misspelt duration would
    // make all routes of its upstream dangle.

    private mutating func readVendors() {
        for entry in root["vendors"]?.entries ?? [] {
            let key = entry.node.secret("key", folder: folder)
            if entry.key == "default" {
                policy.vendors[0].key = key
                vendorMarks[0] = entry.keyMark
            } else {
                vendors[entry.key] = policy.vendors.count
                policy.vendors.append(VendorPolicy(name: entry.key, key: key))
                vendorMarks.append(entry.keyMark)
            }
        }
    }

    private mutating func readTiers() {
        for entry in root["tiers"]?.entries ?? [] {
            let node = entry.node
            var requests = TierPolicy.Requests.limit(node.rate("requests") ?? .perMinute(0))
            if node["requests"]?.text == "custom" {
                if node["fallback"] == nil {
                    list.add(
                        .fallbackMissing, "tier `\(entry.key)` is custom and has no `fallback`",
                        at: node["requests"]?.mark, label: "add `fallback: N/min`")
                }
                requests = .custom(fallback: node.rate("fallback") ?? .perMinute(0))
            } else if node["fallback"] != nil {
                list.add(
                    .ineffective, "`fallback` has no effect without `requests: custom`",
                    at: node.keyMark("fallback"))
            }
            tiers[entry.key] = policy.tiers.count
            var tier = TierPolicy(name: entry.key, requests: requests)
            tier.allowance = readAllowance(node)
            policy.tiers.append(tier)
        }
    }

    private mutating func readUpstreams() {
        for entry in root["upstreams"]?.entries ?? [] {
            let node = entry.node
            let targets = (node.texts("targets") ?? []).compactMap {
                NetworkText.target($0, folder: folder)
            }
            var upstream = UpstreamPolicy(name: entry.key, targets: targets)
            upstream.mark = entry.keyMark
            if let value = node.milliseconds("connect") { upstream.connectMilliseconds = value }
            if let value = node.milliseconds("response") { upstream.responseMilliseconds = value }
            if let value = node.milliseconds("idle") { upstream.idleMilliseconds = value }
            upstream.certificateAuthority = node.secret("ca", folder: folder)
            readClientCertificate(node, entry.keyMark, &upstream)
            upstream.echoRequired = node["echo"]?.text == "required"
            upstream.inFlight = readInFlight(node)
            if node["ca"] != nil, !targets.contains(where: { $0.scheme == .https }) {
                list.add(
                    .ineffective, "`ca` has no effect without an `https` target",
                    at: node.keyMark("ca"))
            }
            for item in node["targets"]?.items ?? [] { warnCleartext(item) }
            upstreams[entry.key] = policy.upstreams.count
            policy.upstreams.append(upstream)
        }
    }

    /// Only where the address is most likely somebody else's network: a sidecar talks http to its
    /// neighbour all day, and a warning that is always there is read by nobody.
    private mutating func warnCleartext(_ item: PolicyNode) {
        guard let text = item.text, let target = NetworkText.target(text, folder: folder),
            target.scheme == .http, !NetworkText.isPrivate(target.host)
        else { return }
        list.add(
            .cleartextUpstream, "`\(text.shortened)` is reached in cleartext", at: item.mark,
            label: "write `https://`")
    }

    private mutating func readAssertion() {
        guard let node = root["assertion"] else { return }
        var assertion = AssertionPolicy(key: node.secret("key", folder: folder) ?? .missing)
        if let ttl = node.seconds("ttl") { assertion.ttlSeconds = ttl }
        for item in node["to"]?.items ?? [] {
            if let index = resolve(item, .upstream) { assertion.upstreams.insert(index) }
        }
        assertion.seal = readSeal(node, assertion)
        policy.assertion = assertion
    }

    /// `echo: required` compares with the TenantID, which only the assertion tells an upstream.
    private mutating func checkEcho() {
        for (index, upstream) in policy.upstreams.enumerated() where upstream.echoRequired {
            guard !isAsserted(index) else { continue }
            list.add(
                .assertionMissing,
                "upstream `\(upstream.name)` must confirm the tenant's id and is not told it",
                at: upstream.mark, label: "add it to `assertion.to`")
        }
    }

    func isAsserted(_ upstream: Int) -> Bool {
        policy.assertion?.upstreams.contains(upstream) ?? false
    }
}
