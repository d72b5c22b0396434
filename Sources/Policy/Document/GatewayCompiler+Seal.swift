/// `assertion.seal`: which upstreams show their databases what the gateway sealed.
extension GatewayCompiler {
    mutating func readSeal(_ assertion: PolicyNode, _ made: AssertionPolicy) -> SealPolicy? {
        guard let node = assertion["seal"], node.entries != nil else { return nil }
        var seal = SealPolicy(key: node.secret("key", folder: folder) ?? .missing)
        if let ttl = node.seconds("ttl") { seal.ttlSeconds = ttl }
        if let items = node["to"]?.items {
            for item in items {
                guard let index = resolve(item, .upstream) else { continue }
                seal.upstreams.insert(index)
                guard !made.upstreams.contains(index) else { continue }
                list.add(
                    .sealUnsent,
                    "upstream `\(policy.upstreams[index].name)` gets no assertion that a seal "
                        + "could be in", at: item.mark, label: "add it to `assertion.to`")
            }
        } else if node["to"] == nil {
            // An upstream that says whose transaction it ran is one with a database behind it.
            seal.upstreams = made.upstreams.filter { policy.upstreams[$0].echoRequired }
            if seal.upstreams.isEmpty, !made.upstreams.isEmpty {
                list.add(
                    .sealUnsent,
                    "no upstream of `assertion.to` has `echo: required`, so none gets a seal",
                    at: assertion.keyMark("seal"), label: "name them in `seal.to`")
            }
        }
        return seal
    }
}
