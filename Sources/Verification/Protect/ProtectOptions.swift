/// What `db protect` is asked to do.
public struct ProtectOptions: Equatable, Sendable {
    /// What the tenant column holds.
    public enum ColumnType: String, CaseIterable, Sendable {
        case uuid, text, bigint
    }

    /// How the database knows the tenant of a transaction (docs/verify.md).
    public enum Mode: String, CaseIterable, Sendable {
        case sealed, statement, plain
    }

    /// How far to go. Each stage is safe to stay in.
    public enum Stage: String, CaseIterable, Sendable, Comparable {
        /// Column, values, keys and references: no statement of the application changes its answer,
        /// but those that name a key by `ON CONFLICT (columns)`.
        case expand
        /// Policies and grants: logins other than the owner see their tenant's rows only.
        case guarded = "guard"
        /// The owner as well.
        case force

        public static func < (one: Stage, other: Stage) -> Bool { one.rank < other.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// One table to bring under the guard.
    public struct Table: Sendable, Equatable {
        /// As SQL spells it, such as `shop.orders`.
        public var name: String
        /// The tenant of a row: an SQL expression over the row's columns, which the table's own
        /// name qualifies. `nil` when the column is there and full.
        public var backfill: String?

        public init(name: String, backfill: String? = nil) {
            self.name = name
            self.backfill = backfill
        }
    }

    /// In the order in which they get their values: a table whose expression reads another one
    /// comes behind it.
    public var tables: [Table]
    /// As SQL spells it.
    public var column = "tenant_id"
    public var type = ColumnType.uuid
    /// `nil` takes the mode that the guard of the database is in, and sealed where there is none.
    public var mode: Mode?
    /// The setting of plain mode where the database has no function of the guard.
    public var setting = "app.current_tenant"
    /// The login of the application, which gets the grants.
    public var role: String?
    public var stage = Stage.force
    /// How long a step that stops others may wait for its lock, and how often it tries. Below the
    /// second after which PostgreSQL looks for deadlocks: of two that wait for each other it is
    /// then the migration that gives way.
    public var lockTimeoutMilliseconds = 800
    public var attempts = 100
    /// Pages of a table that one transaction of the backfill changes.
    public var backfillPages = 128

    public init(tables: [Table]) { self.tables = tables }

    /// Bounds, so that nothing behind them overflows or waits for ever.
    public static let tablesMax = 64
    public static let lockTimeouts = 10...60_000
    public static let attemptCounts = 1...1_000
    public static let pageCounts = 1...8_192
}
