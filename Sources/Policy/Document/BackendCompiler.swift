extension BackendPolicy {
    /// Gives a document its meaning, or says all that is wrong with it.
    ///
    /// - Parameter isDevelopment: `env:` secrets are not warned about.
    /// - Returns: the policy exactly when no diagnostic is an error.
    public static func compile(
        _ document: PolicyDocument, isDevelopment: Bool = false
    ) -> (policy: BackendPolicy?, diagnostics: [Diagnostic]) {
        var check = ShapeCheck(isDevelopment: isDevelopment)
        check.check(root: document.root, BackendShape.root)
        var list = check.list
        let root = document.root
        let folder = document.folder
        let api = root["listen"]?["api"]?.listenAddress("address", folder: folder)
        let health = root["listen"]?["health"]?.listenAddress("address", folder: folder)
        if let api, !NetworkText.isLocal(listenAddress: api.text) {
            list.add(
                .cleartextBackend, "`\(api.text)` is reachable in cleartext", at: api.mark,
                label: "prefer a Unix socket")
        }
        if let api, let health, api.text == health.text, !api.text.hasSuffix(":0") {
            list.add(.sameAddress, "`health` has the address of `api`", at: health.mark)
        }
        let feed = DirectoryFeedReading(root["listen"]?["feed"], folder: folder, &list)
        guard !list.hasErrors, let api,
            let database = root["database"].flatMap({ DatabasePolicy($0, folder: folder) }),
            let key = root["assertion"]?.secret("key", folder: folder),
            let audience = root["assertion"]?["audience"]?.text
        else { return (nil, list.items) }
        var policy = BackendPolicy(
            api: api, database: database,
            assertion: BackendAssertionPolicy(key: key, audience: audience))
        policy.health = health
        policy.feed = feed.address
        policy.feedSecret = feed.secret
        policy.keyPepper = root["keys"]?.secret("pepper", folder: folder)
        policy.directory = DirectoryRoom(root["directory"])
        return (policy, list.items)
    }
}

extension DirectoryRoom {
    fileprivate init(_ node: PolicyNode?) {
        let (vendor, tenant) = (node?["vendor"], node?["tenant"])
        if let value = vendor?.integer("tenants") { tenants = value }
        if let value = vendor?.integer("domains") { domains = value }
        if let value = vendor?.integer("keys") { keys = value }
        if let value = vendor?.integer("revocations") { revocations = value }
        if let value = tenant?.integer("domains") { domainsOfTenant = value }
        if let value = tenant?.integer("keys") { keysOfTenant = value }
        if let value = tenant?.integer("revocations") { revocationsOfTenant = value }
        if let value = node?.seconds("keep") { keepSeconds = Int(value) }
    }
}

extension DatabasePolicy {
    fileprivate init?(_ node: PolicyNode, folder: String) {
        guard let owner = node.secret("owner", folder: folder),
            let runtime = node.secret("runtime", folder: folder)
        else { return nil }
        self.init(owner: owner, runtime: runtime)
        if let value = node.word("context", as: DatabaseContext.self) { context = value }
        admin = node.secret("admin", folder: folder)
        platform = node.secret("platform", folder: folder)
        if let value = node.integer("workers") { workers = value }
        if let value = node.milliseconds("deadline") { deadlineMilliseconds = value }
        verify = node.word("verify", as: Verification.self) ?? .off
        if let value = node.milliseconds("verify_every") { verifyEveryMilliseconds = value }
        waivers = node["waivers"]?.text.flatMap { ScalarForm.path($0) }
            .map { PolicyDocument.join(folder, $0) }
    }
}
