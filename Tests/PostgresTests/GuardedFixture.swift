@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

/// A database under the guard in one of the three modes, with the same tables and tenants as
/// `Fixture`, and the careless functions an application may have.
struct GuardedFixture {
    let mode: ContextMode
    let cluster: PostgresCluster
    let database: TestDatabase
    private let workerRole: String
    private let platformRole: String

    init(_ mode: ContextMode) throws {
        self.mode = mode
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        workerRole = "worker_\(database.runtime)"
        platformRole = "platform_\(database.runtime)"
        let script = try #require(GuardScript(mode: mode, schemas: ["app", "ringfence"]))
        let (owner, runtime) = (database.owner, database.runtime)
        try cluster.run(
            sql: """
                BEGIN;
                \(GuardScript.roles)
                \(mode == .sealed ? GuardScript.slotGrant : "")
                CREATE ROLE \(workerRole) LOGIN NOINHERIT PASSWORD 'w';
                CREATE ROLE \(platformRole) LOGIN NOINHERIT BYPASSRLS PASSWORD 'p';
                GRANT CONNECT ON DATABASE \(database.name) TO \(workerRole), \(platformRole);
                SET LOCAL check_function_bodies = off;
                \(GuardScript.home(of: "ringfence_guard"))
                \(GuardScript.contextHome(of: owner))
                GRANT USAGE ON SCHEMA ringfence_guard TO \(owner);
                SET LOCAL ROLE ringfence_guard;
                \(script.core)
                RESET ROLE; SET LOCAL ROLE \(owner);
                \(script.context(callers: [runtime, workerRole, platformRole, "ringfence_guard"]))
                \(Self.tables(script, readers: "\(runtime), \(workerRole), \(platformRole)"))
                RESET ROLE; SET LOCAL ROLE ringfence_guard;
                \(script.acting)
                \(script.protect)
                \(script.grants(
                    owners: [owner], runtime: runtime, reader: nil, worker: workerRole,
                    hasActing: true))
                GRANT USAGE ON SCHEMA ringfence_guard TO \(platformRole);
                GRANT EXECUTE ON FUNCTION ringfence_guard.note_crossing(text, text)
                    TO \(platformRole);
                COMMIT;
                """, in: database)
    }

    private static func tables(_ script: GuardScript, readers: String) -> String {
        let rows = "tenant_id = \(script.tenantCall)"
        let vendors = script.tenantCall.replacing("tenant", with: "vendor")
        return """
            CREATE SCHEMA app;
            CREATE TABLE app.items (
                tenant_id uuid NOT NULL DEFAULT ringfence.tenant(),
                id bigint NOT NULL,
                body text,
                PRIMARY KEY (tenant_id, id)
            );
            CREATE TABLE ringfence.tenants (id uuid PRIMARY KEY, vendor_id uuid NOT NULL);
            CREATE TABLE ringfence.audit (
                tenant_id uuid NOT NULL, id uuid NOT NULL, vendor_id uuid, actor text,
                action text, reason text NOT NULL, request_id uuid, detail json
            );
            CREATE SEQUENCE app.numbers;
            ALTER TABLE app.items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            ALTER TABLE ringfence.audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant_rows ON app.items USING (\(rows));
            CREATE POLICY tenant_rows ON ringfence.audit USING (\(rows));
            INSERT INTO ringfence.tenants VALUES
                ('\(Fixture.acme.text)', '\(Fixture.vendor.text)'),
                ('\(Fixture.globex.text)', '\(Fixture.otherVendor.text)');
            ALTER TABLE ringfence.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY vendor_rows ON ringfence.tenants USING (vendor_id = \(vendors));
            -- Each is a hole that statements of this library cannot have and functions can.
            CREATE FUNCTION app.run(text) RETURNS void LANGUAGE plpgsql AS
                $$ BEGIN EXECUTE $1; END $$;
            CREATE FUNCTION app.configure(text, text, boolean) RETURNS text LANGUAGE sql VOLATILE AS
                $$ SELECT set_config($1, $2, $3) $$;
            GRANT USAGE ON SCHEMA app, ringfence TO \(readers), ringfence_guard;
            GRANT SELECT, INSERT, UPDATE, DELETE ON app.items TO \(readers);
            GRANT SELECT ON ringfence.tenants TO \(readers), ringfence_guard;
            GRANT SELECT ON ringfence.audit TO \(readers);
            GRANT INSERT ON ringfence.audit TO ringfence_guard;
            GRANT USAGE ON SEQUENCE app.numbers TO \(readers);
            """
    }

    func connect() throws -> Connection {
        var connection = Connection(to: ConnectionString(database.runtimeURL), context: mode)
        try connection.connect(deadline: .soon)
        return connection
    }

    var worker: WorkerConnection {
        let url = cluster.url(role: workerRole, password: "w", in: database)
        return WorkerConnection(to: ConnectionString(url), context: mode)
    }

    var platform: CrossTenantConnection {
        let url = cluster.url(role: platformRole, password: "p", in: database)
        return CrossTenantConnection(to: ConnectionString(url))
    }

    /// A genuine seal of this database, by the key it made for itself.
    func sealText(
        _ subject: Character, _ uuid: String, seconds: Int = 60
    ) throws -> String {
        var session = try OwnerSession(
            connectingTo: ConnectionString(database.adminURL), deadline: .soon)
        return try session.rows(
            """
            SELECT replace(b, '????', s.kid) || s.mac FROM (
                SELECT 's1????' || $1 || $2 || to_char(
                    floor(extract(epoch FROM now()))::bigint + $3::bigint, 'FM0000000000') AS b
            ) AS body, ringfence_guard.sign(
                'ringfence-seal|' || current_database() || '|' || b) AS s
            """,
            [.text(String(subject)), .text(uuid), .integer(Int64(seconds))], deadline: .soon
        ).only().text(0)
    }

    func tenant(_ scope: TenantScope, seconds: Int = 60) throws -> TenantScope {
        let seal = try #require(Seal(try sealText("t", scope.text, seconds: seconds)))
        return try #require(TenantScope(seal: seal))
    }

    func vendor(_ scope: VendorScope) throws -> VendorScope {
        let seal = try #require(Seal(try sealText("v", scope.text)))
        return try #require(VendorScope(seal: seal))
    }

    func acme() throws -> TenantScope { try tenant(Fixture.acme) }
    func globex() throws -> TenantScope { try tenant(Fixture.globex) }
}

extension Statement {
    static let run = Statement("run", "SELECT app.run($1)", parameters: 1)
    static let configure = Statement(
        "configure", "SELECT app.configure($1, $2, $3::bool)", parameters: 3)
}

extension Connection {
    /// Runs one statement inside `tenant` and answers the first column of its rows.
    mutating func texts(
        _ statement: Statement, _ values: [Parameter] = [], for tenant: TenantScope
    ) throws(DatabaseFault) -> [String?] {
        try withTransaction(for: tenant, deadline: .soon) { transaction throws(DatabaseFault) in
            let ticket = try transaction.queue(statement, values)
            try transaction.commit()
            var texts: [String?] = []
            for row in try transaction.rows(ticket) { texts.append(try row.textIfPresent(0)) }
            return texts
        }
    }
}
