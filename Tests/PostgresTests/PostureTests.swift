@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Role posture` {
    /// Changes the cluster, then logs in with `url` and examines the login. Transactions must be
    /// refused exactly when there are findings.
    private func findings(
        after change: String = "", in fixture: Fixture, url: String? = nil
    ) throws -> [RolePosture.Finding] {
        try fixture.cluster.run(sql: change, in: fixture.database)
        var connection = Connection(
            to: ConnectionString(url ?? fixture.database.runtimeURL), context: .plain)
        let findings = try RolePosture.check(&connection, deadline: .soon)
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                _ throws(DatabaseFault) in ()
            }
        }
        #expect(refused?.kind == (findings.isEmpty ? nil : .unsafeRole))
        let uninspected = fault { () throws(DatabaseFault) in
            try connection.inspect(.backend, deadline: .soon)
        }
        #expect(uninspected?.kind == refused?.kind)
        return findings
    }

    @Test func `a role made for the purpose has no findings`() throws {
        #expect(try findings(in: Fixture()) == [])
    }

    @Test(arguments: [
        ("SUPERUSER", RolePosture.Finding.Kind.superuser),
        ("BYPASSRLS", .bypassesRowSecurity), ("CREATEROLE", .createsRoles),
        ("REPLICATION", .replicates),
    ])
    func `an attribute that undermines row-level security is found (G3)`(
        _ attribute: String, _ kind: RolePosture.Finding.Kind
    ) throws {
        let fixture = try Fixture()
        let role = fixture.database.runtime
        let found = try findings(after: "ALTER ROLE \(role) \(attribute)", in: fixture)
        #expect(found.map(\.kind) == [kind])
        #expect(found.map(\.role) == [role])
        #expect(found.first?.description.contains(role) == true)
    }

    @Test(arguments: [
        "ALTER TABLE app.items OWNER TO ROLE", "ALTER FUNCTION app.tenant() OWNER TO ROLE",
        "GRANT ROLE TO OWNER; ALTER SCHEMA app OWNER TO ROLE",
        "ALTER DATABASE NAME OWNER TO ROLE",
        "CREATE MATERIALIZED VIEW app.m AS SELECT 1; ALTER MATERIALIZED VIEW app.m OWNER TO ROLE",
    ])
    func `owning anything of the schema is found`(_ change: String) throws {
        let fixture = try Fixture()
        let change = change.replacing("ROLE", with: fixture.database.runtime)
            .replacing("NAME", with: fixture.database.name)
            .replacing("TO OWNER", with: "TO \(fixture.database.owner)")
        let found = try findings(after: change, in: fixture)
        #expect(found.contains { $0.kind == .ownsObjects && !$0.subject.isEmpty })
    }

    @Test(arguments: ["INHERIT", "NOINHERIT"])
    func `membership of the owner is found, whatever is inherited`(_ inherit: String) throws {
        let fixture = try Fixture()
        let (owner, runtime) = (fixture.database.owner, fixture.database.runtime)
        let found = try findings(
            after: "ALTER ROLE \(runtime) \(inherit); GRANT \(owner) TO \(runtime)", in: fixture)
        #expect(Set(found.map(\.kind)) == [.memberOfOwner])
        #expect(found.contains { $0.subject.hasPrefix("\(owner), owner of table app.") })
    }

    @Test func `membership over a role in between is found`() throws {
        let fixture = try Fixture()
        let (owner, runtime) = (fixture.database.owner, fixture.database.runtime)
        let found = try findings(
            after: """
                CREATE ROLE middle_\(runtime) NOLOGIN NOINHERIT;
                CREATE ROLE strong_\(runtime) NOLOGIN BYPASSRLS;
                GRANT \(owner), strong_\(runtime), pg_read_server_files TO middle_\(runtime);
                GRANT middle_\(runtime) TO \(runtime)
                """, in: fixture)
        let kinds = Set(found.map(\.kind))
        #expect(kinds == [.memberOfOwner, .memberOfPowerfulRole, .memberOfServerRole])
        let subjects = found.map(\.subject)
        #expect(subjects.contains("strong_\(runtime)"))
    }

    @Test func `a superuser login that acts as a weak role is found`() throws {
        let fixture = try Fixture()
        let runtime = fixture.database.runtime
        let login = "super_\(runtime)"
        let url = fixture.cluster.url(role: login, password: "x", in: fixture.database)
        let found = try findings(
            after: """
                CREATE ROLE \(login) LOGIN SUPERUSER PASSWORD 'x';
                ALTER ROLE \(login) SET role = '\(runtime)'
                """, in: fixture, url: url)
        #expect(found.map(\.kind) == [.superuser])
        #expect(found.map(\.role) == [login])
    }

    @Test(arguments: ["app.current_tenant", "app.current_vendor"])
    func `a scope preset for the login is found`(_ setting: String) throws {
        let fixture = try Fixture()
        let found = try findings(
            after: """
                ALTER ROLE \(fixture.database.runtime) IN DATABASE \(fixture.database.name)
                SET \(setting) = '\(Fixture.globex.text)'
                """, in: fixture)
        #expect(found.map(\.kind) == [.presetScope])
        #expect(found.map(\.subject) == [setting])
    }

    @Test func `a role that becomes unsafe later is refused at the next login`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(1, "a", for: Fixture.acme)
        try fixture.cluster.run(
            sql: "ALTER ROLE \(fixture.database.runtime) BYPASSRLS", in: fixture.database)
        connection.close()
        let refused = fault { () throws(DatabaseFault) in
            try connection.insert(2, "b", for: Fixture.acme)
        }
        #expect(refused?.kind == .unsafeRole)
    }
}
