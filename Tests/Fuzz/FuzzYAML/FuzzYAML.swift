import Policy
import YAML

/// Any bytes as a policy file: reading never traps, and an accepted document either compiles or is
/// told why not. The first byte chooses which file the rest is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzYAML(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let reading = readPolicy(bytes)
    precondition((reading.root == nil) != reading.diagnostics.isEmpty)
    switch choice % 5 {
    case 0:
        let loaded = loadGatewayPolicy(path: "p/gateway.yaml") { _ in bytes }
        check(loaded)
        // What the compiler lets pass, the rules can use.
        if let policy = loaded.policy {
            precondition(RuleSet(policy: policy).table.conflicts.isEmpty)
        }
    case 1: check(loadBackendPolicy(path: "p/backend.yaml") { _ in bytes })
    case 2:
        check(
            loadGatewayPolicy(path: "p/gateway.yaml") { path in
                path == "p/gateway.yaml" ? frame : bytes
            })
    case 3:
        check(
            loadGatewayPolicy(path: "p/gateway.yaml", settings: PolicySettings(overlay: "x")) {
                path in path == "p/env/x.yaml" ? bytes : path == "p/gateway.yaml" ? frame : tenants
            })
    default:
        let including = Array("include: [a.yaml]\n".utf8) + frame
        check(
            loadGatewayPolicy(path: "p/gateway.yaml") { path in
                path == "p/gateway.yaml" ? including : path == "p/tenants.yaml" ? tenants : bytes
            })
    }
    return 0
}

/// A policy exactly when there is no error, and a report that can be shown.
private func check<Policy>(_ loaded: LoadedPolicy<Policy>) {
    precondition((loaded.policy == nil) == (loaded.report.errors > 0))
    precondition(!loaded.report.text(colour: true).isEmpty)
    precondition(loaded.report.json().utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    for mark in loaded.report.diagnostics.compactMap(\.mark) {
        precondition(mark.line >= 1 && mark.column >= 1 && mark.length >= 1)
    }
}

private let tenants = Array("version: 1\ntenants: {a: {tier: T}}\n".utf8)

/// A policy whose tenants file is the input.
private let frame = Array(
    """
    version: 1
    tenants: {source: file:tenants.yaml}
    vendors: {acme: {key: cred:acme}}
    issuers:
      idp:
        issuer: i
        secret: cred:s
        audience: a
        algorithms: [HS256]
        tenant: {claim: t}
    upstreams: {o: {targets: [unix:o]}}
    routes: [{name: r, match: {path: /, methods: [GET]}, auth: idp, upstream: o}]
    tiers: {T: {requests: 1/min}, C: {requests: custom, fallback: 1/min}}
    """.utf8)
