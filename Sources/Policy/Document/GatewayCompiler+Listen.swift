extension GatewayCompiler {
    mutating func readState() {
        guard let node = root["state"], let path = node.text.flatMap({ ScalarForm.path($0) })
        else { return }
        policy.stateFolder = StateFolder(
            path: PolicyDocument.join(folder, path), mark: node.mark)
    }

    mutating func readListen() {
        guard let listen = root["listen"] else { return }
        policy.listen.health = listen["health"]?.listenAddress("address", folder: folder)
        if let node = listen["public"] { readPublic(node, listen.keyMark("public")) }
        readAdmin(listen)
        // Port 0 asks the system for a port, so two such addresses never meet.
        if let health = policy.listen.health, !health.text.hasSuffix(":0"),
            health.text == policy.listen.publicAddress.text
        {
            list.add(
                .sameAddress, "`health` has the address of `public`", at: health.mark)
        }
    }

    /// Whoever reaches it may stop the gateway, so it is reached as files are.
    private mutating func readAdmin(_ listen: PolicyNode) {
        guard let address = listen["admin"]?.listenAddress("address", folder: folder) else {
            return
        }
        policy.listen.admin = address
        guard address.text.hasPrefix("unix:") else {
            return list.add(
                .adminNotUnix, "`admin` takes a Unix socket, not `\(address.text)`",
                at: address.mark, label: "write `unix:PATH`")
        }
        for (key, other) in [
            ("public", policy.listen.publicAddress), ("health", policy.listen.health),
        ] where other?.text == address.text {
            list.add(.sameAddress, "`admin` has the address of `\(key)`", at: address.mark)
        }
    }

    private mutating func readPublic(_ node: PolicyNode, _ mark: SourceMark) {
        if let address = node.listenAddress("address", folder: folder) {
            policy.listen.publicAddress = address
        }
        policy.listen.workers = node.integer("workers")
        readTLS(node, mark)
        if let deadlines = node["deadlines"] { readDeadlines(deadlines) }
        if let limits = node["limits"] { readLimits(limits) }
        if let text = node["access_log"]?.text {
            let path = ScalarForm.path(text).map { PolicyDocument.join(folder, $0) }
            policy.listen.accessLog = text == "none" ? "" : path
        }
    }

    /// The default certificate and the further ones have one form; the default comes first.
    private mutating func readTLS(_ node: PolicyNode, _ mark: SourceMark) {
        let address = policy.listen.publicAddress
        guard let tls = node["tls"] else {
            if !NetworkText.isLocal(listenAddress: address.text) {
                list.add(
                    .cleartextListener, "`\(address.text)` would be reachable in cleartext",
                    at: node["address"]?.mark ?? mark, label: "add `tls`",
                    notes: ["say `tls: none` where something in front terminates TLS"])
            }
            return
        }
        guard tls.entries != nil else { return }
        var settings = TLSPolicy()
        settings.profile = tls.word("profile", as: TLSPolicy.Profile.self) ?? .intermediate
        for pair in [tls] + (tls["certificates"]?.items ?? []) {
            settings.certificates.append(
                (
                    pair.secret("certificate", folder: folder) ?? .missing,
                    pair.secret("key", folder: folder) ?? .missing
                ))
        }
        readClientAuthority(tls, &settings)
        policy.listen.tls = settings
    }

    private mutating func readDeadlines(_ node: PolicyNode) {
        let given = node.milliseconds
        if let value = given("handshake") { policy.listen.deadlines.handshakeMilliseconds = value }
        if let value = given("head") { policy.listen.deadlines.headMilliseconds = value }
        if let value = given("body") { policy.listen.deadlines.bodyMilliseconds = value }
        if let value = given("idle") { policy.listen.deadlines.idleMilliseconds = value }
        if let value = given("drain") { policy.listen.deadlines.drainMilliseconds = value }
    }

    private mutating func readLimits(_ node: PolicyNode) {
        if let value = node.bytes("head") { policy.listen.heads.headBytesMax = value }
        if let value = node.integer("fields") { policy.listen.heads.fieldsMax = value }
        if let value = node.bytes("target") { policy.listen.heads.targetBytesMax = value }
        if let value = node.integer("connections") { policy.listen.connectionsMax = value }
        if let value = node.bytes("body_memory") { policy.listen.bodyMemoryBytesMax = value }
        if let text = node["signature_checks"]?.text {
            policy.listen.signatureChecksPerSecond =
                text == "unlimited"
                ? nil : Quantity.perSecond(text) ?? SignatureBudgetPolicy.standard
        }
        if let text = node["handshakes"]?.text {
            policy.listen.handshakesPerSecond =
                text == "unlimited"
                ? nil : Quantity.perSecond(text) ?? HandshakeBudgetPolicy.standard
        }
        let heads = policy.listen.heads
        if heads.targetBytesMax > heads.headBytesMax {
            let key = node["target"] != nil ? "target" : "head"
            list.add(
                .ineffective,
                "a target of \(heads.targetBytesMax) bytes does not fit into a head "
                    + "of \(heads.headBytesMax)", at: node.keyMark(key))
        }
    }

    mutating func readTrustedProxies() {
        for item in root["trusted_proxies"]?.items ?? [] {
            guard let text = item.text, let block = NetworkText.block(text) else { continue }
            policy.trustedProxies.append(block)
            if block.text.hasSuffix("/0") {
                list.add(
                    .trustsEveryone, "`\(text)` makes every client a trusted proxy", at: item.mark)
            }
        }
    }

    mutating func readLimitHeaders() {
        guard let headers = root["limits"]?.texts("headers") else { return }
        policy.limitHeaders.rateLimit = headers.contains("ratelimit")
        policy.limitHeaders.xRateLimit = headers.contains("x-ratelimit")
    }
}
