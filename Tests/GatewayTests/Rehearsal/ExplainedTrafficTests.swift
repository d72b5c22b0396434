import Foundation
import JSON
import Policy
import Reactor
import TestSupport
import Testing
import Tokens

@testable import Gateway

/// A policy with a route of every kind, its keys, and credentials good and bad.
struct DecidedPolicy {
    let folder = Result { try TemporaryFolder() }
    let credentials: [String]
    var path: String { (try? folder.get().path) ?? "" }

    init(upstreamPort: UInt16) throws {
        let folder = try folder.get()
        let pair = try KeyPair(algorithm: .es256)
        let stranger = try KeyPair(algorithm: .es256)
        let vendorKey = "vendor-key-0123456789-0123456789-0123"
        try folder.write(String(decoding: pair.publicPEM, as: UTF8.self), to: "idp.pub")
        for (name, text) in [
            ("vendor.key", vendorKey), ("assertion.key", String(repeating: "k7", count: 24)),
        ] {
            let file = try folder.write(text, to: name)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: file)
        }
        try folder.write(Self.tenants, to: "tenants.yaml")
        try folder.write(Self.policy(upstreamPort), to: "gateway.yaml")
        let now = WallClock.now().seconds
        func token(
            _ tenant: String, key: [UInt8]? = nil, audience: String = "https://api.example.test",
            lives seconds: Int64 = 3_600
        ) throws -> String {
            let file = key ?? pair.privatePEM
            let signer = try TokenSigner(algorithm: .es256, keyFile: file.span)
            let claims =
                #"{"iss":"https://idp.example.test/","aud":"\#(audience)","sub":"alice","#
                + #""tenant_id":"\#(tenant)","iat":\#(now - 7_200),"exp":\#(now + seconds)}"#
            let bytes = Array(claims.utf8)
            return String(decoding: try signer.mint(claims: bytes.span), as: UTF8.self)
        }
        let acme = try token("acme")
        credentials = [
            "Bearer \(acme)", "Bearer \(acme)", "Bearer \(acme)", "Bearer \(try token("globex"))",
            "Bearer \(try token("gone"))", "Bearer \(try token("zero"))",
            "Bearer \(try token("stranger"))", "Bearer \(vendorKey)",
            "Bearer \(try token("acme", key: stranger.privatePEM))",
            "Bearer \(try token("acme", audience: "https://other.test"))",
            "Bearer \(try token("acme", lives: -3_600))", "Bearer \(acme)x", "Bearer a.b.c",
            "Basic YTpi", "Bearer", "bearer \(acme)",
        ]
    }

    private static let tenants = """
        version: 1
        tenants:
          acme: {tier: GOLD}
          globex: {tier: PLAIN}
          gone: {tier: PLAIN, state: suspended}
          zero: {tier: NOTHING}
        """

    private static func policy(_ port: UInt16) -> String {
        """
        version: 1
        listen:
          public:
            address: 127.0.0.1:0
            workers: 1
            tls: none
            access_log: none
            limits: {signature_checks: unlimited}
        vendors: {default: {key: file:vendor.key}}
        issuers:
          idp:
            issuer: https://idp.example.test/
            jwks: file:idp.pub
            audience: [https://api.example.test]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
        tenants: {source: file:tenants.yaml}
        tenant_names: [tenant, tenant_id, org_id]
        upstreams:
          api: {targets: ["http://127.0.0.1:\(port)"]}
          signed: {targets: ["http://127.0.0.1:\(port)"]}
        assertion: {to: [signed], key: file:assertion.key}
        routes:
          - name: strip
            match: {path: /strip/**}
            auth: idp
            tenant: {inject: {query: tenant_id, json: /tenant_id, form: tenant_id}}
            upstream: signed
          - name: special
            match: {host: api.example.test, path: /strip/special}
            auth: idp
            upstream: api
          - name: differ
            match: {path: /differ/**}
            auth: idp
            tenant: {client_value: reject-if-different}
            upstream: api
          - name: reject
            match: {path: /reject/**}
            auth: idp
            tenant: {client_value: reject}
            upstream: api
          - {name: path, match: {path: "/t/{tenant}/orders/**"}, auth: idp, upstream: api}
          - name: shadow
            match: {path: /shadow/**}
            auth: idp
            tenant: {mode: shadow}
            upstream: api
          - name: raw
            match: {path: /raw/**}
            auth: idp
            host: upstream
            forward_credential: true
            tenant: {except: [org_id]}
            body: {clean: false}
            upstream: api
          - {name: vendor, match: {path: /vendor/**}, auth: vendor, upstream: signed}
          - {name: open, match: {path: /open/**}, auth: none, reason: public, upstream: api}
          - name: cors
            match: {path: /cors/**, methods: [GET, POST]}
            auth: idp
            cors: {origins: ["https://app.example.test"], credentials: true}
            upstream: api
          - {name: gold, match: {path: /gold/**}, auth: idp, feature: gold, upstream: api}
        tiers:
          GOLD: {requests: unlimited, features: [gold]}
          PLAIN: {requests: unlimited}
          NOTHING: {requests: 0/min}
        """
    }
}

/// What one request came to, as far as it does not differ from one time to the next.
struct Verdict: Equatable, CustomStringConvertible {
    var status: Int
    var code: String?
    /// The head that was sent upstream, without what is new in each; `nil` where nothing was.
    var sent: [String]?
    var body: [UInt8]

    init(status: Int, code: String?, sent: [UInt8]?, body: [UInt8]) {
        self.status = status
        self.code = code
        self.body = body
        self.sent = sent.map { head in
            String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n").map { line in
                let fresh = ["x-request-id:", "traceparent:", "ringfence-assertion:"]
                let name = line.prefix { $0 != ":" } + ":"
                return fresh.contains(name.lowercased()) ? String(name) : line
            }
        }
    }

    var description: String {
        "\(status) \(code ?? "-") \(sent?.joined(separator: " | ") ?? "nothing sent") "
            + String(decoding: body, as: UTF8.self)
    }
}

@Suite struct `Explained traffic` {
    /// The built gateway behind a socket, and what its upstream saw.
    final class Live {
        let process: ChildProcess
        let port: UInt16
        let recorder: RecorderUpstream
        private var client: RawClient?

        init(_ policy: String, _ recorder: RecorderUpstream) throws {
            self.recorder = recorder
            let announcement = policy + "/announced"
            let process = try ChildProcess(
                BuiltProducts.path("ringfence-gateway"),
                ["run", "--config", policy, "--announce", announcement, "--die-with-parent"])
            self.process = process
            try eventually("the gateway: \(process.errorOutput)") {
                FileManager.default.fileExists(atPath: announcement)
            }
            let text = try String(contentsOfFile: announcement, encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.hasPrefix("public=") } ?? ""
            port = UInt16(line.split(separator: ":").last ?? "") ?? 0
        }

        deinit {
            process.signal(SIGTERM)
            _ = try? process.wait()
        }

        func decide(_ bytes: [UInt8], isHead: Bool) throws -> Verdict {
            let client = try self.client ?? RawClient(port: port)
            self.client = nil
            let before = recorder.requests.count
            try client.send(bytes)
            let response = try client.readResponse(toHEAD: isHead)
            if response.only("connection") == nil { self.client = client }
            let seen = recorder.requests
            let sent = seen.count > before ? seen[seen.count - 1] : nil
            return Verdict(
                status: response.status, code: Self.code(response.body), sent: sent?.head,
                body: sent.map(Self.content) ?? [])
        }

        /// A body without its chunks, in which the recorder keeps it.
        private static func content(_ request: RecorderUpstream.Request) -> [UInt8] {
            guard request.all("transfer-encoding") == ["chunked"] else { return request.body }
            var body: [UInt8] = []
            var rest = request.body[...]
            while let end = rest.firstIndex(of: 13),
                let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0
            {
                body += rest.dropFirst(end - rest.startIndex + 2).prefix(size)
                rest = rest.dropFirst(end - rest.startIndex + 2 + size + 2)
            }
            return body
        }

        private static func code(_ body: [UInt8]) -> String? {
            var document = JSONDocument()
            guard (try? document.parse(body.span)) != nil else { return nil }
            let view = document.view(of: body.span)
            return view.member(of: view.root, named: "code").flatMap { view.string(at: $0) }
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private func rehearsal(_ path: String) throws -> Rehearsal {
        let upstream = try RecordingUpstream.start()
        var loader = SnapshotLoader(path: path, resolver: try Resolver())
        loader.substitutes = Substitutes(upstream: upstream.address)
        let loaded = loader.load(version: 1)
        let snapshot = try #require(loaded.snapshot, "\(loaded.report.text(colour: false))")
        return try Rehearsal(snapshot: snapshot, upstream: upstream)
    }

    @Test(.timeLimit(.minutes(30)))
    func `10,000 random requests are explained as they are decided`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of explained traffic: \(seed)")
        let recorder = try RecorderUpstream { _ in .response(200, "") }
        let policy = try DecidedPolicy(upstreamPort: recorder.port)
        let live = try Live(policy.path, recorder)
        let rehearsal = try rehearsal(policy.path)
        var requests = RandomRequests(seed: seed, credentials: policy.credentials)
        var outcomes: [String: Int] = [:]
        var differences = 0
        for number in 0..<10_000 {
            let (bytes, isHead) = requests.request()
            let decided = try live.decide(bytes, isHead: isHead)
            let explained = try rehearsal.send(
                bytes, from: .ip(IPAddress(v4: 0x7F00_0001), port: 1), serverName: "localhost",
                isHead: isHead)
            let code = explained.decision.refusal.map { "\($0.code)" }
            let verdict = Verdict(
                status: Int(explained.status), code: isHead ? nil : code,
                sent: explained.sent?.head, body: explained.sent?.body ?? [])
            outcomes[code ?? explained.decision.outcome.rawValue, default: 0] += 1
            if verdict != decided {
                differences += 1
                let request = String(decoding: bytes, as: UTF8.self)
                Issue.record(
                    "seed \(seed), \(number):\n\(request)\nlive \(decided)\nexplained \(verdict)"
                )
                guard differences < 3 else { return }
            }
        }
        // Requests that are all refused alike would prove nothing.
        #expect(outcomes["forward", default: 0] > 700, "\(outcomes)")
        #expect(outcomes["answer", default: 0] > 0, "\(outcomes)")
        for code in [
            "feature.missing", "token.missing", "token.invalid", "token.ambiguous",
            "vendor_key.invalid",
            "tenant.conflict", "tenant.suspended", "tenant.unknown", "rate.denied",
            "route.not_found", "route.method", "request.path.ambiguous", "request.body.type",
            "request.body.malformed", "request.query.malformed",
        ] {
            #expect(outcomes[code, default: 0] > 0, "\(code) never: \(outcomes)")
        }
    }
}
