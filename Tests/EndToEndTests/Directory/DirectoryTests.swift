import Foundation
import Synchronization
import TestSupport
import Testing

/// From a vendor's request to who is let in, with real processes and a real database.
@Suite struct `The directory between backend and gateway` {
    @Test func `a change is felt within a second`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        // `bench/directory` says how long it takes. Here it is the quickest of many that counts: a
        // busy machine makes some later and none sooner.
        var quickest = (suspended: Double.infinity, active: Double.infinity)
        for _ in 0..<30 where max(quickest.suspended, quickest.active) >= 1 {
            var start = Date()
            try site.change("acme", #"{"state":"suspended"}"#)
            try site.expect(403, "tenant.suspended", token: site.material.acme)
            quickest.suspended = min(quickest.suspended, Date().timeIntervalSince(start))
            start = Date()
            try site.change("acme", #"{"state":"active"}"#)
            try site.expect(200, token: site.material.acme)
            quickest.active = min(quickest.active, Date().timeIntervalSince(start))
        }
        #expect(quickest.suspended < 1 && quickest.active < 1, "\(quickest)")
    }

    @Test func `a tenant is let in when it has been made, and no other is`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        let (acme, globex) = (site.material.acme, site.material.globex)
        try site.expect(403, "tenant.unknown", token: acme)
        try site.make("acme")
        try site.expect(200, token: acme)
        #expect(try site.gateway.code("GET /x", token: globex) == (403, "tenant.unknown"))
        let seen = try #require(upstream.requests.last)
        #expect(seen.all("X-Tenant-ID") == ["acme"] && seen.all("X-Tenant-Tier") == ["STARTER"])
        #expect(try site.gateway.metric("ringfence_directory_tenants") == 1)
        #expect(try site.gateway.probe("/readyz").status == 200)
    }

    @Test func `a suspended tenant is refused, and back when it is resumed`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        try site.make("globex")
        try site.expect(200, token: site.material.acme)
        try site.change("acme", #"{"state":"suspended"}"#)
        try site.expect(403, "tenant.suspended", token: site.material.acme)
        #expect(try site.gateway.ask("GET /x", token: site.material.globex).status == 200)
        try site.change("acme", #"{"state":"active"}"#)
        try site.expect(200, token: site.material.acme)
    }

    @Test func `D10 a suspended tenant's open streams are cut, and nobody else's`() throws {
        let uploads = Counter()
        let upstream = try Self.stream(uploads)
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        try site.make("globex")
        try eventually("both tenants") {
            try site.gateway.metric("ringfence_directory_tenants") == 2
        }
        var cut: [RawClient] = []
        var kept: [RawClient] = []
        for number in 0..<20 {
            let client = try site.gateway.connect()
            let token = number % 2 == 0 ? site.material.acme : site.material.globex
            try client.send(site.gateway.head("GET /x", token: token))
            _ = try client.read(through: "\r\n\r\n")
            if number % 2 == 0 { cut.append(client) } else { kept.append(client) }
        }
        // And one that is sending: the upstream never answers it.
        let sender = try site.gateway.connect()
        try sender.send(
            site.gateway.head("POST /upload", ["Content-Length: 1000000"]) + "some of it")
        try eventually("the upload") { uploads.value == 1 }
        try site.change("acme", #"{"state":"suspended"}"#)
        for client in cut {
            let seen = try client.drain()
            // No last chunk: what is not whole does not look whole.
            #expect(seen.ending == .reset)
        }
        let refused = try sender.readResponse()
        #expect(refused.status == 403)
        #expect(RunningGateway.code(of: refused) == "tenant.suspended")
        for client in kept {
            for _ in 0..<3 { #expect(try client.read(through: "tick\r\n").count > 0) }
        }
    }

    /// Answers every GET with chunks that do not end, and no POST at all.
    private static func stream(_ uploads: Counter) throws -> RawServer {
        try RawServer { peer in
            let head = try peer.read(through: "\r\n\r\n")
            if head.starts(with: Array("POST".utf8)) {
                uploads.increment()
                _ = try? peer.readUntilClose()
                return
            }
            try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<24_000 {
                try peer.send("6\r\ntick\r\n\r\n")
                // A pause, and an end when the gateway has gone.
                guard peer.isSilent(seconds: 0.05) else { return }
            }
        }
    }

    @Test func `D8 a change of tier in the middle of a window keeps the count`() throws {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.requests = ["STARTER": "6/min", "GROWTH": "9/min"]
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try eventually("the tenant") {
            try site.gateway.metric("ringfence_directory_tenants") == 1
        }
        func remaining() throws -> String? {
            try site.gateway.ask("GET /x").only("X-RateLimit-Remaining")
        }
        for left in [5, 4, 3] { #expect(try remaining() == "\(left)") }
        let version = try site.gateway.metric("ringfence_directory_version")
        try site.change("acme", #"{"tier":"GROWTH"}"#)
        try eventually("the change") {
            try site.gateway.metric("ringfence_directory_version") > version
        }
        for left in [5, 4, 3, 2, 1, 0] { #expect(try remaining() == "\(left)") }
        #expect(try site.gateway.code("GET /x") == (429, "rate.limited"))
    }

    @Test func `without the backend what is known counts for a while, and then nobody is let in`()
        throws
    {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.maxStale = "6s"
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        let start = Date()
        try site.killBackend()
        let status = try site.gateway.ask("GET /x").status
        #expect(status == 200 || Date().timeIntervalSince(start) > 2)
        try site.expect(503, "directory.unavailable", token: site.material.acme)
        #expect(try site.gateway.probe("/readyz").status == 503)
        #expect(try site.gateway.metric("ringfence_directory_connected") == 0)
        // Who is no tenant is not kept out by it.
        #expect(try site.gateway.ask("GET /open/x").status == 200)
        #expect(try site.gateway.code("GET /x", token: "nonsense").status == 401)
        try site.startBackend()
        try site.expect(200, token: site.material.acme)
        #expect(try site.gateway.probe("/readyz").status == 200)
    }

    @Test func `a gateway that starts while the backend is down goes by its copy`() throws {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.isCached = true
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        try site.restartGateway { try site.killBackend() }
        #expect(site.gateway.process.errorOutput.contains("begins with a copy"))
        #expect(try site.gateway.ask("GET /x").status == 200)
        let copy = "\(site.folder.path)/tenants.copy"
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        // A copy that somebody has changed is none.
        let text = try String(contentsOfFile: copy, encoding: .utf8)
        try site.restartGateway {
            try text.replacingOccurrences(of: "\"acme\"", with: "\"evil\"")
                .write(toFile: copy, atomically: false, encoding: .utf8)
        }
        #expect(site.gateway.process.errorOutput.contains("not used"))
        #expect(try site.gateway.code("GET /x") == (503, "directory.unavailable"))
        #expect(try site.gateway.probe("/readyz").text.contains("nothing is known"))
        // The backend comes, and so does everything.
        try site.startBackend()
        try site.expect(200, token: site.material.acme)
    }

    @Test func `a copy of another feed lets nobody in`() throws {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.isCached = true
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        let copy = "\(site.folder.path)/tenants.copy"
        try site.restartGateway(feed: "other.sock") { try site.killBackend() }
        let said = site.gateway.process.errorOutput
        #expect(said.contains("is not used: it is of another feed"), "\(said)")
        #expect(try site.gateway.code("GET /x") == (503, "directory.unavailable"))
        // It is left as it is, and good for its own feed; nobody can read an address in it.
        #expect(try !String(contentsOfFile: copy, encoding: .utf8).contains(".sock"))
        try site.restartGateway()
        #expect(try site.gateway.ask("GET /x").status == 200)
    }

    @Test func `a copy that is too old lets nobody in`() throws {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.isCached = true
        settings.maxStale = "5s"
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        try site.killBackend()
        try site.expect(503, "directory.unavailable", token: site.material.acme)
        // A copy knows whole seconds: it is too old by all of them.
        try site.restartGateway {
            try eventually("an old copy") {
                Int(Date().timeIntervalSince1970) - (try site.copyIsOf()) > 6
            }
        }
        #expect(try site.gateway.code("GET /x") == (503, "directory.unavailable"))
        #expect(try site.gateway.probe("/readyz").text.contains("s old, at most 5 s"))
    }

    @Test func `N5 a gateway that was away learns what has changed, a deleted tenant included`()
        throws
    {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.isCached = true
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.make("globex")
        try site.expect(200, token: site.material.globex)
        try eventually("a copy of both") {
            let text = try? String(
                contentsOfFile: "\(site.folder.path)/tenants.copy", encoding: .utf8)
            return text?.contains("globex") == true
        }
        site.gateway.process.signal(SIGSTOP)
        // The gateway is the way to the backend, so the change is made beside it.
        _ = try site.sql(
            "SELECT set_config('app.current_vendor', (SELECT vendor_id::text FROM "
                + "ringfence.tenants LIMIT 1), false);"
                + "UPDATE ringfence.tenants SET state = 'deleted' WHERE external_id = 'acme';")
        site.gateway.process.signal(SIGCONT)
        try site.expect(403, "tenant.unknown", token: site.material.acme)
        #expect(try site.gateway.ask("GET /x", token: site.material.globex).status == 200)
        #expect(try site.gateway.metric("ringfence_directory_reloads") == 0)
    }

    @Test func `a deleted tenant's name is never given again`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        try site.vendor("DELETE /v1/tenants/acme", expecting: 204)
        try site.expect(403, "tenant.unknown", token: site.material.acme)
        try site.vendor("GET /v1/tenants/acme", expecting: 404)
        try site.vendor(
            "POST /v1/tenants", #"{"external_id":"acme","name":"a","tier":"GROWTH"}"#,
            expecting: 409)
        #expect(try !site.vendor("GET /v1/tenants", expecting: 200).text.contains("acme"))
    }

    @Test func `a restored database is read anew`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        try site.make("globex")
        try site.expect(200, token: site.material.globex)
        // As after a restore to before globex was made, with as many changes made since.
        _ = try site.sql(
            "SET session_replication_role = replica;"
                + "DELETE FROM ringfence.audit; DELETE FROM ringfence.tenants "
                + "WHERE external_id = 'globex';"
                + "UPDATE ringfence.feed_marks SET mark = gen_random_uuid();"
                + "UPDATE ringfence.feeds SET version = version + 1;"
                + "INSERT INTO ringfence.feed_marks (vendor_id, version) "
                + "SELECT vendor_id, version FROM ringfence.feeds;"
                + "UPDATE ringfence.tenants SET version = (SELECT version FROM ringfence.feeds)")
        try site.expect(403, "tenant.unknown", token: site.material.globex)
        #expect(try site.gateway.ask("GET /x", token: site.material.acme).status == 200)
        #expect(try site.gateway.metric("ringfence_directory_reloads") == 1)
    }

    @Test func `tokens are voided, all of them or one`() throws {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        try site.make("acme")
        let one = try site.material.token(tenant: "acme", more: #","jti":"one""#)
        let two = try site.material.token(tenant: "acme", more: #","jti":"two""#)
        try site.expect(200, token: one)
        #expect(try site.gateway.ask("GET /x", token: two).status == 200)
        try site.vendor("POST /v1/tenants/acme/revocations", #"{"jti":"one"}"#, expecting: 201)
        try site.expect(401, "token.invalid", token: one)
        #expect(try site.gateway.ask("GET /x", token: two).status == 200)
        try site.vendor("POST /v1/tenants/acme/revocations", "{}", expecting: 201)
        try site.expect(401, "token.invalid", token: two)
        // Tokens of the very second are void too, so there is one that holds a moment later.
        try eventually("a token that holds") {
            let three = try site.material.token(tenant: "acme", more: #","jti":"three""#)
            return try site.gateway.ask("GET /x", token: three).status == 200
        }
    }

    @Test func `a feed on TCP is read with its secret and not without`() throws {
        let upstream = try RecorderUpstream()
        let port = try ReservedPort.choose()
        var settings = DirectorySite.Settings()
        settings.feed = "127.0.0.1:\(port)"
        settings.feedSecret = DirectorySite.secret()
        let site = try DirectorySite(upstream: upstream.port, settings)
        try site.make("acme")
        try site.expect(200, token: site.material.acme)
        let client = try RawClient(port: port)
        try client.send(
            "GET /feed?wait=0&vendor=default&since=0&head=0&mark= HTTP/1.1\r\nHost: f\r\n\r\n")
        let refused = try client.readResponse()
        #expect(refused.status == 401 && !refused.text.contains("acme"))
        settings.gatewayFeedSecret = DirectorySite.secret()
        settings.feed = "127.0.0.1:\(try ReservedPort.choose())"
        let other = try DirectorySite(upstream: upstream.port, settings)
        try other.gateway.expect("refuses the secret")
        #expect(try other.gateway.code("GET /x") == (503, "directory.unavailable"))
    }
}

/// How often something has happened, counted by other threads.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() { count.add(1, ordering: .relaxed) }
}
