import Foundation
import HTTP1
@_spi(Probing) import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Backend

@Suite struct `Isolation over HTTP` {
    let backend: RunningBackend
    let (acme, globex): (Tenant, Tenant)

    init() throws {
        backend = try RunningBackend.shared()
        acme = try backend.makeTenant()
        globex = try backend.makeTenant()
    }

    private func publish(_ tenant: Tenant, _ text: String) throws -> String {
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{"of":"\#(text)"}}"#,
            as: tenant.scope)
        return try #require(answer.json["id"] as? String)
    }

    @Test func `a tenant lists its own events and no other`() throws {
        for number in 0..<3 {
            _ = try publish(acme, "acme \(number)")
            _ = try publish(globex, "globex \(number)")
        }
        for (tenant, name) in [(acme, "acme"), (globex, "globex")] {
            let list = try backend.send("GET", "/v1/events?limit=100", as: tenant.scope)
            #expect(list.only("Ringfence-Tenant") == tenant.id)
            let texts = list.data.compactMap { ($0["payload"] as? [String: String])?["of"] }
            #expect(texts.sorted() == (0..<3).map { "\(name) \($0)" })
        }
    }

    @Test func `another's event answers byte for byte like a missing one`() throws {
        let theirs = try publish(globex, "secret")
        let ids = [
            theirs, "018f0000-0000-7000-8000-00000000000a", "00000000-0000-0000-0000-000000000000",
            "not-an-id", theirs.uppercased(), "%00", "x%2Fy", "%7B\(theirs)%7D",
            "urn:uuid:\(theirs)",
            String(repeating: "a", count: 500), "%e2%80%a8", "'",
        ]
        var answers: Set<String> = []
        for id in ids {
            let answer = try backend.send("GET", "/v1/events/\(id)", as: acme.scope)
            #expect(answer.status == 404, "\(id)")
            #expect(answer.only("Ringfence-Tenant") == acme.id)
            answers.insert(answer.comparable)
        }
        #expect(answers.count == 1, "\(answers)")
    }

    @Test func `another's cursor moves nobody into another's list`() throws {
        for number in 0..<3 { _ = try publish(globex, "\(number)") }
        let page = try backend.send("GET", "/v1/events?limit=1", as: globex.scope)
        let cursor = try #require(page.json["next_cursor"] as? String)
        let own = try publish(acme, "own")
        let list = try backend.send("GET", "/v1/events?cursor=\(cursor)", as: acme.scope)
        #expect(list.status == 200)
        #expect(list.data.isEmpty)
        let all = try backend.send("GET", "/v1/events", as: acme.scope)
        #expect(all.data.compactMap { $0["id"] as? String } == [own])
    }

    @Test func `tenants that share connections never meet`() throws {
        let tenants = try (0..<4).map { _ in try backend.makeTenant() }
        let faults = Mutex<[String]>([])
        inThreads(8) { thread in
            let tenant = tenants[thread % 4]
            for round in 0..<12 {
                do {
                    try exchange(tenant, round)
                } catch {
                    faults.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(faults.withLock { $0 } == [])
    }

    /// One write or one read, or one that fails, and a look at whose rows came back.
    private func exchange(_ tenant: Tenant, _ round: Int) throws {
        func require(_ condition: Bool, _ answer: RawResponse) throws {
            guard condition, answer.only("Ringfence-Tenant") == tenant.id else {
                throw TestSupportError.malformedResponse("\(tenant.id): \(answer.head)")
            }
        }
        let written = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{"of":"\#(tenant.id)"}}"#,
            as: tenant.scope)
        try require(written.status == 202, written)
        let refused = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"b","payload":{"n":\#(round)},"id":"once"}"#,
            as: tenant.scope)
        try require(refused.status == 202 || refused.status == 409, refused)
        let list = try backend.send("GET", "/v1/events?topic=a&limit=100", as: tenant.scope)
        try require(list.status == 200 && !list.data.isEmpty, list)
        for event in list.data {
            try require((event["payload"] as? [String: String])?["of"] == tenant.id, list)
        }
    }
}

@Suite struct `Isolation below the handlers` {
    let backend: RunningBackend
    let (acme, globex): (Tenant, Tenant)

    init() throws {
        backend = try RunningBackend.shared()
        acme = try backend.makeTenant()
        globex = try backend.makeTenant()
        for tenant in [acme, globex] {
            _ = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"a","payload":{},"id":"twin"}"#,
                as: tenant.scope)
        }
    }

    private func seal(_ scope: Gateway.Scope) throws -> Seal {
        var out = ByteBuffer(capacityMax: 200)
        try Gateway.mint(
            #require(backend.sealKey), scope, now: Int64(Date().timeIntervalSince1970),
            into: &out)
        return try #require(Seal(out.bytes))
    }

    /// Runs a statement as the runtime role inside `tenant`.
    private func rows(
        _ statement: Statement, _ values: [Parameter] = [], in tenant: Tenant
    ) throws -> Rows {
        var connection = Connection(
            to: ConnectionString(try runtimeURL()), context: .sealed)
        let scope = try #require(TenantScope(seal: seal(tenant.scope)))
        return try connection.withTransaction(
            for: scope, deadline: .after(milliseconds: Patience.milliseconds)
        ) { transaction throws(DatabaseFault) in
            let rows = try transaction.rows(statement, values)
            transaction.rollBack()
            return rows
        }
    }

    private func runtimeURL() throws -> String { try #require(backend.database).runtimeURL }

    private func fault(
        _ statement: Statement, _ values: [Parameter] = [], in tenant: Tenant
    ) throws -> DatabaseFault? {
        do {
            _ = try rows(statement, values, in: tenant)
            return nil
        } catch let fault as DatabaseFault {
            return fault
        }
    }

    @Test func `statements without any condition see one tenant`() throws {
        for tenant in [acme, globex] {
            let events = try rows(.everyEvent, in: tenant)
            #expect(events.count >= 1)
            for row in events { #expect(try row.uuid(0) == tenant.id) }
            let tenants = try rows(.everyTenant, in: tenant)
            #expect(try tenants.map { try $0.uuid(0) } == [tenant.id])
            #expect(try rows(.everyVendor, in: tenant).count == 0)
        }
    }

    @Test func `a row of another tenant cannot be written, moved or removed (G4)`() throws {
        let id = "018f0000-0000-7000-8000-0000000000aa"
        let insert: [Parameter] = [.text(globex.id), .text(id)]
        #expect(
            try fault(.insertFor, insert, in: acme)?.sqlState == .insufficientPrivilege)
        // Not granted at all: events are never changed.
        #expect(
            try fault(.moveEvents, [.text(globex.id)], in: acme)?.sqlState
                == .insufficientPrivilege)
        #expect(try fault(.removeEvents, in: acme)?.sqlState == .insufficientPrivilege)
        #expect(try fault(.suspendAll, in: acme) == nil)
        let states = try backend.look(
            "SELECT DISTINCT state FROM ringfence.tenants WHERE id IN ('\(acme.id)','\(globex.id)')"
        )
        #expect(states == "active")
        #expect(try fault(.readAudit, in: acme)?.sqlState == .insufficientPrivilege)
        #expect(
            try fault(.auditFor, [.text(globex.id), .text(id), .text(id)], in: acme)?.sqlState
                == .insufficientPrivilege)
    }

    @Test func `an audit row names the tenant's own vendor or fails`() throws {
        let other = try backend.makeTenant(vendor: "another-vendor")
        let id = "018f0000-0000-7000-8000-0000000000ab"
        let (own, foreign) = (try vendorID(of: acme), try vendorID(of: other))
        #expect(try fault(.auditFor, [.text(acme.id), .text(id), .text(own)], in: acme) == nil)
        // Whether there is such a vendor makes no difference.
        for vendor in [foreign, id] {
            let refused = try fault(
                .auditFor, [.text(acme.id), .text(id), .text(vendor)], in: acme)
            #expect(refused?.sqlState == .foreignKeyViolation)
        }
    }

    @Test func `a vendor's transaction sees no events, and tenants of that vendor`() throws {
        let other = try backend.makeTenant(vendor: "isolation-vendor")
        let vendor = try #require(VendorScope(seal: seal(.vendor("isolation-vendor"))))
        var connection = Connection(
            to: ConnectionString(try runtimeURL()), context: .sealed)
        let (events, tenants, vendors) = try connection.withTransaction(
            forVendor: vendor, deadline: .after(milliseconds: Patience.milliseconds)
        ) { transaction throws(DatabaseFault) in
            (
                try transaction.rows(.everyEvent), try transaction.rows(.everyTenant),
                try transaction.rows(.everyVendor)
            )
        }
        #expect(events.count == 0)
        #expect(try tenants.map { try $0.uuid(0) }.contains(other.id))
        #expect(try !tenants.map { try $0.uuid(0) }.contains(acme.id))
        #expect(try vendors.map { try $0.uuid(0) } == [vendor.text])
    }

    private func vendorID(of tenant: Tenant) throws -> String {
        try backend.look("SELECT vendor_id FROM ringfence.tenants WHERE id = '\(tenant.id)'")
    }

    @Test func `outside a transaction there is nothing to see (G2)`() throws {
        var connection = Connection(
            to: ConnectionString(try runtimeURL()), context: .sealed)
        for statement in [Statement.everyEvent, .everyTenant, .everyVendor] {
            let rows = try connection.rowsOutsideTransactions(
                statement, deadline: .after(milliseconds: Patience.milliseconds))
            #expect(rows.count == 0, "\(statement.name)")
        }
    }

    @Test func `the owner of the tables sees no tenant's rows either`() throws {
        let database = try #require(backend.database)
        var owner = try OwnerSession(
            connectingTo: ConnectionString(database.ownerURL),
            deadline: .after(milliseconds: Patience.milliseconds))
        for text: StaticString in [
            "SELECT count(*) FROM ringfence.events", "SELECT count(*) FROM ringfence.tenants",
            "SELECT count(*) FROM ringfence.audit", "SELECT count(*) FROM ringfence.vendors",
        ] {
            let rows = try owner.rows(text, deadline: .after(milliseconds: Patience.milliseconds))
            #expect(try rows.only().int64(0) == 0, "\(text)")
        }
    }

    @Test func `the policies use the keys`() throws {
        let database = try #require(backend.database)
        let plan = try backend.look(
            """
            SET enable_seqscan = off;
            SET backtrace_functions = '\(acme.id.replacing("-", with: "")),';
            SET ROLE \(database.runtime);
            EXPLAIN SELECT * FROM ringfence.events WHERE topic = 'a' ORDER BY id DESC LIMIT 5;
            """)
        #expect(plan.contains("Index"), "\(plan)")
        #expect(plan.contains("tenant_id = "), "\(plan)")
        // A function called for each row would stand in the plan under its own name.
        #expect(!plan.contains("ringfence.tenant()"), "\(plan)")
    }
}

extension Statement {
    fileprivate static let everyEvent = Statement(
        "every event", "SELECT tenant_id, id FROM ringfence.events", parameters: 0)
    fileprivate static let everyTenant = Statement(
        "every tenant", "SELECT id FROM ringfence.tenants", parameters: 0)
    fileprivate static let everyVendor = Statement(
        "every vendor", "SELECT id FROM ringfence.vendors", parameters: 0)
    fileprivate static let readAudit = Statement(
        "read audit", "SELECT tenant_id FROM ringfence.audit", parameters: 0)
    fileprivate static let insertFor = Statement(
        "insert for",
        """
        INSERT INTO ringfence.events (tenant_id, id, topic, payload)
        VALUES ($1::uuid, $2::uuid, 'a', '{}')
        """, parameters: 2)
    fileprivate static let auditFor = Statement(
        "audit for",
        """
        INSERT INTO ringfence.audit
            (tenant_id, id, vendor_id, action, reason, request_id, detail)
        VALUES ($1::uuid, $2::uuid, $3::uuid, 'a', 'b', $2::uuid, '{}')
        """, parameters: 3)
    fileprivate static let moveEvents = Statement(
        "move events", "UPDATE ringfence.events SET tenant_id = $1::uuid", parameters: 1)
    fileprivate static let removeEvents = Statement(
        "remove events", "DELETE FROM ringfence.events", parameters: 0)
    fileprivate static let suspendAll = Statement(
        "suspend all", "UPDATE ringfence.tenants SET state = 'suspended'", parameters: 0)
}
