/// A table or partition as the catalogs have it. All names are as SQL spells them, quoted where
/// they need it.
struct TableState: Equatable {
    enum Kind: Equatable {
        case table, partitioned
        /// A view, a foreign table …: what it is called in a refusal.
        case other(String)
    }

    var oid = ""
    var schema = ""
    var name = ""
    var kind = Kind.table
    var owner = ""
    /// The session is a member of the owner's role, with its rights.
    var isOurs = false
    var isRowSecurityOn = false
    var isForced = false
    var isTemporary = false
    /// Of the table it is a partition of.
    var parent: String?
    /// How far below its root; a root is at 0.
    var level = 0
    /// Children or parents by INHERITS.
    var hasInheritance = false
    var bytes: Int64 = 0
    var tenant: Column?
    /// Whether a row is without tenant, as far as the session may see.
    var hasEmptyTenants = false
    var indexes: [Index] = []
    var policies: [Policy] = []
    var triggers: [Trigger] = []
    /// What the application's login may do, and what everybody may.
    var rolePrivileges: Set<String> = []
    var publicPrivileges: Set<String> = []
    /// A CHECK of ours that says the column is not NULL; its value is whether it was validated.
    var presenceCheck: Bool?

    var qualified: String { "\(schema).\(name)" }
    var isLeaf: Bool { kind == .table }

    struct Column: Equatable {
        var type = ""
        var isNotNull = false
        var defaultText: String?
        /// Its value is an expression of other columns, or a number drawn for each row.
        var isGenerated = false
    }

    struct Index: Equatable {
        var oid = ""
        var name = ""
        var isUnique = false
        var isPrimary = false
        var isExclusion = false
        var isValid = false
        var isReplicaIdentity = false
        /// `nil` stands for an expression.
        var columns: [String?] = []
        var definition = ""
        var constraint: String?
        var constraintDefinition = ""
        var isDeferrable = false
        var isDeferred = false
        /// Of the index of the parent table that this one is a part of.
        var parent: String?
    }

    struct Policy: Equatable {
        var name = ""
        var isPermissive = true
        /// `*`, `r`, `a`, `w` or `d`, as the catalog has it.
        var command = ""
        var isForAll = false
        var using: String?
        var check: String?
    }

    struct Trigger: Equatable {
        var name = ""
        var function = ""
        var actsAsOwner = false
        var firesOnUpdate = false
    }
}

/// A foreign key, from one table to another; both sides in the same order.
struct ReferenceState: Equatable {
    var oid = ""
    var name = ""
    /// Oids of the tables.
    var child = ""
    var parent = ""
    var isValidated = false
    var isDeferrable = false
    var isDeferred = false
    /// As the catalog has it: `a` no action, `r` restrict, `c` cascade, `n` set null, `d` default.
    var onDelete = ""
    var onUpdate = ""
    /// `s` simple, `f` full.
    var match = ""
    var columns: [String] = []
    var parentColumns: [String] = []
    /// Of `columns`, the ones that ON DELETE SET NULL or SET DEFAULT changes; empty means all.
    var deleteColumns: [String] = []
}

/// Everything the plan is made from.
struct ProtectState: Equatable {
    var serverVersion = 0
    var currentUser = ""
    /// The session is superuser or BYPASSRLS.
    var isBeyondPolicies = false
    var searchPath = ""
    /// The tables asked for, in that order, each followed by its partitions from the top down; then
    /// tables that are referred to and were not asked for.
    var tables: [TableState] = []
    /// Oids of the tables asked for.
    var roots: [String] = []
    /// Names that mean no table.
    var unknown: [String] = []
    /// Not inherited from a partitioned table.
    var references: [ReferenceState] = []
    /// The tenant column, quoted.
    var column = ""
    /// `schema.name` of the function that answers the tenant; `nil` when there is none.
    var tenantFunction: String?
    /// What its source says of the mode that is in force.
    var functionMode: ProtectOptions.Mode?
    /// Schemas in which an event trigger of the guard closes a table at the first ALTER TABLE.
    var watchedSchemas: Set<String> = []
    var ownsFunction = false
    var role: Role?
    /// What a person has to look at, found by questions of its own.
    var obstacles: [String] = []

    struct Role: Equatable {
        var name = ""
        var exists = false
        /// Superuser or BYPASSRLS.
        var isBeyondPolicies = false
        /// Owner, or a member of an owner, of one of the tables.
        var owned: [String] = []
        var mayUse: Set<String> = []
        var mayCallFunction = false
        /// Sequences of the tables' columns, with `USAGE` and the like as granted.
        var sequences: [String: Set<String>] = [:]
    }

    func table(_ oid: String) -> TableState? { tables.first { $0.oid == oid } }

    /// The table asked for and its partitions, from the top down.
    func members(of root: String) -> [TableState] {
        guard let start = tables.firstIndex(where: { $0.oid == root }) else { return [] }
        let rest = tables[(start + 1)...].prefix { $0.parent != nil }
        return [tables[start]] + rest
    }
}
