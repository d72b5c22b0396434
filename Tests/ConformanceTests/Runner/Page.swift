/// `docs/conformance.md`, made from the rows.
enum Page {
    private struct Row {
        let id: String
        let vector: String
        let sent: String
        let required: String
        let state: String
    }

    private static let rows: [Row] =
        Catalogue.all.map { row in
            let state =
                row.pending.map { "pending: \($0)" } ?? (row.isForTLS ? "clear, TLS" : "clear")
            return Row(
                id: row.id, vector: row.vector, sent: row.sentWords,
                required: row.requiredWords, state: state)
        }
        + Scenario.all.map {
            Row(id: $0.id, vector: $0.vector, sent: $0.sent, required: $0.required, state: "tested")
        }

    static let text: String = {
        let pending = Catalogue.pending.count
        var lines = [
            "# Conformance", "",
            "Every row is sent to the built `ringfence-gateway` over real sockets, in front of an",
            "upstream that keeps every byte it receives. This page is made from the rows in",
            "`Tests/ConformanceTests/Cases`; a test compares both.", "",
            "\(rows.count) rows: \(rows.count - pending) hold, \(pending) are pending.", "",
            "In every request the token speaks for the tenant `acme`, and the attacker wants the",
            "upstream to act for `evil`. A good `Host` and a good credential are sent unless a row",
            "says otherwise; the upstream answers with the `X-Answer` lines it gets, if any came.",
            "After **every** row these hold as well:", "",
            "- the upstream saw exactly one tenant field with the token's tenant (none on routes",
            "  without a tenant), or nothing at all; no other field or parameter names a tenant;",
            "- what the upstream saw has one reading, and nothing of the attack is in it;",
            "- one request was one request: a second one behind it was seen exactly once where the",
            "  connection goes on, and never where it is closed;",
            "- the answer has no tenant, no address and no field of the upstream's inside, and no",
            "  shared cache may keep it;",
            "- the access log has one line for each request, with status, code and what was taken",
            "  out; the gateway lives.", "",
            "*State*: **clear** and **TLS** say over what the row is tested; **tested** is a test",
            "of several requests or of a start; **pending** rows are proved to fail still.", "",
        ]
        for vector in Vector.all {
            let own = rows.filter { $0.vector == vector.id }
            guard !own.isEmpty else { continue }
            lines += ["## \(vector.id): \(vector.title)", ""]
            lines += ["| id | sent | required | state |", "| --- | --- | --- | --- |"]
            lines += own.map { "| \($0.id) | \($0.sent) | \($0.required) | \($0.state) |" }
            lines.append("")
        }
        lines.removeLast()
        return lines.joined(separator: "\n") + "\n"
    }()
}
