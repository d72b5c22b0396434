import Foundation
import TestSupport
import Testing

/// `db verify` of our own schema, and what `run` does with it.
@Suite struct `Proof of our own database` {
    struct Place {
        let cluster: PostgresCluster
        let database: TestDatabase
        let folder: TemporaryFolder
        let config: String

        init(_ context: String = "plain", verify: String? = nil) throws {
            cluster = try PostgresCluster.shared()
            database = try cluster.makeDatabase()
            folder = try TemporaryFolder()
            config = try RunningBackend.writePolicy(
                to: folder, owner: database.ownerURL, runtime: database.runtimeURL,
                context: context, admin: context == "sealed" ? database.adminURL : nil)
            let migration = try run("db", "migrate")
            guard migration.end == .exited(0) else {
                throw TestSupportError.closedEarly(migration.errorOutput)
            }
            guard let verify else { return }
            let text = try String(contentsOfFile: config, encoding: .utf8)
            try folder.write(
                text.replacingOccurrences(of: "workers: 2", with: "workers: 2, verify: \(verify)"),
                to: "backend.yaml")
        }

        func run(_ words: String...) throws -> (
            end: ChildProcess.End, output: String, errorOutput: String
        ) {
            try RunningBackend.run(words + ["--config", config])
        }
    }

    @Test(arguments: ["sealed", "statement", "plain"])
    func `proves every table, of tenants and of vendors`(_ context: String) throws {
        let result = try Place(context).run("db", "verify")
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        for table in [
            "api_keys", "audit", "domains", "events", "feed_marks", "feeds", "revocations",
            "tenants", "vendors",
        ] {
            #expect(result.output.contains("PROVEN   ringfence.\(table) "), "\(table)")
        }
        #expect(result.output.contains("0 failed"))
        #expect(result.output.contains("\(context) mode"), "\(result.output)")
        #expect(result.output.contains("[B9]") == (context == "plain"), "\(result.output)")
    }

    @Test(arguments: [
        ("ALTER TABLE ringfence.events NO FORCE ROW LEVEL SECURITY", Int32(1), "[B2]"),
        ("ALTER TABLE ringfence.audit DISABLE ROW LEVEL SECURITY", 5, "[B1]"),
        (
            "DROP POLICY tenants_floor ON ringfence.tenants; "
                + "ALTER POLICY own_row ON ringfence.tenants USING (true)", 5, "[T1]"
        ),
        ("GRANT TRUNCATE ON ringfence.domains TO %r", 5, "[C1]"),
    ]) func `fails when something was changed by hand`(
        _ sql: String, _ code: Int32, _ rule: String
    ) throws {
        let place = try Place()
        try place.cluster.run(
            sql: sql.replacingOccurrences(of: "%r", with: place.database.runtime),
            in: place.database)
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(code), "\(result.output)")
        #expect(result.output.contains(rule), "\(result.output)")
    }

    @Test func `a database out of reach is 4`() throws {
        let place = try Place()
        try place.folder.write("postgresql://x@/x?host=/nonexistent\n", to: "runtime.dsn")
        #expect(try place.run("db", "verify").end == .exited(4))
    }

    @Test func `another database is named by its login`() throws {
        let place = try Place()
        let file = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        let result = try RunningBackend.run([
            "db", "verify", "--login-file", file, "--setting", "app.current_tenant", "--json",
        ])
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        #expect(result.output.hasPrefix("{"))
    }

    @Test(arguments: [
        ["--config", "a", "--login-file", "b"], ["--setting", "a", "--guard", "b"], ["--self-test"],
        ["--watch", "0"], ["--watch", "99ms"], ["--watch", "9999999999999999999"],
        ["--timeout", "x"], ["--profile", "other"], ["--tenants", "one"], ["--tenants", "one,one"],
        ["--allow-function", "f()=12"], ["--evidence", "x"], ["--odd"], ["--schema"],
        ["--setting", "a", "--setting", "b"],
    ]) func `words that make no sense are usage faults`(_ words: [String]) throws {
        let result = try RunningBackend.run(["db", "verify"] + words)
        #expect(result.end == .exited(64), "\(result.errorOutput)")
    }

    @Test func `a server that asks for proof refuses to start without it`() throws {
        let place = try Place(verify: "start")
        try place.cluster.run(
            sql: """
                CREATE SEQUENCE ringfence.numbers;
                GRANT SELECT ON SEQUENCE ringfence.numbers TO \(place.database.runtime);
                """, in: place.database)
        let result = try place.run("run")
        #expect(result.end == .exited(1), "\(result.errorOutput)")
        #expect(result.errorOutput.contains("[C12]"), "\(result.errorOutput)")
        #expect(result.errorOutput.contains("refusing to serve"))
    }
}
