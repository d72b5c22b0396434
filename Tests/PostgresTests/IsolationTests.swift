@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Tenant isolation` {
    @Test func `a tenant sees its own rows and no others (G2)`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(1, "of acme", for: Fixture.acme)
        try connection.insert(1, "of globex", for: Fixture.globex)
        let acme = try connection.bodies(of: Fixture.acme)
        let globex = try connection.bodies(of: Fixture.globex)
        #expect(acme == ["of acme"])
        #expect(globex == ["of globex"])
    }

    @Test func `a row cannot be written for or moved to another tenant`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(1, "mine", for: Fixture.acme)
        let other = Parameter.text(Fixture.globex.text)
        for (statement, values) in [
            (Statement.insertFor, [other, 2]), (Statement.moveItems, [other]),
        ] {
            let refused = fault { () throws(DatabaseFault) in
                try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                    (transaction: inout TenantTransaction) throws(DatabaseFault) in
                    try transaction.rows(statement, values).count
                }
            }
            #expect(refused?.sqlState == .insufficientPrivilege)
            #expect(refused?.statement == statement.name.description)
        }
        #expect(try connection.bodies(of: Fixture.acme) == ["mine"])
        #expect(try connection.bodies(of: Fixture.globex) == [])
    }

    @Test func `a statement without a filter deletes only the tenant's rows`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(1, "a", for: Fixture.acme)
        try connection.insert(1, "b", for: Fixture.globex)
        let deleted = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in try transaction.rows(.deleteItems).affected
        }
        #expect(deleted == 1)
        #expect(try connection.bodies(of: Fixture.globex) == ["b"])
    }

    @Test func `nothing of the scope is left after the Sync`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let before = try connection.readScopeOutsideTransactions(deadline: .soon)
        #expect(before.tenant == nil)
        try connection.insert(1, "a", for: Fixture.acme)
        let after = try connection.readScopeOutsideTransactions(deadline: .soon)
        #expect(after.tenant == "")
        #expect(after.vendor == "")
    }

    @Test func `no rows appear without a scope, before and after a transaction`() throws {
        let fixture = try Fixture()
        var writer = try fixture.connect()
        try writer.insert(1, "a", for: Fixture.acme)
        var connection = try fixture.connect()
        let fresh = try connection.rowsOutsideTransactions(.listItems, deadline: .soon).count
        #expect(fresh == 0)
        #expect(try connection.bodies(of: Fixture.acme).count == 1)
        let used = try connection.rowsOutsideTransactions(.listItems, deadline: .soon).count
        #expect(used == 0)
    }

    @Test(arguments: [
        "' OR true --", "1'; DROP TABLE app.items; --", "$1", "\\'; SELECT 1",
        "' || set_config('app.current_tenant','\(Fixture.globex.text)',false) || '",
        "😀\u{202E}\u{0301}",
    ])
    func `text that looks like SQL is a value like any other`(_ text: String) throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(7, text, for: Fixture.acme)
        try connection.insert(8, "foreign", for: Fixture.globex)
        #expect(try connection.bodies(of: Fixture.acme) == [text])
        #expect(try connection.bodies(of: Fixture.globex) == ["foreign"])
    }

    @Test(arguments: [
        "", "acme", "018F0000-0000-7000-8000-00000000000A", "018f0000000070008000000000000000000a",
        "018f0000-0000-7000-8000-00000000000a ", "018f0000-0000-7000-8000-00000000000g",
        "'; SELECT 1; --aaaaaaaaaaaaaaaaaaaaa",
        "018f0000_0000-7000-8000-00000000000a", "０18f0000-0000-7000-8000-00000000000",
    ])
    func `only a canonical UUID becomes a scope`(_ text: String) {
        // A NUL in an argument would garble the report, so it is made here.
        for text in [text, Fixture.acme.text.replacing("a", with: "\u{0}")] {
            #expect(TenantScope(uuidText: text) == nil)
            #expect(VendorScope(uuidText: text) == nil)
        }
    }

    @Test func `a function that moves the scope makes the server refuse the commit`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let lost = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.steal, [.text(Fixture.globex.text)])
                try transaction.queue(.insertItem, [1, "smuggled"])
                return ()
            }
        }
        #expect(lost?.kind == .scopeLost)
        #expect(lost?.outcome == .rolledBack)
        let isConnected = connection.isConnected
        #expect(!isConnected)
        #expect(try connection.bodies(of: Fixture.globex) == [])
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Vendor transactions` {
    /// One tenant for each vendor, and an item of acme.
    private func prepared() throws -> Fixture {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        for (vendor, tenant) in [
            (Fixture.vendor, Fixture.acme), (Fixture.otherVendor, Fixture.globex),
        ] {
            try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertTenant, [.text(tenant.text), .text(vendor.text)])
                return ()
            }
        }
        try connection.insert(1, "of acme", for: Fixture.acme)
        return fixture
    }

    @Test func `a vendor sees its tenants and no tenant's rows`() throws {
        let fixture = try prepared()
        var connection = try fixture.connect()
        let (tenants, items) = try connection.withTransaction(
            forVendor: Fixture.vendor, deadline: .soon
        ) { transaction throws(DatabaseFault) in
            let tenants = try transaction.rows(.listTenants)
            return (try tenants.only().uuid(0), try transaction.rows(.listItems).count)
        }
        #expect(tenants == Fixture.acme.text)
        #expect(items == 0)
    }

    @Test func `acting as a tenant reaches its rows, is audited, and ends with its closure`() throws
    {
        let fixture = try prepared()
        var connection = try fixture.connect()
        let (inside, after) = try connection.withTransaction(
            forVendor: Fixture.vendor, deadline: .soon
        ) { transaction throws(DatabaseFault) in
            let inside = try transaction.actAs(
                Fixture.acme, reason: "ticket 17", audit: .audit
            ) { tenant throws(DatabaseFault) in
                let rows = try tenant.rows(.listItems)
                return try rows.only().text(1)
            }
            return (inside, try transaction.rows(.listItems).count)
        }
        #expect(inside == "of acme")
        #expect(after == 0)
        let audit = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            let row = try transaction.rows(.listAudit).only()
            return [try row.uuid(0), try row.text(1)]
        }
        #expect(audit == [Fixture.vendor.text, "ticket 17"])
    }

    @Test(arguments: ["", "  \n"])
    func `acting without a reason is refused and rolls back`(_ reason: String) throws {
        let fixture = try prepared()
        var connection = try fixture.connect()
        var wasEntered = false
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: Fixture.vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: reason, audit: .audit) {
                    _ throws(DatabaseFault) in wasEntered = true
                }
            }
        }
        #expect(refused?.kind == .auditMissing)
        #expect(!wasEntered)
    }

    @Test func `an audit that writes no row keeps the closure from running`() throws {
        let fixture = try prepared()
        var connection = try fixture.connect()
        var wasEntered = false
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: Fixture.vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: "r", audit: .auditNothing) {
                    _ throws(DatabaseFault) in wasEntered = true
                }
            }
        }
        #expect(refused?.kind == .auditMissing)
        #expect(!wasEntered)
    }

    @Test func `a fault while acting undoes the vendor's transaction though it is caught`() throws {
        let fixture = try prepared()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: Fixture.vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                do throws(DatabaseFault) {
                    try transaction.actAs(Fixture.acme, reason: "r", audit: .audit) {
                        tenant throws(DatabaseFault) in
                        try tenant.queue(.insertItem, [9, "late"])
                        _ = try tenant.rows(.divide, [0])
                    }
                } catch {}
                return 1
            }
        }
        #expect(refused?.sqlState == .divisionByZero)
        #expect(try connection.bodies(of: Fixture.acme) == ["of acme"])
    }

    @Test func `acting as a tenant cannot commit by itself`() throws {
        let fixture = try prepared()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: Fixture.vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: "r", audit: .audit) {
                    tenant throws(DatabaseFault) in try tenant.commit()
                }
            }
        }
        #expect(refused?.kind == .protocolViolation)
    }
}
