import Postgres

extension Statement {
    /// Where a vendor's feed stands, and whether what a gateway has seen of it ($1, with mark $2)
    /// is still its history.
    static let feedHead = Statement(
        "feed head",
        """
        SELECT coalesce(f.version, 0), coalesce(m.mark::text, ''),
            $1::int8 = 0 OR EXISTS (
                SELECT FROM ringfence.feed_marks seen
                WHERE seen.vendor_id = ringfence.vendor() AND seen.version = $1::int8
                AND seen.mark::text = $2),
            coalesce(f.forgotten, 0)
        FROM (SELECT ringfence.vendor() AS id) AS v
        LEFT JOIN ringfence.feeds f ON f.vendor_id = v.id
        LEFT JOIN ringfence.feed_marks m ON m.vendor_id = v.id AND m.version = f.version
        """, parameters: 2)

    /// How much a gateway that begins at nothing has to make room for.
    static let feedSizes = Statement(
        "feed sizes",
        """
        SELECT t.count, d.count, k.count, r.count, t.bytes + d.bytes
        FROM (SELECT count(*), coalesce(sum(octet_length(external_id)), 0) AS bytes
                FROM ringfence.tenants WHERE vendor_id = ringfence.vendor()) AS t,
            (SELECT count(*), coalesce(sum(octet_length(host)), 0) AS bytes
                FROM ringfence.domains WHERE vendor_id = ringfence.vendor()) AS d,
            (SELECT count(*) FROM ringfence.api_keys WHERE vendor_id = ringfence.vendor()) AS k,
            (SELECT count(*) FROM ringfence.revocations WHERE vendor_id = ringfence.vendor()) AS r
        """, parameters: 0)

    /// What has changed after version $1: at most $2 things, at most $3 bytes but for the first.
    ///
    /// Lines are put together as text, which costs half of what PostgreSQL's functions for JSON do,
    /// where a million of them are read. What stands in quotes has no character that JSON escapes:
    /// the tables' CHECKs let none in. Lists that may have some are `to_json`'s.
    static let feedPage = Statement(
        "feed page",
        """
        SELECT version, line FROM (
            SELECT version, line,
                sum(octet_length(line)) OVER (ORDER BY version) - octet_length(line) AS before
            FROM (
                (SELECT t.version, concat('{"v":', t.version, ',"tenant":"', t.id,
                    '","name":"', t.external_id, '","tier":"', t.tier, '","state":"', t.state, '"',
                    ',"requests":' || t.requests_per_minute,
                    ',"void_before":' || ceil(extract(epoch FROM t.void_before))::int8,
                    ',"domains":["' || nullif(array_to_string(ARRAY(
                        SELECT d.host FROM ringfence.domains d
                        WHERE d.vendor_id = ringfence.vendor() AND d.owner_id = t.id
                        ORDER BY d.host), '","'), '') || '"]',
                    CASE WHEN t.features <> '{}' THEN ',"features":' || to_json(t.features) END,
                    '}') AS line
                FROM ringfence.tenants t
                WHERE t.vendor_id = ringfence.vendor() AND t.version > $1::int8
                ORDER BY t.version LIMIT $2::int8)
                UNION ALL
                (SELECT k.version, concat('{"v":', k.version, ',"key":"', k.id,
                    '","tenant":"', k.owner_id, '","digest":"', encode(k.digest, 'hex'), '"',
                    CASE WHEN k.scopes <> '{}' THEN ',"scopes":' || to_json(k.scopes) END,
                    ',"role":"' || k.role || '"',
                    ',"expires":' || floor(extract(epoch FROM k.expires_at))::int8,
                    CASE WHEN k.revoked_at IS NOT NULL THEN ',"revoked":true' END, '}') AS line
                FROM ringfence.api_keys k
                WHERE k.vendor_id = ringfence.vendor() AND k.version > $1::int8
                ORDER BY k.version LIMIT $2::int8)
                UNION ALL
                (SELECT r.version, json_build_object(
                    'v', r.version, 'revoked_token', encode(r.token, 'hex'),
                    'tenant', r.owner_id,
                    'expires', ceil(extract(epoch FROM r.expires_at))::int8
                    )::text AS line
                FROM ringfence.revocations r
                WHERE r.vendor_id = ringfence.vendor() AND r.version > $1::int8
                ORDER BY r.version LIMIT $2::int8)
            ) AS changed ORDER BY version LIMIT $2::int8
        ) AS counted WHERE before < $3::int8 ORDER BY version
        """, parameters: 3)
}
