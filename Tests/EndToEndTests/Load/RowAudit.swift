import Foundation
import TestSupport

/// The rows that exist, beside what the clients were told.
struct RowAudit {
    /// Acknowledged, and not there.
    private(set) var lost: [String] = []
    /// There more than once.
    private(set) var duplicated: [String] = []
    /// There for another tenant than the one who made it.
    private(set) var misplaced: [String] = []
    /// There although nobody asked for it.
    private(set) var invented: [String] = []
    private(set) var rows = 0

    /// A row: whose it is, who says to have made it, and its number.
    struct Row: Equatable {
        let owner, maker, number: String
    }

    init(
        _ rows: [Row], accepted: [String: [String]], unknown: [String: [String]]
    ) {
        self.rows = rows.count
        var times: [String: Int] = [:]
        for row in rows {
            times[row.number, default: 0] += 1
            if row.owner != row.maker || !row.number.hasPrefix(row.owner + "-") {
                misplaced.append("\(row.owner) has \(row.number) of \(row.maker)")
            }
        }
        let told = Set(accepted.values.joined())
        let possible = told.union(unknown.values.joined())
        lost = told.filter { times[$0] == nil }.sorted()
        duplicated = times.filter { $0.value > 1 }.keys.sorted()
        invented = times.keys.filter { !possible.contains($0) }.sorted()
    }

    var isClean: Bool {
        lost.isEmpty && duplicated.isEmpty && misplaced.isEmpty && invented.isEmpty
    }
}

extension Site {
    /// What PostgreSQL holds, as a superuser sees it: past row security.
    func eventRows() throws -> [RowAudit.Row] {
        let text = try postgres.run(
            sql: """
                SELECT t.external_id, e.payload->>'tenant', e.payload->>'n'
                FROM ringfence.events e JOIN ringfence.tenants t ON t.id = e.tenant_id
                """, in: database)
        return try text.split(separator: "\n").map { line in
            let parts = line.split(separator: "|").map(String.init)
            guard parts.count == 3 else { throw TestSupportError.malformedResponse(text) }
            return RowAudit.Row(owner: parts[0], maker: parts[1], number: parts[2])
        }
    }

    private struct Order: Decodable { let id, tenant: String }

    /// What the Flask application holds, asked around the gateway.
    func orderRows() throws -> [RowAudit.Row] {
        let client = try RawClient(path: "\(folder.path)/app.sock")
        try client.send(
            "GET /orders/ledger HTTP/1.1\r\nHost: api.example.test\r\nConnection: close\r\n\r\n")
        // Read by its end: finding ends of messages byte by byte takes long for megabytes.
        let bytes = try client.readUntilClose()
        let text = String(decoding: bytes, as: UTF8.self)
        guard let start = text.range(of: "\r\n\r\n") else {
            throw TestSupportError.malformedResponse(text)
        }
        let all = try JSONDecoder().decode(
            [String: [Order]].self, from: Data(text[start.upperBound...].utf8))
        return all.flatMap { owner, rows in
            rows.map { RowAudit.Row(owner: owner, maker: $0.tenant, number: $0.id) }
        }
    }

    func audit(_ report: Crowd.Report) throws -> (orders: RowAudit, events: RowAudit) {
        func compare(_ rows: [RowAudit.Row], _ upstream: String) -> RowAudit {
            RowAudit(
                rows, accepted: report.accepted[upstream] ?? [:],
                unknown: report.unknown[upstream] ?? [:])
        }
        return (compare(try orderRows(), "orders"), compare(try eventRows(), "events"))
    }
}
