import Foundation
import Postgres
import TestSupport
import Testing

@testable import Backend

/// A database in use when `db migrate` brings it up to date.
@Suite(.timeLimit(.minutes(30))) struct `An older database with tenants in it` {
    private static let vendors = ["old-one", "old-two"]

    private func insertions() throws -> String {
        try Self.vendors.map { name in
            let vendor = try #require(AssertionDesk.vendorID(Array(name.utf8)))
            return """
                INSERT INTO ringfence.vendors (id, name) VALUES ('\(vendor)', '\(name)');
                INSERT INTO ringfence.tenants (vendor_id, id, external_id, name, tier)
                    SELECT '\(vendor)', gen_random_uuid(), 't' || n, 'x', 'SCALE'
                    FROM generate_series(1, 5) AS n;
                INSERT INTO ringfence.domains (host, vendor_id, owner_id)
                    SELECT external_id || '.\(name).example.com', vendor_id, id
                    FROM ringfence.tenants
                    WHERE vendor_id = '\(vendor)' AND external_id < 't4';
                INSERT INTO ringfence.api_keys (id, vendor_id, owner_id, name, digest)
                    SELECT substr(translate(md5(id::text), '0189', 'ghij'), 1, 16)
                        COLLATE "C", vendor_id, id, 'k', sha256(external_id::bytea)
                    FROM ringfence.tenants
                    WHERE vendor_id = '\(vendor)' AND external_id < 't3';
                """
        }.joined(separator: "\n")
    }

    @Test(arguments: ["plain", "sealed"])
    func `goes on with all of them, and counts them`(_ context: String) throws {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        do {
            var owner = try OwnerSession(
                connectingTo: ConnectionString(database.ownerURL),
                deadline: .after(milliseconds: Patience.milliseconds))
            // As they were before the directory had bounds.
            let applied = try owner.migrate(
                Array(Migrations.all.prefix(3)),
                deadline: .after(milliseconds: Patience.milliseconds))
            #expect(applied == [1, 2, 3])
        }
        _ = try cluster.run(sql: try insertions(), in: database)
        let backend = try RunningBackend(
            owner: database.ownerURL, runtime: database.runtimeURL, database: database,
            context: context)
        for name in Self.vendors {
            let listed = try backend.send("GET", "/v1/tenants", as: .vendor(name))
            #expect(listed.data.count == 5, "\(listed.text)")
            let made = try backend.makeTenant("new", vendor: name)
            #expect(!made.id.isEmpty)
            let removed = try backend.send("DELETE", "/v1/tenants/t1", as: .vendor(name))
            #expect(removed.status == 204, "\(removed.text)")
        }
        // A deleted tenant keeps its place; its domain and its key do not count on.
        let counts = try backend.look(
            """
            SELECT string_agg(concat_ws(' ', f.tenants, f.domains, f.keys,
                f.tenants = (SELECT count(*) FROM ringfence.tenants t
                    WHERE t.vendor_id = f.vendor_id),
                f.domains = (SELECT count(*) FROM ringfence.domains d
                    WHERE d.vendor_id = f.vendor_id),
                f.keys = (SELECT count(*) FROM ringfence.api_keys k
                    WHERE k.vendor_id = f.vendor_id),
                f.version = (SELECT max(m.version) FROM ringfence.feed_marks m
                    WHERE m.vendor_id = f.vendor_id)), ';')
            FROM ringfence.feeds f
            """)
        #expect(counts == "6 2 2 t t t t;6 2 2 t t t t")
    }
}
