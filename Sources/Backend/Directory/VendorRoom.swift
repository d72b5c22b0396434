import Policy
import Postgres

/// How much of the directory a vendor takes, by the row that everybody who changes it locks.
struct VendorRoom: Sendable {
    let tenants: Int64
    let domains: Int64
    let keys: Int64
    let revocations: Int64

    init(_ row: Row) throws(DatabaseFault) {
        tenants = try row.int64(0)
        domains = try row.int64(1)
        keys = try row.int64(2)
        revocations = try row.int64(3)
    }
}

extension Statement {
    /// What the vendor takes, with nobody else changing it until the end of the transaction; no row
    /// for a vendor that never made a tenant.
    ///
    /// Whoever has changed a tenant's row holds this lock already, and whoever is about to change
    /// one must not take it first: two that took the two in opposite orders would wait for ever.
    static let lockRoom = Statement(
        "lock room",
        """
        INSERT INTO ringfence.feeds AS feed (vendor_id, version)
        SELECT id, 0 FROM ringfence.vendors WHERE id = ringfence.vendor()
        ON CONFLICT (vendor_id) DO UPDATE SET version = feed.version
        RETURNING tenants, domains, keys, revocations
        """, parameters: 0)

    /// The same where the lock is held.
    static let readRoom = Statement(
        "read room",
        """
        SELECT tenants, domains, keys, revocations FROM ringfence.feeds
        WHERE vendor_id = ringfence.vendor()
        """, parameters: 0)

    /// At most $2 keys that have been void for $1 seconds: how many, and the highest version among
    /// them. A key that somebody is revoking again at this moment is left for the next time.
    static let forgetKeys = Statement(
        "forget keys",
        """
        WITH gone AS (
            DELETE FROM ringfence.api_keys WHERE vendor_id = ringfence.vendor() AND id IN (
                SELECT id FROM ringfence.api_keys WHERE vendor_id = ringfence.vendor()
                AND coalesce(revoked_at, expires_at) < now() - make_interval(secs => $1::int8)
                ORDER BY coalesce(revoked_at, expires_at) LIMIT $2::int8
                FOR UPDATE SKIP LOCKED)
            RETURNING version
        )
        SELECT count(*), coalesce(max(version), 0) FROM gone
        """, parameters: 2)

    static let noteForgotten = Statement(
        "note forgotten",
        """
        UPDATE ringfence.feeds SET forgotten = greatest(forgotten, $1::int8)
        WHERE vendor_id = ringfence.vendor()
        """, parameters: 1)

    /// Of tokens that expired so long ago. Nobody has to hear of it: they are refused anyway.
    static let forgetTokens = Statement(
        "forget tokens",
        """
        WITH gone AS (
            DELETE FROM ringfence.revocations WHERE vendor_id = ringfence.vendor()
            AND (owner_id, token) IN (
                SELECT owner_id, token FROM ringfence.revocations
                WHERE vendor_id = ringfence.vendor()
                AND expires_at < now() - make_interval(secs => $1::int8)
                ORDER BY expires_at LIMIT $2::int8 FOR UPDATE SKIP LOCKED)
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """, parameters: 2)
}

extension VendorTransaction {
    /// Rows of each kind that one call deletes.
    static let forgottenMax: Int64 = 1_000

    /// Deletes what has been void for so long; whether there may be more.
    ///
    /// A gateway that was away meanwhile cannot miss that a key was revoked: see
    /// `Migrations.room` and `readFeed`.
    mutating func forget(afterSeconds keep: Int) throws(DatabaseFault) -> Bool {
        try queue(.lockRoom)
        let values: [Parameter] = [.integer(Int64(keep)), .integer(Self.forgottenMax)]
        let keys = try rows(.forgetKeys, values).only()
        let (count, newest) = (try keys.int64(0), try keys.int64(1))
        if count > 0 { try queue(.noteForgotten, [.integer(newest)]) }
        let tokens = try rows(.forgetTokens, values).only().int64(0)
        return max(count, tokens) >= Self.forgottenMax
    }
}
