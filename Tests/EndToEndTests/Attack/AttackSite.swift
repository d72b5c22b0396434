import Foundation
import TestSupport
import Testing

/// The API that believes everybody, alone and behind the gateway, and `ringfence attack` as its
/// client.
final class AttackSite: Sendable {
    static let made = Result { try AttackSite() }

    static func get() throws -> AttackSite { try made.get() }

    /// The API's own port.
    let port: UInt16
    let gateway: RunningGateway
    let material: Material
    private let api: ChildProcess

    private init() throws {
        let program = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "naive.py")
        let api = try ChildProcess("python3", [program.path])
        self.api = api
        try eventually("the API: \(api.errorOutput)") {
            api.output.hasSuffix("\n")
        }
        port = try #require(UInt16(api.output.trimmingCharacters(in: .newlines)))
        material = try Material.get()
        let place = material.folder.path
        gateway = try RunningGateway(
            text: """
                version: 1
                listen:
                  public:
                    address: 127.0.0.1:0
                    tls: {certificate: file:\(place)/tls.crt, key: file:\(place)/tls.key}
                    access_log: none
                    deadlines: {handshake: 60s}
                  health: {address: "127.0.0.1:0"}
                issuers:
                  idp:
                    issuer: https://idp.example.test/
                    jwks: file:\(place)/idp.pub
                    audience: [https://api.example.test]
                    algorithms: [ES256]
                    tenant: {claim: tenant_id}
                    tier: {claim: tier}
                tenants: {source: claims}
                upstreams:
                  api: {targets: ["http://127.0.0.1:\(port)"]}
                tiers: {OPEN: {requests: unlimited}}
                routes:
                  - {name: api, match: {path: /**}, auth: idp, upstream: api}

                """)
    }

    /// The two tokens as files, written once; `file:A,file:B`.
    private static let tokens = Result {
        let material = try Material.get()
        let own = try material.folder.write(material.acme + "\n", to: "acme.token")
        let foreign = try material.folder.write(material.globex + "\n", to: "globex.token")
        return "file:\(own),file:\(foreign)"
    }

    struct Run {
        let code: ChildProcess.End
        let output: String
        let errors: String
        let report: [String: Any]

        var findings: [[String: Any]] { report["findings"] as? [[String: Any]] ?? [] }

        func vectors(_ verdict: String) -> Set<String> {
            Set(
                findings.filter { $0["verdict"] as? String == verdict }
                    .compactMap { $0["vector"] as? String })
        }

        func families(_ verdict: String) -> Set<String> {
            Set(vectors(verdict).compactMap { $0.split(separator: ".").first.map(String.init) })
        }
    }

    /// Runs the built program; `words` come behind the tokens.
    static func attack(
        _ target: String, _ words: [String], tokens: String? = nil, rate: Int = 1_000
    ) throws -> Run {
        let pair = try Self.tokens.get()
        let made = try ChildProcess.run(
            BuiltProducts.path("ringfence-attack"),
            ["--target", target, "--tokens", tokens ?? pair, "--rate", "\(rate)", "--json"] + words)
        let report = try? JSONSerialization.jsonObject(with: Data(made.output.utf8))
        return Run(
            code: made.end, output: made.output, errors: made.errorOutput,
            report: report as? [String: Any] ?? [:])
    }

    func attackAPI(_ words: [String]) throws -> Run {
        try Self.attack("http://127.0.0.1:\(port)", words)
    }

    func attackGateway(_ words: [String], ca: String = "tls.crt") throws -> Run {
        try Self.attack(
            "https://localhost:\(gateway.port)", words + ["--ca", "\(material.folder.path)/\(ca)"])
    }
}
