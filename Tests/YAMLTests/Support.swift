import Foundation
import Policy
import YAML

/// The root of the repository.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// Goldens and generated pages are written instead of compared when this is set:
/// `RINGFENCE_WRITE_GOLDEN=1 swift test --filter YAMLTests`.
let writesGoldens = ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil

/// The files of a case, by path.
struct Files {
    var contents: [String: [UInt8]]

    init(_ contents: [String: [UInt8]]) { self.contents = contents }
    init(_ text: String, tenants: String? = nil) {
        contents = ["policies/gateway.yaml": Array(text.utf8)]
        if let tenants { contents["policies/tenants.yaml"] = Array(tenants.utf8) }
    }

    func read(_ path: String) throws(UnreadableFile) -> [UInt8] {
        guard let bytes = contents[path] else {
            throw UnreadableFile(reason: "No such file or directory")
        }
        return bytes
    }

    /// The names in a folder, last first: nothing may depend on their order.
    func list(_ folder: String) throws(UnreadableFile) -> [String] {
        let prefix = folder + "/"
        let names = contents.keys.filter { $0.hasPrefix(prefix) }.compactMap {
            $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init)
        }
        guard !names.isEmpty else { throw UnreadableFile(reason: "No such file or directory") }
        return Set(names).sorted().reversed()
    }

    func gateway(
        isDevelopment: Bool = false, overlay: String? = nil,
        variables: [(name: String, value: String)] = []
    ) -> LoadedPolicy<GatewayPolicy> {
        loadGatewayPolicy(
            path: "policies/gateway.yaml",
            settings: PolicySettings(
                overlay: overlay, variables: variables, isDevelopment: isDevelopment),
            list: list, read: read)
    }

    /// The test file at `path`, about the policy beside it, or about a plain one.
    func tests(_ path: String) -> (file: PolicyTestFile?, report: PolicyReport) {
        var files = self
        if contents["policies/gateway.yaml"] == nil {
            files.contents["policies/gateway.yaml"] = Array(plainPolicy.utf8)
        }
        return loadPolicyTests(path: path, for: files.gateway(), read: files.read)
    }

    func backend() -> LoadedPolicy<BackendPolicy> {
        loadBackendPolicy(path: "policies/backend.yaml", read: read)
    }
}

/// A policy without problems, to change one thing in.
let plainPolicy = """
    version: 1
    listen:
      public: {address: "127.0.0.1:8443"}
    issuers:
      idp:
        issuer: https://idp.example.com/
        jwks: file:keys.json
        audience: [https://api.example.com]
        algorithms: [RS256]
        tenant: {claim: tenant_id}
        tier: {claim: tier}
    upstreams:
      orders: {targets: ["http://127.0.0.1:8080"]}
    routes:
      - name: orders
        match: {path: /v1/orders/**, methods: [GET]}
        auth: idp
        upstream: orders
    tiers:
      STARTER: {requests: 100/min}

    """

extension String {
    /// What stands before `mark`, which must be there.
    func prefix(before mark: String) -> String {
        guard let range = range(of: mark) else { preconditionFailure("\(mark) is not there") }
        return String(self[..<range.lowerBound])
    }

    /// This text with `old` replaced, which must be there exactly once.
    func changing(_ old: String, to new: String) -> String {
        precondition(components(separatedBy: old).count == 2, "\(old) is not there once")
        return replacingOccurrences(of: old, with: new)
    }
}

extension PolicyReport {
    var codes: [String] { diagnostics.map(\.code.rawValue) }
}

/// Reads a lone file and answers its codes.
func codes(of text: String) -> [String] {
    readPolicy(Array(text.utf8)).diagnostics.map(\.code.rawValue)
}
