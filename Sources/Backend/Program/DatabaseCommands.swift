import Postgres
import Reactor

/// The commands of `db`, and what `run` asks of the database before it serves.
enum DatabaseCommands {
    static let migrationMilliseconds = 120_000
    static let checkMilliseconds = 30_000

    /// Brings roles, schema, guard and grants up to date, and says what it did. Without
    /// `database.admin` only what the owner may do is done; where that is not enough for the mode,
    /// the fault holds the SQL that a superuser has to run.
    static func migrate(_ setup: BackendSetup) throws(StartupFault) -> String {
        let plan = try plan(setup)
        let deadline = Deadline.after(milliseconds: migrationMilliseconds)
        if let admin = setup.admin { try prepare(plan, setup, admin, deadline) }
        var owner: OwnerSession
        do throws(DatabaseFault) {
            owner = try OwnerSession(connectingTo: setup.owner, deadline: deadline)
        } catch {
            throw fault("the owner's login failed", error)
        }
        try requireRole(plan.runtime, &owner, deadline)
        let applied: [Int]
        do throws(MigrationFault) {
            do throws(DatabaseFault) {
                _ = try owner.rows(becomeOwner, deadline: deadline)
            } catch {
                throw MigrationFault.database(error)
            }
            applied = try owner.migrate(Migrations.all, deadline: deadline)
        } catch {
            throw StartupFault(exit: error.exit, message: "error: \(error.words)\n")
        }
        try install(plan, setup, &owner, deadline)
        do throws(DatabaseFault) {
            _ = try owner.rows(
                RuntimeGrants.nameRole, [.text(plan.runtime)], deadline: deadline)
            try owner.run(script: RuntimeGrants.script.description, deadline: deadline)
        } catch {
            throw fault("granting to role `\(plan.runtime)` failed", error)
        }
        let steps = applied.map(String.init).joined(separator: ", ")
        let schema =
            applied.isEmpty
            ? "schema is at \(Migrations.newest), nothing to apply"
            : "applied \(steps); schema is at \(Migrations.newest)"
        return "\(schema); grants of `\(plan.runtime)` are set; context is "
            + "\(plan.script.mode.rawValue)\n"
    }

    /// Tables belong to whoever made the schema; a new one is made as `ringfence_owner` where that
    /// role exists for us, so that no login owns what it migrates.
    static let becomeOwner: StaticString = """
        SELECT pg_catalog.set_config('role', coalesce(
            (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace
                WHERE nspname = 'ringfence'),
            (SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = 'ringfence_owner'
                AND pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
                AND pg_catalog.has_database_privilege(
                    oid, pg_catalog.current_database(), 'CREATE')),
            current_user), false)
        """

    private static func requireRole(
        _ role: String, _ owner: inout OwnerSession, _ deadline: Deadline
    ) throws(StartupFault) {
        let row: (count: Int64, isSelf: Bool)
        do throws(DatabaseFault) {
            let answer = try owner.rows(RuntimeGrants.findRole, [.text(role)], deadline: deadline)
            row = (try answer.only().int64(0), try answer.only().bool(1))
        } catch {
            throw fault("looking for role `\(role)` failed", error)
        }
        guard row.count == 1 else {
            throw StartupFault(
                exit: .failed,
                message: "error: role `\(role)` of `database.runtime` does not exist; whoever "
                    + "owns the cluster creates it:\n"
                    + "  CREATE ROLE \(role) LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS "
                    + "NOCREATEROLE NOREPLICATION PASSWORD '…';\n")
        }
        guard !row.isSelf else {
            throw StartupFault(
                exit: .unsafeIsolation,
                message: "error: `database.runtime` and `database.owner` are the same role; the "
                    + "owner of tables can switch row-level security off\n")
        }
    }

    static func fault(_ what: String, _ fault: DatabaseFault) -> StartupFault {
        StartupFault(exit: fault.exit, message: "error: \(what): \(fault.words)\n")
    }
}

extension SchemaPosture.Progress {
    /// What to tell the operator; `nil` when there is nothing to do.
    var words: String? {
        switch self {
        case .complete: nil
        case .missing(let numbers):
            "migrations \(numbers.map(String.init).joined(separator: ", ")) are missing; run "
                + "`ringfence-backend db migrate`"
        case .newer(let number):
            "the schema is at \(number), made by a newer program; this one knows up to "
                + "\(Migrations.newest)"
        }
    }
}

extension MigrationFault {
    fileprivate var exit: ExitCode {
        switch self {
        case .database(let fault): fault.exit
        case .notAscending, .endedTransaction: .bug
        case .edited, .unknownApplied, .outOfOrder, .failed: .failed
        }
    }

    var words: String {
        switch self {
        case .notAscending(let number): "migration \(number) is out of order"
        case .edited(let number):
            "migration \(number) was applied with other content than this program has"
        case .unknownApplied(let number):
            "the database knows migration \(number), this program does not: a newer one was here"
        case .outOfOrder(let number): "migration \(number) is below one already applied"
        case .endedTransaction(let number): "migration \(number) ended its own transaction"
        case .failed(let number, let fault): "migration \(number) failed: \(fault.words)"
        case .database(let fault): "the migration failed: \(fault.words)"
        }
    }
}
