import Foundation
import TestSupport
import Testing

/// An API key's whole life, with a real backend and its database.
@Suite struct `An API key between backend and gateway` {
    /// The site's gateway with a route for keys and a tier that may have them.
    private static func open(_ site: DirectorySite) throws {
        let path = "\(site.gateway.folder.path)/gateway.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
            .replacingOccurrences(
                of: "  max_stale:",
                with: "  key_pepper: \"file:\(site.folder.path)/pepper.key\"\n  max_stale:"
            )
            .replacingOccurrences(
                of: "GROWTH: {requests: 2000000/min}",
                with: "GROWTH: {requests: 2000000/min, features: [api-access]}"
            )
            .replacingOccurrences(
                of: "routes:\n",
                with: """
                    routes:
                      - name: keys
                        match: {path: /keys/**}
                        auth: [idp, api-key]
                        scopes: {POST: [events:write]}
                        upstream: api
                      - name: roles
                        match: {path: /roles/**}
                        auth: api-key
                        roles: {GET: [loader]}
                        upstream: api

                    """
            )
        try site.gateway.reload(text: text, expecting: "reloaded")
    }

    private struct Made: Decodable {
        var id: String
        var key: String
    }

    private func make(_ site: DirectorySite, _ tenant: String, _ more: String) throws -> Made {
        let answer = try site.vendor(
            "POST /v1/tenants/\(tenant)/keys", #"{"name":"k"\#(more)}"#, expecting: 201)
        return try JSONDecoder().decode(Made.self, from: Data(answer.body))
    }

    private func status(_ site: DirectorySite, _ key: String, _ line: String = "GET /keys/x")
        throws -> String
    {
        let (status, code) = try site.gateway.code(line, token: key)
        return code.isEmpty ? "\(status)" : "\(status) \(code)"
    }

    /// Waits until the key is answered so.
    private func expect(_ expected: String, _ site: DirectorySite, _ key: String) throws {
        var last = ""
        try eventually("\(expected), have \(last)") {
            last = try status(site, key)
            return last == expected
        }
    }

    @Test func `begins when it is made, and ends when it is revoked`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try Self.open(site)
        try site.make("acme", tier: "GROWTH")
        let key = try make(site, "acme", #","scopes":["events:read"]"#)
        try expect("200", site, key.key)
        let seen = try #require(upstream.requests.last)
        #expect(seen.all("X-Tenant-ID") == ["acme"])
        #expect(!seen.headText.contains("rf_live"))
        #expect(try status(site, key.key, "POST /keys/x") == "403 scope.insufficient")
        #expect(try status(site, String(key.key.dropLast()) + "2") == "401 token.invalid")

        // Open on one connection, refused on the same one.
        let client = try site.gateway.connect()
        try client.send(site.gateway.head("GET /keys/same", token: key.key))
        #expect(try client.readResponse().status == 200)
        try site.vendor("DELETE /v1/tenants/acme/keys/\(key.id)", expecting: 204)
        try expect("401 token.invalid", site, key.key)
        try client.send(site.gateway.head("GET /keys/same", token: key.key))
        #expect(try client.readResponse().status == 401)
    }

    @Test func `is refused by a gateway that was away until the backend had forgotten it`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try Self.open(site)
        try site.make("acme", tier: "GROWTH")
        let (old, good) = (try make(site, "acme", ""), try make(site, "acme", ""))
        try expect("200", site, old.key)
        try expect("200", site, good.key)
        site.gateway.process.signal(SIGSTOP)
        // What the backend does with a key that was revoked long ago.
        _ = try site.sql(
            "SELECT set_config('app.current_vendor', (SELECT vendor_id::text FROM "
                + "ringfence.tenants LIMIT 1), false);"
                + "UPDATE ringfence.api_keys SET revoked_at = now() WHERE id = '\(old.id)';"
                + "UPDATE ringfence.feeds SET forgotten = version;"
                + "DELETE FROM ringfence.api_keys WHERE id = '\(old.id)';")
        site.gateway.process.signal(SIGCONT)
        try expect("401 token.invalid", site, old.key)
        #expect(try status(site, good.key) == "200")
        #expect(try site.gateway.metric("ringfence_directory_reloads") == 1)
    }

    @Test func `is good only while the tier has api-access, and while its tenant is active`()
        throws
    {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try Self.open(site)
        try site.make("acme")
        let key = try make(site, "acme", "")
        try expect("403 feature.missing", site, key.key)
        try site.change("acme", #"{"tier":"GROWTH"}"#)
        try expect("200", site, key.key)
        try site.change("acme", #"{"state":"suspended"}"#)
        try expect("403 tenant.suspended", site, key.key)
    }

    // MARK: By the command

    /// `ringfence key …` against the site's gateway, as an operator runs it.
    private func ringfence(
        _ site: DirectorySite, _ words: String...
    ) throws -> (end: ChildProcess.End, output: String, errors: String) {
        let run = try ChildProcess.run(
            BuiltProducts.path("ringfence"),
            words + [
                "--url", "http://127.0.0.1:\(site.gateway.port)", "--vendor-key-file",
                "\(site.folder.path)/vendor.key",
            ])
        return (run.end, run.output, run.errorOutput)
    }

    @Test func `key create, list and revoke are felt by the gateway`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try Self.open(site)
        try site.make("acme", tier: "GROWTH")
        let made = try ringfence(
            site, "key", "create", "acme", "--name", "ci", "--scope", "events:read", "--role",
            "loader")
        try #require(made.end == .exited(0), "\(made.errors)")
        #expect(made.errors == "this is the only time the key is shown\n")
        let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try expect("200", site, key)
        #expect(try status(site, key, "GET /roles/x") == "200")
        #expect(upstream.requests.last?.all("X-Tenant-ID") == ["acme"])

        let other = try ringfence(site, "key", "create", "acme", "--json")
        try #require(other.end == .exited(0), "\(other.errors)")
        let plain = try JSONDecoder().decode(Made.self, from: Data(other.output.utf8))
        try expect("200", site, plain.key)
        #expect(try status(site, plain.key, "GET /roles/x") == "403 role.missing")

        let id = String(key.dropFirst(8).prefix(16))
        let list = try ringfence(site, "key", "list", "acme")
        try #require(list.end == .exited(0), "\(list.errors)")
        let line = try #require(list.output.split(separator: "\n").first { $0.contains(id) })
        let cells = line.split(separator: " ").map(String.init)
        #expect(Array(cells[0..<4]) == [id, "ci", "events:read", "loader"])
        #expect(cells.last == "-" && !list.output.contains(key))

        let revoked = try ringfence(site, "key", "revoke", "acme", id)
        #expect(revoked.end == .exited(0) && revoked.output == "revoked\n", "\(revoked.errors)")
        try expect("401 token.invalid", site, key)
        #expect(try status(site, plain.key) == "200")
        let after = try ringfence(site, "key", "list", "acme")
        let gone = try #require(after.output.split(separator: "\n").first { $0.contains(id) })
        #expect(!gone.hasSuffix(" -"), "\(after.output)")
        #expect(try ringfence(site, "key", "revoke", "acme", "nobody").end == .exited(1))
        #expect(try ringfence(site, "key", "create", "nobody").end == .exited(1))
    }
}
