import Backend
import Glibc
import LocalPostgres

/// An own PostgreSQL with the product's schema, the events of several tenants, and a table equal to
/// `ringfence.events` in everything but row-level security.
final class BenchDatabase {
    static let name = "bench"

    let server: PostgresServer
    let access: PostgresServer.Access

    /// - Parameters:
    ///   - folder: empty, and the caller's to remove.
    ///   - isEmpty: without schema and contents, and as durable as an installation's.
    init(in folder: String, isEmpty: Bool = false) throws {
        var options = PostgresServer.Options(folder: folder + "/postgres")
        options.isDurable = isEmpty
        options.isThrowaway = true
        server = try PostgresServer.start(options)
        access = try server.prepareDatabase(
            Self.name, owner: "bench_owner", runtime: "bench_runtime")
        guard !isEmpty else { return }
        try migrate(with: folder)
        _ = try server.run(sql: Self.contents, database: Self.name)
    }

    /// By the backend's own command: what is measured is the schema that is shipped.
    private func migrate(with folder: String) throws(BenchFault) {
        let policy = """
            version: 1
            listen: {api: {address: "127.0.0.1:0"}, health: {address: "127.0.0.1:0"}}
            database: {owner: file:owner.dsn, runtime: file:runtime.dsn, context: plain}
            assertion: {key: file:assertion.key, audience: delivery}

            """
        try write(access.ownerURL + "\n", to: folder + "/owner.dsn")
        try write(access.runtimeURL + "\n", to: folder + "/runtime.dsn")
        try write(String(repeating: "k", count: 64) + "\n", to: folder + "/assertion.key")
        try write(policy, to: folder + "/backend.yaml")
        // Standard output carries the answers to `bench/database`.
        let output = dup(1)
        dup2(2, 1)
        defer {
            dup2(output, 1)
            close(output)
        }
        let status = BackendProgram.run(
            ["ringfence-backend", "db", "migrate", "--config", folder + "/backend.yaml"])
        guard status == 0 else { throw BenchFault("db migrate: exit \(status)") }
    }

    private func write(_ text: String, to path: String) throws(BenchFault) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchFault("cannot write \(path)") }
        defer { close(file) }
        let written = unsafe Array(text.utf8).withUnsafeBytes {
            unsafe Glibc.write(file, $0.baseAddress, $0.count)
        }
        guard written == text.utf8.count else { throw BenchFault("cannot write \(path)") }
    }

    /// The ids are those of `EventKey`.
    private static let contents = """
        INSERT INTO ringfence.vendors (id, name)
        VALUES ('\(EventKey.vendor)', 'bench');
        INSERT INTO ringfence.tenants (id, vendor_id, external_id, name, tier)
        SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid,
            '\(EventKey.vendor)', 't' || t, 'Tenant ' || t, 'SCALE'
        FROM generate_series(0, \(EventKey.tenantCount - 1)) AS t;
        INSERT INTO ringfence.events (tenant_id, id, external_id, topic, payload)
        SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(t), 12, '0'))::uuid,
            ('018f0000-0001-7000-8' || lpad(to_hex(t), 3, '0') || '-'
                || lpad(to_hex(e), 12, '0'))::uuid,
            'order-' || e, 'order.created',
            json_build_object('order', e, 'note', repeat('n', 160))
        FROM generate_series(0, \(EventKey.tenantCount - 1)) AS t,
            generate_series(0, \(EventKey.eventsPerTenant - 1)) AS e;
        CREATE SCHEMA bench;
        CREATE TABLE bench.events (LIKE ringfence.events INCLUDING ALL);
        INSERT INTO bench.events SELECT * FROM ringfence.events;
        GRANT USAGE ON SCHEMA bench TO bench_runtime;
        GRANT SELECT ON bench.events TO bench_runtime;
        VACUUM ANALYZE ringfence.tenants;
        VACUUM ANALYZE ringfence.events;
        VACUUM ANALYZE bench.events;
        """
}

/// Which event of which tenant.
struct EventKey {
    static let vendor = "018f0000-0000-7000-8000-ffffffffffff"
    static let tenantCount = 64
    static let eventsPerTenant = 256
    /// Above every id.
    static let beyondAll = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    /// Rows the backend asks for where a client names no limit: 50 and one to know the end by.
    static let page: Int64 = 51

    let tenant: String
    let tenantExternalID: String
    let event: String

    /// Neighbours in `number` are events of different tenants, as requests are.
    init(number: Int) {
        let tenant = number % Self.tenantCount
        let event = number / Self.tenantCount % Self.eventsPerTenant
        self.tenant = "018f0000-0000-7000-8000-" + Self.hexadecimal(tenant, digits: 12)
        tenantExternalID = "t\(tenant)"
        self.event =
            "018f0000-0001-7000-8" + Self.hexadecimal(tenant, digits: 3) + "-"
            + Self.hexadecimal(event, digits: 12)
    }

    /// Every event once.
    static let all = (0..<tenantCount * eventsPerTenant).map { EventKey(number: $0) }

    private static func hexadecimal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}

/// Why there is no figure.
struct BenchFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
