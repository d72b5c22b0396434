/// A session of the owner role, for migrations and for looking after the schema. A type of its own:
/// nothing on the runtime path can be handed one.
///
/// Statements here run outside any tenant's scope, and faults carry the server's message, because
/// scripts hold no tenant's values.
public struct OwnerSession: ~Copyable {
    private var wire = Wire()

    /// Logs in.
    public init(connectingTo address: ConnectionString, deadline: Deadline) throws(DatabaseFault) {
        try wire.open(address, before: deadline)
    }

    /// Runs statements separated by semicolons: one implicit transaction, unless the script says
    /// otherwise.
    public mutating func run(script: String, deadline: Deadline) throws(DatabaseFault) {
        try wire.queueScript(script)
        _ = try drain(deadline)
    }

    /// Runs one statement and answers its rows.
    public mutating func rows(
        _ text: StaticString, _ values: [Parameter] = [], deadline: Deadline
    ) throws(DatabaseFault) -> Rows {
        try wire.queueOnce(text, values)
        return try drain(deadline)
    }

    /// What `CREATE ROLE … PASSWORD` takes for the login of `address` instead of its password;
    /// `nil` where it holds none.
    public func passwordVerifier(of address: ConnectionString) -> String? {
        guard let role = address.user, let password = address.password else { return nil }
        return wire.verifier(of: password, for: role)
    }

    /// Brings the schema up to date and answers the numbers applied now. Concurrent callers wait
    /// for each other; each script commits together with its record, or not at all.
    public mutating func migrate(
        _ migrations: [Migration], deadline: Deadline
    ) throws(MigrationFault) -> [Int] {
        var last = 0
        for migration in migrations {
            guard migration.number > last, migration.number <= Int32.max else {
                throw .notAscending(number: migration.number)
            }
            last = migration.number
        }
        do throws(DatabaseFault) {
            _ = try rows(Self.lock, deadline: deadline)
            try run(script: Self.makeRecord, deadline: deadline)
        } catch {
            throw .database(error)
        }
        defer { _ = try? rows(Self.unlock, deadline: deadline) }
        let pending = try pendingMigrations(of: migrations, deadline)
        for migration in pending { try apply(migration, deadline) }
        return pending.map(\.number)
    }

    /// What is not applied yet, after comparing what is with the list.
    private mutating func pendingMigrations(
        of migrations: [Migration], _ deadline: Deadline
    ) throws(MigrationFault) -> [Migration] {
        var applied: [Int: String] = [:]
        var checksums: [Int: String] = [:]
        do throws(DatabaseFault) {
            for row in try rows(Self.readRecord, deadline: deadline) {
                applied[Int(try row.int64(0))] = try row.text(1)
            }
            for migration in migrations where applied[migration.number] != nil {
                let row = try rows(Self.digest, [.text(migration.script)], deadline: deadline)
                checksums[migration.number] = try row.only().text(0)
            }
        } catch {
            throw .database(error)
        }
        let newest = applied.keys.max() ?? 0
        for number in applied.keys.sorted() {
            guard let checksum = checksums[number] else { throw .unknownApplied(number: number) }
            guard checksum == applied[number] else { throw .edited(number: number) }
        }
        let pending = migrations.filter { applied[$0.number] == nil }
        if let late = pending.first(where: { $0.number < newest }) {
            throw .outOfOrder(number: late.number)
        }
        return pending
    }

    private mutating func apply(
        _ migration: Migration, _ deadline: Deadline
    ) throws(MigrationFault) {
        var isTransactionLost = false
        do throws(DatabaseFault) {
            try run(script: "BEGIN", deadline: deadline)
            try run(script: migration.script, deadline: deadline)
            isTransactionLost = !wire.isInTransaction
            if !isTransactionLost {
                let facts: [Parameter] = [
                    .integer(Int64(migration.number)), .text(migration.name),
                    .text(migration.script),
                ]
                _ = try rows(Self.writeRecord, facts, deadline: deadline)
                try run(script: "COMMIT", deadline: deadline)
            }
        } catch {
            if wire.isOpen { try? run(script: "ROLLBACK", deadline: deadline) }
            throw .failed(number: migration.number, error)
        }
        if isTransactionLost { throw .endedTransaction(number: migration.number) }
    }

    /// Reads every reply of what was queued; answers the last rows or throws the first error.
    private mutating func drain(_ deadline: Deadline) throws(DatabaseFault) -> Rows {
        var rows = Rows.none
        var first: DatabaseFault?
        while true {
            switch try wire.next(before: deadline) {
            case .done:
                if let first { throw first }
                return rows
            case .rows(let answered): rows = answered
            case .failed(let failure):
                let kind = failure.state.map { DatabaseFault.Kind.sql($0) } ?? .unreachable
                first =
                    first
                    ?? DatabaseFault(
                        kind, constraint: failure.constraint, message: failure.message)
            case .skipped, .synced, .unexpected, .accepted, .scope:
                wire.close()
                throw DatabaseFault(.protocolViolation, outcome: .unknown)
            }
        }
    }
}

@available(*, unavailable) extension OwnerSession: Sendable {}

extension OwnerSession {
    // An arbitrary number of ours ("ringfence" in spirit): session-level, because each script has
    // its own transaction, and released by the server itself if this process dies.
    private static let lock: StaticString = "SELECT pg_advisory_lock(7464326301851279973)"
    private static let unlock: StaticString = "SELECT pg_advisory_unlock(7464326301851279973)"

    private static let makeRecord = """
        CREATE SCHEMA IF NOT EXISTS ringfence_migrations;
        CREATE TABLE IF NOT EXISTS ringfence_migrations.applied (
            number integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    private static let readRecord: StaticString =
        "SELECT number, checksum FROM ringfence_migrations.applied"

    // The server digests the scripts, so that this target needs no cryptography of its own.
    private static let digest: StaticString =
        "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')"

    private static let writeRecord: StaticString = """
        INSERT INTO ringfence_migrations.applied (number, name, checksum)
        VALUES ($1::integer, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
        """
}
