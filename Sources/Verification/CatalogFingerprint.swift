/// One value for all of the catalogs that a verdict rests on: when it is another one, the verdict
/// is of another database.
public enum CatalogFingerprint {
    /// Reads it in a session of its own.
    public static func read(_ options: VerificationOptions) throws(ProbeFault) -> String {
        var session = try ProbeSession(
            options.login, timeoutMilliseconds: options.timeoutMilliseconds)
        return try read(&session, options)
    }

    static func read(
        _ session: inout ProbeSession, _ options: VerificationOptions
    ) throws(ProbeFault) -> String {
        let rows = try session.rows(query)
        guard let value = rows.first?.first ?? nil else {
            throw .unexpectedShape("the fingerprint of the catalogs")
        }
        return value
    }

    /// Everything the rules read, in a fixed order; of statistics and sizes nothing. What the
    /// policies ask for (`z`) is as a new session finds it: a server's configuration can name a
    /// tenant.
    private static let query = """
        SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
            pg_catalog.string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
        FROM (
            SELECT pg_catalog.concat_ws('|', 'c', c.oid, c.relname, c.relnamespace, c.relkind,
                c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text,
                c.reloptions::text)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'a', a.attrelid, a.attnum, a.attname, a.atttypid,
                a.attnotnull, a.attacl::text, a.attcollation)
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND a.attnum > 0
                AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'p', p.polrelid, p.polname, p.polcmd,
                p.polpermissive, p.polroles::text,
                pg_catalog.md5(pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                '/', pg_catalog.md5(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)))
            FROM pg_catalog.pg_policy p
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'f', p.oid, p.proname, p.proowner, p.prosecdef,
                p.proleakproof, p.provolatile, p.proparallel, p.proacl::text, p.proconfig::text,
                pg_catalog.md5(pg_catalog.concat(p.prosrc,
                    pg_catalog.pg_get_function_sqlbody(p.oid))))
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                OR p.proname ~ '^lo' OR p.proname ~ '^pg_(read|ls|stat)_'
                OR p.oid >= 16384 AND n.nspname !~ '^pg_(toast_)?temp_' OR p.prosecdef
                OR p.proleakproof AND p.xmin::pg_catalog.text::pg_catalog.int8 > 2
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'n', oid, nspname, nspowner, nspacl::text)
            FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'd', datname, datdba, datacl::text)
            FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'r', oid, rolname, rolsuper, rolbypassrls,
                rolcreaterole, rolcreatedb, rolreplication, rolcanlogin)
            FROM pg_catalog.pg_roles
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'm', roleid, member)
            FROM pg_catalog.pg_auth_members
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 's', setdatabase, setrole, setconfig::text)
            FROM pg_catalog.pg_db_role_setting
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'u', parname, paracl::text)
            FROM pg_catalog.pg_parameter_acl
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 't', t.tgrelid, t.tgname, t.tgfoid, t.tgenabled)
            FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'w', r.ev_class, r.rulename,
                pg_catalog.md5(pg_catalog.pg_get_ruledef(r.oid)))
            FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'k', conrelid, conname, contype, conkey::text,
                confrelid, confkey::text, confdeltype, confupdtype, conexclop::text)
            FROM pg_catalog.pg_constraint WHERE contype IN ('f', 'p', 'u', 'x')
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'g', c.oid, c.relacl::text)
            FROM pg_catalog.pg_class c WHERE c.relacl IS NOT NULL
                AND c.relnamespace::pg_catalog.regnamespace::pg_catalog.text
                    ~ '^(pg_|information_schema$)'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'ga', a.attrelid, a.attnum, a.attacl::text)
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            WHERE a.attacl IS NOT NULL
                AND c.relnamespace::pg_catalog.regnamespace::pg_catalog.text
                    ~ '^(pg_|information_schema$)'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'y', oid, typname, typowner, typbasetype)
            FROM pg_catalog.pg_type WHERE oid >= 16384
                AND typnamespace::pg_catalog.regnamespace::pg_catalog.text !~ '^pg_(toast_)?temp_'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'o', a.adrelid, a.adnum,
                pg_catalog.md5(pg_catalog.pg_get_expr(a.adbin, a.adrelid)))
            FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_class c ON c.oid = a.adrelid
            WHERE c.relpersistence <> 't'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'q', k.conrelid, k.contypid, k.conname,
                pg_catalog.md5(pg_catalog.pg_get_constraintdef(k.oid)))
            FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
            WHERE k.contype = 'c' AND c.relpersistence IS DISTINCT FROM 't'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'z', d.classid, d.objid, d.refobjid)
            FROM pg_catalog.pg_depend d
            WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                AND d.classid IN ('pg_catalog.pg_amproc'::pg_catalog.regclass,
                    'pg_catalog.pg_type'::pg_catalog.regclass,
                    'pg_catalog.pg_operator'::pg_catalog.regclass,
                    'pg_catalog.pg_cast'::pg_catalog.regclass,
                    'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass)
            UNION ALL
            SELECT a::text FROM pg_catalog.pg_aggregate a
            WHERE a.aggfnoid::pg_catalog.oid >= 16384
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'i', i.indexrelid, i.indkey::text, i.indisunique,
                i.indisvalid, i.indnkeyatts, i.indcollation::text,
                pg_catalog.md5(pg_catalog.concat(i.indexprs, i.indpred)))
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'h', inhrelid, inhparent)
            FROM pg_catalog.pg_inherits
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'x', extname, extversion)
            FROM pg_catalog.pg_extension
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'o', objid, refobjid)
            FROM pg_catalog.pg_depend WHERE deptype = 'e'
                AND classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'e', evtname, evtevent, evtenabled, evtfoid,
                evtowner, evttags::text)
            FROM pg_catalog.pg_event_trigger
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'b', p.pubname, p.schemaname, p.tablename)
            FROM pg_catalog.pg_publication_tables p
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'l', defaclrole, defaclnamespace, defaclobjtype,
                defaclacl::text)
            FROM pg_catalog.pg_default_acl
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'z', name, pg_catalog.current_setting(name, true))
            FROM (SELECT DISTINCT found[1] FROM (
                SELECT pg_catalog.concat(pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_catalog.pg_policy p
                UNION ALL
                SELECT coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc)
                FROM pg_catalog.pg_proc f WHERE f.oid IN (SELECT d.refobjid
                    FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_policy'::regclass
                    AND d.refclassid = 'pg_catalog.pg_proc'::regclass)
                ) AS texts (words),
                pg_catalog.regexp_matches(words, 'current_setting[(]''([^'']+)''', 'g') AS found
                WHERE found[1] LIKE '%.%' OR found[1] = 'backtrace_functions') AS read (name)
            UNION ALL
            SELECT pg_catalog.concat_ws('|', 'v', pg_catalog.current_setting('server_version_num'))
        ) AS lines (line)
        """
}
