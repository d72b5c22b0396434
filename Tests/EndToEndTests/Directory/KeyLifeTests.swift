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
                of: "GROWTH: {requests: 2000/min}",
                with: "GROWTH: {requests: 2000/min, features: [api-access]}"
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

    /// Waits until the key is answered so, and measures.
    private func expect(
        _ expected: String, _ site: DirectorySite, _ key: String, within seconds: Double = 1
    ) throws {
        let start = Date()
        var last = ""
        try eventually(seconds: 20, "\(expected), have \(last)") {
            last = try status(site, key)
            return last == expected
        }
        let took = Date().timeIntervalSince(start)
        #expect(took < seconds, "it took \(took) s until \(expected)")
    }

    @Test func `begins within a second, and ends within a second of being revoked`() throws {
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

    @Test func `is good only while the tier has api-access, and while its tenant is active`()
        throws
    {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try Self.open(site)
        try site.make("acme")
        let key = try make(site, "acme", "")
        try expect("403 feature.missing", site, key.key, within: 20)
        try site.change("acme", #"{"tier":"GROWTH"}"#)
        try expect("200", site, key.key)
        try site.change("acme", #"{"state":"suspended"}"#)
        try expect("403 tenant.suspended", site, key.key)
    }
}
