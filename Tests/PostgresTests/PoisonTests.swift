@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

/// Something one tenant leaves in a session for the next one: how it is planted, and how the next
/// one would find it.
struct Poison: Sendable {
    let name: String
    let plant: Statement
    let values: [Parameter]
    let probe: Statement
    /// What the probe answers while the poison works, and without it.
    let poisoned: String
    let clean: String

    private init(
        _ name: String, by plant: Statement, _ values: [Parameter], seenBy probe: Statement,
        poisoned: String, clean: String
    ) {
        self.name = name
        self.plant = plant
        self.values = values
        self.probe = probe
        self.poisoned = poisoned
        self.clean = clean
    }

    /// A statement that a careless function was made to run.
    private static func statement(
        _ name: String, _ text: String, seenBy probe: Statement, poisoned: String, clean: String
    ) -> Poison {
        Poison(
            name, by: .run, [.text(text)], seenBy: probe, poisoned: poisoned, clean: clean)
    }

    /// A setting of the session that an expression made.
    private static func setting(
        _ name: String, _ value: String, seenBy probe: Statement, clean: String
    ) -> Poison {
        Poison(
            "setting \(name)", by: .configure, [.text(name), .text(value), false], seenBy: probe,
            poisoned: value, clean: clean)
    }

    static let all = [
        statement(
            "30: temporary table in the place of an unqualified name",
            "CREATE TEMP TABLE orders AS SELECT 'planted'::text AS body",
            seenBy: .unqualified, poisoned: "planted", clean: "42P01"),
        statement(
            "30: temporary view over the next tenant's rows",
            "CREATE TEMP VIEW orders AS SELECT 'planted' AS body FROM app.items LIMIT 1",
            seenBy: .unqualified, poisoned: "planted", clean: "42P01"),
        setting(
            "search_path", "pg_temp, pg_catalog", seenBy: .searchPath,
            clean: "pg_catalog,pg_temp"),
        setting("statement_timeout", "77s", seenBy: .timeout, clean: "0"),
        setting("row_security", "off", seenBy: .rowSecurity, clean: "on"),
        setting("default_transaction_read_only", "on", seenBy: .readOnlyDefault, clean: "off"),
        setting(
            "default_transaction_isolation", "serializable", seenBy: .isolation,
            clean: "read committed"),
        setting("stash.loot", "a secret of acme", seenBy: .stash, clean: ""),
        statement("listening", "LISTEN gossip", seenBy: .listening, poisoned: "1", clean: "0"),
        statement(
            "session lock", "SELECT pg_advisory_lock(42)", seenBy: .locks, poisoned: "1",
            clean: "0"),
        statement(
            "cursor over the commit",
            "DECLARE loot CURSOR WITH HOLD FOR SELECT body FROM app.items",
            seenBy: .cursors, poisoned: "1", clean: "0"),
        statement(
            "last value of a sequence", "SELECT nextval('app.numbers')", seenBy: .lastValue,
            poisoned: "t", clean: "55000"),
    ]
}

extension Statement {
    fileprivate static let unqualified = Statement(
        "unqualified", "SELECT body FROM orders", parameters: 0)
    fileprivate static let searchPath = Statement(
        "search path", "SELECT current_setting('search_path')", parameters: 0)
    fileprivate static let timeout = Statement(
        "timeout", "SELECT current_setting('statement_timeout')", parameters: 0)
    fileprivate static let rowSecurity = Statement(
        "row security", "SELECT current_setting('row_security')", parameters: 0)
    fileprivate static let readOnlyDefault = Statement(
        "read only", "SELECT current_setting('default_transaction_read_only')", parameters: 0)
    fileprivate static let isolation = Statement(
        "isolation", "SELECT current_setting('transaction_isolation')", parameters: 0)
    fileprivate static let stash = Statement(
        "stash", "SELECT coalesce(current_setting('stash.loot', true), '')", parameters: 0)
    fileprivate static let listening = Statement(
        "listening", "SELECT count(*)::text FROM pg_listening_channels()", parameters: 0)
    fileprivate static let locks = Statement(
        "locks",
        """
        SELECT count(*)::text FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        """, parameters: 0)
    fileprivate static let cursors = Statement(
        "cursors", "SELECT count(*)::text FROM pg_cursors WHERE is_holdable", parameters: 0)
    fileprivate static let lastValue = Statement(
        "last value", "SELECT left((lastval() > 0)::text, 1)", parameters: 0)
    fileprivate static let twoAtOnce = Statement("two at once", "SELECT 1; SELECT 2", parameters: 0)
    fileprivate static let serverProcess = Statement(
        "server process", "SELECT pg_backend_pid()::text", parameters: 0)
    static let bodies = Statement(
        "bodies", "SELECT body FROM app.items ORDER BY id", parameters: 0)
}

@Suite(.timeLimit(.minutes(30))) struct `Poisoned sessions` {
    /// A database where the runtime role may make temporary objects, which production takes away:
    /// so the scrub alone stands between two tenants.
    ///
    /// - Parameter byGuard: false for a guard without `clear`, as an earlier version's is.
    func prepared(_ mode: ContextMode, byGuard: Bool = true) throws -> GuardedFixture {
        let fixture = try GuardedFixture(mode)
        if !byGuard {
            try fixture.cluster.run(
                sql: "DROP PROCEDURE ringfence_guard.clear(boolean)", in: fixture.database)
        }
        try fixture.cluster.run(
            sql: "GRANT TEMP ON DATABASE \(fixture.database.name) TO \(fixture.database.runtime)",
            in: fixture.database)
        var connection = try fixture.connect()
        let isByGuard = connection.isClearedByGuard
        #expect(isByGuard == byGuard)
        try connection.insert(1, "of globex", for: fixture.globex())
        return fixture
    }

    /// What the second tenant finds on the first one's connection: text, or an SQLSTATE.
    private func found(
        _ poison: Poison, _ fixture: GuardedFixture, scrubs: Bool
    ) throws -> (String, isSameServer: Bool) {
        var connection = try fixture.connect()
        connection.scrubsBetweenScopes = scrubs
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        let before = try connection.texts(.serverProcess, for: acme)
        _ = try connection.texts(poison.plant, poison.values, for: acme)
        let answer: String
        do throws(DatabaseFault) {
            answer = try connection.texts(poison.probe, for: globex).first.flatMap { $0 } ?? "NULL"
        } catch {
            answer = error.sqlState?.description ?? "\(error.kind)"
        }
        let after = try connection.texts(.serverProcess, for: acme)
        return (answer, before == after)
    }

    @Test(arguments: ContextMode.allCases, [true, false])
    func `what one tenant leaves is gone for the next`(
        _ mode: ContextMode, _ byGuard: Bool
    ) throws {
        let fixture = try prepared(mode, byGuard: byGuard)
        for poison in Poison.all {
            let (found, isSameServer) = try found(poison, fixture, scrubs: true)
            #expect(found == poison.clean, "\(poison.name)")
            #expect(isSameServer, "\(poison.name): the connection was replaced, not cleared")
        }
    }

    @Test(arguments: ContextMode.allCases)
    func `without the scrub each poison works, so the test above can fail`(
        _ mode: ContextMode
    ) throws {
        let fixture = try prepared(mode)
        for poison in Poison.all {
            let (found, _) = try found(poison, fixture, scrubs: false)
            #expect(found == poison.poisoned, "\(poison.name)")
        }
    }

    /// Threat 31: acme replaces, under the driver's own name, the statement globex runs next.
    static let hijack = """
        DO $hijack$
        DECLARE
            victim text;
        BEGIN
            SELECT name INTO STRICT victim FROM pg_prepared_statements
            WHERE statement LIKE 'SELECT body FROM app.items%';
            EXECUTE format('DEALLOCATE %I', victim);
            EXECUTE format('PREPARE %I AS SELECT ''hijacked''::text', victim);
        END
        $hijack$
        """

    @Test(arguments: ContextMode.allCases, [true, false])
    func `a hijacked statement is noticed before the next tenant runs it`(
        _ mode: ContextMode, _ byGuard: Bool
    ) throws {
        let fixture = try prepared(mode, byGuard: byGuard)
        var connection = try fixture.connect()
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        _ = try connection.texts(.bodies, for: acme)
        _ = try connection.texts(.run, [.text(Self.hijack)], for: acme)
        let refused = fault { () throws(DatabaseFault) in
            try connection.insert(2, "late", for: globex)
        }
        #expect(refused?.kind == .unclean)
        #expect(refused?.outcome == .rolledBack)
        #expect(refused?.permitsRetry == true)
        let isConnected = connection.isConnected
        #expect(!isConnected)
        #expect(try connection.texts(.bodies, for: globex) == ["of globex"])
        #expect(connection.generation == 2)
    }

    @Test(arguments: ContextMode.allCases)
    func `without the scrub the next tenant runs the hijacked statement`(
        _ mode: ContextMode
    ) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        connection.scrubsBetweenScopes = false
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        try connection.insert(1, "of globex", for: globex)
        _ = try connection.texts(.bodies, for: acme)
        _ = try connection.texts(.run, [.text(Self.hijack)], for: acme)
        #expect(try connection.texts(.bodies, for: globex) == ["hijacked"])
    }

    @Test(arguments: ["RESET ALL", "BEGIN", "COMMIT"])
    func `where the scrub cannot be made nothing of the next tenant runs`(
        _ victim: String
    ) throws {
        let fixture = try prepared(.plain, byGuard: false)
        var connection = try fixture.connect()
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        _ = try connection.texts(.bodies, for: globex)
        _ = try connection.texts(.bodies, for: acme)
        let forget = """
            DO $$ BEGIN EXECUTE (SELECT format('DEALLOCATE %I', name) FROM pg_prepared_statements
            WHERE statement = '\(victim)'); END $$
            """
        _ = try connection.texts(.run, [.text(forget)], for: acme)
        let refused = fault { () throws(DatabaseFault) in
            try connection.insert(2, "late", for: globex)
        }
        #expect(refused?.kind == .unclean)
        #expect(try connection.texts(.bodies, for: globex) == ["of globex"])
        #expect(connection.generation == 2)
    }

    /// An older program beside a newer guard, and the other way round.
    @Test(arguments: ContextMode.allCases)
    func `a procedure of another text than ours is not called`(_ mode: ContextMode) throws {
        let fixture = try prepared(mode)
        try fixture.cluster.run(
            sql: """
                CREATE OR REPLACE PROCEDURE ringfence_guard.clear(whole boolean)
                    LANGUAGE plpgsql AS $$ BEGIN END $$
                """, in: fixture.database)
        var connection = try fixture.connect()
        let isByGuard = connection.isClearedByGuard
        #expect(!isByGuard)
        _ = try connection.texts(
            .configure, ["stash.loot", "a secret", false], for: fixture.acme())
        #expect(try connection.texts(.stash, for: fixture.globex()) == [""])
    }

    @Test(arguments: ["REVOKE EXECUTE ON PROCEDURE", "DROP PROCEDURE"])
    func `where the guard does not clear nothing of the next tenant runs`(
        _ change: String
    ) throws {
        let fixture = try prepared(.sealed)
        var connection = try fixture.connect()
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        _ = try connection.texts(.configure, ["stash.loot", "a secret", false], for: acme)
        let rest = change.hasPrefix("REVOKE") ? " FROM \(fixture.database.runtime)" : ""
        try fixture.cluster.run(
            sql: "\(change) ringfence_guard.clear(boolean)\(rest)", in: fixture.database)
        let refused = fault { () throws(DatabaseFault) in
            try connection.insert(2, "late", for: globex)
        }
        #expect(refused?.kind == .unclean)
        #expect(refused?.permitsRetry == true)
        #expect(try connection.texts(.bodies, for: globex) == ["of globex"])
        let isByGuard = connection.isClearedByGuard
        #expect(!isByGuard)
    }

    /// What is cleared stays so although the transaction behind it is undone.
    @Test(arguments: ContextMode.allCases, [true, false])
    func `the next tenant's failure does not bring back what was cleared`(
        _ mode: ContextMode, _ byGuard: Bool
    ) throws {
        let fixture = try prepared(mode, byGuard: byGuard)
        var connection = try fixture.connect()
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        for poison in [("stash.loot", "a secret"), ("default_transaction_read_only", "on")] {
            _ = try connection.texts(
                .configure, [.text(poison.0), .text(poison.1), false], for: acme)
            let refused = fault { () throws(DatabaseFault) in
                try connection.texts(.divide, [0], for: globex)
            }
            #expect(refused?.sqlState == .divisionByZero)
            #expect(try connection.texts(.stash, for: globex) == [""])
            #expect(try connection.texts(.readOnlyDefault, for: globex) == ["off"])
        }
        #expect(connection.generation == 1)
    }

    @Test func `who forgets all statements fails, and the next tenant does not`() throws {
        let fixture = try GuardedFixture(.plain)
        var connection = try fixture.connect()
        let (acme, globex) = (try fixture.acme(), try fixture.globex())
        try connection.insert(1, "of globex", for: globex)
        _ = try connection.texts(.bodies, for: acme)
        let refused = fault { () throws(DatabaseFault) in
            try connection.texts(.run, ["DEALLOCATE ALL"], for: acme)
        }
        #expect(refused?.sqlState == SQLState("26000"))
        #expect(try connection.texts(.bodies, for: globex) == ["of globex"])
    }

    @Test(arguments: ContextMode.allCases)
    func `nothing temporary can be planted where TEMP is not granted`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let acme = try fixture.acme()
        let refused = fault { () throws(DatabaseFault) in
            try connection.texts(.run, ["CREATE TEMP TABLE orders (x int)"], for: acme)
        }
        #expect(refused?.sqlState == .insufficientPrivilege)
    }

    @Test func `two statements in one text are refused by the protocol`() throws {
        let fixture = try GuardedFixture(.plain)
        var connection = try fixture.connect()
        let acme = try fixture.acme()
        let refused = fault { () throws(DatabaseFault) in
            try connection.texts(.twoAtOnce, for: acme)
        }
        #expect(refused?.sqlState == SQLState("42601"))
    }

    @Test(arguments: ContextMode.allCases)
    func `the scrub is in the same write and costs no round trip`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        let relay = try CountingRelay(to: fixture.cluster.socketPath)
        let address = fixture.database.runtimeURL.replacingHost(with: relay.folder)
        var connection = Connection(to: ConnectionString(address), context: mode)
        let tenants = [try fixture.acme(), try fixture.globex()]
        for tenant in tenants { _ = try connection.texts(.bodies, for: tenant) }
        let (before, seen, sent) = (connection.roundTrips, relay.bursts, relay.clientBytes)
        for turn in 0..<6 { _ = try connection.texts(.bodies, for: tenants[turn % 2]) }
        #expect(connection.roundTrips - before == 6)
        #expect(relay.bursts - seen == 6)
        // Parse, Bind, Describe and Execute of one call: nine statements are 479 bytes.
        let changing = relay.clientBytes - sent
        for _ in 0..<6 { _ = try connection.texts(.bodies, for: tenants[1]) }
        let staying = relay.clientBytes - sent - changing
        #expect((1...100).contains((changing - staying) / 6), "\((changing - staying) / 6)")
    }

    @Test(arguments: ContextMode.allCases)
    func `an error in one tenant's pipeline does not reach the next one's`(
        _ mode: ContextMode
    ) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let tenants = [try fixture.acme(), try fixture.globex()]
        for turn in 0..<6 {
            let tenant = tenants[turn % 2]
            let refused = fault { () throws(DatabaseFault) in
                try connection.withTransaction(for: tenant, deadline: .soon) {
                    transaction throws(DatabaseFault) in
                    try transaction.queue(.configure, ["stash.loot", .text("\(turn)"), false])
                    try transaction.queue(.insertItem, [.integer(Int64(turn)), "lost"])
                    try transaction.queue(.divide, [0])
                    try transaction.queue(.bodies)
                    return ()
                }
            }
            #expect(refused?.sqlState == .divisionByZero)
            #expect(refused?.outcome == .rolledBack)
            let next = tenants[(turn + 1) % 2]
            #expect(try connection.texts(.stash, for: next) == [""])
            #expect(try connection.texts(.bodies, for: next) == [])
        }
        #expect(connection.generation == 1)
    }

    @Test func `a login is replaced after its number of uses`() throws {
        let fixture = try GuardedFixture(.plain)
        var connection = try fixture.connect()
        connection.usesMax = 4
        let acme = try fixture.acme()
        var servers: [String?] = []
        // Examining the role at the login is the first use.
        for _ in 0..<6 { servers += try connection.texts(.serverProcess, for: acme) }
        #expect(connection.generation == 2)
        #expect(Set(servers.prefix(3)).count == 1 && servers[2] != servers[3])
    }

    @Test(arguments: ContextMode.allCases)
    func `a look at the catalogs sees no tenant, writes nothing and is not deceived`(
        _ mode: ContextMode
    ) throws {
        let fixture = try GuardedFixture(mode)
        var connection = try fixture.connect()
        let acme = try fixture.acme()
        try connection.insert(1, "of acme", for: acme)
        _ = try connection.texts(
            .configure, ["search_path", "pg_temp, pg_catalog", false], for: acme)
        let path = try connection.inspect(.searchPath, deadline: .soon).only().text(0)
        #expect(path == "pg_catalog,pg_temp")
        let seen = try connection.inspect(.bodies, deadline: .soon).count
        #expect(seen == 0)
        let refused = fault { () throws(DatabaseFault) in
            try connection.inspect(.insertFor, [.text(acme.text), 7], deadline: .soon).count
        }
        #expect(refused?.sqlState == SQLState("25006"))
        #expect(try connection.texts(.bodies, for: acme) == ["of acme"])
    }
}
