import HTTP1
import JSON
import Policy
@_spi(TenantBinding) import Postgres

/// What a vendor may ask for, each in one transaction of the vendor.
extension VendorTransaction {
    mutating func createTenant(
        _ tenant: NewTenant, by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        try queue(.noteVendor, [.text(vendor.scope.text), .text(vendor.name)])
        let values: [Parameter] = [
            .text(FreshID.make()), .text(tenant.externalID.text), .text(tenant.name),
            .text(tenant.tier.rawValue),
            tenant.requestsPerMinute.map { .integer(Int64($0)) } ?? .null,
        ]
        guard let row = try rows(.insertTenant, values).first else {
            return .rejected(Rejection(.resourceConflict))
        }
        let record = try TenantRecord(row)
        try audit(
            record, action: "tenant.create", reason: "tenant created", by: vendor,
            requestID: requestID
        ) { writer in
            writer.member("external_id", record.externalID)
            writer.member("tier", record.tier)
        }
        return .answered(Answer(status: 201) { record.write(to: &$0) })
    }

    mutating func listTenants(_ page: Page) throws(DatabaseFault) -> Outcome {
        let found = try queue(
            .listTenants, [.text(page.before), .integer(Int64(page.limit) + 1)])
        try commit()
        var records: [TenantRecord] = []
        for row in try rows(found) { records.append(try TenantRecord(row)) }
        let shown = records.prefix(page.limit)
        return .answered(
            Answer(status: 200) { writer in
                writer.beginPage()
                for record in shown { record.write(to: &writer) }
                writer.endPage(last: shown.count < records.count ? shown.last?.id : nil)
            })
    }

    /// - Parameter externalID: `nil` for a name no tenant can have.
    mutating func readTenant(_ externalID: ExternalID?) throws(DatabaseFault) -> Outcome {
        let found = try queue(.readTenant, [.text(externalID?.text ?? "")])
        try commit()
        guard let row = try rows(found).first else {
            return .rejected(Rejection(.resourceNotFound))
        }
        let record = try TenantRecord(row)
        return .answered(Answer(status: 200) { record.write(to: &$0) })
    }

    mutating func changeTenant(
        _ externalID: ExternalID?, _ change: TenantChange, by vendor: VendorCaller,
        requestID: String
    ) throws(DatabaseFault) -> Outcome {
        var limit = Parameter.null
        if let changed = change.requestsPerMinute, let number = changed {
            limit = .integer(Int64(number))
        }
        let values: [Parameter] = [
            .text(externalID?.text ?? ""),
            change.name.map { .text($0) } ?? .null,
            change.tier.map { .text($0.rawValue) } ?? .null,
            change.state.map { .text($0.rawValue) } ?? .null,
            .boolean(change.requestsPerMinute != nil), limit,
            change.features.map { .text(Self.list($0)) } ?? .null,
        ]
        guard let row = try rows(.changeTenant, values).first else {
            return .rejected(Rejection(.resourceNotFound))
        }
        var record = try TenantRecord(row)
        if let domains = change.domains {
            guard try replaceDomains(of: record, by: domains) else {
                rollBack()
                return .rejected(
                    Rejection(.resourceConflict, "one of the `domains` is another tenant's"))
            }
            record = try TenantRecord(
                try rows(.readTenant, [.text(record.externalID)]).only())
        }
        try audit(
            record, action: "tenant.change", reason: "tenant changed", by: vendor,
            requestID: requestID
        ) { writer in
            if change.name != nil { writer.member("name", record.name) }
            if change.tier != nil { writer.member("tier", record.tier) }
            if change.state != nil { writer.member("state", record.state) }
            if change.features != nil {
                writer.key("features")
                writer.raw(record.features.utf8Span.span)
            }
            if change.domains != nil {
                writer.key("domains")
                writer.raw(record.domains.utf8Span.span)
            }
            if change.requestsPerMinute != nil {
                writer.key("requests_per_minute")
                if let limit = record.requestsPerMinute {
                    writer.integer(limit)
                } else {
                    writer.null()
                }
            }
        }
        return .answered(Answer(status: 200) { record.write(to: &$0) })
    }

    /// Publishes into a tenant named by the vendor: the one road across, with a reason and an
    /// audit row that is committed with the event or not at all.
    mutating func publish(
        _ event: NewEvent, for externalID: ExternalID, by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        guard let row = try rows(.readTenant, [.text(externalID.text)]).first else {
            return .rejected(Rejection(.resourceNotFound))
        }
        let record = try TenantRecord(row)
        guard record.state == TenantState.active.rawValue else {
            return .rejected(Rejection(.tenantSuspended))
        }
        return try actAs(
            record.scope, reason: "event published with a vendor credential",
            record: Self.auditRecord("event.publish", by: vendor, requestID: requestID) {
                $0.member("topic", event.topic)
            }
        ) { tenant throws(DatabaseFault) in
            let outcome = try tenant.publish(event, commits: false)
            // The audit tells what was done; of what was refused or is run again, nothing was.
            if case .answered = outcome {} else { tenant.rollBack() }
            return outcome
        }
    }

    // MARK: Audit

    /// Writes an audit row inside the tenant it is about, in this transaction: if it cannot be
    /// written, nothing is.
    mutating func audit(
        _ record: TenantRecord, action: String, reason: String, by vendor: VendorCaller,
        requestID: String, _ detail: (inout JSONWriter) -> Void
    ) throws(DatabaseFault) {
        try actAs(
            record.scope, reason: reason,
            record: Self.auditRecord(action, by: vendor, requestID: requestID, detail)
        ) { _ throws(DatabaseFault) in () }
    }

    private static func auditRecord(
        _ action: String, by vendor: VendorCaller, requestID: String,
        _ detail: (inout JSONWriter) -> Void
    ) -> AuditRecord {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        detail(&writer)
        writer.endObject()
        return AuditRecord(
            id: FreshID.make(), action: action, actor: vendor.subject, requestID: requestID,
            detail: writer.bytes)
    }
}

extension JSONWriter {
    mutating func beginPage() {
        beginObject()
        key("data")
        beginArray()
    }

    /// - Parameter last: the id of the last row shown, when more follow.
    mutating func endPage(last id: String?) {
        endArray()
        if let id {
            member("next_cursor", InputRule.cursor(after: id))
        } else {
            memberNull("next_cursor")
        }
        endObject()
    }
}
