import Foundation
import TestSupport
import Testing

/// A database that `db migrate` made, tried as the runtime role with `psql`: whatever SQL says.
struct GuardedDatabase {
    static let acme = "018f0000-0000-7000-8000-00000000000a"
    static let globex = "018f0000-0000-7000-8000-00000000000b"
    static let vendor = "018f0000-0000-7000-8000-0000000000f1"
    static let otherVendor = "018f0000-0000-7000-8000-0000000000f2"

    let cluster: PostgresCluster
    let database: TestDatabase
    let folder: TemporaryFolder
    let context: String

    /// With two tenants, one of each vendor, and an event of each.
    init(_ context: String, hasAdmin: Bool = true) throws {
        self.context = context
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        folder = try TemporaryFolder()
        try configure(context, hasAdmin: hasAdmin)
        try migrate()
        try look(
            """
            INSERT INTO ringfence.vendors (id, name) VALUES
                ('\(Self.vendor)', 'one'), ('\(Self.otherVendor)', 'two');
            INSERT INTO ringfence.tenants (id, vendor_id, external_id, name, tier) VALUES
                ('\(Self.acme)', '\(Self.vendor)', 'acme', 'Acme', 'STARTER'),
                ('\(Self.globex)', '\(Self.otherVendor)', 'globex', 'Globex', 'STARTER');
            INSERT INTO ringfence.events (tenant_id, id, topic, payload) VALUES
                ('\(Self.acme)', gen_random_uuid(), 'acme.event', '{}'),
                ('\(Self.globex)', gen_random_uuid(), 'globex.event', '{}');
            """)
    }

    func configure(_ context: String, hasAdmin: Bool = true) throws {
        try RunningBackend.writePolicy(
            to: folder, owner: database.ownerURL, runtime: database.runtimeURL, context: context,
            admin: hasAdmin ? database.adminURL : nil)
    }

    @discardableResult func run(
        _ words: String...
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        try RunningBackend.run(words + ["--config", folder.path])
    }

    func migrate() throws {
        let result = try run("db", "migrate")
        guard result.end == .exited(0) else {
            throw TestSupportError.closedEarly(result.errorOutput)
        }
    }

    /// As a superuser.
    @discardableResult func look(_ sql: String) throws -> String {
        try cluster.run(sql: sql, in: database).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// As another login of this database: its output, and the SQLSTATE of the first error.
    func ask(_ sql: String, as url: String? = nil) throws -> (output: String, state: String?) {
        let script = try folder.write(sql + "\n", to: "\(UUID().uuidString).sql")
        let result = try ChildProcess.run(
            "/usr/lib/postgresql/15/bin/psql",
            [
                url ?? database.runtimeURL, "--no-psqlrc", "--quiet", "-At", "-v",
                "VERBOSITY=verbose", "-v", "ON_ERROR_STOP=1", "-f", script,
            ], environment: nil)
        let error = result.errorOutput.firstMatch(of: /(?:ERROR|FATAL): +([0-9A-Z]{5}):/)
        return (
            result.output.trimmingCharacters(in: .whitespacesAndNewlines),
            error.map { String($0.1) } ?? (result.end == .exited(0) ? nil : "no login")
        )
    }

    /// The line of a new key.
    func makeKey(_ name: String = "seal.key") throws -> SealKey {
        let path = "\(folder.path)/\(name)"
        let made = try run("db", "seal-key", "create", "--out", path)
        guard made.end == .exited(0) else {
            throw TestSupportError.closedEarly(made.errorOutput)
        }
        return try SealKey(String(contentsOfFile: path, encoding: .utf8), folder)
    }
}

/// An implementation of the seal's form of its own: what the program makes must not be the only
/// witness of what the database takes.
struct SealKey {
    var kid: String
    var database: String
    var bytes: [UInt8]
    private let folder: TemporaryFolder

    init(_ line: String, _ folder: TemporaryFolder) throws {
        self.folder = folder
        let form = /rfseal1:([a-z0-9]{4}):([^:]+):([0-9a-f]{64})\n/
        let match = try #require(try form.wholeMatch(in: line), "\(line)")
        (kid, database) = (String(match.1), String(match.2))
        let digits = Array(match.3)
        bytes = stride(from: 0, to: 64, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
    }

    func seal(_ scope: Character, _ id: String, seconds: Int = 30) throws -> String {
        let body = "s1\(kid)\(scope)\(id)\(Int(Date().timeIntervalSince1970) + seconds)"
        let path = try folder.write("ringfence-seal|\(database)|\(body)", to: "sealed")
        let key = bytes.map { String(format: "%02x", $0) }.joined()
        let made = try ChildProcess.run(
            "/usr/bin/openssl",
            ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(key)", "-r", path],
            environment: nil)
        guard made.end == .exited(0) else { throw TestSupportError.closedEarly(made.errorOutput) }
        return body + made.output.prefix(64)
    }
}

@Suite(.timeLimit(.minutes(30))) struct `The guard` {
    static let modes = ["sealed", "statement"]
    static let topics = "SELECT string_agg(topic, ',') FROM ringfence.events"

    private func enter(_ seal: String) -> String {
        "SELECT ringfence_guard.enter('\(seal)');"
    }

    /// What SQL of the role tries after it has entered acme; `%g` is globex as the slot writes it.
    static let forgeries = [
        "SET backtrace_functions = '%g,'", "SET LOCAL backtrace_functions = '%g,'",
        "RESET backtrace_functions", "SET backtrace_functions TO DEFAULT",
        "SELECT set_config('backtrace_functions', '%g,', true)",
        "SELECT set_config('backtrace_functions', '%g,', false)",
        "ALTER ROLE CURRENT_USER SET backtrace_functions = '%g,'",
        "SET app.current_tenant = '%G'", "SELECT set_config('app.current_tenant', '%G', true)",
        "SET LOCAL app.seal = '%s'", "SELECT set_config('app.seal', '%s', false)",
        "SET LOCAL app.seal = 'nonsense'", "RESET app.seal", "RESET ALL", "DISCARD TEMP",
        "ALTER ROLE CURRENT_USER SET app.seal = '%s'",
        "SELECT topic FROM ringfence.events,"
            + " (SELECT set_config('app.current_tenant', '%G', true)) AS x",
        "SELECT topic FROM ringfence.events, (SELECT set_config('app.seal', '%s', true)) AS x",
        "SELECT ringfence_guard.enter('%s')", "SELECT ringfence_guard.mint('%G', 60)",
        "SELECT ringfence_guard.sign('ringfence-seal|')",
        "SELECT * FROM ringfence_guard.keys", "TABLE ringfence_guard.work",
        "SELECT * FROM ringfence_guard.claim('x', 1, '1 min')",
        "SELECT * FROM ringfence_guard.list_keys()",
        "SELECT ringfence_guard.install_key('k999', '', '', now(), 'infinity')",
        "SELECT ringfence_guard.act_as('%G', 'why', gen_random_uuid(), NULL, 'x',"
            + " gen_random_uuid(), '{}')",
        "SELECT ringfence_guard.leave('%s')", "SET ROLE ringfence_guard",
        "SET SESSION AUTHORIZATION ringfence_guard", "CREATE TEMP TABLE events (topic text)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql RETURN '%G'::uuid",
        "DROP POLICY tenant_floor ON ringfence.events",
        "ALTER TABLE ringfence.events DISABLE ROW LEVEL SECURITY", "SET row_security = off",
        "TRUNCATE ringfence.events", "COPY ringfence.events (topic) FROM STDIN",
        "SELECT lo_from_bytea(0, 'x')",
        "DO $$ BEGIN PERFORM set_config('app.seal', '%s', true); END $$",
        "PREPARE p AS SELECT set_config('app.current_tenant', '%G', true); EXECUTE p",
        "SELECT query_to_xml('SELECT set_config(''app.current_tenant'', ''%G'', true)',"
            + " true, true, '')",
        "COMMIT; BEGIN", "ROLLBACK; BEGIN; SELECT set_config('app.current_tenant', '%G', true)",
        "SAVEPOINT s; ROLLBACK TO s",
    ]

    /// One session for all of them: each is tried in a transaction of its own, whatever it fails
    /// with, and what the policies let through after it is compared.
    @Test(arguments: modes)
    func `gives no foreign row to any SQL of the runtime role (threats 23 to 33)`(
        _ mode: String
    ) throws {
        let guarded = try GuardedDatabase(mode)
        let key = try guarded.makeKey()
        let own = try key.seal("t", GuardedDatabase.acme, seconds: 200)
        var forged = key
        forged.bytes[0] ^= 1
        let foreign = try forged.seal("t", GuardedDatabase.globex)
        let plain = GuardedDatabase.globex.replacingOccurrences(of: "-", with: "")
        #expect(try guarded.ask("BEGIN; \(enter(own)) \(Self.topics)").output == "acme.event")
        for forgery in Self.forgeries {
            let sql = forgery.replacingOccurrences(of: "%g", with: plain)
                .replacingOccurrences(of: "%G", with: GuardedDatabase.globex)
                .replacingOccurrences(of: "%s", with: foreign)
            let answer = try guarded.ask(
                "\\set ON_ERROR_STOP 0\nBEGIN; \(enter(own))\n\(sql);\n\(Self.topics);\nCOMMIT;"
                    + "\(Self.topics);")
            #expect(!answer.output.contains("globex.event"), "\(mode), \(sql): \(answer)")
            guarded.restore(after: forgery)
        }
        let seen = try guarded.ask(Self.topics)
        #expect(seen.output == "" && seen.state == nil)
    }

    @Test func `of mode plain says yes to what it says it does not stop`() throws {
        let guarded = try GuardedDatabase("plain")
        let forged = "SELECT set_config('app.current_tenant', '\(GuardedDatabase.globex)', true)"
        #expect(
            try guarded.ask("BEGIN; \(forged); \(Self.topics)").output.contains("globex.event"))
        let posture = try guarded.run("db", "posture").output
        #expect(posture.contains("does not stop: a forged setting"), "\(posture)")
    }

    @Test(arguments: modes)
    func `refuses every defect of a seal alike`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        let key = try guarded.makeKey()
        let good = try key.seal("t", GuardedDatabase.acme, seconds: 200)
        var (other, stranger, unknown) = (key, key, key)
        other.database = "another"
        stranger.bytes[31] ^= 0x80
        unknown.kid = "z000"
        #expect(try guarded.ask(enter(good)).state == nil)
        let head = good.prefix(53)
        var wrong: [String] = [
            "", "s1", String(good.dropLast()), "\(good)0", good.uppercased(), "\(good)\n",
            "\(good.dropLast())g", "s2\(good.dropFirst(2))",
            "\(good.prefix(6))x\(good.dropFirst(7))", String(repeating: "é", count: 117),
            good.replacingOccurrences(of: "-8000-", with: "_8000_"),
            "\(head.dropLast(11))b\(good.dropFirst(43))",
        ]
        for seconds in [-1, 0, 400] {
            wrong.append(try key.seal("t", GuardedDatabase.acme, seconds: seconds))
        }
        for key in [other, stranger, unknown] {
            wrong.append(try key.seal("t", GuardedDatabase.acme))
        }
        for seal in wrong {
            #expect(try guarded.ask(enter(seal)).state == "28000", "\(seal)")
        }
        #expect(try guarded.ask("SELECT ringfence_guard.enter(NULL)").state == "28000")
        let second = try key.seal("t", GuardedDatabase.globex)
        #expect(try guarded.ask("BEGIN; \(enter(good)) \(enter(second))").state == "28000")
        let both = try guarded.ask("BEGIN; \(enter(good)) \(enter(good)) \(Self.topics)")
        #expect(both.output == "acme.event")
        let later = try guarded.ask(
            "BEGIN; \(enter(good)) COMMIT; BEGIN; \(enter(second)) \(Self.topics)")
        #expect(later.output == "globex.event")
    }

    @Test(arguments: ["backtrace_functions", "app.seal", "app.current_tenant"])
    func `cannot be led by startup options`(_ setting: String) throws {
        let guarded = try GuardedDatabase("sealed")
        let id = GuardedDatabase.globex.replacingOccurrences(of: "-", with: "")
        let value = setting == "backtrace_functions" ? id + "%2C" : GuardedDatabase.globex
        let answer = try guarded.ask(
            Self.topics, as: guarded.database.runtimeURL + "&options=-c%20\(setting)%3D\(value)")
        #expect(answer.output == "")
        if setting == "backtrace_functions" { #expect(answer.state == "no login") }
    }

    @Test(arguments: modes)
    func `knows two keys while one replaces the other`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        let old = try guarded.makeKey("old.key")
        let new = try guarded.makeKey("new.key")
        for key in [old, new] {
            let seen = try guarded.ask(
                "BEGIN; \(enter(try key.seal("t", GuardedDatabase.acme))) \(Self.topics)")
            #expect(seen.output == "acme.event")
        }
        #expect(try guarded.run("db", "seal-key", "retire", old.kid).end == .exited(0))
        #expect(try guarded.ask(enter(try old.seal("t", GuardedDatabase.acme))).state == "28000")
        #expect(try guarded.ask(enter(try new.seal("t", GuardedDatabase.acme))).state == nil)
        let list = try guarded.run("db", "seal-key", "list").output
        #expect(list.contains("\(old.kid) retired") && list.contains("\(new.kid) valid"))
        #expect(list.contains("db00 valid") && !list.contains(old.database + ":"), "\(list)")
        #expect(try guarded.run("db", "seal-key", "retire", "z000").end == .exited(1))
        let again = try guarded.run(
            "db", "seal-key", "create", "--out", guarded.folder.path + "/old.key")
        #expect(again.end == .exited(1) && again.errorOutput.contains("never overwritten"))
        let mode =
            try FileManager.default.attributesOfItem(
                atPath: guarded.folder.path + "/new.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(arguments: [(7, 0), (8, 1)])
    func `draws another id when one is taken, and ends when eight are`(
        _ taken: Int, _ status: Int32
    ) throws {
        let guarded = try GuardedDatabase("sealed")
        try guarded.look(
            """
            CREATE SEQUENCE public.draws;
            CREATE FUNCTION public.take() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
                IF nextval('public.draws') <= \(taken) THEN RAISE unique_violation; END IF;
                RETURN NEW;
            END$$;
            CREATE TRIGGER take BEFORE INSERT ON ringfence_guard.keys
                FOR EACH ROW EXECUTE FUNCTION public.take();
            """)
        let path = guarded.folder.path + "/seal.key"
        let made = try guarded.run("db", "seal-key", "create", "--out", path)
        #expect(made.end == .exited(status), "\(made.errorOutput)")
        #expect(try guarded.look("SELECT last_value FROM public.draws") == "8")
        #expect(FileManager.default.fileExists(atPath: path) == (status == 0))
        guard status == 0 else { return }
        try guarded.look("DROP TRIGGER take ON ringfence_guard.keys")
        let key = try SealKey(String(contentsOfFile: path, encoding: .utf8), guarded.folder)
        #expect(try guarded.ask(enter(try key.seal("t", GuardedDatabase.acme))).state == nil)
    }

    @Test func `makes itself a new key when its own is retired`() throws {
        let guarded = try GuardedDatabase("sealed")
        #expect(try guarded.run("db", "seal-key", "retire", "db00").end == .exited(0))
        try guarded.migrate()
        let list = try guarded.run("db", "seal-key", "list").output
        #expect(list.contains("db00 retired") && list.contains("db01 valid"), "\(list)")
    }
}

extension GuardedDatabase {
    /// What a role may change of itself stays beyond the transaction, and would be the next test's.
    fileprivate func restore(after forgery: String) {
        guard forgery.hasPrefix("ALTER ROLE") else { return }
        _ = try? look("ALTER ROLE \(database.runtime) RESET ALL")
    }
}
