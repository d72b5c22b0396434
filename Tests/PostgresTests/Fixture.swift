import Foundation
@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport

/// A database with two tenants of one vendor, and tables under forced row-level security.
struct Fixture {
    static let acme = scope("018f0000-0000-7000-8000-00000000000a")
    static let globex = scope("018f0000-0000-7000-8000-00000000000b")
    static let vendor = vendorScope("018f0000-0000-7000-8000-0000000000f1")
    static let otherVendor = vendorScope("018f0000-0000-7000-8000-0000000000f2")

    let cluster: PostgresCluster
    let database: TestDatabase

    init() throws {
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        var owner = try OwnerSession(
            connectingTo: ConnectionString(database.ownerURL), deadline: .soon)
        let schema = Self.schema(runtime: database.runtime)
        try owner.run(script: schema, deadline: .soon)
    }

    var runtimeAddress: ConnectionString { ConnectionString(database.runtimeURL) }
    var ownerAddress: ConnectionString { ConnectionString(database.ownerURL) }

    func connect() throws -> Connection {
        var connection = Connection(to: runtimeAddress, context: .plain)
        try connection.connect(deadline: .soon)
        return connection
    }

    /// Bodies of a tenant's items, read in a transaction of its own.
    func bodies(of tenant: TenantScope) throws -> [String] {
        var connection = try connect()
        return try connection.bodies(of: tenant)
    }

    private static func scope(_ text: String) -> TenantScope {
        guard let scope = TenantScope(uuidText: text) else { preconditionFailure(text) }
        return scope
    }

    private static func vendorScope(_ text: String) -> VendorScope {
        guard let scope = VendorScope(uuidText: text) else { preconditionFailure(text) }
        return scope
    }

    private static func schema(runtime: String) -> String {
        """
        CREATE SCHEMA app;
        CREATE FUNCTION app.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
            $$ SELECT nullif(current_setting('app.current_tenant', true), '')::uuid $$;
        CREATE FUNCTION app.vendor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
            $$ SELECT nullif(current_setting('app.current_vendor', true), '')::uuid $$;
        CREATE TABLE app.items (
            tenant_id uuid NOT NULL DEFAULT app.tenant(),
            id bigint NOT NULL,
            body text,
            blob bytea,
            flag boolean,
            PRIMARY KEY (tenant_id, id),
            CONSTRAINT body_short CHECK (length(body) < 2000000),
            CONSTRAINT late UNIQUE (tenant_id, body) DEFERRABLE INITIALLY DEFERRED
        );
        CREATE TABLE app.tenants (id uuid PRIMARY KEY, vendor_id uuid NOT NULL);
        CREATE TABLE app.audit (
            tenant_id uuid NOT NULL, vendor_id uuid NOT NULL, reason text NOT NULL
        );
        ALTER TABLE app.items ENABLE ROW LEVEL SECURITY;
        ALTER TABLE app.items FORCE ROW LEVEL SECURITY;
        CREATE POLICY items_tenant ON app.items USING (tenant_id = app.tenant());
        ALTER TABLE app.tenants ENABLE ROW LEVEL SECURITY;
        ALTER TABLE app.tenants FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenants_vendor ON app.tenants USING (vendor_id = app.vendor());
        ALTER TABLE app.audit ENABLE ROW LEVEL SECURITY;
        ALTER TABLE app.audit FORCE ROW LEVEL SECURITY;
        CREATE POLICY audit_tenant ON app.audit USING (tenant_id = app.tenant());
        -- What a careless function could do to the scope.
        CREATE FUNCTION app.steal(uuid) RETURNS text LANGUAGE sql VOLATILE AS
            $$ SELECT set_config('app.current_tenant', $1::text, true) $$;
        GRANT USAGE ON SCHEMA app TO \(runtime);
        GRANT SELECT, INSERT, UPDATE, DELETE ON app.items, app.tenants, app.audit TO \(runtime);
        """
    }
}

extension Connection {
    mutating func bodies(of tenant: TenantScope) throws(DatabaseFault) -> [String] {
        try withTransaction(for: tenant, deadline: .soon) { transaction throws(DatabaseFault) in
            var bodies: [String] = []
            for row in try transaction.rows(.listItems) { bodies.append(try row.text(1)) }
            return bodies
        }
    }

    mutating func insert(
        _ id: Int64, _ body: String, for tenant: TenantScope
    ) throws(DatabaseFault) {
        try withTransaction(for: tenant, deadline: .soon) { transaction throws(DatabaseFault) in
            try transaction.queue(.insertItem, [.integer(id), .text(body)])
            return ()
        }
    }
}

extension Deadline {
    static var soon: Deadline { .after(milliseconds: Patience.milliseconds) }
}

extension Statement {
    static let insertItem = Statement(
        "insert item", "INSERT INTO app.items (id, body) VALUES ($1, $2)", parameters: 2)
    static let insertFor = Statement(
        "insert item for", "INSERT INTO app.items (tenant_id, id) VALUES ($1, $2)", parameters: 2)
    static let listItems = Statement(
        "list items", "SELECT id, body, tenant_id FROM app.items ORDER BY id", parameters: 0)
    static let itemByBody = Statement(
        "item by body", "SELECT id FROM app.items WHERE body = $1", parameters: 1)
    static let moveItems = Statement(
        "move items", "UPDATE app.items SET tenant_id = $1", parameters: 1)
    static let deleteItems = Statement("delete items", "DELETE FROM app.items", parameters: 0)
    static let insertTenant = Statement(
        "insert tenant", "INSERT INTO app.tenants (id, vendor_id) VALUES ($1, $2)", parameters: 2)
    static let listTenants = Statement("list tenants", "SELECT id FROM app.tenants", parameters: 0)
    static let audit = Statement(
        "audit", "INSERT INTO app.audit (vendor_id, tenant_id, reason) VALUES ($1, $2, $3)",
        parameters: 3)
    static let auditNothing = Statement(
        "audit nothing",
        """
        INSERT INTO app.audit (vendor_id, tenant_id, reason)
        SELECT $1::uuid, $2::uuid, $3 WHERE false
        """, parameters: 3)
    static let listAudit = Statement(
        "list audit", "SELECT vendor_id, reason FROM app.audit", parameters: 0)
    static let steal = Statement("steal", "SELECT app.steal($1::uuid)", parameters: 1)
    static let rest = Statement("rest", "SELECT pg_sleep($1::float8)", parameters: 1)
    static let backend = Statement("backend", "SELECT pg_backend_pid()", parameters: 0)
    static let divide = Statement("divide", "SELECT 1 / $1::int", parameters: 1)
    static let echo = Statement("echo", "SELECT $1::text", parameters: 1)
}

/// The fault `body` throws; `nil` when it throws none.
func fault<Value>(_ body: () throws(DatabaseFault) -> Value) -> DatabaseFault? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

extension String {
    /// A connection URI with its socket folder replaced.
    func replacingHost(with folder: String) -> String {
        guard let start = range(of: "host="), let end = range(of: "&port=") else { return self }
        let escaped = folder.replacingOccurrences(of: "/", with: "%2F")
        return self[..<start.upperBound] + escaped + self[end.lowerBound...]
    }
}
