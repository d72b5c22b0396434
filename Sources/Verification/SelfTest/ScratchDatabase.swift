/// Databases and roles of a self-test: made by an administrator, named so that nothing else can be
/// meant, and dropped at the end.
struct ScratchDatabase {
    private static let timeoutMilliseconds = 60_000

    let administrator: DatabaseAddress
    /// What all names begin with.
    let stem: String
    private let password: String
    var login: String { stem + "_login" }
    var owner: String { stem + "_owner" }
    var exempt: String { stem + "_exempt" }
    var template: String { stem + "_clean" }

    /// Roles of the cluster that the schema needs and that were not there before.
    private var borrowed: [String] = []

    init(_ administrator: DatabaseAddress) {
        var source = SystemRandomNumberGenerator()
        self.administrator = administrator
        stem = "ringfence_selftest_" + String(source.next() & 0xFFFF_FFFF, radix: 16)
        password = String(source.next(), radix: 16) + String(source.next(), radix: 16)
    }

    /// A script with the names in their places.
    func filled(_ script: String, database: String) -> String {
        Self.filled(
            script,
            [
                ("{login}", login), ("{owner}", owner), ("{exempt}", exempt),
                ("{database}", database),
            ])
    }

    static func filled(_ script: String, _ names: [(mark: String, name: String)]) -> String {
        var text = script
        for (mark, name) in names {
            text = text.split(separator: mark, omittingEmptySubsequences: false)
                .joined(separator: name)
        }
        return text
    }

    func address(_ database: String) throws(ProbeFault) -> DatabaseAddress {
        guard
            let address = administrator.replacing(
                user: login, password: password, database: database)
        else { throw .unreachable("the administrator's connection string cannot be read") }
        return address
    }

    func administratorAddress(_ database: String) throws(ProbeFault) -> DatabaseAddress {
        guard let address = administrator.replacing(database: database) else {
            throw .unreachable("the administrator's connection string cannot be read")
        }
        return address
    }

    private func session(_ database: String? = nil) throws(ProbeFault) -> ProbeSession {
        let address =
            if let database { try administratorAddress(database) } else { administrator }
        return try ProbeSession(address, timeoutMilliseconds: Self.timeoutMilliseconds)
    }

    /// How often what another session changes at the same time is tried.
    private static let attemptsMax = 8

    /// Runs a script as the administrator inside one of the scratch databases. Grants on what the
    /// whole cluster shares fail when another session changes the same row.
    func perform(_ script: String, in database: String) throws(ProbeFault) {
        var session = try session(database)
        let text = filled(script, database: database)
        for _ in 1..<Self.attemptsMax {
            let answer = try session.runScript(text)
            guard case .failed("XX000", let message, _) = answer,
                message == "tuple concurrently updated"
            else {
                guard case .failed(let state, let message, _) = answer else { return }
                throw .refused(state: state, message: message)
            }
        }
        try session.perform(text)
    }

    /// Makes the roles and the clean database that all others are copies of.
    mutating func prepare(_ schema: CleanSchema) throws(ProbeFault) {
        var session = try session()
        let present = try session.rows(
            "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])",
            [arrayText(schema.roles)]
        ).compactMap { $0.first ?? nil }
        borrowed = schema.roles.filter { !present.contains($0) }
        try session.perform("CREATE ROLE \(owner) NOLOGIN")
        try session.perform("CREATE ROLE \(exempt) NOLOGIN BYPASSRLS")
        try session.perform(
            "CREATE ROLE \(login) LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE "
                + "NOCREATEDB NOREPLICATION PASSWORD '\(password)'")
        try session.perform("CREATE DATABASE \(template) TEMPLATE template0")
        try schema.build(
            CleanSchema.Place(
                administrator: try administratorAddress(template), database: template,
                owner: owner, login: login))
    }

    /// - Returns: the name of a fresh copy of the clean database.
    func copy(_ number: Int) throws(ProbeFault) -> String {
        let name = "\(stem)_\(number)"
        var session = try session()
        try session.perform("CREATE DATABASE \(name) TEMPLATE \(template)")
        // A copy has the objects of its template and not its privileges as a database.
        try session.perform(
            "REVOKE ALL ON DATABASE \(name) FROM PUBLIC; GRANT CONNECT ON DATABASE \(name) "
                + "TO \(login)")
        return name
    }

    func drop(_ database: String) throws(ProbeFault) {
        var session = try session()
        try session.perform("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
    }

    /// Takes everything away, whatever became of it.
    func remove() {
        guard var session = try? session() else { return }
        let names = try? session.rows(
            "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, $1)", [stem])
        for name in names?.compactMap({ $0.first ?? nil }) ?? [] {
            _ = try? session.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        }
        for role in [login, owner, exempt] {
            _ = try? session.run("DROP ROLE IF EXISTS \(role)")
        }
        // All or none: another database may have come to need one of them, which then stays with
        // all that it may do.
        guard !borrowed.isEmpty else { return }
        let list = borrowed.joined(separator: ", ")
        let slot = ContextSource.slotName
        _ = try? session.runScript(
            """
            BEGIN;
            DO $$ BEGIN
                IF EXISTS (SELECT FROM pg_catalog.pg_parameter_acl,
                    pg_catalog.aclexplode(paracl) WHERE parname = '\(slot)'
                    AND grantee IN (SELECT oid FROM pg_catalog.pg_roles
                        WHERE rolname = 'ringfence_guard'))
                THEN REVOKE SET ON PARAMETER \(slot) FROM ringfence_guard; END IF;
            END $$;
            DROP ROLE \(list);
            COMMIT
            """)
    }
}
