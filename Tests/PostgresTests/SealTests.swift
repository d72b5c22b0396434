@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite struct `The form of seals` {
    private static let good =
        "s1k001t018f0000-0000-7000-8000-00000000000a1799999999" + String(repeating: "0f", count: 32)

    @Test func `a seal gives the scope of its subject and no other`() throws {
        let tenant = try #require(Seal(Self.good))
        #expect(TenantScope(seal: tenant) == Fixture.acme)
        #expect(VendorScope(seal: tenant) == nil)
        let text = Self.good.replacing("t018", with: "v018")
        let vendor = try #require(Seal(text))
        #expect(TenantScope(seal: vendor) == nil)
        #expect(VendorScope(seal: vendor)?.text == Fixture.acme.text)
    }

    @Test(arguments: [
        "", String(good.dropLast()), good + "0", "s2" + good.dropFirst(2),
        good.replacing("k001", with: "K001"), good.replacing("k001", with: "k-01"),
        good.replacing("t018", with: "x018"), good.replacing("00a1", with: "00A1"),
        good.replacing("-7000-", with: "07000-"), good.replacing("1799999999", with: "179999999a"),
        good.replacing("0f", with: "0F"), good.replacing("0f0f", with: "0f0g"),
        good.replacing("s1k0", with: "s1é0").dropLast().description,
    ])
    func `anything else is none`(_ text: String) {
        #expect(Seal(text) == nil)
    }

    @Test func `a seal never prints itself`() throws {
        let seal = try #require(Seal(Self.good))
        let scope = try #require(TenantScope(seal: seal))
        var dumped = ""
        dump((seal, scope), to: &dumped)
        for text in ["\(seal)", "\(scope)", String(reflecting: seal), dumped] {
            #expect(!text.contains("0f0f"))
        }
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Context` {
    static let sealing: [ContextMode] = [.sealed, .statement]

    @Test(arguments: ContextMode.allCases)
    func `a seal opens its tenant and no other`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        try connection.insert(1, "of acme", for: fixture.acme())
        try connection.insert(1, "of globex", for: fixture.globex())
        #expect(try connection.bodies(of: fixture.acme()) == ["of acme"])
        #expect(try connection.bodies(of: fixture.globex()) == ["of globex"])
        let left = try connection.readScopeOutsideTransactions(deadline: .soon)
        #expect(left.tenant == "" && left.vendor == "")
        let unbound = try connection.rowsOutsideTransactions(.listItems, deadline: .soon).count
        #expect(unbound == 0)
    }

    @Test(arguments: sealing)
    func `a scope without a seal is refused before anything is sent`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let before = connection.roundTrips
        let refused = fault { () throws(DatabaseFault) in
            try connection.bodies(of: Fixture.acme)
        }
        #expect(refused?.kind == .sealMissing)
        #expect(connection.roundTrips == before)
    }

    @Test(arguments: sealing)
    func `a seal that is not genuine, or not of now, costs the connection`(
        _ mode: ContextMode
    ) throws {
        let fixture = try GuardedFixture(mode)
        let genuine = try fixture.sealText("t", Fixture.acme.text)
        let defects = [
            genuine.replacing(Fixture.acme.text, with: Fixture.globex.text),
            String(genuine.dropLast()) + (genuine.last == "0" ? "1" : "0"),
            genuine.replacing("s1db", with: "s1zz"),
            try fixture.sealText("t", Fixture.acme.text, seconds: -1),
            try fixture.sealText("t", Fixture.acme.text, seconds: 900),
            try GuardedFixture(mode).sealText("t", Fixture.acme.text),
        ]
        var connection = try fixture.connect()
        for text in defects {
            let seal = try #require(Seal(text))
            let scope = try #require(TenantScope(seal: seal))
            let refused = fault { () throws(DatabaseFault) in try connection.bodies(of: scope) }
            #expect(refused?.kind == .contextRefused)
            #expect(refused?.outcome == .rolledBack)
            let isConnected = connection.isConnected
            #expect(!isConnected)
        }
        #expect(try connection.bodies(of: fixture.acme()) == [])
    }

    /// What code inside acme's transaction tries to reach globex.
    private func smuggle(
        _ fixture: GuardedFixture, _ statement: Statement, _ values: [Parameter]
    ) throws -> (fault: DatabaseFault?, seen: [String?]) {
        var connection = try fixture.connect()
        try connection.insert(1, "of globex", for: fixture.globex())
        let acme = try fixture.acme()
        var seen: [String?] = []
        let lost = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(statement, values)
                let found = try transaction.queue(.listItems)
                try transaction.queue(.insertItem, [5, "smuggled"])
                for row in try transaction.rows(found) { seen.append(try row.textIfPresent(1)) }
            }
        }
        let isConnected = connection.isConnected
        #expect(!isConnected || lost?.sqlState == .insufficientPrivilege)
        #expect(try connection.bodies(of: fixture.globex()) == ["of globex"])
        #expect(try connection.bodies(of: acme) == [])
        return (lost, seen)
    }

    @Test(arguments: ContextMode.allCases)
    func `the tenant's setting moved inside a transaction makes the server refuse the commit`(
        _ mode: ContextMode
    ) throws {
        let (lost, seen) = try smuggle(
            GuardedFixture(mode), .configure,
            ["app.current_tenant", .text(Fixture.globex.text), true])
        #expect(lost?.kind == .scopeLost)
        #expect(lost?.outcome == .rolledBack)
        // What the mode is for: only plain mode believes what any statement can write.
        #expect(seen == (mode == .plain ? ["of globex"] : []))
    }

    @Test func `the runtime role cannot write the slot of sealed mode`() throws {
        let (lost, _) = try smuggle(
            GuardedFixture(.sealed), .configure,
            [.text(GuardScript.slot), .text(Fixture.globex.text + ","), true])
        #expect(lost?.sqlState == .insufficientPrivilege)
    }

    @Test(arguments: ["", "garbage"])
    func `a seal taken away or forged inside a transaction of statement mode is noticed`(
        _ text: String
    ) throws {
        let (lost, seen) = try smuggle(
            GuardedFixture(.statement), .configure, ["app.seal", .text(text), true])
        // Without a seal nobody is bound; the insert fails on its missing tenant or its policy.
        #expect(lost != nil && seen == [])
        if text == "garbage" { #expect(lost?.sqlState == .invalidAuthorization) }
    }

    @Test(arguments: sealing)
    func `a second tenant cannot be entered in the same transaction`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        let other = try fixture.sealText("t", Fixture.globex.text)
        let (lost, seen) = try smuggle(
            fixture, .run, [.text("SELECT ringfence_guard.enter('\(other)')")])
        #expect(lost?.sqlState == .invalidAuthorization)
        #expect(seen == [])
    }

    @Test(arguments: ContextMode.allCases)
    func `one transaction takes one round trip`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let acme = try fixture.acme()
        let before = connection.roundTrips
        _ = try connection.texts(.listItems, for: acme)
        #expect(connection.roundTrips - before == 1)
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Acting by the guard` {
    private static let record = AuditRecord(
        id: "018f0000-0000-7000-8000-0000000000e1", action: "item.look", actor: "support",
        requestID: "018f0000-0000-7000-8000-0000000000e2", detail: Array(#"{"n":1}"#.utf8))

    @Test(arguments: ContextMode.allCases)
    func `a vendor acts for its tenant, audited, and for no other`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        try connection.insert(1, "of acme", for: fixture.acme())
        let vendor = try fixture.vendor(Fixture.vendor)
        let (inside, after) = try connection.withTransaction(forVendor: vendor, deadline: .soon) {
            transaction throws(DatabaseFault) in
            let inside = try transaction.actAs(
                Fixture.acme, reason: "ticket 17", record: Self.record
            ) { tenant throws(DatabaseFault) in try tenant.rows(.listItems).only().text(1) }
            return (inside, try transaction.rows(.listItems).count)
        }
        #expect(inside == "of acme")
        #expect(after == 0)
        let audit = try connection.texts(.auditLines, for: fixture.acme())
        #expect(audit == ["support item.look ticket 17 {\"n\":1}"])

        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.globex, reason: "r", record: Self.record) {
                    tenant throws(DatabaseFault) in try tenant.rows(.listItems).count
                }
            }
        }
        #expect(refused?.sqlState == .insufficientPrivilege)
        #expect(try connection.texts(.auditLines, for: fixture.globex()) == [])
    }

    @Test(arguments: ContextMode.allCases)
    func `a scope lost while acting undoes everything`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let vendor = try fixture.vendor(Fixture.vendor)
        let lost = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: "r", record: Self.record) {
                    tenant throws(DatabaseFault) in
                    try tenant.queue(.insertItem, [1, "lost"])
                    try tenant.queue(
                        .configure,
                        ["app.current_tenant", .text(Fixture.globex.text), true])
                }
            }
        }
        #expect(lost?.kind == .scopeLost)
        #expect(try connection.texts(.auditLines, for: fixture.acme()) == [])
        #expect(try connection.bodies(of: fixture.acme()) == [])
    }

    /// What SQL that was injected while the vendor acts can know, it can hand to `leave`.
    private static let returns = [
        "SELECT ringfence_guard.leave('')", "SELECT ringfence_guard.leave(NULL)",
        "SELECT ringfence_guard.leave('%t')",
        "SELECT ringfence_guard.leave(current_setting('app.seal', true))",
        "SELECT ringfence_guard.leave(substr(current_setting('app.seal', true), 1, 117))",
        "SELECT ringfence_guard.enter('%t')",
        "SELECT set_config('app.seal', substr(current_setting('app.seal', true), 1, 117), true)",
        "SELECT set_config('app.seal', '', true), set_config('app.current_tenant', '', true)",
        "RESET ALL",
    ]

    /// It stays in the tenant it runs in: it gets back neither the vendor nor another tenant.
    @Test(arguments: [ContextMode.sealed, .statement], returns)
    func `what runs inside a tenant cannot leave it`(
        _ mode: ContextMode, _ attempt: String
    ) throws {
        let fixture = try GuardedFixture(mode)
        try fixture.cluster.run(
            sql: "UPDATE ringfence.tenants SET vendor_id = '\(Fixture.vendor.text)'",
            in: fixture.database)
        var connection = try fixture.connect()
        let vendor = try fixture.vendor(Fixture.vendor)
        let own = try fixture.sealText("t", Fixture.acme.text)
        let crossing = """
            SELECT ringfence_guard.act_as('\(Fixture.globex.text)', 'r', gen_random_uuid(), 'a',
            'b', NULL, NULL)
            """
        let injected = [attempt.replacing("%t", with: own), crossing]
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.actAs(Fixture.acme, reason: "r", record: Self.record) {
                    tenant throws(DatabaseFault) in
                    for text in injected { _ = try tenant.rows(.run, [.text(text)]) }
                }
            }
        }
        #expect(refused?.sqlState == .invalidAuthorization)
        #expect(try connection.texts(.auditLines, for: fixture.globex()) == [])
    }

    /// What runs next is the proof, or whatever the vendor asks: a statement in the place of one of
    /// those would run as the vendor.
    @Test(arguments: [ContextMode.sealed, .statement], ["SELECT 1 OPERATOR%", "SELECT %leave%"])
    func `what runs inside a tenant leaves no statement for the vendor`(
        _ mode: ContextMode, _ victim: String
    ) throws {
        let fixture = try GuardedFixture(mode)
        try fixture.cluster.run(
            sql: "UPDATE ringfence.tenants SET vendor_id = '\(Fixture.vendor.text)'",
            in: fixture.database)
        var connection = try fixture.connect()
        let vendor = try fixture.vendor(Fixture.vendor)
        // As many parameters as any of ours has; the seal would be among them.
        let hijack = """
            DO $hijack$ DECLARE victim text; BEGIN
            FOR victim IN SELECT name FROM pg_prepared_statements WHERE statement LIKE '\(victim)'
            LOOP
                EXECUTE format('DEALLOCATE %I', victim);
                EXECUTE format('PREPARE %I (text, text) AS SELECT CASE WHEN ringfence.tenant() IS '
                    'NULL THEN ringfence_guard.act_as(''\(Fixture.globex.text)'', ''r'', '
                    'gen_random_uuid(), ''a'', ''b'', NULL, NULL)::text END', victim);
            END LOOP; END $hijack$
            """
        func act(_ injected: [String]) -> DatabaseFault? {
            fault { () throws(DatabaseFault) in
                try connection.withTransaction(forVendor: vendor, deadline: .soon) {
                    transaction throws(DatabaseFault) in
                    try transaction.actAs(Fixture.acme, reason: "r", record: Self.record) {
                        tenant throws(DatabaseFault) in
                        for text in injected { _ = try tenant.rows(.run, [.text(text)]) }
                    }
                }
            }
        }
        // Once without, so that all statements have their names.
        #expect(act([]) == nil)
        #expect(act([hijack])?.kind == (victim.contains("leave") ? nil : .unclean))
        let crossed = try fixture.cluster.run(
            sql: "SELECT tenant_id FROM ringfence.audit", in: fixture.database)
        #expect(!crossed.contains(Fixture.globex.text))
    }

    @Test func `without the vendor's seal there is no acting`() throws {
        let fixture = try GuardedFixture(.sealed)
        var connection = try fixture.connect()
        let acme = try fixture.acme()
        let refused = fault { () throws(DatabaseFault) in
            try connection.texts(
                .run,
                [
                    .text(
                        """
                        SELECT ringfence_guard.act_as('\(Fixture.globex.text)', 'r',
                        gen_random_uuid(), 'a', 'b', NULL, NULL)
                        """)
                ], for: acme)
        }
        #expect(refused?.sqlState == .invalidAuthorization)
        let isConnected = connection.isConnected
        #expect(!isConnected)
    }
}

extension Statement {
    static let auditLines = Statement(
        "audit lines",
        """
        SELECT concat_ws(' ', actor, action, reason, detail::text) FROM ringfence.audit
        """, parameters: 0)
}
