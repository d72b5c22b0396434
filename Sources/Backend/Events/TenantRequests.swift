import JSON
import Policy
import Postgres

/// What a tenant may ask for. There is no tenant in any of these statements: the transaction is
/// inside one, and a row of another does not exist in it.
extension TenantTransaction {
    /// Payload bytes of one page of events.
    static let pageBytesMax = 4 << 20

    /// Publishing the same content under the same external id again answers the first event.
    ///
    /// - Parameter commits: ends the transaction with the statement, in one round trip; not where
    ///   it is part of a vendor's. A publication that is refused has written nothing.
    mutating func publish(
        _ event: NewEvent, commits: Bool
    ) throws(DatabaseFault) -> Outcome {
        let id = FreshID.make()
        let values: [Parameter] = [
            .text(id), event.externalID.map { .text($0) } ?? .null, .text(event.topic),
            .utf8(event.payload),
        ]
        let published = try queue(.publishEvent, values)
        if commits { try commit() }
        guard let row = try rows(published).first else { return .overtaken }
        let record = try EventRecord(row)
        guard record.id == id || record.isSame(as: event) else {
            return .rejected(Rejection(.resourceConflict))
        }
        return .answered(Answer(status: 202) { record.write(to: &$0) })
    }

    mutating func listEvents(topic: String?, _ page: Page) throws(DatabaseFault) -> Outcome {
        let values: [Parameter] = [
            .text(page.before), .integer(Int64(page.limit) + 1),
            .integer(Int64(Self.pageBytesMax)),
        ]
        let ticket =
            if let topic {
                try queue(.listEventsOfTopic, values + [.text(topic)])
            } else {
                try queue(.listEvents, values)
            }
        try commit()
        let found = try rows(ticket)
        var records: [EventRecord] = []
        for row in found.prefix(page.limit) { records.append(try EventRecord(row)) }
        let total = try found.first?.int64(5) ?? 0
        let hasMore = total > Int64(records.count)
        return .answered(
            Answer(status: 200) { writer in
                writer.beginPage()
                for record in records { record.write(to: &writer) }
                writer.endPage(last: hasMore ? records.last?.id : nil)
            })
    }

    mutating func readEvent(_ id: String) throws(DatabaseFault) -> Outcome {
        let found = try queue(.readEvent, [.text(id)])
        try commit()
        guard let row = try rows(found).first else {
            return .rejected(Rejection(.resourceNotFound))
        }
        let record = try EventRecord(row)
        return .answered(Answer(status: 200) { record.write(to: &$0) })
    }
}
