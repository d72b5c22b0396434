import JSON
import Policy
import Postgres

/// A row of `ringfence.api_keys` as its owner's vendor may see it: never the digest.
struct KeyRecord: Sendable {
    let id: String
    let name: String
    let scopes: String
    let role: String?
    let createdAt: String
    let expiresAt: String?
    let revokedAt: String?

    init(_ row: Row) throws(DatabaseFault) {
        id = try row.text(0)
        name = try row.text(1)
        scopes = try row.text(2)
        createdAt = try row.text(3)
        expiresAt = try row.textIfPresent(4)
        revokedAt = try row.textIfPresent(5)
        role = try row.textIfPresent(6)
    }

    /// - Parameter key: the key itself; shown once, when it is made.
    func write(key: String? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        if let key { writer.member("key", key) }
        writer.member("name", name)
        writer.key("scopes")
        writer.raw(scopes.utf8Span.span)
        Self.write("role", role, &writer)
        writer.member("created_at", createdAt)
        Self.write("expires_at", expiresAt, &writer)
        Self.write("revoked_at", revokedAt, &writer)
        writer.endObject()
    }

    private static func write(_ name: String, _ text: String?, _ writer: inout JSONWriter) {
        if let text { writer.member(name, text) } else { writer.memberNull(name) }
    }
}

extension Statement {
    /// At most $8 keys of a tenant that are neither revoked nor expired.
    static let insertKey = Statement(
        "insert key",
        """
        INSERT INTO ringfence.api_keys (id, owner_id, name, digest, scopes, role, expires_at)
        SELECT $1, $2::uuid, $3, $4::bytea, $5::text[], $6, to_timestamp($7::int8)
        WHERE (SELECT count(*) FROM ringfence.api_keys WHERE vendor_id = ringfence.vendor()
            AND owner_id = $2::uuid AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())) < $8::int8
        RETURNING id, name, to_json(scopes)::text,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), NULL, role
        """, parameters: 8)

    static let listKeys = Statement(
        "list keys",
        """
        SELECT id, name, to_json(scopes)::text,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), role
        FROM ringfence.api_keys
        WHERE vendor_id = ringfence.vendor() AND owner_id = $1::uuid
        ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT $2::int8
        """, parameters: 2)

    static let revokeKey = Statement(
        "revoke key",
        """
        UPDATE ringfence.api_keys SET revoked_at = coalesce(revoked_at, now())
        WHERE vendor_id = ringfence.vendor() AND owner_id = $1::uuid AND id = $2
        RETURNING id
        """, parameters: 2)

    static let revokeAllKeys = Statement(
        "revoke all keys",
        """
        UPDATE ringfence.api_keys SET revoked_at = now()
        WHERE vendor_id = ringfence.vendor() AND owner_id = $1::uuid AND revoked_at IS NULL
        """, parameters: 1)

    /// At most $4 tokens of a tenant that have not expired; the same token again is no more.
    static let revokeToken = Statement(
        "revoke token",
        """
        INSERT INTO ringfence.revocations (owner_id, token, expires_at)
        SELECT $1::uuid, $2::bytea, to_timestamp($3::int8)
        WHERE (SELECT count(*) FROM ringfence.revocations WHERE vendor_id = ringfence.vendor()
            AND owner_id = $1::uuid AND expires_at > now() AND token <> $2::bytea) < $4::int8
        ON CONFLICT (vendor_id, owner_id, token)
            DO UPDATE SET expires_at = greatest(revocations.expires_at, excluded.expires_at)
        RETURNING to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        """, parameters: 4)

    static let voidTokens = Statement(
        "void tokens",
        """
        UPDATE ringfence.tenants
        SET void_before = date_trunc('second', now()) + interval '1 second', updated_at = now()
        WHERE vendor_id = ringfence.vendor() AND id = $1::uuid
        RETURNING to_char(void_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        """, parameters: 1)

    static let dropRevocations = Statement(
        "drop revocations",
        """
        DELETE FROM ringfence.revocations
        WHERE vendor_id = ringfence.vendor() AND owner_id = $1::uuid
        """, parameters: 1)

    static let dropDomains = Statement(
        "drop domains",
        """
        DELETE FROM ringfence.domains WHERE vendor_id = ringfence.vendor()
        AND owner_id = $1::uuid AND host <> ALL ($2::text[])
        """, parameters: 2)

    /// Answers the hosts that are now the tenant's among those asked for.
    static let claimDomains = Statement(
        "claim domains",
        """
        WITH claimed AS (
            INSERT INTO ringfence.domains (host, owner_id)
            SELECT host, $1::uuid FROM unnest($2::text[]) AS host
            ON CONFLICT (host) DO NOTHING RETURNING host
        )
        SELECT host FROM claimed
        UNION
        SELECT host FROM ringfence.domains WHERE vendor_id = ringfence.vendor()
        AND owner_id = $1::uuid AND host = ANY ($2::text[])
        """, parameters: 2)

    /// What is kept is what keeps the id and the name taken.
    static let deleteTenant = Statement(
        "delete tenant",
        """
        UPDATE ringfence.tenants SET state = 'deleted', deleted_at = now(), updated_at = now(),
            name = '(deleted)', features = '{}', requests_per_minute = NULL, void_before = NULL
        WHERE vendor_id = ringfence.vendor() AND external_id = $1 AND state <> 'deleted'
        RETURNING id
        """, parameters: 1)
}
