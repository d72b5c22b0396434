extension Sabotage {
    /// What trying shows, and not the catalogs.
    static let attempts: [Sabotage] = [
        Sabotage(
            "a floor that lets nothing through", .t2, 1,
            "CREATE POLICY shut ON shop.orders AS RESTRICTIVE USING (false)"),
        Sabotage(
            "a policy that fails", .t3, 1,
            both("tenant_id = ('x' || current_setting('app.current_tenant', true))::uuid")),
        // Elsewhere TRUNCATE is not tried where the catalogs say that it works.
        Sabotage(
            "TRUNCATE, tried", .l5, 5, "GRANT TRUNCATE ON shop.orders TO {login}",
            prepare: { $0.isScratch = true }),
        // What a pooler of transactions does that resets nothing.
        Sabotage(
            "a pooler that lends one session to two clients", .l7, 5, "SELECT 1", others: [.l8],
            prepare: { $0.lendsSession = true }),
    ]

    private static func file(_ rule: Rule, _ object: String, _ rest: String) -> String {
        """
        version: 1
        waivers:
          - rule: \(rule.rawValue)
            object: \(object)
            reason: a self-test of the verifier
            owner: nobody@example.com
            \(rest)

        """
    }

    /// Accepted risks that hold no longer, or never could.
    static let acceptances: [Sabotage] = [
        Sabotage(
            "a waiver that has expired", .w1, 1, "CREATE UNIQUE INDEX ON shop.customers (email)",
            waivers: file(.d2, "index shop.customers_email_idx", "expires: 2020-01-01")),
        Sabotage(
            "a waiver for nothing", .w2, 1, "SELECT 1",
            waivers: file(.d2, "index shop.customers_email_idx", "expires: 2999-12-31")),
        Sabotage(
            "a waiver for a leak that was shown", .w3, 5,
            """
            DROP POLICY tenant_floor ON shop.orders;
            CREATE POLICY open ON shop.orders USING (true);
            """, waivers: file(.l1, "shop.orders", "expires: 2999-12-31")),
        Sabotage(
            "a waiver for another text", .w4, 1,
            both("tenant_id = shop.tenant() OR current_setting('app.bypass', true) = 'on'"),
            waivers: file(
                .b8, "policy \"tenant_rows\" on shop.orders",
                "expires: 2999-12-31\n    hash: " + String(repeating: "0", count: 64))),
    ]
}
