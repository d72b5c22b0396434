extension Trick {
    private static let notGranted = "it is granted to nobody who logs in here"
    private static let rows = "SELECT id::text, note FROM ringfence.invoices"

    /// The guard itself.
    static let guards: [Trick] = [
        Trick(
            "G1", "the keys", "own", .text,
            "' UNION ALL SELECT kid, encode(ipad, 'hex') FROM ringfence_guard.keys --",
            aim: .answer, by: notGranted),
        Trick(
            "G2", "a seal by mint()", "own", .text,
            "' UNION ALL SELECT '', ringfence_guard.mint('{B}', 60) --", aim: .answer,
            by: notGranted),
        Trick(
            "G3", "a MAC by sign()", "own", .text,
            "' UNION ALL SELECT '', ringfence_guard.sign('x')::text --", aim: .answer,
            by: notGranted),
        Trick(
            "G4", "guessing with is_valid()", "own", .text,
            "' UNION ALL SELECT '', ringfence_guard.is_valid('{tampered}')::text --",
            aim: .answer, by: notGranted),
        Trick(
            "G5", "a seal by claim()", "own", .text,
            "' UNION ALL SELECT '', ringfence_guard.claim('mail', 9, '1 min')::text --",
            aim: .answer, by: "it is the worker's"),
        Trick(
            "G6", "another's work", "own", .text,
            "' UNION ALL SELECT '', w::text FROM ringfence_guard.work AS w --", aim: .answer,
            by: notGranted),
        Trick(
            "G7", "finishing another's work", "own", .text,
            "' UNION ALL SELECT '', ringfence_guard.finish('{B}')::text --",
            by: "it looks at the tenant's own"),
        Trick(
            "G8", "work in another's name", "own", .text,
            """
            ' UNION ALL SELECT x, '' FROM (SELECT set_config('app.current_tenant','{B}',true) AS s \
            OFFSET 0) AS f CROSS JOIN LATERAL (SELECT ringfence_guard.enqueue('mail' || left(f.s, \
            0), '{A}', NULL)::text AS x) AS y UNION ALL SELECT '', \
            set_config('app.current_tenant','{A}',true) --
            """, by: "it is the tenant's in context", threat: .expression),
        Trick(
            "G9", "act_as out of a tenant", "own", .statement,
            "SELECT ringfence_guard.act_as('{B}', 'x', '{B}', 'x', 'x', '{B}', '{}')",
            aim: .answer, by: "it takes a vendor's seal"),
        Trick(
            "G10", "act_as as a made-up vendor", "own", .statement,
            """
            SELECT set_config('app.current_tenant','',true), \
            set_config('app.current_vendor','{VB}',true)
            """, "SELECT ringfence_guard.act_as('{B}', 'x', '{B}', 'x', 'x', '{B}', '{}')", rows,
            """
            SELECT set_config('app.current_tenant','{A}',true), \
            set_config('app.current_vendor','',true)
            """, by: "it takes a vendor's seal", threat: .setting),
        Trick(
            "G11", "leave()", "own", .statement, "SELECT ringfence_guard.leave('{own}')", rows,
            aim: .answer, by: "it takes a vendor's seal"),
        Trick(
            "G12", "enter() with another's expired seal", "own", .statement,
            "SELECT ringfence_guard.enter('{expired}')", rows, aim: .answer, by: "it is expired"),
        Trick(
            "G13", "enter() with one's seal and another's id", "own", .statement,
            "SELECT ringfence_guard.enter('{tampered}')", rows, aim: .answer,
            by: "its MAC is wrong"),
        Trick(
            "G14", "enter() with another's valid seal, caught somehow", "own", .statement,
            "SELECT ringfence_guard.enter('{live}')", rows, aim: .answer,
            by: "a second subject in one transaction is refused"),
        Trick(
            "G15", "COMMIT, then enter() with it", "own", .statement, "COMMIT",
            "SELECT ringfence_guard.enter('{live}')", rows,
            by: "the proof at the end; nothing is answered"),
        Trick(
            "G26", "the same in a DO block, kept in a setting", "own", .statement,
            """
            DO $$ BEGIN COMMIT; PERFORM ringfence_guard.enter('{live}'); PERFORM \
            set_config('x.loot', (SELECT string_agg(note, ' ') FROM ringfence.invoices WHERE \
            id < 9), false); COMMIT; END $$
            """, then: [.statement("SELECT current_setting('x.loot', true)")],
            by: "the proof at the end gives the connection up, and the setting with it"),
        Trick(
            "G27", "clear(), which ends the transaction, then as another", "own", .statement,
            "CALL ringfence_guard.clear(true)",
            "SELECT set_config('app.current_tenant','{B}',true)", rows,
            "SELECT set_config('app.current_tenant','{A}',true)",
            by: "the context ends with the transaction", threat: .setting),
        Trick(
            "G28", "clear() within the transaction, then as another", "own", .statement,
            "CALL ringfence_guard.clear(false)",
            "SELECT set_config('app.current_tenant','{B}',true)", rows,
            "SELECT set_config('app.current_tenant','{A}',true)",
            by: "no tenant is left, so no rows; the proof undoes the rest", threat: .setting),
        Trick(
            "G16", "enter() twice", "own", .statement, "SELECT ringfence_guard.enter('{own}')",
            rows, by: "it is one's own tenant again"),
        Trick(
            "G17", "a key of one's own", "own", .statement,
            """
            SELECT ringfence_guard.install_key('mole', '\\x00', '\\x00', now(), now())
            """, aim: .answer, by: notGranted),
        Trick(
            "G18", "retiring the key", "own", .statement,
            "SELECT ringfence_guard.retire_key('db00', now())", aim: .answer, by: notGranted),
        Trick(
            "G19", "protect(), run by oneself", "own", .statement,
            "SELECT ringfence_guard.protect('ringfence.invoices')", aim: .answer, by: notGranted),
        Trick(
            "G20", "keys in the text of functions", "own", .text,
            """
            ' UNION ALL SELECT proname::text, prosrc FROM pg_proc WHERE prosrc LIKE '%ringfence%' --
            """, by: "no function holds one"),
        Trick(
            "G21", "another's seal in pg_stat_activity", "own", .text,
            "' UNION ALL SELECT pid::text, query FROM pg_stat_activity --",
            by: "seals and values travel as parameters"),
        Trick(
            "G22", "another's values in pg_prepared_statements", "own", .text,
            "' UNION ALL SELECT name, statement FROM pg_prepared_statements --",
            by: "seals and values travel as parameters"),
        Trick(
            "G23", "what crossed tenants, and why", "own", .text,
            "' UNION ALL SELECT '', c::text FROM ringfence_guard.crossings AS c --",
            aim: .answer, by: notGranted),
        Trick(
            "G24", "the audit", "own", .text,
            "' UNION ALL SELECT '', a::text FROM ringfence.audit AS a --", aim: .answer,
            by: "it is written and not read"),
        Trick(
            "G25", "the policies' function called as another", "own", .text,
            "' UNION ALL SELECT '', ringfence.tenant()::text --", by: "it tells one's own id"),
    ]
}
