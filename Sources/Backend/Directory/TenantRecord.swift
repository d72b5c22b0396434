import JSON
@_spi(TenantBinding) import Postgres

/// A row of `ringfence.tenants`, in the order `Statement`s below select its columns.
struct TenantRecord: Sendable {
    let scope: TenantScope
    let externalID: String
    let name: String
    let tier: String
    let requestsPerMinute: Int64?
    let state: String
    let createdAt: String
    let updatedAt: String
    /// JSON lists.
    let domains: String
    let features: String
    /// Tokens issued before it are void.
    let voidBefore: String?

    init(_ row: Row) throws(DatabaseFault) {
        scope = try row.tenant(0)
        externalID = try row.text(1)
        name = try row.text(2)
        tier = try row.text(3)
        requestsPerMinute = try row.int64IfPresent(4)
        state = try row.text(5)
        createdAt = try row.text(6)
        updatedAt = try row.text(7)
        domains = try row.text(8)
        features = try row.text(9)
        voidBefore = try row.textIfPresent(10)
    }

    var id: String { scope.text }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("external_id", externalID)
        writer.member("name", name)
        writer.member("tier", tier)
        writer.key("limits")
        if let requestsPerMinute {
            writer.beginObject()
            writer.member("requests", "\(requestsPerMinute)/min")
            writer.endObject()
        } else {
            writer.null()
        }
        writer.member("state", state)
        writer.key("domains")
        writer.raw(domains.utf8Span.span)
        writer.key("features")
        writer.raw(features.utf8Span.span)
        if let voidBefore { writer.member("tokens_void_before", voidBefore) }
        writer.member("created_at", createdAt)
        writer.member("updated_at", updatedAt)
        writer.endObject()
    }
}

extension Statement {
    /// A vendor is known by the first tenant it makes.
    static let noteVendor = Statement(
        "note vendor",
        """
        INSERT INTO ringfence.vendors (id, name) VALUES ($1::uuid, $2)
        ON CONFLICT (id) DO NOTHING
        """, parameters: 2)

    static let insertTenant = Statement(
        "insert tenant",
        """
        INSERT INTO ringfence.tenants (id, external_id, name, tier, requests_per_minute)
        VALUES ($1::uuid, $2, $3, $4, $5::int4)
        ON CONFLICT (vendor_id, external_id) DO NOTHING
        RETURNING id, external_id, name, tier, requests_per_minute, state,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            (SELECT coalesce(json_agg(host ORDER BY host), '[]')::text FROM ringfence.domains
                WHERE domains.vendor_id = ringfence.vendor() AND owner_id = tenants.id),
            to_json(features)::text,
            to_char(void_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        """, parameters: 5)

    // The vendor is named beside the policy so that its index is used; the policy decides.
    static let listTenants = Statement(
        "list tenants",
        """
        SELECT id, external_id, name, tier, requests_per_minute, state,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            (SELECT coalesce(json_agg(host ORDER BY host), '[]')::text FROM ringfence.domains
                WHERE domains.vendor_id = ringfence.vendor() AND owner_id = tenants.id),
            to_json(features)::text,
            to_char(void_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM ringfence.tenants
        WHERE vendor_id = ringfence.vendor() AND id < $1::uuid AND state <> 'deleted'
        ORDER BY id DESC LIMIT $2::int8
        """, parameters: 2)

    static let readTenant = Statement(
        "read tenant",
        """
        SELECT id, external_id, name, tier, requests_per_minute, state,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            (SELECT coalesce(json_agg(host ORDER BY host), '[]')::text FROM ringfence.domains
                WHERE domains.vendor_id = ringfence.vendor() AND owner_id = tenants.id),
            to_json(features)::text,
            to_char(void_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM ringfence.tenants
        WHERE vendor_id = ringfence.vendor() AND external_id = $1 AND state <> 'deleted'
        """, parameters: 1)

    static let changeTenant = Statement(
        "change tenant",
        """
        UPDATE ringfence.tenants
        SET name = coalesce($2, name), tier = coalesce($3, tier), state = coalesce($4, state),
            requests_per_minute =
                CASE WHEN $5::bool THEN $6::int4 ELSE requests_per_minute END,
            features = coalesce($7::text[], features), updated_at = now()
        WHERE vendor_id = ringfence.vendor() AND external_id = $1 AND state <> 'deleted'
        RETURNING id, external_id, name, tier, requests_per_minute, state,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            (SELECT coalesce(json_agg(host ORDER BY host), '[]')::text FROM ringfence.domains
                WHERE domains.vendor_id = ringfence.vendor() AND owner_id = tenants.id),
            to_json(features)::text,
            to_char(void_before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        """, parameters: 7)
}
