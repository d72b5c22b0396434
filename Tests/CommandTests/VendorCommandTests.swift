import Foundation
import TestSupport
import Testing

/// `ringfence tenant` and `ringfence key` through a gateway; the backend's part is played.
@Suite struct `A vendor's commands` {
    static let acme = #"""
        {"id":"01a1","external_id":"acme","name":"Acme","tier":"STARTER","limits":null,\#
        "state":"active","domains":["acme.example.com"],"features":[],"created_at":"2026-01-01"}
        """#.replacingOccurrences(of: "\n", with: "")
    static let globex = acme.replacingOccurrences(of: "acme", with: "globex")

    /// A gateway with a vendor's route, in front of a backend that answers as it is told.
    final class Scene {
        let place: PolicyFolder
        let backend: RecorderUpstream
        private let gateway: ChildProcess
        let url: String

        init(_ answers: [String: (status: Int, body: String)]) throws {
            let backend = try RecorderUpstream { request in
                let line = request.requestLine.components(separatedBy: " HTTP/").first ?? ""
                guard let answer = answers[line] else {
                    return .response(404, #"{"code":"resource.not_found","title":"Nothing here"}"#)
                }
                return .response(answer.status, answer.body)
            }
            self.backend = backend
            let policy = PolicyFolder.policy.changing(
                "  - {name: health",
                to: "  - {name: api, match: {path: /v1/tenants/**}, auth: vendor, upstream: api}\n"
                    + "  - {name: health"
            )
            .changing(
                "upstreams:\n",
                to: "upstreams:\n  api: {targets: [\"http://127.0.0.1:\(backend.port)\"]}\n")
            place = try PolicyFolder(policy + "vendors: {default: {key: file:vendor.key}}\n")
            for path in ["policies/vendor.key", "vendor.key"] {
                try place.folder.write("the-vendor-key-0123456789-0123456789\n", to: path)
            }
            let announcement = place.folder.path + "/announced"
            let gateway = try ChildProcess(
                BuiltProducts.path("ringfence"),
                ["gateway", "run", "--announce", announcement, "--die-with-parent"],
                folder: place.folder.path)
            self.gateway = gateway
            try eventually("the gateway: \(gateway.errorOutput)") {
                FileManager.default.fileExists(atPath: announcement)
            }
            let text = try String(contentsOfFile: announcement, encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.hasPrefix("public=") } ?? ""
            url = "http://\(line.dropFirst(7))"
        }

        deinit {
            gateway.signal(SIGTERM)
            _ = try? gateway.wait()
        }

        func run(_ words: String...) throws -> (
            end: ChildProcess.End, output: String, errors: String
        ) {
            let result = try ChildProcess.run(
                BuiltProducts.path("ringfence"),
                words + ["--url", url, "--vendor-key-file", "vendor.key"],
                folder: place.folder.path)
            return (result.end, result.output, result.errorOutput)
        }

        /// The bodies that came with this request line's start.
        func bodies(of line: String) -> [String] {
            backend.requests.filter { $0.requestLine.hasPrefix(line + " ") }
                .map { String(decoding: $0.body, as: UTF8.self) }
        }
    }

    @Test func `make, show and change tenants`() throws {
        let scene = try Scene([
            "POST /v1/tenants": (201, Self.acme), "GET /v1/tenants/acme": (200, Self.acme),
            "PATCH /v1/tenants/acme": (200, Self.acme),
        ])
        let made = try scene.run(
            "tenant", "create", "acme", "--name", "Acme", "--tier", "STARTER", "--requests",
            "2500/min")
        #expect(made.end == .exited(0), "\(made.errors)")
        #expect(PolicyFolder.lines(made.output).contains("domains acme.example.com"))
        #expect(
            scene.bodies(of: "POST /v1/tenants") == [
                #"{"external_id":"acme","name":"Acme","tier":"STARTER","#
                    + #""limits":{"requests":"2500/min"}}"#
            ])
        for words in [
            ["suspend", "acme"], ["resume", "acme"], ["tier", "acme", "GROWTH"],
            ["tier", "acme", "STARTER", "--requests", "none"],
            ["domain", "add", "acme", "shop.acme.test"],
            ["domain", "remove", "acme", "acme.example.com"],
        ] {
            let result = try ChildProcess.run(
                BuiltProducts.path("ringfence"),
                ["tenant"] + words + ["--url", scene.url, "--vendor-key-file", "vendor.key"],
                folder: scene.place.folder.path)
            #expect(result.end == .exited(0), "\(words) \(result.errorOutput)")
        }
        #expect(
            scene.bodies(of: "PATCH /v1/tenants/acme") == [
                #"{"state":"suspended"}"#, #"{"state":"active"}"#, #"{"tier":"GROWTH"}"#,
                #"{"tier":"STARTER","limits":null}"#,
                #"{"domains":["acme.example.com","shop.acme.test"]}"#, #"{"domains":[]}"#,
            ])
        let shown = try scene.run("tenant", "show", "acme", "--json")
        #expect(try scene.place.object(shown.output)["external_id"] as? String == "acme")
        // The key went to the gateway, and nowhere else.
        #expect(scene.backend.requests.allSatisfy { $0.all("authorization").isEmpty })
    }

    @Test func `list all pages`() throws {
        let scene = try Scene([
            "GET /v1/tenants": (200, #"{"data":[\#(Self.globex)],"next_cursor":"c1"}"#),
            "GET /v1/tenants?cursor=c1": (200, #"{"data":[\#(Self.acme)],"next_cursor":null}"#),
        ])
        let result = try scene.run("tenant", "list")
        #expect(
            PolicyFolder.lines(result.output) == [
                "TENANT NAME TIER STATE REQUESTS DOMAINS",
                "globex Acme STARTER active - globex.example.com",
                "acme Acme STARTER active - acme.example.com",
            ], "\(result.errors)")
        let object = try scene.place.object(try scene.run("tenant", "list", "--json").output)
        #expect((object["data"] as? [Any])?.count == 2)
    }

    @Test func `make keys that are shown once, list and revoke them`() throws {
        let key =
            #"{"id":"k1","key":"rf_live_aa_bb","name":"ci","scopes":["events:write"],"#
            + #""created_at":"2026-01-01","expires_at":null,"revoked_at":null}"#
        let scene = try Scene([
            "POST /v1/tenants/acme/keys": (201, key),
            "GET /v1/tenants/acme/keys": (200, #"{"data":[\#(key)],"next_cursor":null}"#),
            "DELETE /v1/tenants/acme/keys/k1": (204, ""),
        ])
        let made = try scene.run(
            "key", "create", "acme", "--name", "ci", "--scope", "events:write", "--scope", "a:b")
        #expect(made.end == .exited(0) && made.output == "rf_live_aa_bb\n", "\(made.errors)")
        #expect(made.errors.contains("the only time"))
        #expect(
            scene.bodies(of: "POST /v1/tenants/acme/keys")
                == [#"{"name":"ci","scopes":["events:write","a:b"]}"#])
        let listed = try scene.run("key", "list", "acme")
        #expect(listed.output.contains("k1") && !listed.output.contains("rf_live"))
        #expect(try scene.run("key", "revoke", "acme", "k1").output == "revoked\n")
    }

    @Test func `say what was refused, and when nobody answers`() throws {
        let scene = try Scene([:])
        let none = try scene.run("tenant", "show", "nobody")
        #expect(none.end == .exited(1))
        #expect(none.errors.contains("resource.not_found: Nothing here"))
        try scene.place.folder.write("another-key-0123456789-0123456789-01", to: "vendor.key")
        let stranger = try scene.run("tenant", "list")
        #expect(stranger.end == .exited(1) && stranger.errors.contains("vendor_key.invalid"))
        let gone = try scene.place.run(
            "tenant", "list", "--url", "http://127.0.0.1:1", "--vendor-key-file", "vendor.key")
        #expect(gone.end == .exited(4) && gone.errors.contains("no gateway answers"))
    }

    @Test(arguments: [
        ["tenant", "list"], ["tenant", "frob", "--url", "http://127.0.0.1:1"],
        ["tenant", "show", "a/../b", "--url", "http://127.0.0.1:1"],
        ["tenant", "list", "--url", "http://192.0.2.1:80"], ["tenant", "list", "--url", "ftp://a"],
        ["key", "revoke", "acme", "../x", "--url", "http://127.0.0.1:1"], ["key", "create"],
    ]) func `refuse words they do not understand, and the clear`(_ words: [String]) throws {
        let place = try PolicyFolder()
        try place.folder.write("the-vendor-key-0123456789-0123456789", to: "vendor.key")
        var environment = ProcessInfo.processInfo.environment
        for name in ["RINGFENCE_URL", "VENDOR_KEY", "RINGFENCE_CA"] { environment[name] = nil }
        let result = try ChildProcess.run(
            BuiltProducts.path("ringfence"), words + ["--vendor-key-file", "vendor.key"],
            environment: environment, folder: place.folder.path)
        #expect(result.end == .exited(64), "\(words) \(result.errorOutput)")
        #expect(result.output == "")
    }
}
