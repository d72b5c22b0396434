import JSON
import Postgres

/// Whether the schema still holds what the migrations promised, asked by the role that serves
/// requests: a migration made by hand, a grant given in haste, a table that came later.
enum SchemaPosture {
    /// One way in which a row could reach somebody else.
    struct Finding: Equatable, Sendable, CustomStringConvertible {
        enum Kind: String, CaseIterable, Sendable {
            case unprotected
            case unforced
            case floorMissing = "floor-missing"
            case policyUnknown = "policy-unknown"
            case privilege
            case auditChangeable = "audit-changeable"
            case keyWithoutTenant = "key-without-tenant"
            case view
            case actsAsOwner = "acts-as-owner"
            case definerFunction = "definer-function"
            case functionChanged = "function-changed"
            case createsObjects = "creates-objects"
            case nullable
            case keysReadable = "keys-readable"
            case guardCallable = "guard-callable"
            case beneath
            case slot
            case trigger
            case mode
        }

        let kind: Kind
        let subject: String

        /// One sentence for the operator, with what to do.
        var description: String {
            switch kind {
            case .unprotected: "row-level security is off for \(subject)"
            case .unforced: "row-level security is not forced for \(subject)"
            case .floorMissing: "\(subject) has no restrictive policy for all commands"
            case .policyUnknown:
                "policy \(subject) is none of ours; its condition may let other tenants' rows "
                    + "through"
            case .privilege:
                "the role may \(subject), which row-level security does not judge"
            case .auditChangeable:
                "the role may \(subject); audit rows are only ever added"
            case .keyWithoutTenant:
                "\(subject) does not begin with the tenant; keys look past row-level security"
            case .view:
                "the role may read view \(subject), which shows rows with its owner's rights"
            case .actsAsOwner:
                "\(subject) runs with its owner's rights when the role writes"
            case .definerFunction:
                "the role may call \(subject), which runs with its owner's rights or reads rows "
                    + "before row-level security does"
            case .functionChanged: "function \(subject) is not the one the migrations made"
            case .nullable: "the tenant of a row of \(subject) may be NULL"
            case .keysReadable:
                "the role may \(subject), and with it read or change what is the guard's alone"
            case .guardCallable:
                "the role may call \(subject), which is for those who make seals and keep keys"
            case .beneath:
                "the role may \(subject), which leads beneath privileges and row-level security"
            case .slot: "\(subject); it must be empty and the guard's alone to set"
            case .trigger:
                "event trigger \(subject), which protects new tables, is missing, switched off, "
                    + "changed or not a superuser's"
            case .mode: "the database's context is \(subject)"
            case .createsObjects:
                "the role may create objects: \(subject); `ringfence-backend db migrate` takes it "
                    + "away where the owner role owns the database"
            }
        }
    }

    /// Everything that is wrong, and whether all migrations were applied.
    static func check(
        _ connection: inout Connection, against script: GuardScript, deadline: Deadline
    ) throws(DatabaseFault) -> [Finding] {
        let bodies = script.contextBodies
        let wanted: [Parameter] = [
            .text(functionsText(script)), .text(bodies.tenant), .text(bodies.vendor),
            .text(script.mode.rawValue),
            .text(script.functionTexts["guard_tables"]?.body ?? ""),
        ]
        return try read(connection.inspect(.schemaFindings, wanted, deadline: deadline))
            + read(
                connection.inspect(
                    .guardFindings, [.text(list(script.runtimeCalls))], deadline: deadline))
    }

    private static func read(_ rows: Rows) throws(DatabaseFault) -> [Finding] {
        var findings: [Finding] = []
        for row in rows {
            // A kind this file does not know would be a finding lost.
            let kind = Finding.Kind(rawValue: try row.text(0)) ?? .policyUnknown
            findings.append(Finding(kind: kind, subject: try row.text(1)))
        }
        return findings
    }

    /// Texts as one parameter: a JSON array.
    static func list(_ texts: [String]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func functionsText(_ script: GuardScript) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, body) in script.bodies.sorted(by: { $0.key < $1.key }) {
            writer.member(name, body)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// What the database knows of our migrations.
    enum Progress: Equatable, Sendable {
        case complete
        /// Not applied, or not readable by this role, which `db migrate` would have granted.
        case missing([Int])
        /// A newer program was here: what it changed is unknown to this one.
        case newer(Int)
    }

    static func progress(
        _ connection: inout Connection, deadline: Deadline
    ) throws(DatabaseFault) -> Progress {
        let wanted = Migrations.all.map(\.number)
        var applied: [Int] = []
        do throws(DatabaseFault) {
            for row in try connection.inspect(.appliedMigrations, deadline: deadline) {
                applied.append(Int(try row.int64(0)))
            }
        } catch {
            let absent = ["42P01", "3F000", "42501"].contains(error.sqlState?.description)
            if absent { return .missing(wanted) }
            throw error
        }
        let missing = wanted.filter { !applied.contains($0) }
        if !missing.isEmpty { return .missing(missing) }
        if let newer = applied.max(), newer > Migrations.newest { return .newer(newer) }
        return .complete
    }
}

extension Statement {
    fileprivate static let appliedMigrations = Statement(
        "applied migrations", "SELECT number FROM ringfence_migrations.applied", parameters: 0)
}
