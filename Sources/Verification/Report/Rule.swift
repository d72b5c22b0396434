/// A thing `db verify` looks for. Its raw text is what reports, waivers and the manual call it; it
/// never changes meaning.
public enum Rule: String, CaseIterable, Sendable {
    case a1 = "A1", a2 = "A2", a3 = "A3", a4 = "A4", a5 = "A5", a6 = "A6", a7 = "A7"
    case a8 = "A8", a9 = "A9"
    case b1 = "B1", b2 = "B2", b3 = "B3", b4 = "B4", b5 = "B5", b6 = "B6", b7 = "B7"
    case b8 = "B8", b9 = "B9", b10 = "B10"
    case c1 = "C1", c2 = "C2", c3 = "C3", c4 = "C4", c5 = "C5", c6 = "C6", c7 = "C7"
    case c8 = "C8", c9 = "C9", c10 = "C10", c11 = "C11", c12 = "C12", c13 = "C13"
    case d1 = "D1", d2 = "D2", d3 = "D3"
    case e1 = "E1", e2 = "E2", e3 = "E3", e4 = "E4", e5 = "E5", e6 = "E6"
    case f1 = "F1", f2 = "F2", f3 = "F3", f4 = "F4", f5 = "F5"
    case v1 = "V1"
    case s1 = "S1"
    /// Waivers that hold no longer, or never could.
    case w1 = "W1", w2 = "W2", w3 = "W3", w4 = "W4"
    /// Truth table: a row was let through that is not the context's own; its own row was refused;
    /// the table could not be made.
    case t1 = "T1", t2 = "T2", t3 = "T3"
    case l1 = "L1", l2 = "L2", l3 = "L3", l4 = "L4", l5 = "L5", l6 = "L6", l7 = "L7"
    case l8 = "L8", l9 = "L9", l10 = "L10"
}

/// What a finding does to the verdict.
public enum Severity: String, CaseIterable, Sendable, Comparable {
    /// Told, and nothing more.
    case notice
    /// Isolation is not proven while it stands.
    case unproven
    /// Rows, or knowledge of them, reach somebody else.
    case leak

    public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }
    private var rank: Int {
        switch self {
        case .notice: 0
        case .unproven: 1
        case .leak: 2
        }
    }
}

extension Rule {
    /// The heading of its group, for reports.
    public var group: String {
        switch rawValue.first {
        case "A": "Identity of the login"
        case "B": "Policies"
        case "C": "Ways around policies"
        case "D": "Keys"
        case "E": "Cluster"
        case "F": "Functions and future tables"
        case "V": "Server version"
        case "S": "Statistics"
        case "W": "Waivers"
        case "T": "Truth table"
        default: "Live probes"
        }
    }

    /// What it means, in one line.
    public var title: String {
        switch self {
        case .a1: "the login is superuser, BYPASSRLS, REPLICATION, CREATEROLE or CREATEDB"
        case .a2: "the login can become such a role"
        case .a3: "the login can become the owner of a tenant relation, schema, function or type"
        case .a4: "the login is a member of a predefined power role"
        case .a5: "the login may create temporary objects"
        case .a6: "the login may create schemas"
        case .a7: "the login may create objects in a schema"
        case .a8: "sessions start with a context or with a setting that weakens isolation"
        case .a9: "the login may set a parameter meant for superusers"
        case .b1: "row-level security is off"
        case .b2: "row-level security is not forced on the owner"
        case .b3: "no policy lets the login see any row"
        case .b4: "several permissive policies are combined with OR"
        case .b5: "no restrictive policy holds for all commands"
        case .b6: "a policy does not look at the tenant column"
        case .b7: "the tenant column may be NULL"
        case .b8: "a policy is not in canonical form"
        case .b9: "any statement can set the context"
        case .b10: "the context function can be replaced, or is not the pinned one"
        case .c1: "a privilege that row-level security does not judge"
        case .c2: "a partition, child or parent can be reached without row-level security"
        case .c3: "a view reads tenants' or undeclared rows with its owner's rights"
        case .c4: "a materialized view holds tenants' or undeclared rows"
        case .c5: "a foreign table can be reached; it cannot have row-level security"
        case .c6: "a callable function runs with its owner's rights"
        case .c7: "a function marked LEAKPROOF sees rows before the policy does"
        case .c8: "a rewrite rule runs with the owner's rights"
        case .c9: "a trigger function runs with its owner's rights"
        case .c10: "a readable relation has no tenant column"
        case .c11: "large objects can be read; they know no tenants"
        case .c12: "a sequence tells the volume of all tenants, or can be set by one"
        case .c13: "a function sends data out of the row's reach"
        case .d1: "a foreign key does not pair the tenant columns"
        case .d2: "a unique key does not contain the tenant column"
        case .d3: "no index begins with the tenant column"
        case .e1: "a publication carries tenants' rows"
        case .e2: "other logins are beyond row-level security"
        case .e3: "an extension that reads around row-level security is installed"
        case .e4: "statement texts of other tenants can be read"
        case .e5: "the login may read or run files of the server"
        case .e6: "a relation of the server's own is open to the login"
        case .f1: "a function of a policy is volatile or not parallel safe"
        case .f2: "a definer function has no fixed search_path"
        case .f3: "default privileges hand future tables to the login"
        case .f4: "a function marked IMMUTABLE reads a setting"
        case .f5: "nothing guards tables made later"
        case .v1: "the server lacks fixes to row-level security"
        case .s1: "statistics of a sensitive column hold values of all tenants"
        case .w1: "a waiver has expired"
        case .w2: "a waiver matches no finding"
        case .w3: "a waiver is about a leak that was shown, which cannot be waived"
        case .w4: "a waiver names another hash than the finding has"
        case .t1: "the policies let a row through that is not the context's own"
        case .t2: "the policies refuse the context's own row"
        case .t3: "the truth table could not be made"
        case .l1: "INSERT for another tenant is not refused"
        case .l2: "UPDATE or DELETE reaches another tenant"
        case .l3: "SELECT returns another tenant's rows"
        case .l4: "a session without a context sees rows"
        case .l5: "TRUNCATE is not refused"
        case .l6: "a plan scans a tenant relation without the tenant's condition"
        case .l7: "a context outlives its transaction behind the pooler"
        case .l8: "what one tenant plants in a session is there for the next one"
        case .l9: "a seal can be read in pg_stat_activity"
        case .l10: "the context can be forged or a bad seal is accepted"
        }
    }
}
