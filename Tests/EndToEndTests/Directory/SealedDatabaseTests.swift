import Foundation
import Synchronization
import TestSupport
import Testing

/// From a tenant's token to rows, with a database that goes by the gateway's seal and by nothing
/// else.
@Suite struct `A sealed database behind the gateway` {
    /// A site with acme and globex, both let in, with one event each.
    private func site() throws -> (DirectorySite, RecorderUpstream) {
        let upstream = try RecorderUpstream()
        let site = try DirectorySite(upstream: upstream.port)
        for name in ["acme", "globex"] { try site.make(name) }
        for token in [site.material.acme, site.material.globex] {
            try site.expect(200, token: token)
            let sent = try post(site, token)
            #expect(sent.status == 202, "\(sent.text)")
        }
        return (site, upstream)
    }

    private func post(_ site: DirectorySite, _ token: String) throws -> RawResponse {
        let body = #"{"topic":"order.paid","payload":{"n":1}}"#
        return try site.gateway.ask(
            "POST /v1/events",
            ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"], body: body,
            token: token)
    }

    private func events(_ site: DirectorySite, _ token: String) throws -> [[String: Any]] {
        let answer = try site.gateway.ask("GET /v1/events", token: token)
        #expect(answer.status == 200, "\(answer.text)")
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["data"] as? [[String: Any]])
    }

    @Test func `opens for the token's tenant, and for nobody without the gateway`() throws {
        let (site, upstream) = try site()
        defer { upstream.stop() }
        let acme = try events(site, site.material.acme)
        let globex = try events(site, site.material.globex)
        #expect(acme.count == 1 && globex.count == 1)
        let ids = [acme, globex].compactMap { $0.first?["id"] as? String }
        #expect(Set(ids).count == 2)
        let foreign = try site.gateway.code("GET /v1/events/\(ids[1])", token: site.material.acme)
        #expect(foreign == (404, "resource.not_found"))
        #expect(try site.sql("SELECT count(*) FROM ringfence.events") == "2\n")
    }

    /// What somebody does with the runtime role's connection string, and nothing else.
    static let attempts = [
        "SELECT 1",
        "SELECT set_config('app.current_tenant', '%t', false)",
        "SELECT set_config('app.current_vendor', '%v', false)",
        "SET backtrace_functions = '%h,'",
        "SELECT set_config('backtrace_functions', '%h,', false)",
        "SET app.seal = 's1k001t%t17000000300000'",
        "SELECT ringfence_guard.enter('s1k001t%t1999999999' || repeat('0', 64))",
        "SELECT ringfence_guard.act_as('%t', 'x', gen_random_uuid(), 'me', 'look', NULL, '{}')",
        "SET ROLE ringfence_guard", "SET ROLE ringfence_owner", "SET row_security = off",
        "SELECT ipad FROM ringfence_guard.keys",
        "SELECT * FROM ringfence_guard.claim('deliver', 10, '1 min')",
        "CREATE TEMP TABLE events (tenant_id uuid)",
        "SELECT ringfence_guard.mint('%t', 60)",
    ]

    @Test func `reads nothing for a leaked connection string of the backend`() throws {
        let (site, upstream) = try site()
        defer { upstream.stop() }
        let row = try site.sql("SELECT id, vendor_id FROM ringfence.tenants LIMIT 1")
        let ids = row.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "|")
        try #require(ids.count == 2)
        for attempt in Self.attempts {
            let sql = attempt.replacingOccurrences(of: "%t", with: ids[0])
                .replacingOccurrences(of: "%v", with: ids[1])
                .replacingOccurrences(of: "%h", with: ids[0].replacing("-", with: ""))
            for isBegun in [false, true] {
                let done = try look(site, isBegun ? ["BEGIN", sql] : [sql])
                let counts = done.output.split(separator: "\n").filter { $0.hasPrefix("rows|") }
                #expect(counts.allSatisfy { $0.hasSuffix("|0") }, "\(sql): \(done.output)")
                // An error ends the transaction; outside of one every table has answered.
                let isComplete =
                    counts.count == Self.tables.count || isBegun || sql.contains("row_security")
                #expect(isComplete, "\(sql): \(done.errorOutput)")
            }
        }
        // The same look does see, through a seal of the gateway's key: made by hand here.
        let seal = try handmadeSeal(of: String(ids[0]), site)
        let good = try look(site, ["BEGIN", "SELECT ringfence_guard.enter('\(seal)')"])
        #expect(good.output.contains("events|1") && good.output.contains("tenants|1"))
        let unbegun = try look(site, ["SELECT ringfence_guard.enter('\(seal)')"])
        #expect(!unbegun.output.contains("|1"), "\(unbegun.output)")
    }

    private static let tables = [
        "events", "tenants", "vendors", "api_keys", "domains", "revocations", "feeds",
    ]

    /// Logs in with the backend's connection string, says `lines`, and counts every table's rows.
    private func look(
        _ site: DirectorySite, _ lines: [String]
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        let all =
            lines
            + Self.tables.map { "SELECT 'rows', '\($0)', count(*) FROM ringfence.\($0)" }
        return try ChildProcess.run(
            "psql", [site.database.runtimeURL, "-XqAt"] + all.flatMap { ["-c", $0] })
    }

    /// A seal as docs/backend.md describes it, by openssl.
    private func handmadeSeal(of tenant: String, _ site: DirectorySite) throws -> String {
        let line = try String(contentsOfFile: "\(site.folder.path)/seal.key", encoding: .utf8)
        let parts = line.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":")
        let body = "s1\(parts[1])t\(tenant)\(Int(Date().timeIntervalSince1970) + 30)"
        let made = try ChildProcess.run(
            "sh",
            [
                "-c",
                "printf 'ringfence-seal|%s|%s' '\(parts[2])' '\(body)' | openssl dgst -sha256 "
                    + "-mac HMAC -macopt hexkey:\(parts[3]) -r",
            ])
        return try body + String(#require(made.output.split(separator: " ").first))
    }

    // MARK: Rotation

    /// One client that asks on and on, and the statuses it saw.
    private final class Traffic: Sendable {
        private let seen = Mutex<[Int: Int]>([:])
        private let isOver = Atomic(false)
        private let done = Gate()

        init(_ gateway: RunningGateway, token: String) {
            Thread.detachNewThread { [self] in
                defer { done.open() }
                while !isOver.load(ordering: .relaxed) {
                    let status = (try? gateway.ask("GET /v1/events", token: token).status) ?? 0
                    seen.withLock { $0[status, default: 0] += 1 }
                }
            }
        }

        var count: Int { seen.withLock { $0.values.reduce(0, +) } }

        /// Waits until so many more were answered.
        func goOn(_ more: Int) throws {
            let goal = count + more
            try eventually("\(goal) answers") { count >= goal }
        }

        func end() -> [Int: Int] {
            isOver.store(true, ordering: .relaxed)
            done.wait()
            return seen.withLock { $0 }
        }
    }

    @Test func `changes its key while requests go on, and no request notices`() throws {
        let (site, upstream) = try site()
        defer { upstream.stop() }
        let first = try kid(site)
        let traffic = Traffic(site.gateway, token: site.material.acme)
        try traffic.goOn(20)
        // Known to the database before any gateway uses it.
        try DirectorySite.makeSealKey("next.key", in: site.folder)
        try FileManager.default.removeItem(atPath: "\(site.folder.path)/seal.key")
        try FileManager.default.moveItem(
            atPath: "\(site.folder.path)/next.key", toPath: "\(site.folder.path)/seal.key")
        let second = try kid(site)
        #expect(first != second)
        try traffic.goOn(20)
        site.gateway.process.signal(SIGHUP)
        try site.gateway.expect("reloaded")
        try traffic.goOn(20)
        try DirectorySite.sealKeys("retire", [first], in: site.folder)
        let list = try DirectorySite.sealKeys("list", in: site.folder)
        #expect(list.contains("\(first) retired") && list.contains("\(second) valid"), "\(list)")
        try traffic.goOn(20)
        let seen = traffic.end()
        #expect(Array(seen.keys) == [200], "\(seen)")
        // The feed has gone on under the new key too.
        try site.change("acme", #"{"state":"suspended"}"#)
        try site.expect(403, "tenant.suspended", token: site.material.acme)
    }

    @Test func `refuses a gateway with a retired key with 503, until it has the new one`() throws {
        let (site, upstream) = try site()
        defer { upstream.stop() }
        let first = try kid(site)
        try DirectorySite.sealKeys("retire", [first], in: site.folder)
        let token = site.material.acme
        #expect(try site.gateway.code("GET /v1/events", token: token) == (503, "database.seal"))
        #expect(try post(site, token).status == 503)
        #expect(try site.sql("SELECT count(*) FROM ringfence.events") == "2\n")
        let key = try String(contentsOfFile: "\(site.folder.path)/vendor.key", encoding: .utf8)
        #expect(try site.gateway.code("GET /v1/tenants", token: key) == (503, "database.seal"))
        try site.gateway.expect("the backend's feed answers 503")
        try FileManager.default.removeItem(atPath: "\(site.folder.path)/seal.key")
        try DirectorySite.makeSealKey("seal.key", in: site.folder)
        site.gateway.process.signal(SIGHUP)
        try site.gateway.expect("reloaded")
        #expect(try events(site, token).count == 1)
        try site.make("initech")
        try eventually("the third tenant") {
            try site.gateway.metric("ringfence_directory_tenants") == 3
        }
    }

    private func kid(_ site: DirectorySite) throws -> String {
        let line = try String(contentsOfFile: "\(site.folder.path)/seal.key", encoding: .utf8)
        return try String(#require(line.split(separator: ":").dropFirst().first))
    }
}
