import JSON
import Postgres

/// A row of `ringfence.events`, in the order the statements below select its columns.
struct EventRecord: Sendable {
    let id: String
    let externalID: String?
    let topic: String
    let payload: [UInt8]
    let createdAt: String

    init(_ row: Row) throws(DatabaseFault) {
        id = try row.uuid(0)
        externalID = try row.textIfPresent(1)
        topic = try row.text(2)
        payload = try row.utf8(3)
        createdAt = try row.text(4)
    }

    /// Whether it is what `event` would have become.
    func isSame(as event: NewEvent) -> Bool {
        topic == event.topic && payload == event.payload
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        if let externalID {
            writer.member("external_id", externalID)
        } else {
            writer.memberNull("external_id")
        }
        writer.member("topic", topic)
        writer.key("payload")
        // As it was sent, byte for byte: it was checked when it came in.
        writer.raw(payload.span)
        writer.member("created_at", createdAt)
        writer.endObject()
    }
}

extension Statement {
    /// First in every tenant's transaction: answers the tenant the transaction is bound to, as
    /// row security sees it, and fails (22012), and with it everything queued behind, unless this
    /// is an active tenant of this vendor under this name. Failing inside the database is what lets
    /// a handler's statements travel in the same round trip: none of them can be committed.
    static let admitTenant = Statement(
        "admit tenant",
        """
        SELECT ringfence.tenant(), 1 / (count(*) FILTER (WHERE state = 'active'))::int4
        FROM ringfence.tenants
        WHERE id = ringfence.tenant() AND vendor_id = $1::uuid AND external_id = $2
        """, parameters: 2)

    /// Why `admitTenant` failed: asked only then.
    static let explainTenant = Statement(
        "explain tenant",
        """
        SELECT ringfence.tenant(), (
            SELECT state FROM ringfence.tenants
            WHERE id = ringfence.tenant() AND vendor_id = $1::uuid AND external_id = $2)
        """, parameters: 2)

    /// Answers the new event, or the one that has its external id already. Neither, when that one
    /// was committed while this statement ran: then it is run again.
    static let publishEvent = Statement(
        "publish event",
        """
        WITH published AS (
            INSERT INTO ringfence.events (id, external_id, topic, payload)
            VALUES ($1::uuid, $2, $3, $4::json)
            ON CONFLICT (tenant_id, external_id) DO NOTHING
            RETURNING id, external_id, topic, payload, created_at
        ), known AS (
            SELECT id, external_id, topic, payload, created_at FROM published
            UNION ALL
            SELECT id, external_id, topic, payload, created_at FROM ringfence.events
            WHERE external_id = $2
        )
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM known
        """, parameters: 4)

    static let readEvent = Statement(
        "read event",
        """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM ringfence.events WHERE id = $1::uuid
        """, parameters: 1)

    // A page ends at `limit` rows or at `bytes` of payload, whichever comes first; the last column
    // says how many rows there were, one more than the limit included, so that the end is known.

    static let listEvents = Statement(
        "list events",
        """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), found
        FROM (
            SELECT page.*, count(*) OVER () AS found,
                sum(octet_length(payload::text)) OVER (ORDER BY id DESC) AS bytes
            FROM (
                SELECT id, external_id, topic, payload, created_at FROM ringfence.events
                WHERE id < $1::uuid ORDER BY id DESC LIMIT $2::int8
            ) AS page
        ) AS measured
        WHERE bytes <= $3::int8 ORDER BY id DESC
        """, parameters: 3)

    static let listEventsOfTopic = Statement(
        "list events of topic",
        """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), found
        FROM (
            SELECT page.*, count(*) OVER () AS found,
                sum(octet_length(payload::text)) OVER (ORDER BY id DESC) AS bytes
            FROM (
                SELECT id, external_id, topic, payload, created_at FROM ringfence.events
                WHERE topic = $4 AND id < $1::uuid ORDER BY id DESC LIMIT $2::int8
            ) AS page
        ) AS measured
        WHERE bytes <= $3::int8 ORDER BY id DESC
        """, parameters: 4)
}
