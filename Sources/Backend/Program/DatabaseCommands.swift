import Postgres
import Reactor

/// `db migrate` and `db posture`, and what `run` asks of the database before it serves.
enum DatabaseCommands {
    private static let migrationMilliseconds = 120_000
    private static let checkMilliseconds = 10_000

    /// Brings schema and grants up to date, and says what it did.
    static func migrate(_ setup: BackendSetup) throws(StartupFault) -> String {
        guard let role = setup.runtime.user, isPlain(role) else {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: `database.runtime` must name its role, in letters a-z, digits "
                    + "and `_`\n")
        }
        let deadline = Deadline.after(milliseconds: migrationMilliseconds)
        var owner: OwnerSession
        do throws(DatabaseFault) {
            owner = try OwnerSession(connectingTo: setup.owner, deadline: deadline)
        } catch {
            throw fault("the owner's login failed", error)
        }
        try requireRole(role, &owner, deadline)
        let applied: [Int]
        do throws(MigrationFault) {
            applied = try owner.migrate(Migrations.all, deadline: deadline)
        } catch {
            throw StartupFault(exit: error.exit, message: "error: \(error.words)\n")
        }
        do throws(DatabaseFault) {
            _ = try owner.rows(RuntimeGrants.nameRole, [.text(role)], deadline: deadline)
            try owner.run(script: RuntimeGrants.script.description, deadline: deadline)
        } catch {
            throw fault("granting to role `\(role)` failed", error)
        }
        let steps = applied.map(String.init).joined(separator: ", ")
        return applied.isEmpty
            ? "schema is at \(Migrations.newest), nothing to apply; grants of `\(role)` are set\n"
            : "applied \(steps); schema is at \(Migrations.newest); grants of `\(role)` are set\n"
    }

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

    /// A name that PostgreSQL reads the same with and without quotes.
    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, (1...63).contains(name.utf8.count) else { return false }
        return (isLetter(first) || first == UInt8(ascii: "_"))
            && name.utf8.allSatisfy {
                isLetter($0) || $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0)
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// What an examination of role and schema came to.
    enum Verdict {
        case fit
        /// Ways in which a row could reach somebody else, one sentence each.
        case unsafe([String])
        /// There is no schema of ours to examine.
        case unproven(String)
    }

    /// Throws when the examination itself is impossible.
    static func examine(_ setup: BackendSetup) throws(StartupFault) -> Verdict {
        var connection = Connection(to: setup.runtime, context: setup.context)
        let deadline = Deadline.after(milliseconds: checkMilliseconds)
        do throws(DatabaseFault) {
            // The schema is not asked about by a role that could lie to itself about it.
            let roles = try RolePosture.check(&connection, deadline: deadline)
            guard roles.isEmpty else { return .unsafe(roles.map(\.description)) }
            // A schema that is not there yet, or not ours any more, would be found unsafe in every
            // detail, and the one thing to do about it would go under.
            let progress = try SchemaPosture.progress(&connection, deadline: deadline)
            if let words = progress.words { return .unproven(words) }
            let findings = try SchemaPosture.check(&connection, deadline: deadline)
            return findings.isEmpty ? .fit : .unsafe(findings.map(\.description))
        } catch {
            throw fault("the runtime role's login failed", error)
        }
    }

    private static func fault(_ what: String, _ fault: DatabaseFault) -> StartupFault {
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

    fileprivate var words: String {
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
