@_spi(Probing) import Postgres
import TestSupport
import Testing

/// The same poisons between two tenants that a vendor acts as in one transaction.
extension `Poisoned sessions` {
    private static let record = AuditRecord(
        id: "018f0000-0000-7000-8000-0000000000e1", action: "item.look")

    /// A database where globex is of the same vendor as acme.
    private func shared(_ mode: ContextMode, byGuard: Bool) throws -> GuardedFixture {
        let fixture = try prepared(mode, byGuard: byGuard)
        try fixture.cluster.run(
            sql: "UPDATE ringfence.tenants SET vendor_id = '\(Fixture.vendor.text)'",
            in: fixture.database)
        return fixture
    }

    /// What the vendor's second tenant finds of the first one in the same transaction.
    private func foundActing(
        _ plant: Statement, _ values: [Parameter], _ probe: Statement, _ fixture: GuardedFixture,
        scrubs: Bool
    ) throws -> String {
        var connection = try fixture.connect()
        connection.scrubsBetweenScopes = scrubs
        let vendor = try fixture.vendor(Fixture.vendor)
        do throws(DatabaseFault) {
            return try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: "r", record: Self.record) {
                    tenant throws(DatabaseFault) in
                    _ = try tenant.rows(.bodies)
                    _ = try tenant.rows(plant, values)
                }
                return try transaction.actAs(Fixture.globex, reason: "r", record: Self.record) {
                    tenant throws(DatabaseFault) in
                    try tenant.rows(probe).only().textIfPresent(0) ?? "NULL"
                }
            }
        } catch {
            return error.sqlState?.description ?? "\(error.kind)"
        }
    }

    /// The others take effect with a commit, or fail what comes next.
    private static let lasting = Poison.all.filter {
        !["listening", "setting row_security", "setting default_transaction_isolation"]
            .contains($0.name)
    }

    @Test(arguments: ContextMode.allCases, [true, false])
    func `what a tenant leaves is gone for the next one of the vendor's transaction`(
        _ mode: ContextMode, _ byGuard: Bool
    ) throws {
        let fixture = try shared(mode, byGuard: byGuard)
        for poison in Self.lasting {
            for scrubs in [true, false] {
                let found = try foundActing(
                    poison.plant, poison.values, poison.probe, fixture, scrubs: scrubs)
                #expect(found == (scrubs ? poison.clean : poison.poisoned), "\(poison.name)")
            }
        }
        for scrubs in [true, false] {
            let found = try foundActing(
                .run, [.text(Self.hijack)], .bodies, fixture, scrubs: scrubs)
            // The guard looks for it before it lets anybody leave the tenant.
            #expect(found == "unclean")
        }
    }
}
