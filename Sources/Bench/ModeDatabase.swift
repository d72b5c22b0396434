import LocalPostgres
@_spi(TenantBinding) import Postgres

/// One database for each way to tell tenants apart, all on one server and with the same rows: a
/// table under the guard, and one without row-level security.
final class ModeDatabase {
    static let tenantCount = 64
    static let rowsPerTenant = 256

    let mode: ContextMode
    let runtimeURL: String
    private let adminURL: String

    init(_ mode: ContextMode, on server: PostgresServer) throws {
        self.mode = mode
        let name = "modes_\(mode.rawValue)"
        let (owner, runtime) = ("owner_\(mode.rawValue)", "runtime_\(mode.rawValue)")
        let access = try server.prepareDatabase(name, owner: owner, runtime: runtime)
        runtimeURL = access.runtimeURL
        adminURL = try server.adminURL(database: name)
        guard let script = GuardScript(mode: mode, schemas: ["bench"]) else {
            throw BenchFault("no guard for \(mode)")
        }
        _ = try server.run(
            sql: """
                BEGIN;
                \(GuardScript.roles)
                \(mode == .sealed ? GuardScript.slotGrant : "")
                SET LOCAL check_function_bodies = off;
                \(GuardScript.home(of: "ringfence_guard"))
                \(GuardScript.contextHome(of: owner))
                GRANT USAGE ON SCHEMA ringfence_guard TO \(owner);
                SET LOCAL ROLE ringfence_guard;
                \(script.core)
                RESET ROLE; SET LOCAL ROLE \(owner);
                \(script.context(callers: [runtime, "ringfence_guard"]))
                RESET ROLE; SET LOCAL ROLE ringfence_guard;
                \(script.protect)
                \(script.grants(
                    owners: [owner], runtime: runtime, reader: nil, worker: nil, hasActing: false))
                RESET ROLE;
                \(Self.tables(script, runtime))
                COMMIT;
                VACUUM ANALYZE bench.guarded;
                VACUUM ANALYZE bench.open;
                """, database: name)
    }

    private static func tables(_ script: GuardScript, _ runtime: String) -> String {
        """
        CREATE SCHEMA bench;
        CREATE TABLE bench.open (
            tenant_id uuid NOT NULL, id bigint NOT NULL, payload text NOT NULL,
            PRIMARY KEY (tenant_id, id)
        );
        INSERT INTO bench.open
        SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid, r, repeat('n', 160)
        FROM generate_series(0, \(tenantCount - 1)) AS t,
            generate_series(0, \(rowsPerTenant - 1)) AS r;
        CREATE TABLE bench.guarded (LIKE bench.open INCLUDING ALL);
        INSERT INTO bench.guarded SELECT * FROM bench.open;
        ALTER TABLE bench.guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_floor ON bench.guarded AS RESTRICTIVE
            USING (tenant_id = \(script.tenantCall));
        CREATE POLICY tenant_rows ON bench.guarded USING (tenant_id = \(script.tenantCall));
        GRANT USAGE ON SCHEMA bench TO \(runtime);
        GRANT SELECT ON bench.open, bench.guarded TO \(runtime);
        """
    }

    static func tenant(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "018f0000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count)
            + digits
    }

    /// A fresh seal for every tenant: they live for five minutes, a run may take longer.
    func scopes() throws -> [TenantScope] {
        let deadline = Deadline.after(milliseconds: 10_000)
        var session = try OwnerSession(
            connectingTo: ConnectionString(adminURL), deadline: deadline)
        let rows = try session.rows(
            """
            SELECT ringfence_guard.mint(
                ('018f0000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid, 299)
            FROM generate_series(0, $1::int4 - 1) AS t
            """, [.integer(Int64(Self.tenantCount))], deadline: deadline)
        let scopes = try rows.compactMap { try Seal($0.text(0)).flatMap { TenantScope(seal: $0) } }
        guard scopes.count == Self.tenantCount else { throw BenchFault("a seal has no form") }
        return scopes
    }
}
