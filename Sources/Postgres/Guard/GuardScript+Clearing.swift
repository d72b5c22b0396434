/// The scrub of a session, where the guard is installed.
extension GuardScript {
    /// `clear(whole)`: all that one tenant could leave in a session for the next, given up in one
    /// call. `Statement.scrub` does the same by nine statements.
    ///
    /// - It runs with the caller's rights and no search path of its own, in a session whose state
    ///   is in doubt: every name in it is qualified, operators too.
    /// - It keeps its plans itself, out of reach of `DEALLOCATE`; the call is parsed each time.
    /// - Statements that SQL prepared are looked for last, when no setting of the last user is left
    ///   that could make the look slow or wrong. One may stand under the name of one of ours, so
    ///   there is a failure (22012), not a cure.
    /// - With `whole` it ends its own transaction, so that what comes next neither undoes it nor
    ///   runs under settings from before it. Procedures alone may, and only as the first message
    ///   of their pipeline do they find none open around them in every version.
    static let clearing = """
        CREATE OR REPLACE PROCEDURE ringfence_guard.clear(whole boolean) LANGUAGE plpgsql
            AS $$\(clearingBody)$$;

        """

    static let clearingBody = """

        BEGIN
            RESET SESSION AUTHORIZATION;
            RESET ALL;
            -- PL/pgSQL means a variable by CLOSE.
            EXECUTE 'CLOSE ALL';
            UNLISTEN *;
            DISCARD TEMP;
            DISCARD SEQUENCES;
            PERFORM pg_catalog.pg_advisory_unlock_all(), 1 OPERATOR(pg_catalog./) (NOT EXISTS (
                SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql))::pg_catalog.int4;
            IF whole THEN
                COMMIT;
            END IF;
        END

        """
}
