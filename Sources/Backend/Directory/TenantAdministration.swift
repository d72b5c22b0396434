import JSON
import Policy
import Postgres

/// What a vendor may do to a tenant besides naming and limiting it: give it domains, make and
/// revoke keys, void tokens, delete it. Each in one transaction of the vendor, with an audit row.
extension VendorTransaction {
    /// Keys that a list shows: all that are good, and some of those that are not.
    static let keysShownMax = Int64(DirectoryRoom.keysOfTenantMax + 200)

    /// Makes the tenant's domains those named, unless one of them is somebody else's or there is
    /// no room for them. Whoever has changed the tenant's row before holds the room's lock.
    mutating func replaceDomains(
        of record: TenantRecord, by domains: [[UInt8]], within room: DirectoryRoom
    ) throws(DatabaseFault) -> Rejection? {
        guard domains.count <= room.domainsOfTenant else {
            return Rejection(
                .resourceLimit, "a tenant has at most \(room.domainsOfTenant) domains")
        }
        let list = Parameter.text(Self.list(domains))
        let before = try queue(.readRoom)
        try queue(.dropDomains, [.text(record.id), list])
        let claimed = try queue(.claimDomains, [.text(record.id), list])
        let after = try VendorRoom(try rows(.readRoom).only()).domains
        guard try rows(claimed).count == domains.count else {
            return Rejection(.resourceConflict, "one of the `domains` is another tenant's")
        }
        // A bound that was lowered since keeps nobody from having fewer.
        let known = try VendorRoom(try rows(before).only()).domains
        guard after <= room.domains || after <= known else {
            return Rejection(
                .resourceLimit, "the tenants of a vendor have at most \(room.domains) domains")
        }
        return nil
    }

    /// A list in PostgreSQL's input form; what is in it holds neither quotes nor backslashes.
    static func list(_ items: [[UInt8]]) -> String {
        let quoted = items.map { "\"" + String(decoding: $0, as: UTF8.self) + "\"" }
        return "{" + quoted.joined(separator: ",") + "}"
    }

    /// The tenant stays as a tombstone: neither its id nor its name is ever given to another.
    mutating func deleteTenant(
        _ externalID: ExternalID?, by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        guard let record = try find(externalID) else {
            return .rejected(Rejection(.resourceNotFound))
        }
        guard try rows(.deleteTenant, [.text(record.externalID)]).first != nil else {
            return .rejected(Rejection(.resourceNotFound))
        }
        try queue(.dropDomains, [.text(record.id), .text("{}")])
        try queue(.revokeAllKeys, [.text(record.id)])
        try queue(.dropRevocations, [.text(record.id)])
        try audit(
            record, action: "tenant.delete", reason: "tenant deleted", by: vendor,
            requestID: requestID
        ) { $0.member("external_id", record.externalID) }
        return .answered(Answer(status: 204))
    }

    mutating func createKey(
        _ key: NewKey, of externalID: ExternalID?, within room: DirectoryRoom,
        by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        let taken = try queue(.lockRoom)
        guard let record = try find(externalID) else {
            return .rejected(Rejection(.resourceNotFound))
        }
        let values: [Parameter] = [
            .text(key.id.text), .text(record.id), .text(key.name), .bytes(key.digest.bytes),
            .text(Self.list(key.scopes)), key.role.map { .utf8($0) } ?? .null,
            key.expires.map { .integer($0) } ?? .null,
            .integer(Int64(room.keysOfTenant)),
        ]
        guard try VendorRoom(try rows(taken).only()).keys < room.keys else {
            return .rejected(
                Rejection(
                    .resourceLimit, "the tenants of a vendor have at most \(room.keys) keys"))
        }
        guard let row = try rows(.insertKey, values).first else {
            return .rejected(
                Rejection(.resourceLimit, "a tenant has at most \(room.keysOfTenant) keys"))
        }
        let made = try KeyRecord(row)
        try audit(
            record, action: "key.create", reason: "API key made", by: vendor,
            requestID: requestID
        ) { writer in
            writer.member("key", made.id)
            if let role = made.role { writer.member("role", role) }
        }
        return .answered(Answer(status: 201) { made.write(key: key.text, to: &$0) })
    }

    mutating func listKeys(of externalID: ExternalID?) throws(DatabaseFault) -> Outcome {
        guard let record = try find(externalID) else {
            return .rejected(Rejection(.resourceNotFound))
        }
        var keys: [KeyRecord] = []
        for row in try rows(.listKeys, [.text(record.id), .integer(Self.keysShownMax)]) {
            keys.append(try KeyRecord(row))
        }
        return .answered(
            Answer(status: 200) { writer in
                writer.beginPage()
                for key in keys { key.write(to: &writer) }
                writer.endPage(last: nil)
            })
    }

    mutating func revokeKey(
        _ id: String, of externalID: ExternalID?, by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        guard let record = try find(externalID),
            try rows(.revokeKey, [.text(record.id), .text(id)]).first != nil
        else { return .rejected(Rejection(.resourceNotFound)) }
        try audit(
            record, action: "key.revoke", reason: "API key revoked", by: vendor,
            requestID: requestID
        ) { $0.member("key", id) }
        return .answered(Answer(status: 204))
    }

    mutating func revokeTokens(
        _ revocation: TokenRevocation, of externalID: ExternalID?, within room: DirectoryRoom,
        by vendor: VendorCaller, requestID: String
    ) throws(DatabaseFault) -> Outcome {
        let isAll = if case .all = revocation { true } else { false }
        // All at once change the tenant's row, and take no room.
        let taken = isAll ? nil : try queue(.lockRoom)
        guard let record = try find(externalID) else {
            return .rejected(Rejection(.resourceNotFound))
        }
        let answer: Answer
        switch revocation {
        case .all:
            let moment = try rows(.voidTokens, [.text(record.id)]).only().text(0)
            answer = Answer(status: 201) { writer in
                writer.beginObject()
                writer.member("issued_before", moment)
                writer.endObject()
            }
        case .one(let token, let expires):
            let values: [Parameter] = [
                .text(record.id), .bytes(token.bytes), .integer(expires),
                .integer(Int64(room.revocationsOfTenant)),
            ]
            var hasRoom = false
            if let taken {
                hasRoom = try VendorRoom(try rows(taken).only()).revocations < room.revocations
            }
            guard hasRoom, let row = try rows(.revokeToken, values).first else {
                let most = hasRoom ? room.revocationsOfTenant : room.revocations
                let whose = hasRoom ? "a tenant" : "the tenants of a vendor"
                return .rejected(
                    Rejection(
                        .resourceLimit,
                        "\(whose) can have at most \(most) tokens revoked one by one; revoke all "
                            + "of a tenant's at once"))
            }
            let until = try row.text(0)
            answer = Answer(status: 201) { writer in
                writer.beginObject()
                writer.member("expires_at", until)
                writer.endObject()
            }
        }
        try audit(
            record, action: "tokens.revoke", reason: "tokens revoked", by: vendor,
            requestID: requestID
        ) { $0.member("all", isAll) }
        return .answered(answer)
    }

    /// A tenant of this vendor that was not deleted.
    private mutating func find(
        _ externalID: ExternalID?
    ) throws(DatabaseFault) -> TenantRecord? {
        guard let row = try rows(.readTenant, [.text(externalID?.text ?? "")]).first else {
            return nil
        }
        return try TenantRecord(row)
    }
}
