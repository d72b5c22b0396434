// The manual of the rules: docs/verify.md and SARIF say the same words.
extension Rule {
    /// Why it matters.
    public var meaning: String { manual.meaning }

    /// What to do about it.
    public var remedy: String { manual.remedy }

    private var manual: (meaning: String, remedy: String) {
        switch self {
        case .a1, .a2, .a3, .a4, .a5, .a6, .a7, .a8, .a9: identityManual
        case .b1, .b2, .b3, .b4, .b5, .b6, .b7, .b8, .b9, .b10: policyManual
        case .c1, .c2, .c3, .c4, .c5, .c6, .c7, .c8, .c9, .c10, .c11, .c12, .c13: reachManual
        case .d1, .d2, .d3, .e1, .e2, .e3, .e4, .e5, .e6: keyManual
        case .f1, .f2, .f3, .f4, .f5, .v1, .s1, .w1, .w2, .w3, .w4: otherManual
        default: probeManual
        }
    }

    private var identityManual: (meaning: String, remedy: String) {
        switch self {
        case .a1:
            (
                "The login itself, or the role that logged in before SET ROLE, has a flag "
                    + "that policies do not bind: superuser and BYPASSRLS read everything, "
                    + "REPLICATION reads the log, CREATEROLE and CREATEDB lead there.",
                "ALTER ROLE login NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE "
                    + "NOCREATEDB; log in as the application's role and do not SET ROLE to it."
            )
        case .a2:
            (
                "Membership is enough for SET ROLE, with NOINHERIT too.",
                "REVOKE the membership: the login is a member of nothing."
            )
        case .a3:
            (
                "The owner of a table switches row-level security off; a member becomes the "
                    + "owner. The owner of a column's type asks all rows by a new constraint; the "
                    + "owner of a function that a table calls has others run it.",
                "Let a NOLOGIN role own schema, tables, types and functions, and revoke it from "
                    + "the login."
            )
        case .a4:
            (
                "Roles such as pg_read_all_data or pg_read_server_files reach data past "
                    + "tables or past their policies.",
                "REVOKE the predefined role from the login."
            )
        case .a5:
            (
                "Who may make temporary objects can plant one that answers to a table's name "
                    + "in a pooled session of another tenant. PUBLIC has this right on every new "
                    + "database.",
                "REVOKE TEMPORARY ON DATABASE … FROM PUBLIC."
            )
        case .a6:
            (
                "A schema of its own lets the login put objects in front of yours.",
                "REVOKE CREATE ON DATABASE … FROM PUBLIC and from the login."
            )
        case .a7:
            (
                "Objects in a schema that others search can stand in for yours.",
                "REVOKE CREATE ON SCHEMA … FROM PUBLIC and from the login."
            )
        case .a8:
            (
                "A setting of the role or the database gives every session a tenant, another "
                    + "role, or switches row security off. The server's configuration or the "
                    + "connection string gives it a tenant.",
                "ALTER ROLE … RESET, ALTER DATABASE … RESET the setting; take it out of "
                    + "postgresql.conf and of the connection string's options."
            )
        case .a9:
            (
                "A parameter meant for superusers may be set by the login, so what is kept "
                    + "there can be forged.",
                "REVOKE SET ON PARAMETER … FROM the login and PUBLIC."
            )
        default: ("", "")
        }
    }

    private var policyManual: (meaning: String, remedy: String) {
        switch self {
        case .b1:
            (
                "Policies of the table are not asked at all.",
                "ALTER TABLE … ENABLE ROW LEVEL SECURITY; `ringfence db protect` does it in "
                    + "the safe order."
            )
        case .b2:
            (
                "The owner, and every definer function of the owner, reads past the policies.",
                "ALTER TABLE … FORCE ROW LEVEL SECURITY, last of all steps."
            )
        case .b3:
            (
                "Nobody sees rows: closed, and of no use.",
                "Create the permissive policy tenant_rows."
            )
        case .b4:
            (
                "Permissive policies are joined by OR: one wide policy opens the table.",
                "Keep one permissive policy, or a restrictive floor below all of them."
            )
        case .b5:
            (
                "Without a restrictive policy for all commands the next permissive policy "
                    + "widens what is seen.",
                "Create tenant_floor AS RESTRICTIVE with the same condition."
            )
        case .b6:
            (
                "A condition that does not read the tenant column cannot keep tenants apart.",
                "Compare the tenant column with the context."
            )
        case .b7:
            (
                "A row without a tenant belongs to nobody, and to everybody whose condition "
                    + "lets NULL through.",
                "ALTER COLUMN … SET NOT NULL, after filling it."
            )
        case .b8:
            (
                "Only a few texts prove isolation by themselves. Another one may be right; "
                    + "nobody has shown it.",
                "Write the policy in canonical form (below), or waive it by its hash after "
                    + "reading it."
            )
        case .b9:
            (
                "In plain mode one injected set_config() makes a statement another tenant's. "
                    + "Bugs are stopped, injection is not.",
                "Use sealed or statement mode, or say plain mode explicitly."
            )
        case .b10:
            (
                "Who can replace the function that tells the tenant, decides the tenant.",
                "Let the guard's role own it, and pin its body."
            )
        default: ("", "")
        }
    }

    private var reachManual: (meaning: String, remedy: String) {
        switch self {
        case .c1:
            (
                "TRUNCATE, REFERENCES and TRIGGER are not judged by policies; TRUNCATE "
                    + "empties the table for all tenants.",
                "REVOKE TRUNCATE, REFERENCES, TRIGGER ON … FROM PUBLIC and the login."
            )
        case .c2:
            (
                "A partition read by its own name is judged by its own policies, and has "
                    + "none. A parent without a tenant column shows its children's rows, past "
                    + "their policies.",
                "REVOKE ALL ON the partition, and put it under the guard as well; REVOKE ALL ON "
                    + "such a parent."
            )
        case .c3:
            (
                "A view reads as its owner unless it says otherwise. What it reads has a "
                    + "tenant's policies or was declared global, or anything may be in it, "
                    + "whatever its columns are called.",
                "ALTER VIEW … SET (security_invoker = true), PostgreSQL 15 and later; or declare "
                    + "the view global."
            )
        case .c4:
            (
                "A materialized view is a copy of what its owner read, and can have no "
                    + "policies.",
                "REVOKE ALL ON it, or keep a table by tenant instead; declare it global if it "
                    + "holds nothing of any tenant."
            )
        case .c5:
            (
                "Foreign tables cannot have row-level security.",
                "REVOKE ALL ON it."
            )
        case .c6:
            (
                "A definer function runs as its owner: its body is the only guard there is. "
                    + "Views, defaults, constraints, aggregates and operator classes call one "
                    + "that the login cannot name.",
                "SECURITY INVOKER, REVOKE EXECUTE, or allow it by the hash of its body."
            )
        case .c7:
            (
                "A LEAKPROOF function may run before the policy and tell what it saw. One of the "
                    + "server's own counts when it was altered since the server was installed.",
                "ALTER FUNCTION … NOT LEAKPROOF."
            )
        case .c8:
            (
                "Rules rewrite statements and run with the rights of the owner of table or view: "
                    + "of tenants' tables, and of whatever the login may write to.",
                "DROP RULE, or use a trigger that runs as the caller."
            )
        case .c9:
            (
                "A definer trigger function can copy rows to where no policy is, or answer with "
                    + "others', on any table or view the login may write to.",
                "SECURITY INVOKER, or allow it by the hash of its body."
            )
        case .c10:
            (
                "Everything in it is read by all tenants.",
                "Add the tenant column (`ringfence db protect`), or declare it global."
            )
        case .c11:
            (
                "Large objects have no tenants, and their numbers can be tried one by one.",
                "REVOKE EXECUTE ON the lo_* functions FROM PUBLIC; keep bytea in a table."
            )
        case .c12:
            (
                "last_value tells how many rows all tenants have made; who may set it back makes "
                    + "others' inserts fail. USAGE shows it too, which is told and fails nobody.",
                "REVOKE SELECT, UPDATE ON SEQUENCE; an identity column needs no right at all."
            )
        case .c13:
            (
                "NOTIFY, dblink and COPY … TO PROGRAM carry data to whoever listens.",
                "Send ids only, and REVOKE EXECUTE where it is not needed."
            )
        default: ("", "")
        }
    }

    private var keyManual: (meaning: String, remedy: String) {
        switch self {
        case .d1:
            (
                "The check of a reference looks past policies: a tenant learns that another's "
                    + "row exists, blocks its deletion, or has its own deleted with it. So it does "
                    + "where only one of the tables has a tenant and the login may write to the "
                    + "other.",
                "Remake it as FOREIGN KEY (tenant, …) REFERENCES … (tenant, …); `ringfence db "
                    + "protect` does it online. REVOKE writing to tables without a tenant."
            )
        case .d2:
            (
                "A unique key over all tenants tells one that another has the value. Columns "
                    + "that are only included count for nothing, nor does what an exclusion "
                    + "compares by anything but equality.",
                "Begin the key with the tenant column."
            )
        case .d3:
            (
                "Without such an index every statement of a tenant reads the rows of all.",
                "CREATE INDEX CONCURRENTLY … (tenant, …)."
            )
        case .e1:
            (
                "A subscriber gets every tenant's rows.",
                "Take the table out of the publication, or treat the subscriber like the "
                    + "database."
            )
        case .e2:
            (
                "Who logs in as one of these sees all tenants. This is an inventory.",
                "Keep the list short, and their passwords out of applications."
            )
        case .e3:
            (
                "dblink, file_fdw, pageinspect and others read past policies.",
                "DROP EXTENSION, or REVOKE EXECUTE from PUBLIC."
            )
        case .e4:
            (
                "Texts of statements hold literals of other tenants.",
                "REVOKE SELECT ON pg_stat_statements FROM PUBLIC and pg_read_all_stats from "
                    + "the login."
            )
        case .e5:
            (
                "Files of the server hold every table. Functions in language internal or c, and "
                    + "in untrusted ones, do what the server can.",
                "REVOKE EXECUTE ON the functions, and the predefined roles; or allow a function "
                    + "by the hash of its body."
            )
        case .e6:
            (
                "Statistics, large objects and TOAST tables hold values of all tenants, and no "
                    + "policy is asked. Grants are held against those the server comes with.",
                "REVOKE ALL ON it FROM PUBLIC and the login."
            )
        default: ("", "")
        }
    }

    private var otherManual: (meaning: String, remedy: String) {
        switch self {
        case .f1:
            (
                "A volatile function in a policy may answer differently for each row; one "
                    + "that is not parallel safe turns parallel plans off.",
                "ALTER FUNCTION … STABLE PARALLEL SAFE."
            )
        case .f2:
            (
                "A caller's search path decides what the names in the body mean.",
                "ALTER FUNCTION … SET search_path = pg_catalog, pg_temp."
            )
        case .f3:
            (
                "The next table is open before anybody has thought of it.",
                "ALTER DEFAULT PRIVILEGES … REVOKE ALL ON TABLES FROM the login."
            )
        case .f4:
            (
                "The planner may keep the answer of an IMMUTABLE function for the next "
                    + "tenant.",
                "ALTER FUNCTION … STABLE."
            )
        case .f5:
            (
                "A table made tomorrow has no policies until somebody adds them.",
                "Install the guard's event trigger (`ringfence db migrate` with "
                    + "database.admin), or run with --watch."
            )
        case .v1:
            (
                "Releases before this one have known holes in row-level security.",
                "Install the newest minor release."
            )
        case .s1:
            (
                "Row estimates of EXPLAIN tell whether a value is common, whosever it is.",
                "ALTER TABLE … ALTER COLUMN … SET STATISTICS 0 before the first ANALYZE."
            )
        case .w1:
            (
                "The day until which the risk was accepted has passed.",
                "Mend the finding, or have its owner accept it again."
            )
        case .w2:
            (
                "What was waived is not there any more, or was never spelt so.",
                "Take the waiver away, or copy rule and object from the report."
            )
        case .w3:
            (
                "A probe saw rows of another tenant. That is no risk but an event.",
                "Mend it; there is no waiver for it."
            )
        case .w4:
            (
                "The policy or function was changed since somebody read it.",
                "Read the new text, and put its hash into the waiver."
            )
        default: ("", "")
        }
    }

    private var probeManual: (meaning: String, remedy: String) {
        switch self {
        case .t1:
            (
                "Evaluated on a made-up row, the policies of a command let through what is "
                    + "not the context's.",
                "Bring the policies into canonical form."
            )
        case .t2:
            (
                "A tenant cannot reach its own rows: safe, and broken.",
                "Bring the policies into canonical form."
            )
        case .t3:
            (
                "The conditions could not be evaluated on a made-up row, so nothing is known.",
                "Use functions that are stable and may be called by the login."
            )
        case .l1:
            (
                "As the login, a row of another tenant could be inserted: the server said "
                    + "something other than 42501.",
                "Put the table under the guard: `ringfence db protect`."
            )
        case .l2:
            (
                "As the login, rows of another tenant were changed or could be given away.",
                "Put the table under the guard: `ringfence db protect`."
            )
        case .l3:
            (
                "As the login, rows of another tenant were read.",
                "Put the table under the guard: `ringfence db protect`."
            )
        case .l4:
            (
                "A session that never named a tenant read rows.",
                "Let the condition be NULL without a context: nullif(current_setting(…, "
                    + "true), '')."
            )
        case .l5:
            (
                "TRUNCATE was not refused.",
                "REVOKE TRUNCATE ON … FROM PUBLIC and the login."
            )
        case .l6:
            (
                "A plan reads the table without the tenant's condition, or hides what it "
                    + "reads.",
                "Look at the view or function in the plan."
            )
        case .l7:
            (
                "Through the pooler one client saw what another had set.",
                "Set the context transaction-locally only, or pool by session."
            )
        case .l8:
            (
                "What was planted in a session was still there after checkout by another "
                    + "tenant.",
                "Scrub the session when the tenant changes (docs/backend.md), and revoke "
                    + "TEMP."
            )
        case .l9:
            (
                "The seal could be read in pg_stat_activity.",
                "Send it as a parameter of an extended-protocol statement."
            )
        case .l10:
            (
                "The context was changed by SQL alone, or a bad seal was taken.",
                "Use sealed mode; in plain mode this is what plain means."
            )
        default: ("", "")
        }
    }
}
