import Postgres
import Reactor
import Verification

/// What the self-test breaks beside a schema in plain mode: our own database, made by what
/// `db migrate` runs.
extension CleanSchema {
    /// - Parameter administrator: a superuser of the server.
    static func guarded(_ mode: ContextMode, by administrator: ConnectionString) -> CleanSchema {
        let secret = random(SealKeyCommands.keyBytes)
        return CleanSchema(
            mode: mode.verified, sabotages: Sabotage.guarded(mode.verified),
            roles: ["ringfence_guard"] + GuardPlan.roles,
            build: { place throws(ProbeFault) in
                try build(mode, secret, place, administrator.replacing(database: place.database))
            },
            adjust: { options, database in
                options.expectOurs(mode)
                options.profile = "ringfence"
                options.sealKey = SealKey(
                    line: "rfseal1:\(kid):\(database):\(SealKeyCommands.hex(secret))")
            })
    }

    /// Of the key that seals are made with; it exists in scratch databases only.
    private static let kid = "self"

    private static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        randomBytes(into: &span)
        return bytes
    }

    /// The steps of `DatabaseCommands.migrate`, by one superuser in the parts of all roles.
    private static func build(
        _ mode: ContextMode, _ secret: [UInt8], _ place: Place, _ address: ConnectionString
    ) throws(ProbeFault) {
        guard let script = GuardScript(mode: mode) else { throw .unexpectedShape("the guard") }
        let plan = GuardPlan(
            script: script, database: place.database, owner: place.owner, runtime: place.login,
            platform: nil, deadlineMilliseconds: UInt32(DatabaseCommands.checkMilliseconds))
        let deadline = Deadline.after(milliseconds: DatabaseCommands.migrationMilliseconds)
        var session: OwnerSession
        do throws(DatabaseFault) {
            session = try OwnerSession(connectingTo: address, deadline: deadline)
        } catch {
            throw probeFault(error)
        }
        try run(
            [plan.cluster(verifiers: [:]), plan.ground], &session, deadline)
        do throws(MigrationFault) {
            _ = try session.migrate(Migrations.all, deadline: deadline)
        } catch {
            throw .refused(state: "migration", message: error.words)
        }
        try run(["RESET ROLE", plan.inDatabase], &session, deadline)
        do throws(DatabaseFault) {
            _ = try session.rows(
                RuntimeGrants.nameRole, [.text(place.login)], deadline: deadline)
            try session.run(script: RuntimeGrants.script.description, deadline: deadline)
            try session.run(script: "RESET ROLE", deadline: deadline)
            let pads: [Parameter] = [
                .bytes(SealKeyCommands.pad(secret, 0x36)),
                .bytes(SealKeyCommands.pad(secret, 0x5C)),
            ]
            _ = try session.rows(installKey, [.text(kid)] + pads, deadline: deadline)
        } catch {
            throw probeFault(error)
        }
    }

    /// Ends as the owner of the tables.
    private static func run(
        _ scripts: [String], _ session: inout OwnerSession, _ deadline: Deadline
    ) throws(ProbeFault) {
        do throws(DatabaseFault) {
            for script in scripts { try session.run(script: script, deadline: deadline) }
            _ = try session.rows(DatabaseCommands.becomeOwner, deadline: deadline)
        } catch {
            throw probeFault(error)
        }
    }

    private static func probeFault(_ fault: DatabaseFault) -> ProbeFault {
        switch fault.kind {
        case .unreachable, .refused: .unreachable(fault.words)
        case .timedOut: .timedOut
        default:
            .refused(state: fault.sqlState?.description ?? "guard", message: fault.words)
        }
    }

    private static let installKey: StaticString = """
        SELECT ringfence_guard.install_key($1, $2, $3, pg_catalog.now(),
            pg_catalog.now() + interval '1 day')
        """
}

extension ContextMode {
    /// The same as reports of verification say it.
    fileprivate var verified: VerificationReport.Mode {
        switch self {
        case .sealed: .sealed
        case .statement: .statement
        case .plain: .plain
        }
    }
}
