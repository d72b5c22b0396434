import Foundation
import TestSupport
import Testing

/// An API nobody wrote for Ringfence, on gunicorn from Debian, behind the gateway.
@Suite struct `A Flask application behind the gateway` {
    static let fixture = Result { try FlaskFixture() }

    @Test func `it sees the token's tenant, once, and never a spoofed one`() throws {
        let fixture = try Self.fixture.get()
        let answer = try fixture.curl(
            "/orders?tenant_id=globex&x=1&Tenant%5FId=globex", token: fixture.acme,
            fields: ["X-Tenant-ID: globex", "X_Tenant_ID: globex", "x-tenant-id: globex"])
        #expect(answer.status == 200)
        let seen = try answer.json()
        #expect(seen["tenant"] as? [String] == ["acme"])
        #expect(seen["orders"] as? [String] == ["a-1", "a-2"])
        #expect((seen["args"] as? [String: [String]]) == ["x": ["1"]])
        #expect(seen["environ"] as? [String] == ["HTTP_X_TENANT_ID", "HTTP_X_TENANT_TIER"])
        #expect(seen["authorization"] is NSNull)
        #expect(!answer.body.contains("globex"))
    }

    @Test func `each tenant gets its own orders`() throws {
        let fixture = try Self.fixture.get()
        let acme = try fixture.curl("/orders", token: fixture.acme).json()
        let globex = try fixture.curl("/orders", token: fixture.globex).json()
        #expect(acme["orders"] as? [String] == ["a-1", "a-2"])
        #expect(globex["orders"] as? [String] == ["g-1"])
    }

    @Test func `its redirects name the public address`() throws {
        let fixture = try Self.fixture.get()
        let answer = try fixture.curl("/old-orders", token: fixture.acme)
        #expect(answer.status == 302)
        #expect(answer.head.contains("Location: https://api.example.test/orders\r\n"))
    }

    @Test func `its host check sees the client's host`() throws {
        let fixture = try Self.fixture.get()
        let answer = try fixture.curl("/orders", token: fixture.acme, host: "other.example.test")
        #expect(answer.status == 400)
        #expect(try fixture.curl("/orders", token: fixture.acme).status == 200)
    }

    @Test func `it learns the client's address from us alone`() throws {
        let fixture = try Self.fixture.get()
        let answer = try fixture.curl(
            "/orders", token: fixture.acme,
            fields: ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9"])
        #expect(try answer.json()["remote"] as? String == "127.0.0.1")
    }

    @Test func `it receives bodies as they were sent`() throws {
        let fixture = try Self.fixture.get()
        let answer = try fixture.curl(
            "/orders", token: fixture.acme, fields: ["Content-Type: application/json"],
            body: #"{"item": "tea", "count": 3}"#)
        #expect(answer.status == 201)
        let seen = try answer.json()
        #expect(seen["tenant"] as? String == "acme")
        #expect((seen["body"] as? [String: Any])?["count"] as? Int == 3)
    }

    @Test func `nobody without a token reaches it`() throws {
        let fixture = try Self.fixture.get()
        #expect(try fixture.curl("/orders", token: nil).status == 401)
        #expect(try fixture.curl("/orders", token: fixture.acme + "x").status == 401)
    }
}

/// The application, the gateway in front of it over TLS, and curl as the client.
final class FlaskFixture: Sendable {
    struct Answer {
        let status: Int
        let head: String
        let body: String

        func json() throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(body.utf8))
            return value as? [String: Any] ?? [:]
        }
    }

    let acme: String
    let globex: String
    private let folder: TemporaryFolder
    private let application: ChildProcess
    private let gateway: ChildProcess
    private let port: String

    init() throws {
        folder = try TemporaryFolder()
        let program = try BuiltProducts.path("ringfence-gateway")
        let socket = "\(folder.path)/app.sock"
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Flask")
        application = try ChildProcess(
            "/usr/bin/gunicorn",
            [
                "--worker-class", "gthread", "--threads", "4", "--bind", "unix:\(socket)",
                "orders:app",
            ],
            folder: source.path)
        try eventually("gunicorn: \(application.errorOutput)") {
            FileManager.default.fileExists(atPath: socket)
        }
        for arguments in [
            [
                "key", "create", "--algorithm", "ES256", "--private", "idp.key", "--public",
                "idp.pub",
            ],
            [
                "certificate", "create", "--hosts", "api.example.test,other.example.test",
                "--certificate", "tls.crt", "--key", "tls.key",
            ],
        ] {
            let made = try ChildProcess.run(program, arguments, folder: folder.path)
            #expect(made.end == .exited(0), "\(made.errorOutput)")
        }
        try folder.write(Self.policy, to: "gateway.yaml")
        gateway = try ChildProcess(
            program, ["run", "--config", folder.path, "--announce", "\(folder.path)/announce"])
        let announce = "\(folder.path)/announce"
        try eventually("the gateway: \(gateway.errorOutput)") {
            FileManager.default.fileExists(atPath: announce)
        }
        let lines = try String(contentsOfFile: announce, encoding: .utf8).split(separator: "\n")
        port = String(lines.first?.split(separator: ":").last ?? "")
        acme = try Self.token(program, folder.path, tenant: "acme")
        globex = try Self.token(program, folder.path, tenant: "globex")
    }

    private static let policy = """
        version: 1
        listen:
          public:
            address: 127.0.0.1:0
            tls: {certificate: file:tls.crt, key: file:tls.key}
            access_log: none
            deadlines: {handshake: 60s}
        issuers:
          idp:
            issuer: https://idp.example.test/
            jwks: file:idp.pub
            audience: [https://api.example.test]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
            tier: {claim: tier}
        tenants: {source: claims}
        upstreams:
          orders: {targets: ["unix:app.sock"]}
        tiers:
          GROWTH: {requests: 500/min}
        routes:
          - name: orders
            match: {path: /**}
            auth: idp
            body: {clean: false}
            upstream: orders
        """

    private static func token(
        _ program: String, _ folder: String, tenant: String
    ) throws -> String {
        let claims =
            #"{"iss":"https://idp.example.test/","aud":"https://api.example.test","sub":"u","#
            + #""tenant_id":"\#(tenant)","tier":"GROWTH"}"#
        let minted = try ChildProcess.run(
            program,
            ["token", "mint", "--key", "idp.key", "--algorithm", "ES256", "--claims", claims],
            folder: folder)
        return minted.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func curl(
        _ target: String, token: String?, host: String = "api.example.test",
        fields: [String] = [], body: String? = nil
    ) throws -> Answer {
        var arguments = [
            "--silent", "--include", "--max-time", "120", "--cacert", "\(folder.path)/tls.crt",
            "--connect-to", "\(host):443:127.0.0.1:\(port)", "https://\(host)\(target)",
        ]
        if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
        for field in fields { arguments += ["--header", field] }
        if let body { arguments += ["--data-binary", body] }
        let run = try ChildProcess.run("curl", arguments)
        let parts = run.output.components(separatedBy: "\r\n\r\n")
        let head = (parts.first ?? "") + "\r\n"
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        return Answer(
            status: status, head: head, body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}
