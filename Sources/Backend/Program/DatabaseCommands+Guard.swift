import Policy
import Postgres

/// Bringing the guard about: with a superuser's login, or with the owner's as far as that goes.
extension DatabaseCommands {
    /// Names of roles stand in the scripts, so they must be plain.
    static func plan(_ setup: BackendSetup) throws(StartupFault) -> GuardPlan {
        let database = setup.policy.database
        guard let script = GuardScript(mode: setup.context) else {
            throw StartupFault(exit: .bug, message: "error: no such context\n")
        }
        let plan = GuardPlan(
            script: script, database: setup.owner.database ?? "ringfence",
            owner: try role(setup.owner, "owner"), runtime: try role(setup.runtime, "runtime"),
            platform: try setup.platform.map { platform throws(StartupFault) in
                try role(platform, "platform")
            },
            deadlineMilliseconds: database.deadlineMilliseconds)
        // It gets BYPASSRLS: nobody else may have that.
        let others = [plan.owner, plan.runtime, "ringfence_guard"] + GuardPlan.roles
        if let platform = plan.platform, others.contains(platform) {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: `database.platform` must be a login of its own, not \(platform)\n")
        }
        return plan
    }

    private static func role(
        _ address: ConnectionString, _ key: String
    ) throws(StartupFault) -> String {
        guard let role = address.user, GuardScript.isPlain(role) else {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: `database.\(key)` must name its role, in letters a-z, digits "
                    + "and `_`\n")
        }
        return role
    }

    /// The SQL for a superuser, to be printed.
    static func adminSQL(_ setup: BackendSetup) throws(StartupFault) -> String {
        try plan(setup).printed
    }

    /// Roles, the parameter grant and the database.
    static func prepare(
        _ plan: GuardPlan, _ setup: BackendSetup, _ admin: ConnectionString, _ deadline: Deadline
    ) throws(StartupFault) {
        let isDone: Bool
        do throws(DatabaseFault) {
            isDone = try prepareAsSuperuser(plan, setup, admin, deadline)
        } catch {
            throw fault("preparing the server as `database.admin` failed", error)
        }
        guard isDone else {
            throw StartupFault(
                exit: .failed,
                message: "error: the role of `database.admin` is no superuser; without "
                    + "`database.admin`, `db migrate --print-admin-sql` prints what one has to "
                    + "run\n")
        }
    }

    /// - Returns: false when the login is no superuser's.
    private static func prepareAsSuperuser(
        _ plan: GuardPlan, _ setup: BackendSetup, _ admin: ConnectionString, _ deadline: Deadline
    ) throws(DatabaseFault) -> Bool {
        var session = try OwnerSession(connectingTo: admin, deadline: deadline)
        guard try session.rows(isSuperuser, deadline: deadline).only().bool(0) else {
            return false
        }
        var verifiers: [String: String] = [:]
        for (login, address) in [
            (plan.owner, setup.owner), (plan.runtime, setup.runtime),
            (plan.platform ?? "", setup.platform ?? setup.runtime),
        ] {
            verifiers[login] = session.passwordVerifier(of: address)
        }
        try session.run(script: plan.cluster(verifiers: verifiers), deadline: deadline)
        let found = try session.rows(
            databaseExists, [.text(plan.database)], deadline: deadline)
        if try !found.only().bool(0) {
            do throws(DatabaseFault) {
                try session.run(script: plan.createDatabase, deadline: deadline)
            } catch {
                // Another one was faster.
                let raced = ["42P04", "23505"].contains(error.sqlState?.description)
                guard raced else { throw error }
            }
        }
        var inside = try OwnerSession(
            connectingTo: admin.replacing(database: plan.database), deadline: deadline)
        try inside.run(script: plan.ground, deadline: deadline)
        return true
    }

    /// The guard itself, over tables that are there.
    static func install(
        _ plan: GuardPlan, _ setup: BackendSetup, _ owner: inout OwnerSession, _ deadline: Deadline
    ) throws(StartupFault) {
        do throws(DatabaseFault) {
            if let admin = setup.admin {
                var session = try OwnerSession(
                    connectingTo: admin.replacing(database: plan.database), deadline: deadline)
                try session.run(script: plan.inDatabase, deadline: deadline)
                return
            }
            let state = try owner.rows(installed, deadline: deadline)
            let row = state.isEmpty ? nil : try state.only()
            if try row?.textIfPresent(0) == plan.markText { return }
            let isOurs = try row?.bool(1) ?? true
            if isOurs, plan.script.mode != .sealed {
                try owner.run(script: plan.byOwner, deadline: deadline)
                return
            }
        } catch {
            throw fault("installing the guard failed", error)
        }
        throw StartupFault(
            exit: .failed,
            message: plan.printed
                + "error: context `\(plan.script.mode.rawValue)` needs a superuser once: run the "
                + "SQL above as one, then `db migrate` again, or name a superuser's login in "
                + "`database.admin`\n")
    }

    private static let isSuperuser: StaticString =
        "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"

    private static let databaseExists: StaticString =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)"

    /// What is installed, and whether it is the role's own.
    private static let installed: StaticString = """
        SELECT pg_catalog.obj_description(oid, 'pg_namespace'),
            pg_catalog.pg_has_role(current_user, nspowner, 'USAGE')
        FROM pg_catalog.pg_namespace WHERE nspname = 'ringfence_guard'
        """
}
