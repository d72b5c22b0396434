@_spi(TenantBinding) import Postgres

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
            case functionChanged = "function-changed"
            case createsObjects = "creates-objects"
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
            case .functionChanged: "function \(subject) is not the one the migrations made"
            case .createsObjects:
                "the role may create objects: \(subject); run `ringfence-backend db migrate`"
            }
        }
    }

    /// Everything that is wrong, and whether all migrations were applied. It runs in a vendor's
    /// transaction of nobody: catalogs belong to no tenant, and there is no other road.
    static func check(
        _ connection: inout Connection, deadline: Deadline
    ) throws(DatabaseFault) -> [Finding] {
        guard let nobody = VendorScope(uuidText: nobodyText) else { return [] }
        return try connection.withTransaction(
            forVendor: nobody, deadline: deadline
        ) { transaction throws(DatabaseFault) in
            var findings: [Finding] = []
            for row in try transaction.rows(.schemaPosture) {
                // A kind this file does not know would be a finding lost.
                guard let kind = Finding.Kind(rawValue: try row.text(0)) else {
                    findings.append(Finding(kind: .policyUnknown, subject: try row.text(1)))
                    continue
                }
                findings.append(Finding(kind: kind, subject: try row.text(1)))
            }
            return findings
        }
    }

    private static let nobodyText = "00000000-0000-0000-0000-000000000000"

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
        guard let nobody = VendorScope(uuidText: nobodyText) else { return .missing(wanted) }
        let applied: [Int]
        do throws(DatabaseFault) {
            applied = try connection.withTransaction(
                forVendor: nobody, deadline: deadline
            ) { transaction throws(DatabaseFault) in
                var numbers: [Int] = []
                for row in try transaction.rows(.appliedMigrations) {
                    numbers.append(Int(try row.int64(0)))
                }
                return numbers
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

    /// Policies are compared by the text PostgreSQL makes of them: whatever is not letter for
    /// letter one of ours counts as open. The settings' names are put together here because a
    /// statement that names them whole is refused: only a transaction may bind its scope.
    fileprivate static let schemaPosture = Statement(
        "schema posture",
        """
        WITH tables AS (
            SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind,
                c.relrowsecurity, c.relforcerowsecurity
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'ringfence' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        ), policies AS (
            SELECT tables.name, p.polname, p.polpermissive, p.polcmd, p.polroles,
                pg_get_expr(p.polqual, p.polrelid) AS condition, p.polwithcheck
            FROM pg_policy p JOIN tables ON tables.oid = p.polrelid
        )
        SELECT kind, subject FROM (
            SELECT 'unprotected' AS kind, name AS subject FROM tables
            WHERE NOT relrowsecurity OR relkind NOT IN ('r', 'p')
            UNION ALL
            SELECT 'unforced', name FROM tables
            WHERE relkind IN ('r', 'p') AND NOT relforcerowsecurity
            UNION ALL
            SELECT 'floor-missing', name FROM tables
            WHERE NOT EXISTS (
                SELECT FROM policies WHERE policies.name = tables.name AND NOT polpermissive
                AND polcmd = '*' AND polroles = '{0}')
            UNION ALL
            SELECT 'policy-unknown', polname || ' of ' || name FROM policies
            WHERE polwithcheck IS NOT NULL OR coalesce(condition, '') <> ALL (
                CASE name
                WHEN 'ringfence.vendors' THEN ARRAY['(id = ringfence.vendor())']
                WHEN 'ringfence.tenants' THEN ARRAY[
                    '(vendor_id = ringfence.vendor())',
                    CASE WHEN polcmd = 'r' THEN '(id = ringfence.tenant())' END,
                    CASE WHEN NOT polpermissive THEN
                        '((vendor_id = ringfence.vendor()) OR (id = ringfence.tenant()))' END]
                ELSE ARRAY['(tenant_id = ringfence.tenant())'] END)
            UNION ALL
            SELECT 'privilege', privilege || ' ' || name
            FROM tables, unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            WHERE has_table_privilege(tables.oid, privilege)
            UNION ALL
            SELECT 'function-changed', wanted.name
            FROM (VALUES
                ('ringfence.tenant', 'app.current' || '_tenant'),
                ('ringfence.vendor', 'app.current' || '_vendor')) AS wanted (name, setting)
            WHERE NOT EXISTS (
                SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname || '.' || p.proname = wanted.name AND p.pronargs = 0
                AND p.provolatile = 's' AND p.proparallel = 's' AND NOT p.prosecdef
                AND p.proconfig IS NULL AND pg_get_function_sqlbody(p.oid) =
                    'RETURN (NULLIF(current_setting(''' || wanted.setting
                    || '''::text, true), ''''::text))::uuid')
            UNION ALL
            SELECT 'creates-objects', 'TEMPORARY on the database'
            WHERE has_database_privilege(current_database(), 'TEMPORARY')
            UNION ALL
            SELECT 'creates-objects', 'CREATE on the database'
            WHERE has_database_privilege(current_database(), 'CREATE')
            UNION ALL
            SELECT 'creates-objects', 'CREATE on schema ' || nspname FROM pg_namespace
            WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')
        ) AS findings ORDER BY kind, subject
        """, parameters: 0)
}
