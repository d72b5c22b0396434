import Foundation
import LocalPostgres
import Synchronization
import TestSupport
import Testing

@Suite struct `A database that goes away` {
    @Test func `is 503 while it is gone and served again when it is back, under load`() throws {
        let folder = try TemporaryFolder()
        // Durable, as in production: what was answered must have been on disk.
        let options = PostgresServer.Options(folder: folder.path + "/state")
        let server = try PostgresServer.start(options)
        let access = try server.prepareDatabase("outage", owner: "out_owner", runtime: "out_run")
        let backend = try RunningBackend(
            owner: access.ownerURL, runtime: access.runtimeURL, workers: 3, deadline: "10s")
        let tenant = try backend.makeTenant()

        let load = Load(backend, tenant)
        load.start(clients: 4)
        defer { load.stop() }
        try eventually("answers before") { load.count(202) > 20 }
        kill(server.processID, SIGKILL)
        server.stop()
        try eventually("refusals") { load.count(503) > 20 }
        try eventually("unreadiness") {
            try backend.health("/readyz").status == 503
        }
        #expect(try backend.health("/livez").status == 200)
        let refused = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope)
        #expect((refused.status, refused.code) == (503, "database.unavailable"))
        #expect(refused.only("Retry-After") == "1")
        #expect(refused.only("Ringfence-Tenant") == tenant.id)

        let again = try PostgresServer.start(options)
        let before = load.count(202)
        try eventually("answers after") { load.count(202) > before + 20 }
        try eventually("readiness") {
            try backend.health("/readyz").status == 200
        }
        load.stop()
        #expect(backend.process.end == nil)
        // Nothing but the two: no half answers, no cut connections.
        #expect(load.others == [:])
        // Every confirmed event is there: a kill loses nothing that was answered 202, and each
        // request that was answered 503 wrote at most its own row.
        let written = try number(again, "SELECT count(*) FROM ringfence.events")
        #expect(written >= load.count(202))
        #expect(written <= load.count(202) + load.count(503))
        again.stop()
    }

    private func number(_ server: PostgresServer, _ sql: String) throws -> Int {
        Int(try server.run(sql: sql, database: "outage").trimmingCharacters(in: .newlines)) ?? -1
    }

    @Test func `loses sessions and finds new ones`() throws {
        // One worker: a login of another, cut in the middle, would make the database look worse.
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        for number in 0..<8 {
            try backend.look(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = '\(runtime)'
                """)
            // A dead session is noticed before it is used or, by repeating what may be repeated,
            // while it is.
            let answer = try backend.send("GET", "/v1/events", as: tenant.scope)
            #expect(answer.status == 200, "\(answer.text)")
            let published = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"a","payload":{},"id":"n\#(number)"}"#,
                as: tenant.scope)
            #expect(published.status == 202, "\(published.text)")
        }
        #expect(try backend.look("SELECT count(*) FROM ringfence.events") == "8")
        #expect(try backend.metric("ringfence_backend_database_logins_total") >= 5)
    }
}

/// Clients that publish one event after another and count what they are told.
private final class Load: Sendable {
    private let backend: RunningBackend
    private let tenant: Tenant
    private let answers = Mutex<[Int: Int]>([:])
    private let faults = Mutex<[String: Int]>([:])
    private let isStopped = Atomic<Bool>(false)
    private let group = DispatchGroup()

    init(_ backend: RunningBackend, _ tenant: Tenant) {
        self.backend = backend
        self.tenant = tenant
    }

    func start(clients: Int) {
        for _ in 0..<clients {
            group.enter()
            Thread { [self] in
                while !isStopped.load(ordering: .relaxed) { publish() }
                group.leave()
            }.start()
        }
    }

    private func publish() {
        do {
            let answer = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"load","payload":{}}"#, as: tenant.scope)
            answers.withLock { $0[answer.status, default: 0] += 1 }
        } catch {
            faults.withLock { $0["\(error)", default: 0] += 1 }
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        _ = group.wait(timeout: .now() + Patience.seconds)
    }

    func count(_ status: Int) -> Int { answers.withLock { $0[status] ?? 0 } }

    var others: [String: Int] {
        var others = faults.withLock { $0 }
        for (status, count) in answers.withLock({ $0 }) where status != 202 && status != 503 {
            others["\(status)"] = count
        }
        return others
    }
}

@Suite struct `Bounds of the database workers` {
    /// Holds the lock of one tenant's row or table, so that requests wait.
    private func hold(_ backend: RunningBackend, _ sql: String) throws -> ChildProcess {
        let database = try #require(backend.database)
        let holder = try ChildProcess(
            "psql", ["--no-psqlrc", "--quiet", database.adminURL],
            input: "BEGIN; \(sql); SELECT 'held' AS state;\nSELECT 'holder', pg_sleep(60);\n")
        try holder.waitForOutput("held")
        return holder
    }

    /// Ends the session that holds: the server would finish its sleep though its client is gone.
    private func release(_ backend: RunningBackend) throws {
        try backend.look(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query LIKE 'SELECT ''holder''%'
            AND datname = current_database()
            """)
    }

    @Test func `a full queue is 503 at once, and empties itself by the deadline`() throws {
        let backend = try RunningBackend(workers: 1, deadline: "20s")
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        let holder = try hold(backend, "LOCK TABLE ringfence.events")
        defer { holder.signal(SIGKILL) }
        // Everything is made beforehand, so that the last one is sent long before the first
        // deadline; assertions and seals live longer than that.
        let gateway = Gateway(lifetimeSeconds: 300)
        let requests = try (0..<80).map { _ in
            let assertion = try gateway.assertion(
                .init(method: "GET", target: "/v1/events"), for: tenant.scope,
                sealKey: backend.sealKey)
            return RunningBackend.head(
                "GET", "/v1/events", ["Ringfence-Assertion: \(assertion)"], body: [],
                contentType: nil)
        }
        let clients = try requests.map { _ in try RawClient(port: backend.apiPort) }
        // One runs, 64 wait, the others find no place.
        try clients[0].send(requests[0])
        try eventually("the first one to wait for the lock") {
            try backend.look(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND usename = '\(runtime)' AND wait_event_type = 'Lock'
                """) == "1"
        }
        for (client, request) in zip(clients, requests).dropFirst() { try client.send(request) }
        var found: [String: Int] = [:]
        for client in clients {
            let answer = try client.readResponse()
            #expect(answer.only("Retry-After") == "1")
            found[answer.code ?? "none", default: 0] += 1
        }
        #expect(found == ["database.unavailable": 15, "database.timeout": 65])
        try release(backend)
        try eventually("service") {
            try backend.send("GET", "/v1/events", as: tenant.scope).status == 200
        }
    }

    @Test func `a statement that hangs is answered by our deadline`() throws {
        let backend = try RunningBackend(workers: 2, deadline: "3s")
        let tenant = try backend.makeTenant()
        let holder = try hold(backend, "LOCK TABLE ringfence.events")
        defer { holder.signal(SIGKILL) }
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope)
        #expect((answer.status, answer.code) == (503, "database.timeout"))
        #expect(answer.only("Ringfence-Tenant") == tenant.id)
        // Directory requests are not held up by it.
        try eventually("a directory request") {
            try backend.send("GET", "/v1/tenants", as: .vendor()).status == 200
        }
    }

    @Test func `what cannot be audited is not done`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        try backend.look("REVOKE INSERT ON ringfence.audit FROM \(runtime), ringfence_guard")
        let requests: [(String, String, String)] = [
            ("POST", "/v1/tenants", #"{"external_id":"unaudited","name":"x","tier":"SCALE"}"#),
            ("PATCH", "/v1/tenants/\(tenant.externalID)", #"{"tier":"SCALE"}"#),
            (
                "POST", "/v1/events",
                #"{"topic":"a","payload":{},"customerExternalId":"\#(tenant.externalID)"}"#
            ),
        ]
        for (method, target, body) in requests {
            let answer = try backend.send(method, target, body: body, as: .vendor())
            #expect((answer.status, answer.code) == (500, "internal.error"), "\(answer.text)")
        }
        let left = try backend.look(
            """
            SELECT (SELECT count(*) FROM ringfence.events),
                (SELECT count(*) FROM ringfence.tenants),
                (SELECT tier FROM ringfence.tenants WHERE id = '\(tenant.id)')
            """)
        #expect(left == "0|1|STARTER")
    }

    @Test func `a full disk fails a request whose audit row it does not take`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        // What the server answers when it cannot extend a file (53100).
        try backend.look(
            """
            CREATE FUNCTION public.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
            END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON ringfence.audit
            FOR EACH ROW EXECUTE FUNCTION public.disk_full()
            """)
        let answer = try backend.send(
            "POST", "/v1/events",
            body: #"{"topic":"a","payload":{},"customerExternalId":"\#(tenant.externalID)"}"#,
            as: .vendor())
        #expect((answer.status, answer.code) == (503, "database.unavailable"), "\(answer.text)")
        #expect(answer.only("Retry-After") == "1")
        #expect(try backend.look("SELECT count(*) FROM ringfence.events") == "0")
        try backend.look("DROP TRIGGER full_disk ON ringfence.audit")
        let again = try backend.send(
            "POST", "/v1/events",
            body: #"{"topic":"a","payload":{},"customerExternalId":"\#(tenant.externalID)"}"#,
            as: .vendor())
        #expect(again.status == 202)
    }

    @Test func `a server that only reads is 503 for what writes`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        try backend.look("ALTER ROLE \(runtime) SET default_transaction_read_only = on")
        try backend.look(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'")
        try eventually("the new session") {
            try backend.metric("ringfence_backend_database_logins_total") > 1
        }
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope)
        #expect((answer.status, answer.code) == (503, "database.unavailable"), "\(answer.text)")
        #expect(try backend.send("GET", "/v1/events", as: tenant.scope).status == 200)
    }

    @Test func `what is set for the role does not reach a session of ours`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        for setting in [
            "row_security = off", "search_path = public",
            "default_transaction_isolation = serializable",
            "datestyle = 'German'", "bytea_output = 'escape'", "timezone = 'Asia/Kathmandu'",
        ] {
            try backend.look("ALTER ROLE \(runtime) SET \(setting)")
        }
        try backend.look(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'")
        try eventually("the new session") {
            try backend.metric("ringfence_backend_database_logins_total") > 1
        }
        let published = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope)
        #expect(published.status == 202, "\(published.text)")
        #expect((published.json["created_at"] as? String)?.hasSuffix("Z") == true)
    }

    @Test func `a schema that is opened is served from no more after the next login`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'"
        try backend.look("CREATE POLICY open ON ringfence.tenants FOR SELECT USING (true)")
        try backend.look(end)
        try eventually("unreadiness") {
            try backend.health("/readyz").status == 503
        }
        #expect(try backend.send("GET", "/v1/events", as: tenant.scope).status == 503)
        try backend.look("DROP POLICY open ON ringfence.tenants")
        // Without another login: an unfit schema is looked at every second.
        try eventually("service") {
            try backend.send("GET", "/v1/events", as: tenant.scope).status == 200
        }
    }

    @Test func `whoever asks without a pause does not keep the database away`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'"
        let load = Load(backend, tenant)
        load.start(clients: 4)
        defer { load.stop() }
        try backend.look("CREATE POLICY open ON ringfence.tenants FOR SELECT USING (true)")
        try backend.look(end)
        try eventually("unreadiness") { try backend.health("/readyz").status == 503 }
        // The session that would have found the repair is gone.
        try backend.look(end)
        try eventually("refusals") { load.count(503) > 20 }
        try backend.look("DROP POLICY open ON ringfence.tenants")
        let before = load.count(202)
        try eventually("service") { load.count(202) > before }
    }

    @Test func `a role that becomes powerful is served from no more`() throws {
        let backend = try RunningBackend(workers: 1)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        try backend.look("ALTER ROLE \(runtime) BYPASSRLS")
        try backend.look(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'")
        try eventually("refusal") {
            try backend.send("GET", "/v1/events", as: tenant.scope).status == 503
        }
        try eventually("unreadiness") {
            try backend.health("/readyz").status == 503
        }
        try backend.look("ALTER ROLE \(runtime) NOBYPASSRLS")
        try backend.look(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'")
        try eventually("service") {
            try backend.send("GET", "/v1/events", as: tenant.scope).status == 200
        }
    }
}
