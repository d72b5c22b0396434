/// What is known of one relation the login can reach.
public struct RelationVerdict: Equatable, Sendable {
    public enum Verdict: String, CaseIterable, Sendable {
        case proven = "PROVEN"
        case waived = "WAIVED"
        case unproven = "UNPROVEN"
        case leak = "LEAK"
    }

    public enum Kind: String, CaseIterable, Sendable {
        case table, partitioned, view
        case materialized = "materialized view"
        case foreign = "foreign table"
    }

    /// A policy as the catalog has it.
    public struct Policy: Equatable, Sendable {
        public let name: String
        /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
        public let command: String
        public let isPermissive: Bool
        /// Empty: `PUBLIC`.
        public let roles: [String]
        public let using: String?
        public let check: String?
        /// Whether its text is one of the few that prove isolation by themselves.
        public let isCanonical: Bool
        /// SHA-256 (hex) of command, kind, roles and conditions.
        public let hash: String

        public init(
            name: String, command: String, isPermissive: Bool, roles: [String], using: String?,
            check: String?, isCanonical: Bool, hash: String
        ) {
            self.name = name
            self.command = command
            self.isPermissive = isPermissive
            self.roles = roles
            self.using = using
            self.check = check
            self.isCanonical = isCanonical
            self.hash = hash
        }
    }

    /// `schema.name`.
    public let relation: String
    public let kind: Kind
    /// The columns that say whose a row is; empty for a relation declared global.
    public let tenantColumns: [String]
    /// What the login may do, such as `SELECT`.
    public let privileges: [String]
    public let policies: [Policy]
    /// Declared to hold nothing of any tenant.
    public let isGlobal: Bool
    /// Cells of the truth table that were evaluated.
    public var cells = 0
    public internal(set) var verdict = Verdict.unproven

    public init(
        relation: String, kind: Kind, tenantColumns: [String], privileges: [String],
        policies: [Policy], isGlobal: Bool
    ) {
        self.relation = relation
        self.kind = kind
        self.tenantColumns = tenantColumns
        self.privileges = privileges
        self.policies = policies
        self.isGlobal = isGlobal
    }
}
