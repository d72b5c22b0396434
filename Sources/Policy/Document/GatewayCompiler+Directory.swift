extension GatewayCompiler {
    /// What `source: directory` needs, and what has no effect without it.
    mutating func readDirectory(isSource: Bool) {
        guard let node = root["tenants"], node.entries != nil else { return }
        guard isSource else {
            for key in ["feed", "key_pepper", "max_stale", "cache"] where node[key] != nil {
                list.add(
                    .ineffective, "`\(key)` has no effect without `source: directory`",
                    at: node.keyMark(key))
            }
            return
        }
        guard let feed = node["feed"] else {
            list.add(
                .feedMissing, "`source: directory` needs a `feed`", at: node["source"]?.mark,
                label: "add `feed: {address: unix:...}`")
            return
        }
        let reading = DirectoryFeedReading(feed, folder: folder, &list)
        guard let address = reading.address else { return }
        var directory = DirectoryPolicy(feed: address)
        directory.secret = reading.secret
        directory.pepper = node.secret("key_pepper", folder: folder)
        if let value = node.milliseconds("max_stale") { directory.staleMillisecondsMax = value }
        directory.cache = node["cache"]?.text.flatMap { ScalarForm.path($0) }
            .map { PolicyDocument.join(folder, $0) }
        policy.tenants = .directory(directory)
        warnIneffectiveTierClaims("the directory")
    }

    /// A host name means one tenant.
    mutating func checkDomains(of file: PolicyNode) {
        var lines: [[UInt8]: Int] = [:]
        for entry in file["tenants"]?.entries ?? [] {
            for item in entry.node["domains"]?.items ?? [] {
                guard let domain = DirectoryDomain.canonical((item.text ?? "").utf8Span.span)
                else { continue }
                if let line = lines[domain] {
                    list.add(
                        .duplicateDomain,
                        "`\(item.text?.shortened ?? "")` is a domain of two tenants", at: item.mark,
                        label: "given in line \(line) already")
                } else {
                    lines[domain] = item.mark.line
                }
            }
        }
    }
}

/// `{address, secret}` of a feed, as gateway and backend have it.
struct DirectoryFeedReading {
    var address: ListenAddress?
    var secret: SecretReference?

    init(_ node: PolicyNode?, folder: String, _ list: inout DiagnosticList) {
        guard let node, node.entries != nil else { return }
        address = node.listenAddress("address", folder: folder)
        secret = node.secret("secret", folder: folder)
        guard let address, !address.text.hasPrefix("unix:") else { return }
        if node["secret"] == nil {
            list.add(
                .feedSecretMissing, "`\(address.text)` is reachable by whoever is on the network",
                at: address.mark, label: "add `secret`, or use a Unix socket")
        }
        if !NetworkText.isLocal(listenAddress: address.text) {
            list.add(
                .cleartextFeed, "`\(address.text)` is reachable in cleartext", at: address.mark,
                label: "prefer a Unix socket")
        }
    }
}
