import Foundation
import TestSupport
import Testing

/// A gateway that asks clients for certificates, and authorities that make some.
private final class CertificateGateway {
    let folder: TemporaryFolder
    let recorder: RecorderUpstream
    let gateway: RunningGateway

    /// - Parameter revocations: the list in force; see `makeRevocations`.
    init(clients: String = "optional", revocations: String? = nil) throws {
        folder = try TemporaryFolder()
        recorder = try RecorderUpstream()
        try Self.makeCertificates(in: folder)
        if revocations != nil { try Self.makeRevocations(in: folder) }
        gateway = try RunningGateway(
            text: Self.policy(
                folder, try Material.get().folder.path, recorder.port, clients,
                revocations: revocations))
    }

    static func policy(
        _ folder: TemporaryFolder, _ place: String, _ upstream: UInt16, _ clients: String,
        authority: String = "ca", revocations: String? = nil
    ) throws -> String {
        let list = revocations.map { "\n      client_crl: file:\(folder.path)/\($0).crl" } ?? ""
        try folder.write(
            "version: 1\ntenants: {acme: {tier: STARTER}, globex: {tier: STARTER}}\n",
            to: "tenants.yaml")
        return """
            version: 1
            listen:
              public:
                address: "127.0.0.1:0"
                access_log: none
                deadlines: {handshake: 60s}
                tls:
                  certificate: file:\(place)/tls.crt
                  key: file:\(place)/tls.key
                  client_ca: file:\(folder.path)/\(authority).pem
                  client_certificates: \(clients)\(list)
              health: {address: "127.0.0.1:0"}
            issuers:
              idp:
                issuer: https://idp.example.test/
                jwks: file:\(place)/idp.pub
                audience: [https://api.example.test]
                algorithms: [ES256]
                tenant: {claim: tenant_id}
            certificates: {uri: "spiffe://example.com/tenant/{tenant}"}
            tenants: {source: "file:\(folder.path)/tenants.yaml"}
            upstreams: {api: {targets: ["http://127.0.0.1:\(upstream)"], connect: 60s}}
            tiers: {STARTER: {requests: unlimited}}
            routes:
              - {name: machines, match: {path: /machines/**}, auth: certificate, upstream: api}
              - name: both
                match: {path: /both/**}
                auth: [idp, certificate]
                upstream: api
              - {name: tokens, match: {path: /tokens/**}, auth: idp, upstream: api}
            """
    }

    /// Two authorities; certificates of acme, of two tenants, of nobody, and one that ends soon.
    private static func makeCertificates(in folder: TemporaryFolder) throws {
        let script = """
            set -e
            for ca in ca other; do
              openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                -subj /CN=$ca -keyout $ca.key -out $ca.pem 2>/dev/null
            done
            make() {
              openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$1 \
                -keyout $1.key -out $1.csr 2>/dev/null
              printf 'subjectAltName=%s\\nextendedKeyUsage=clientAuth\\n' "$3" > $1.ext
              openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 1 \
                -extfile $1.ext -out $1.crt 2>/dev/null
            }
            id=URI:spiffe://example.com/tenant
            two=$id/acme,$id/globex
            make acme ca $id/acme
            make globex ca URI:spiffe://example.com/tenant/globex,DNS:x.example.com
            make twice ca $two
            make nobody ca URI:spiffe://example.com/tenant/nobody
            make dns ca DNS:acme.example.com
            make stranger other URI:spiffe://example.com/tenant/acme
            """
        let made = try ChildProcess.run("sh", ["-c", script], folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
    }

    /// `none` has nothing, `acme` acme's certificate in it, `past` was good for a day in 2020,
    /// `other` is of the other authority.
    private static func makeRevocations(in folder: TemporaryFolder) throws {
        let script = """
            set -e
            printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\n' > ca.cnf
            printf 'default_md=sha256\\ndefault_crl_days=1\\n' >> ca.cnf
            : > index
            echo 01 > number
            list() {
              name=$1 ca=$2
              shift 2
              openssl ca -config ca.cnf -keyfile $ca.key -cert $ca.pem -gencrl -out $name.crl "$@" \
                2>/dev/null
            }
            list none ca
            list past ca -crl_lastupdate 20200101000000Z -crl_nextupdate 20200102000000Z
            list other other
            openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke acme.crt 2>/dev/null
            list acme ca
            cat none.crl other.crl > both.crl
            echo nonsense > broken.crl
            """
        let made = try ChildProcess.run("sh", ["-c", script], folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
    }

    func reload(revocations: String, expecting words: String) throws {
        try gateway.reload(
            text: try Self.policy(
                folder, try Material.get().folder.path, recorder.port, "optional",
                revocations: revocations), expecting: words)
    }

    /// Two requests on one connection, some seconds apart; what came back.
    func askTwice(
        _ path: String, certificate: String, secondsBetween pause: Int
    ) throws -> String {
        let last = "Connection: close\\r\\n\\r\\n"
        let begin = "GET \(path) HTTP/1.1\\r\\nHost: localhost\\r\\n"
        let script = """
            (printf '\(begin)\\r\\n'; sleep \(pause); printf '\(begin)\(last)') \
              | openssl s_client -quiet -connect 127.0.0.1:\(gateway.port) -servername localhost \
              -cert \(certificate).crt -key \(certificate).key 2>/dev/null
            """
        return try ChildProcess.run(
            "sh", ["-c", script], folder: folder.path, seconds: 2 * Patience.seconds
        ).output
    }

    /// Status and code, or `refused` where the handshake fails.
    func ask(
        _ path: String, certificate: String? = nil, _ fields: [String] = [],
        host: String = "localhost"
    ) throws -> String {
        let material = try Material.get()
        var words = [
            "--silent", "--max-time", "120", "--cacert", "\(material.folder.path)/tls.crt",
            "--resolve", "localhost:\(gateway.port):127.0.0.1", "--write-out", "\n%{http_code}",
        ]
        if let certificate {
            words += [
                "--cert", "\(folder.path)/\(certificate).crt", "--key",
                "\(folder.path)/\(certificate).key",
            ]
        }
        for field in fields + ["Host: \(host)"] { words += ["--header", field] }
        let run = try ChildProcess.run(
            "curl", words + ["https://localhost:\(gateway.port)\(path)"])
        let lines = run.output.components(separatedBy: "\n")
        guard let status = lines.last, status != "000" else { return "refused" }
        let object =
            try? JSONSerialization.jsonObject(
                with: Data(lines.dropLast().joined(separator: "\n").utf8)) as? [String: Any]
        let code = object?["code"] as? String
        return code.map { "\(status) \($0)" } ?? status
    }

    func tenant(_ path: String) -> [String]? {
        recorder.requests.first { $0.headText.contains(" \(path) ") }?.all("X-Tenant-ID")
    }
}

@Suite struct `Certificates of clients` {
    @Test func `stand for the tenant their name means`() throws {
        let bench = try CertificateGateway()
        #expect(try bench.ask("/machines/1", certificate: "acme") == "200")
        #expect(bench.tenant("/machines/1") == ["acme"])
        #expect(try bench.ask("/machines/2", certificate: "globex") == "200")
        #expect(bench.tenant("/machines/2") == ["globex"])
        #expect(try bench.ask("/machines/3") == "401 token.missing")
        #expect(try bench.ask("/machines/3", certificate: "twice") == "401 token.invalid")
        #expect(try bench.ask("/machines/3", certificate: "dns") == "401 token.invalid")
        #expect(try bench.ask("/machines/3", certificate: "nobody") == "403 tenant.unknown")
        #expect(try bench.ask("/machines/3", certificate: "stranger") == "refused")
        let forwarded = "X-Forwarded-Client-Cert: URI=spiffe://example.com/tenant/acme"
        #expect(try bench.ask("/machines/3", [forwarded]) == "401 token.missing")
        #expect(bench.tenant("/machines/3") == nil)
    }

    @Test func `beside a token are one credential too many, where they count`() throws {
        let bench = try CertificateGateway()
        let token = "Authorization: Bearer \(try Material.get().acme)"
        #expect(
            try bench.ask("/both/1", certificate: "acme", [token]) == "400 credential.ambiguous")
        #expect(try bench.ask("/both/2", certificate: "acme") == "200")
        #expect(try bench.ask("/both/3", [token]) == "200")
        #expect(try bench.ask("/tokens/1", certificate: "globex", [token]) == "200")
        #expect(bench.tenant("/tokens/1") == ["acme"])
    }

    @Test func `P11: a host that is not the server name is not served with them`() throws {
        let bench = try CertificateGateway()
        #expect(
            try bench.ask("/machines/4", certificate: "acme", host: "other.example.test")
                == "421 route.misdirected")
        let token = "Authorization: Bearer \(try Material.get().acme)"
        #expect(try bench.ask("/tokens/4", [token], host: "other.example.test") == "200")
    }

    @Test func `may be required, and their authorities change with a reload`() throws {
        let bench = try CertificateGateway(clients: "required")
        #expect(try bench.ask("/machines/5") == "refused")
        #expect(try bench.ask("/machines/5", certificate: "acme") == "200")
        let text = try CertificateGateway.policy(
            bench.folder, try Material.get().folder.path, bench.recorder.port, "optional",
            authority: "other")
        try bench.gateway.reload(text: text, expecting: "reloaded")
        #expect(try bench.ask("/machines/6", certificate: "acme") == "refused")
        #expect(try bench.ask("/machines/6", certificate: "stranger") == "200")
        #expect(try bench.ask("/machines/7") == "401 token.missing")
    }
}

@Suite struct `Revoked certificates of clients` {
    @Test func `are refused from the reload that says so`() throws {
        let bench = try CertificateGateway(revocations: "none")
        #expect(try bench.ask("/machines/1", certificate: "acme") == "200")
        try bench.reload(revocations: "acme", expecting: "reloaded")
        #expect(try bench.ask("/machines/2", certificate: "acme") == "refused")
        #expect(try bench.ask("/machines/3", certificate: "globex") == "200")
        #expect(bench.tenant("/machines/2") == nil)
    }

    @Test func `cannot be told by a list that is out of date, or not there: all are refused`()
        throws
    {
        let bench = try CertificateGateway(revocations: "past")
        #expect(bench.gateway.process.errorOutput.contains("out of date"))
        #expect(try bench.ask("/machines/1", certificate: "acme") == "refused")
        // Who has no certificate is served as before.
        let token = "Authorization: Bearer \(try Material.get().acme)"
        #expect(try bench.ask("/tokens/1", [token]) == "200")
        try bench.reload(revocations: "other", expecting: "reloaded")
        #expect(try bench.ask("/machines/2", certificate: "acme") == "refused")
        try bench.reload(revocations: "both", expecting: "reloaded")
        #expect(try bench.ask("/machines/3", certificate: "acme") == "200")
        // A file that is none changes nothing.
        try bench.reload(revocations: "broken", expecting: "reload refused")
        #expect(
            bench.gateway.process.errorOutput.contains("is not a list of revoked certificates"))
        #expect(try bench.ask("/machines/4", certificate: "acme") == "200")
    }

    @Test func `cannot be told any more on a connection that outlives the list`() throws {
        let bench = try CertificateGateway(revocations: "none")
        var answers = ""
        // Its seconds begin now; on a busy machine they are over before the connection is made.
        for seconds in [5, 20, 60] where !answers.contains("HTTP/1.1 200") {
            // Acme is in it.
            let made = try ChildProcess.run(
                "sh",
                [
                    "-c",
                    "openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl "
                        + "-crlsec \(seconds) -out brief.crl",
                ], folder: bench.folder.path)
            try #require(made.end == .exited(0), "\(made.errorOutput)")
            try bench.reload(revocations: "brief", expecting: "reloaded")
            answers = try bench.askTwice(
                "/machines/5", certificate: "globex", secondsBetween: seconds + 2)
        }
        #expect(answers.contains("HTTP/1.1 200"), "\(answers)")
        #expect(answers.contains("HTTP/1.1 401"), "\(answers)")
    }
}

@Suite struct `The gateway's own certificate` {
    @Test func `is shown to an upstream that asks for it`() throws {
        let front = try CertificateGateway(clients: "required")
        let material = try Material.get()
        let place = material.folder.path
        // A gateway in front of one that asks for certificates.
        func policy(_ more: String) -> String {
            """
            version: 1
            listen:
              public: {address: "127.0.0.1:0", tls: none, access_log: none}
              health: {address: "127.0.0.1:0"}
            upstreams:
              next:
                targets: ["https://localhost:\(front.gateway.port)"]
                ca: file:\(place)/tls.crt
                connect: 60s
            \(more)
            routes:
              - name: all
                match: {path: /**}
                auth: none
                reason: test
                upstream: next
                host: upstream
            """
        }
        let pair = "\(front.folder.path)/acme"
        let with = try RunningGateway(
            text: policy("    certificate: file:\(pair).crt\n    key: file:\(pair).key"))
        #expect(try with.ask("GET /machines/9").status == 200)
        #expect(front.tenant("/machines/9") == ["acme"])
        let without = try RunningGateway(text: policy(""))
        #expect(try without.ask("GET /machines/10").status == 502)
    }
}
