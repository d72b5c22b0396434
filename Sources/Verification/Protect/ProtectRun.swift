import Glibc

/// `db protect`: reads the catalogs, plans, and with `apply` does it.
public enum ProtectRun {
    /// Why an application of a plan stopped. What was done before is kept, and left out next time.
    public enum Stop: Error, Equatable, Sendable {
        case unreachable(ProtectFault)
        /// The session broke or the catalogs could not be read.
        case catalog(ProtectFault)
        /// A step failed for good.
        case step(title: String, sql: String, ProtectFault)
        /// A lock was not to be had in all attempts.
        case locked(title: String, attempts: Int)
        /// Another session is at the same work.
        case busy
        /// All steps ran and the catalogs still ask for some: our bug, or somebody changed them.
        case unfinished([String])
    }

    // An arbitrary number of ours: two that change the same tables would undo each other's names.
    private static let lock: Int64 = 7_464_326_301_851_279_975

    /// - Parameter address: of the owner of the tables.
    public static func plan(
        _ options: ProtectOptions, at address: DatabaseAddress
    ) throws(Stop) -> ProtectPlan {
        let session = try open(address)
        return ProtectPlanner.plan(try inspect(session, options), options)
    }

    /// Runs the plan step by step.
    ///
    /// - Parameter tell: gets a line before each step and each repetition.
    /// - Returns: the plan as it was; with refusals nothing was done.
    public static func apply(
        _ options: ProtectOptions, at address: DatabaseAddress, tell: (String) -> Void
    ) throws(Stop) -> ProtectPlan {
        let session = try open(address)
        let isAlone: Bool
        do throws(ProtectFault) {
            isAlone = try session.rows("SELECT pg_try_advisory_lock(\(lock))").first?.first == "t"
        } catch {
            throw .catalog(error)
        }
        guard isAlone else { throw .busy }
        let plan = ProtectPlanner.plan(try inspect(session, options), options)
        guard plan.refusals.isEmpty else { return plan }
        for (index, step) in plan.steps.enumerated() {
            tell("\(index + 1) of \(plan.steps.count) (\(step.stage.rawValue)): \(step.title)")
            try run(step, options, session, tell)
        }
        let rest = ProtectPlanner.plan(try inspect(session, options), options)
        guard rest.steps.isEmpty, rest.refusals.isEmpty else {
            throw .unfinished(rest.refusals + rest.steps.map(\.title))
        }
        return plan
    }

    private static func run(
        _ step: ProtectStep, _ options: ProtectOptions, _ session: borrowing MigrationSession,
        _ tell: (String) -> Void
    ) throws(Stop) {
        for attempt in 1...max(1, options.attempts) {
            do throws(ProtectFault) {
                try session.rows("SET lock_timeout = \(step.wait.milliseconds(options))")
                // A concurrent build runs in several transactions of its own, so nothing may stand
                // in front of it in the same message.
                try session.rows(step.sql)
                return
            } catch {
                session.rollBack()
                guard error.isPassing else {
                    throw .step(title: step.title, sql: step.sql, error)
                }
                if attempt == 1 { tell("  a lock is held by somebody else: trying again") }
                pause(milliseconds: min(50 * attempt, 1_000))
            }
        }
        throw .locked(title: step.title, attempts: options.attempts)
    }

    private static func open(_ address: DatabaseAddress) throws(Stop) -> MigrationSession {
        do throws(ProtectFault) {
            return try MigrationSession(connectingTo: address.text)
        } catch {
            throw .unreachable(error)
        }
    }

    private static func inspect(
        _ session: borrowing MigrationSession, _ options: ProtectOptions
    ) throws(Stop) -> ProtectState {
        do throws(ProtectFault) {
            return try TableInspection.read(session, options)
        } catch {
            throw .catalog(error)
        }
    }

    private static func pause(milliseconds: Int) {
        var time = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        unsafe nanosleep(&time, nil)
    }
}
