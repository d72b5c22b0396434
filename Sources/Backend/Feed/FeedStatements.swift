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
        SELECT
            (SELECT count(*) FROM ringfence.tenants WHERE vendor_id = ringfence.vendor()),
            (SELECT count(*) FROM ringfence.domains WHERE vendor_id = ringfence.vendor()),
            (SELECT count(*) FROM ringfence.api_keys WHERE vendor_id = ringfence.vendor()),
            (SELECT count(*) FROM ringfence.revocations WHERE vendor_id = ringfence.vendor()),
            (SELECT coalesce(sum(octet_length(external_id)), 0) FROM ringfence.tenants
                WHERE vendor_id = ringfence.vendor())
            + (SELECT coalesce(sum(octet_length(host)), 0) FROM ringfence.domains
                WHERE vendor_id = ringfence.vendor())
        """, parameters: 0)

    /// What has changed after version $1: at most $2 things, at most $3 bytes but for the first.
    static let feedPage = Statement(
        "feed page",
        """
        SELECT version, line FROM (
            SELECT version, line,
                sum(octet_length(line)) OVER (ORDER BY version) - octet_length(line) AS before
            FROM (
                (SELECT t.version, json_strip_nulls(json_build_object(
                    'v', t.version, 'tenant', t.id, 'name', t.external_id, 'tier', t.tier,
                    'state', t.state, 'requests', t.requests_per_minute,
                    'void_before', ceil(extract(epoch FROM t.void_before))::int8,
                    'domains', (SELECT json_agg(d.host ORDER BY d.host) FROM ringfence.domains d
                        WHERE d.vendor_id = ringfence.vendor() AND d.owner_id = t.id),
                    'features', CASE WHEN t.features <> '{}' THEN to_json(t.features) END
                    ))::text AS line
                FROM ringfence.tenants t
                WHERE t.vendor_id = ringfence.vendor() AND t.version > $1::int8
                ORDER BY t.version LIMIT $2::int8)
                UNION ALL
                (SELECT k.version, json_strip_nulls(json_build_object(
                    'v', k.version, 'key', k.id, 'tenant', k.owner_id,
                    'digest', encode(k.digest, 'hex'),
                    'scopes', CASE WHEN k.scopes <> '{}' THEN to_json(k.scopes) END,
                    'role', k.role, 'expires', floor(extract(epoch FROM k.expires_at))::int8,
                    'revoked', CASE WHEN k.revoked_at IS NOT NULL THEN true END
                    ))::text AS line
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
