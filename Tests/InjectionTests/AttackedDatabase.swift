import Foundation
@testable @_spi(TenantBinding) import Postgres
import TestSupport

/// A database that `db migrate` made, from a server that grants everybody what PostgreSQL grants
/// by itself, with three tenants and a table of the application's own beside the product's.
struct AttackedDatabase {
    /// The attacker, a stranger, and another tenant of the attacker's vendor.
    static let acme = "018f0000-0000-7000-8000-00000000000a"
    static let globex = "018f0000-0000-7000-8000-00000000000b"
    static let initech = "018f0000-0000-7000-8000-00000000000c"
    static let vendor = "018f0000-0000-7000-8000-0000000000f1"
    static let otherVendor = "018f0000-0000-7000-8000-0000000000f2"
    /// In everything the attacker must not see.
    static let canary = "canary"
    /// What globex reads of its own.
    static let rowsOfGlobex = (1...5).map { "canary of globex \($0)" }

    let mode: ContextMode
    let cluster: PostgresCluster
    let database: TestDatabase
    private let folder: TemporaryFolder
    /// What `db posture --json` says, before the application adds anything.
    let posture: String

    init(_ mode: ContextMode) throws {
        self.mode = mode
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        folder = try TemporaryFolder()
        try cluster.run(sql: Self.stockGrants(database.name), in: database)
        let config = try Self.configure(mode, database, folder)
        let program = try BuiltProducts.path("ringfence-backend")
        let migrated = try ChildProcess.run(
            program, ["db", "migrate", "--config", config])
        guard migrated.end == .exited(0) else {
            throw TestSupportError.closedEarly(migrated.errorOutput)
        }
        posture = try ChildProcess.run(
            program, ["db", "posture", "--json", "--config", config]
        ).output
        let secret = try folder.write("canary in a file\n", to: "secret.txt")
        try cluster.run(
            sql: Self.application(runtime: database.runtime, file: secret), in: database)
    }

    /// The path of a file no tenant is to read.
    var secretFile: String { "\(folder.path)/secret.txt" }
    var secretFolder: String { folder.path }

    private static func stockGrants(_ name: String) -> String {
        """
        GRANT CONNECT, TEMPORARY ON DATABASE \(name) TO PUBLIC;
        GRANT ALL ON SCHEMA public TO PUBLIC;
        SELECT 'GRANT EXECUTE ON FUNCTION ' || oid::regprocedure || ' TO PUBLIC'
        FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname ~ '^lo(_.*|read|write)$' AND proname !~ '^lo_(im|ex)port$' \\gexec
        """
    }

    private static func configure(
        _ mode: ContextMode, _ database: TestDatabase, _ folder: TemporaryFolder
    ) throws -> String {
        try folder.write(database.adminURL + "\n", to: "admin.dsn")
        try folder.write(database.ownerURL + "\n", to: "owner.dsn")
        try folder.write(database.runtimeURL + "\n", to: "runtime.dsn")
        try folder.write(String(repeating: "assertion", count: 4) + "\n", to: "assertion.key")
        try folder.write(String(repeating: "secret", count: 6) + "\n", to: "feed.key")
        try folder.write(String(repeating: "pepper", count: 6), to: "pepper.key")
        return try folder.write(
            """
            version: 1
            listen:
              api: {address: "127.0.0.1:0"}
              feed: {address: "127.0.0.1:0", secret: file:feed.key}
              health: {address: "127.0.0.1:0"}
            database: {owner: file:owner.dsn, runtime: file:runtime.dsn, workers: 1, \
            deadline: 5s, context: \(mode.rawValue), admin: file:admin.dsn}
            assertion: {key: file:assertion.key, audience: delivery}
            keys: {pepper: file:pepper.key}

            """, to: "backend.yaml")
    }

    /// Tables that a later migration of the application makes, and never says a word of row
    /// security: the event trigger does.
    private static func application(runtime: String, file: String) -> String {
        """
        SET ROLE ringfence_owner;
        CREATE TABLE ringfence.invoices (
            tenant_id uuid, id bigint, number text COLLATE "C" NOT NULL, note text,
            PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, number)
        );
        CREATE TABLE ringfence.payments (
            tenant_id uuid, id bigint, invoice bigint NOT NULL, PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, invoice) REFERENCES ringfence.invoices (tenant_id, id)
        );
        CREATE SEQUENCE ringfence.numbers;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ringfence.invoices, ringfence.payments
            TO \(runtime);
        GRANT USAGE ON SEQUENCE ringfence.numbers TO \(runtime);
        RESET ROLE;
        CREATE SCHEMA extensions;
        CREATE EXTENSION dblink SCHEMA extensions;
        GRANT USAGE ON SCHEMA extensions TO \(runtime);
        SELECT lo_from_bytea(4711, 'canary in a large object');
        ALTER LARGE OBJECT 4711 OWNER TO \(runtime);
        \(seed)
        -- Enough rows for PostgreSQL to keep statistics of values.
        INSERT INTO ringfence.invoices SELECT '\(acme)', 1000 + n, 'many-' || n, 'own ' || n % 20
            FROM generate_series(1, 2000) AS n;
        INSERT INTO ringfence.invoices SELECT '\(globex)', 1000 + n, 'many-' || n, 'known often'
            FROM generate_series(1, 2000) AS n;
        ANALYZE ringfence.invoices;
        """
    }

    /// The rows that tricks could change, all of fixed content.
    private static let seed = """
        INSERT INTO ringfence.vendors (id, name, created_at) VALUES
            ('\(vendor)', 'own vendor', '2026-01-01'),
            ('\(otherVendor)', 'canary of a vendor', '2026-01-01');
        INSERT INTO ringfence.tenants
            (id, vendor_id, external_id, name, tier, created_at, updated_at) VALUES
            ('\(acme)', '\(vendor)', 'acme', 'Acme', 'STARTER', '2026-01-01', '2026-01-01'),
            ('\(initech)', '\(vendor)', 'canary-initech', 'canary of initech', 'STARTER',
                '2026-01-01', '2026-01-01'),
            ('\(globex)', '\(otherVendor)', 'canary-globex', 'canary of globex', 'STARTER',
                '2026-01-01', '2026-01-01');
        INSERT INTO ringfence.events (tenant_id, id, topic, payload) VALUES
            ('\(acme)', '\(acme)', 'acme.event', '{}'),
            ('\(initech)', '\(initech)', 'canary.initech', '{}'),
            ('\(globex)', '\(globex)', 'canary.globex', '{"canary":true}');
        INSERT INTO ringfence.invoices SELECT '\(acme)', n, 'own-' || n, 'own ' || n
            FROM generate_series(1, 5) AS n;
        \(foreignInvoices)
        INSERT INTO ringfence_guard.work (tenant_id, id, kind, row_id, available_at)
            VALUES ('\(globex)', '\(globex)', 'mail', '\(globex)', '2026-01-01');
        """

    fileprivate static let foreignInvoices = """
        INSERT INTO ringfence.invoices SELECT '\(initech)', n, 'canary-' || n, 'canary of initech '
            || n FROM generate_series(1, 5) AS n;
        INSERT INTO ringfence.invoices SELECT '\(globex)', n, 'known-' || n, 'canary of globex '
            || n FROM generate_series(1, 5) AS n;
        """

    /// A genuine seal, by the database's own key.
    func seal(_ uuid: String, seconds: Int = 290) throws -> String {
        var session = try OwnerSession(
            connectingTo: ConnectionString(database.adminURL), deadline: Self.soon)
        return try session.rows(
            """
            SELECT replace(b, '????', s.kid) || s.mac FROM (
                SELECT 's1????t' || $1 || to_char(
                    floor(extract(epoch FROM now()))::bigint + $2::bigint, 'FM0000000000') AS b
            ) AS body, ringfence_guard.sign(
                'ringfence-seal|' || current_database() || '|' || b) AS s
            """, [.text(uuid), .integer(Int64(seconds))], deadline: Self.soon
        ).only().text(0)
    }

    func scope(_ uuid: String) throws -> TenantScope {
        guard mode != .plain, let seal = Seal(try seal(uuid)) else {
            return try required(TenantScope(uuidText: uuid))
        }
        return try required(TenantScope(seal: seal))
    }

    static var soon: Deadline { .after(milliseconds: Patience.milliseconds) }

    private func required<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw TestSupportError.malformedResponse("no such value") }
        return value
    }
}

/// A superuser's eye on everything that is not the attacker's.
struct Watch: ~Copyable {
    private var session: OwnerSession
    private let before: (rows: String, catalog: String, login: String)
    private let password: String
    private let runtime: String

    init(_ attacked: AttackedDatabase) throws {
        let runtime = attacked.database.runtime
        var session = try OwnerSession(
            connectingTo: ConnectionString(attacked.database.adminURL),
            deadline: AttackedDatabase.soon)
        let before = try Self.look(&session, runtime)
        let password = try session.rows(
            "SELECT rolpassword FROM pg_authid WHERE rolname = $1", [.text(runtime)],
            deadline: AttackedDatabase.soon
        ).only().text(0)
        self.session = session
        self.before = before
        self.password = password
        self.runtime = runtime
    }

    private static func look(
        _ session: inout OwnerSession, _ runtime: String
    ) throws -> (rows: String, catalog: String, login: String) {
        let row = try session.rows(
            eye, [.text(runtime)], deadline: AttackedDatabase.soon
        ).only()
        return (try row.text(0), try row.text(1), try row.text(2))
    }

    /// What is different from the beginning; it is put right again.
    mutating func change() throws -> (ofRows: Bool, ofLogin: Bool) {
        let now = try Self.look(&session, runtime)
        // What the attacker wrote into its own rows must not answer the next trick.
        try session.run(script: Self.tidying, deadline: AttackedDatabase.soon)
        if now.rows != before.rows {
            try session.run(script: Self.repair, deadline: AttackedDatabase.soon)
        }
        if now.login != before.login {
            try session.run(
                script: "ALTER ROLE \(runtime) RESET ALL; "
                    + "ALTER ROLE \(runtime) PASSWORD '\(password)'",
                deadline: AttackedDatabase.soon)
        }
        if now != before, try Self.look(&session, runtime) != before {
            let after = try Self.look(&session, runtime)
            throw TestSupportError.malformedResponse("cannot be put right: \(before) \(after)")
        }
        return (now.rows != before.rows || now.catalog != before.catalog, now.login != before.login)
    }

    mutating func pause() throws {
        _ = try session.rows("SELECT pg_sleep(0.2)", deadline: AttackedDatabase.soon)
    }

    /// Whether a session of the attacked login still runs such a statement.
    mutating func seesRunning(_ part: String) throws -> Bool {
        try session.rows(
            """
            SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND state = 'active'
            AND position($2 IN query) > 0
            """, [.text(runtime), .text(part)], deadline: AttackedDatabase.soon
        ).count > 0
    }

    private static let eye: StaticString = """
        SELECT (SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
            SELECT concat('i', count(*), sum(hashtextextended(i::text, 0))) AS line
            FROM ringfence.invoices AS i WHERE tenant_id <> '018f0000-0000-7000-8000-00000000000a'
            UNION ALL SELECT 'p' || p::text FROM ringfence.payments AS p
            WHERE tenant_id <> '018f0000-0000-7000-8000-00000000000a'
            UNION ALL SELECT 'e' || tenant_id || id || topic || payload FROM ringfence.events
            WHERE tenant_id <> '018f0000-0000-7000-8000-00000000000a'
            UNION ALL SELECT 't' || id || name || state || vendor_id FROM ringfence.tenants
            UNION ALL SELECT 'v' || v::text FROM ringfence.vendors AS v
            UNION ALL SELECT 'a' || a::text FROM ringfence.audit AS a
            UNION ALL SELECT 'w' || w::text FROM ringfence_guard.work AS w
            WHERE tenant_id <> '018f0000-0000-7000-8000-00000000000a'
            UNION ALL SELECT 'c' || c::text FROM ringfence_guard.crossings AS c
        ) AS lines),
        (SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
            SELECT 'k' || k::text AS line FROM ringfence_guard.keys AS k
            UNION ALL SELECT concat('r', oid, relname, relacl, relowner, relrowsecurity,
                relforcerowsecurity, relhastriggers, relhasrules)
            FROM pg_class WHERE relpersistence <> 't' AND relnamespace <> 99
            UNION ALL SELECT concat('f', count(*), max(xmin::text::bigint)) FROM pg_proc
            UNION ALL SELECT 'p' || p::text FROM pg_policy AS p
            UNION ALL SELECT 'n' || n::text FROM pg_namespace AS n
            WHERE nspname !~ '^pg_(toast_)?temp_'
            UNION ALL SELECT concat('l', oid, lomowner) FROM pg_largeobject_metadata
            UNION ALL SELECT concat('d', oid, datacl) FROM pg_database
            WHERE datname = current_database()
        ) AS lines),
        (SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
            SELECT concat('s', setdatabase, setrole, setconfig) AS line FROM pg_db_role_setting
            WHERE setrole IN (SELECT oid FROM pg_roles WHERE rolname = $1)
            UNION ALL SELECT concat('r', oid, rolpassword, rolsuper, rolbypassrls)
            FROM pg_authid WHERE rolname = $1
        ) AS lines)
        """

    private static let tidying = """
        DELETE FROM ringfence.invoices
        WHERE tenant_id = '\(AttackedDatabase.acme)' AND id BETWEEN 6 AND 1000;
        DELETE FROM ringfence_guard.work WHERE tenant_id = '\(AttackedDatabase.acme)';
        """

    private static let repair = """
        DELETE FROM ringfence.payments;
        DELETE FROM ringfence.audit;
        DELETE FROM ringfence_guard.work WHERE id <> '\(AttackedDatabase.globex)';
        DELETE FROM ringfence.invoices
        WHERE tenant_id <> '\(AttackedDatabase.acme)' AND (id < 1000 OR id > 3000);
        \(AttackedDatabase.foreignInvoices)
        """
}
