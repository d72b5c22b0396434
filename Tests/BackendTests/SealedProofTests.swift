import Foundation
import Postgres
import TestSupport
import Testing
import Verification

/// `db verify` where the database believes seals.
@Suite(.timeLimit(.minutes(30))) struct `Proof of the sealed context` {
    typealias Place = `Proof of our own database`.Place

    struct Probe: Equatable {
        let name: String
        let outcome: String
        let observed: String
    }

    private func probes(_ json: String, _ rule: String) throws -> [Probe] {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
        let report = try #require(object as? [String: Any])
        let probes = try #require(report["probes"] as? [[String: Any]])
        return probes.filter { $0["probe"] as? String == rule }.map {
            Probe(
                name: $0["attempt"] as? String ?? "", outcome: $0["result"] as? String ?? "",
                observed: $0["observed"] as? String ?? "")
        }
    }

    @Test(arguments: ["sealed", "statement"])
    func `bad seals are tried and refused alike, and no seal shows`(_ context: String) throws {
        let place = try Place(context)
        let result = try place.run("db", "verify", "--json")
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        let forged = try probes(result.output, "L10")
        #expect(forged.allSatisfy { $0.outcome == "passed" }, "\(forged)")
        for kind in [
            "forged", "expired", "of too long a life", "of another database", "truncated",
            "lengthened", "of another tenant", "of an unknown key",
        ] {
            let probe = forged.first { $0.name == "a seal that is \(kind)" }
            #expect(probe?.observed == "28000", "\(kind)")
        }
        #expect(forged.count >= 20, "\(forged)")
        #expect(try probes(result.output, "L9").map(\.outcome) == ["passed"])
        // The key of the proof is over, and another proof takes it away.
        let left = "SELECT count(*) FROM ringfence_guard.keys WHERE kid LIKE 'pr%'"
        let valid = left + " AND not_after > now()"
        #expect(try place.cluster.run(sql: valid, in: place.database) == "0\n")
        _ = try place.run("db", "verify")
        #expect(try place.cluster.run(sql: left, in: place.database) == "1\n")
    }

    /// What a shell has a job ignore is ignored.
    @Test(arguments: [(SIGINT, false), (SIGTERM, false), (SIGHUP, true)])
    func `that is interrupted leaves no key behind`(
        _ signal: Int32, _ isIgnored: Bool
    ) throws {
        let place = try Place("sealed")
        let key = "SELECT kid FROM ringfence_guard.keys WHERE kid LIKE 'pr%' AND not_after > now()"
        // Nobody gets past this, so that the proof is under way when it is told to end.
        let barrier = Thread {
            _ = try? place.cluster.run(
                sql: "BEGIN; LOCK TABLE ringfence.events; SELECT pg_sleep(600)",
                in: place.database)
        }
        barrier.start()
        func look(_ sql: String) throws -> String {
            try place.cluster.run(sql: sql, in: place.database)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let sleeper =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            + " AND datname = current_database()"
        try eventually("the barrier") { try look(sleeper) == "1" }
        let proof = try ChildProcess(
            "sh",
            [
                "-c", isIgnored ? "trap '' HUP; exec \"$@\"" : "exec \"$@\"", "sh",
                BuiltProducts.path("ringfence-backend"), "db", "verify", "--config", place.config,
                "--timeout", "600000",
            ])
        try eventually("the key of the proof") { try !look(key).isEmpty }
        proof.signal(signal)
        if !isIgnored {
            #expect(try proof.wait() == .exited(128 + signal))
            #expect(try look(key) == "")
        }
        _ = try look(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                + " AND datname = current_database()")
        if isIgnored {
            #expect(try proof.wait() == .exited(0), "\(proof.output)")
            #expect(try look(key) == "")
        }
    }

    @Test func `a gateway's key serves as well, and without any the verdict is unproven`() throws {
        let place = try Place("sealed")
        let login = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        _ = try RunningBackend.makeSealKey("seal.key", place.folder, place.config)
        let words = [
            "db", "verify", "--login-file", login, "--guard", "ringfence_guard", "--profile",
            "ringfence",
        ]
        let sealed = try RunningBackend.run(
            words + ["--seal-key", "\(place.folder.path)/seal.key"])
        #expect(sealed.end == .exited(0), "\(sealed.output)\(sealed.errorOutput)")
        let bare = try RunningBackend.run(words)
        #expect(bare.end == .exited(1))
        #expect(bare.output.contains("no seal key was given"), "\(bare.output)")
    }

    @Test func `a database that is less than the configuration says is not proven`() throws {
        let place = try Place("statement")
        let text = try String(contentsOfFile: place.config, encoding: .utf8)
        try place.folder.write(
            text.replacingOccurrences(of: "context: statement", with: "context: sealed"),
            to: "backend.yaml")
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(1), "\(result.output)")
        #expect(result.output.contains("[B10]"), "\(result.output)")
        let plain = try Place("plain")
        try plain.folder.write(
            text.replacingOccurrences(of: "context: statement", with: "context: sealed"),
            to: "backend.yaml")
        let forgeable = try plain.run("db", "verify")
        #expect(forgeable.end == .exited(1), "\(forgeable.output)")
        #expect(forgeable.output.contains("[B9]"), "\(forgeable.output)")
    }

    /// `db verify --self-test` does all of them to its scratch copies; here those that several
    /// rules notice, with a key that the owner's login installs.
    @Test(arguments: Sabotage.guarded(.sealed).filter { !$0.others.isEmpty }.map(\.name))
    func `a guard that was tampered with is told`(_ name: String) throws {
        let place = try Place("sealed")
        let sabotage = try #require(
            Sabotage.guarded(.sealed).first { $0.name == name })
        func filled(_ text: String) -> String {
            text.replacingOccurrences(of: "{login}", with: place.database.runtime)
                .replacingOccurrences(of: "{owner}", with: place.database.owner)
                .replacingOccurrences(of: "{database}", with: place.database.name)
        }
        try place.cluster.run(sql: filled(sabotage.script), in: place.database)
        defer {
            _ = try? place.cluster.run(sql: filled(sabotage.undo ?? ""), in: place.database)
        }
        let result = try place.run("db", "verify")
        #expect(
            result.end == .exited(sabotage.exitCode), "\(result.output)\(result.errorOutput)")
        for rule in [sabotage.rule] + sabotage.others {
            #expect(result.output.contains("[\(rule.rawValue)]"), "\(rule) \(result.output)")
        }
    }

    @Test func `a guard of other schemas is known by naming them`() throws {
        let place = try Place("sealed")
        let other = try #require(
            GuardScript(mode: .sealed, schemas: ["ringfence", "shop"]))
        try place.cluster.run(sql: other.trigger, in: place.database)
        let ours = try place.run("db", "verify")
        #expect(ours.end == .exited(1), "\(ours.output)")
        #expect(ours.output.contains("guard_tables() is not the one"), "\(ours.output)")
        let posture = try place.run("db", "posture")
        #expect(posture.output.contains("switched off, changed or"), "\(posture.output)")
        let login = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        _ = try RunningBackend.makeSealKey("seal.key", place.folder, place.config)
        let named = try RunningBackend.run([
            "db", "verify", "--login-file", login, "--guard", "ringfence_guard", "--profile",
            "ringfence", "--schema", "ringfence", "--schema", "shop", "--global",
            "ringfence_migrations.applied", "--seal-key", "\(place.folder.path)/seal.key",
        ])
        #expect(named.end == .exited(0), "\(named.output)\(named.errorOutput)")
    }

    @Test func `tables that db protect brought under the guard are proven`() throws {
        let place = try Place("sealed")
        let shop = """
            CREATE SCHEMA shop AUTHORIZATION \(place.database.owner);
            GRANT USAGE ON SCHEMA shop TO \(place.database.runtime);
            SET ROLE \(place.database.owner);
            CREATE TABLE shop.customers (id uuid PRIMARY KEY, org uuid NOT NULL, name text);
            CREATE TABLE shop.orders (id uuid PRIMARY KEY, org uuid NOT NULL,
                customer uuid NOT NULL REFERENCES shop.customers (id), total integer);
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.customers, shop.orders
                TO \(place.database.runtime);
            INSERT INTO shop.customers SELECT gen_random_uuid(), gen_random_uuid(), 'x'
                FROM generate_series(1, 5);
            INSERT INTO shop.orders SELECT gen_random_uuid(), org, id, 1 FROM shop.customers;
            """
        try place.cluster.run(sql: shop, in: place.database)
        let open = try place.run("db", "verify")
        #expect(open.end != .exited(0), "\(open.output)")
        let protect = try place.run(
            "db", "protect", "shop.customers", "shop.orders", "--backfill", "shop.customers=org",
            "--backfill", "shop.orders=org", "--mode", "sealed", "--apply")
        #expect(protect.end == .exited(0), "\(protect.output)\(protect.errorOutput)")
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        for table in ["shop.customers", "shop.orders", "ringfence.events"] {
            #expect(result.output.contains("PROVEN   \(table) "), "\(table) \(result.output)")
        }
        // As somebody else's database, by its login, its guard and the gateway's key.
        let login = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        _ = try RunningBackend.makeSealKey("seal.key", place.folder, place.config)
        let foreign = try RunningBackend.run([
            "db", "verify", "--login-file", login, "--guard", "ringfence_guard", "--schema", "shop",
            "--profile", "generic", "--seal-key", "\(place.folder.path)/seal.key",
        ])
        #expect(foreign.end == .exited(0), "\(foreign.output)\(foreign.errorOutput)")
        #expect(foreign.output.contains("PROVEN   shop.orders "))
    }
}
