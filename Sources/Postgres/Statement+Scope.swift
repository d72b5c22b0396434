/// The statements of this module that carry the scope. Every name in them is qualified, operators
/// too: they also run in sessions whose state is in doubt.
extension Statement {
    /// First in every transaction of plain mode. Transaction-local (`true`), so that nothing
    /// outlives the Sync; both settings, so that whatever a session might hold is overwritten.
    static let bind = Statement(
        "bind scope",
        unchecked: """
            SELECT pg_catalog.set_config('app.current_tenant', $1, true), \
            pg_catalog.set_config('app.current_vendor', $2, true)
            """, parameters: 2)

    /// First in every transaction of the other modes: the guard verifies the seal.
    static let enter = Statement(
        "enter scope", unchecked: "SELECT ringfence_guard.enter($1)", parameters: 1)

    /// From a vendor into one of its tenants: the guard looks whether it is one, and writes the
    /// audit row.
    static let actAs = Statement(
        "act as tenant",
        unchecked: """
            SELECT ringfence_guard.act_as($1::pg_catalog.uuid, $2, $3::pg_catalog.uuid, $4, $5, \
            $6::pg_catalog.uuid, $7::pg_catalog.json)
            """, parameters: 7)

    /// Back to the vendor alone, which again takes its seal. Parsed anew each time: what ran inside
    /// the tenant could have prepared something under its name, and be given the seal.
    static let leave: StaticString = "SELECT ringfence_guard.leave($1)"

    /// Last before the Sync: makes the server itself refuse the commit (22012) when the transaction
    /// is no longer in its scope, whatever a function or trigger did to the settings. Checking the
    /// answer here instead would be too late, because the same write already asks for the commit.
    static let proveSettings = Statement(
        "prove scope",
        unchecked: """
            SELECT 1 OPERATOR(pg_catalog./) (coalesce(pg_catalog.current_setting(\
            'app.current_tenant', true), '') OPERATOR(pg_catalog.=) $1::pg_catalog.text \
            AND coalesce(pg_catalog.current_setting('app.current_vendor', true), '') \
            OPERATOR(pg_catalog.=) $2::pg_catalog.text)::pg_catalog.int4
            """, parameters: 2)

    /// The same by the functions that policies call, whatever they read.
    static let proveContext = Statement(
        "prove context",
        unchecked: """
            SELECT 1 OPERATOR(pg_catalog./) (coalesce(ringfence.tenant()::pg_catalog.text, '') \
            OPERATOR(pg_catalog.=) $1::pg_catalog.text \
            AND coalesce(ringfence.vendor()::pg_catalog.text, '') \
            OPERATOR(pg_catalog.=) $2::pg_catalog.text \
            AND coalesce(pg_catalog.current_setting('app.current_tenant', true), '') \
            OPERATOR(pg_catalog.=) $1::pg_catalog.text)::pg_catalog.int4
            """, parameters: 2)

    /// The same for statement mode, where those functions verify what `app.seal` holds: while it
    /// is the seal that was entered, so is the tenant, and no MAC is computed for the proof.
    static let proveSeal = Statement(
        "prove seal",
        unchecked: """
            SELECT 1 OPERATOR(pg_catalog./) (coalesce(pg_catalog.current_setting(\
            'app.seal', true), '') OPERATOR(pg_catalog.=) $1::pg_catalog.text \
            AND coalesce(pg_catalog.current_setting('app.current_tenant', true), '') \
            OPERATOR(pg_catalog.=) $2::pg_catalog.text)::pg_catalog.int4
            """, parameters: 2)

    /// In an implicit transaction this undoes everything since the last Sync.
    static let rollBack = Statement("roll back", unchecked: "ROLLBACK", parameters: 0)

    /// For questions about the catalogs.
    static let readOnly = Statement(
        "read only",
        unchecked: "SELECT pg_catalog.set_config('transaction_read_only', 'on', true)",
        parameters: 0)

    /// For probes: what an unbound statement on this session would see.
    static let readScope = Statement(
        "read scope",
        unchecked: """
            SELECT pg_catalog.current_setting('app.current_tenant', true), \
            pg_catalog.current_setting('app.current_vendor', true)
            """, parameters: 0)
}
