/// What is around the tables: the guard, the application's login, and what leads past policies.
extension TableInspection {
    /// Names of the functions that tell the tenant, where the guard is installed.
    mutating func readContext(_ session: borrowing MigrationSession) throws(ProtectFault) {
        let rows = try session.rows(
            """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname),
                pg_get_functiondef(p.oid), pg_has_role(current_user, p.proowner, 'USAGE')
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname IN ('ringfence', 'ringfence_guard') AND p.proname = 'tenant'
                AND p.pronargs = 0 AND p.prorettype = 'uuid'::regtype AND p.prokind = 'f'
            ORDER BY n.nspname
            """)
        let watched = try session.rows(
            """
            SELECT quote_ident(n.nspname)
            FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid
            JOIN pg_namespace n ON position(quote_literal(n.nspname) IN p.prosrc) > 0
            WHERE e.evtname = 'ringfence_guard_tables' AND e.evtenabled IN ('O', 'A')
            """)
        state.watchedSchemas = Set(watched.compactMap(\.[0]))
        guard let row = rows.first, let name = row[0] else { return }
        state.tenantFunction = name
        state.functionMode = Self.mode(ofFunction: row[1] ?? "")
        state.ownsFunction = row[2] == "t"
    }

    private static func mode(ofFunction text: String) -> ProtectOptions.Mode? {
        if text.contains("app.current_tenant") { return .plain }
        if text.contains("ringfence_guard.verified") { return .statement }
        return text.contains("current_setting") ? .sealed : nil
    }

    mutating func readRole(_ session: borrowing MigrationSession) throws(ProtectFault) {
        guard let name = options.role else { return }
        var role = ProtectState.Role()
        let facts = try session.rows(
            """
            SELECT quote_ident(rolname), rolsuper OR rolbypassrls FROM pg_roles
            WHERE quote_ident(rolname) = \(literal(name)) OR rolname = \(literal(name))
            """)
        guard let row = facts.first, let quoted = row[0] else {
            role.name = name
            state.role = role
            return
        }
        role.name = quoted
        role.exists = true
        role.isBeyondPolicies = row[1] == "t"
        let oid = "(SELECT oid FROM pg_roles WHERE quote_ident(rolname) = \(literal(quoted)))"
        guard !state.tables.isEmpty else {
            state.role = role
            return
        }
        let owned = try session.rows(
            """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY (\(oids)) AND pg_has_role(\(oid), c.relowner, 'MEMBER')
            ORDER BY 1
            """)
        role.owned = owned.compactMap(\.[0])
        let schemas = try session.rows(
            """
            SELECT DISTINCT quote_ident(n.nspname), has_schema_privilege(\(oid), n.oid, 'USAGE')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY (\(oids))
            """)
        role.mayUse = Set(schemas.filter { $0[1] == "t" }.compactMap(\.[0]))
        if let function = state.tenantFunction {
            let call = try session.rows(
                """
                SELECT has_function_privilege(\(oid), p.oid, 'EXECUTE')
                    AND has_schema_privilege(\(oid), p.pronamespace, 'USAGE')
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE quote_ident(n.nspname) || '.' || quote_ident(p.proname)
                    = \(literal(function)) AND p.pronargs = 0
                """)
            role.mayCallFunction = call.first?.first == "t"
        }
        state.role = role
        try readPrivileges(session, roleOid: oid)
        try readSequences(session, roleOid: oid)
    }

    private mutating func readPrivileges(
        _ session: borrowing MigrationSession, roleOid: String
    ) throws(ProtectFault) {
        let rows = try session.rows(
            """
            SELECT c.oid, kind.word, has_table_privilege(\(roleOid), c.oid, kind.word),
                EXISTS (SELECT FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
                    WHERE a.grantee = 0 AND a.privilege_type = kind.word)
            FROM pg_class c
            CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                'REFERENCES', 'TRIGGER']) kind (word)
            WHERE c.oid = ANY (\(oids))
            """)
        for row in rows {
            guard let word = row[1] else { continue }
            change(row[0]) {
                if row[2] == "t" { $0.rolePrivileges.insert(word) }
                if row[3] == "t" { $0.publicPrivileges.insert(word) }
            }
        }
    }

    private mutating func readSequences(
        _ session: borrowing MigrationSession, roleOid: String
    ) throws(ProtectFault) {
        let rows = try session.rows(
            """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), kind.word
            FROM pg_depend d
            JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_namespace n ON n.oid = s.relnamespace
            LEFT JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) kind (word)
                ON has_sequence_privilege(\(roleOid), s.oid, kind.word)
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = ANY (\(oids)) AND d.deptype IN ('a', 'i')
            ORDER BY 1, 2
            """)
        for row in rows {
            guard let sequence = row[0] else { continue }
            let word = row[1].map { [$0] } ?? []
            state.role?.sequences[sequence, default: []].formUnion(word)
        }
    }

    // MARK: What leads past policies

    mutating func readObstacles(_ session: borrowing MigrationSession) throws(ProtectFault) {
        let members = state.tables.filter { isMember($0) }
        guard !members.isEmpty else { return }
        let list = "ARRAY[\(members.map(\.oid).joined(separator: ","))]::oid[]"
        for question in [views(list), functions(list), rules(list), grants(list), outlets(list)] {
            for row in try session.rows(question) {
                if let words = row[0] { state.obstacles.append(words) }
            }
        }
    }

    /// Views over views are followed.
    private func views(_ list: String) -> String {
        """
        WITH RECURSIVE above (oid) AS (
            SELECT unnest(\(list))
            UNION
            SELECT r.ev_class FROM above
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = above.oid
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN'
        )
        SELECT CASE c.relkind WHEN 'm'
            THEN format('materialized view %I.%I holds rows of all tenants, and row-level '
                'security cannot judge it: REVOKE ALL ON %1$I.%2$I FROM the application',
                n.nspname, c.relname)
            ELSE format('view %I.%I reads with its owner''s rights: '
                'ALTER VIEW %1$I.%2$I SET (security_invoker = true)', n.nspname, c.relname) END
        FROM above JOIN pg_class c ON c.oid = above.oid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce((
            SELECT lower(o.option_value) IN ('true', 'on', '1', 'yes')
            FROM pg_options_to_table(c.reloptions) o WHERE o.option_name = 'security_invoker'),
            false))
        ORDER BY n.nspname, c.relname
        """
    }

    /// By name in the body, or by what the server knows a parsed body to need.
    private func functions(_ list: String) -> String {
        """
        SELECT format('%s runs with its owner''s rights and names %s: ALTER FUNCTION %1$s '
            'SECURITY INVOKER, or judge it and waive rule C6 by its hash',
            p.oid::regprocedure, string_agg(DISTINCT c.oid::regclass::text, ', '))
        FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_class c ON c.oid = ANY (\(list)) AND NOT c.relispartition
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'ringfence_guard')
            AND (p.prosrc ~*
                    ('\\m' || regexp_replace(c.relname, '[^a-zA-Z0-9_]', '.', 'g') || '\\M')
                OR EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid))
        GROUP BY p.oid ORDER BY 1
        """
    }

    private func rules(_ list: String) -> String {
        """
        SELECT format('rule %I on %s runs with the owner''s rights: DROP RULE %1$I ON %2$s',
            r.rulename, r.ev_class::regclass)
        FROM pg_rewrite r WHERE r.ev_class = ANY (\(list)) AND r.rulename <> '_RETURN'
        UNION ALL
        SELECT format('trigger %I on %s calls %s, which runs with its owner''s rights', t.tgname,
            t.tgrelid::regclass, p.oid::regprocedure)
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = ANY (\(list)) AND NOT t.tgisinternal AND t.tgparentid = 0
            AND p.prosecdef
        ORDER BY 1
        """
    }

    /// Privileges of others that policies do not judge. The owner's own are not listed.
    private func grants(_ list: String) -> String {
        """
        SELECT format('%s may %s %s, which row-level security does not judge: '
            'REVOKE %2$s ON %3$s FROM %1$s', quote_ident(pg_get_userbyid(a.grantee)),
            string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type), c.oid::regclass)
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE c.oid = ANY (\(list)) AND a.grantee NOT IN (0, c.relowner)
            AND a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
            AND quote_ident(pg_get_userbyid(a.grantee))
                <> coalesce(\(literal(state.role?.name ?? "")), '')
        GROUP BY c.oid, a.grantee ORDER BY 1
        """
    }

    private func outlets(_ list: String) -> String {
        """
        SELECT format('publication %I sends the rows of %I.%I to whoever subscribes',
            t.pubname, t.schemaname, t.tablename)
        FROM pg_publication_tables t JOIN pg_namespace n ON n.nspname = t.schemaname
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
        WHERE c.oid = ANY (\(list))
        UNION ALL
        SELECT 'tables and partitions made later are not guarded by themselves: no event trigger '
            'does it here (docs/verify.md, F5)'
        WHERE NOT EXISTS (SELECT FROM pg_event_trigger
            WHERE evtevent = 'ddl_command_end' AND evtenabled IN ('O', 'A'))
        ORDER BY 1
        """
    }
}
