import JSON

extension VerificationReport {
    /// SARIF 2.1.0 (OASIS), for code scanning services: one run, every rule there is, one result a
    /// finding. A finding has no file; its place is the object, as a logical location.
    public func sarif() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member(
            "$schema",
            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                + "sarif-schema-2.1.0.json")
        writer.member("version", "2.1.0")
        writer.key("runs")
        writer.beginArray()
        writer.beginObject()
        writeTool(to: &writer)
        writer.key("invocations")
        writer.beginArray()
        writer.beginObject()
        writer.member("executionSuccessful", true)
        writer.member("exitCode", Int(exitCode))
        writer.member("startTimeUtc", UTCTime.text(subject.startedAt))
        writer.endObject()
        writer.endArray()
        writer.member("columnKind", "utf16CodeUnits")
        writer.key("results")
        writer.beginArray()
        for finding in findings { write(finding, to: &writer) }
        writer.endArray()
        writer.key("properties")
        writer.beginObject()
        writer.member("database", subject.database)
        writer.member("login", subject.login)
        writer.member("mode", subject.mode.rawValue)
        writer.member("server", subject.serverVersion)
        writer.member("catalog", subject.catalogFingerprint)
        writer.endObject()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }

    private func writeTool(to writer: inout JSONWriter) {
        writer.key("tool")
        writer.beginObject()
        writer.key("driver")
        writer.beginObject()
        writer.member("name", "ringfence db verify")
        writer.member("version", subject.programVersion)
        writer.key("rules")
        writer.beginArray()
        for rule in Rule.allCases {
            writer.beginObject()
            writer.member("id", rule.rawValue)
            writer.key("shortDescription")
            writer.message(rule.title)
            writer.key("fullDescription")
            writer.message(rule.meaning)
            writer.key("help")
            writer.message(rule.remedy)
            writer.key("properties")
            writer.beginObject()
            writer.strings("tags", ["security", rule.group])
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endObject()
    }

    private func write(_ finding: Finding, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("ruleId", finding.rule.rawValue)
        writer.member("ruleIndex", finding.rule.order)
        writer.member("level", finding.severity.sarifLevel)
        writer.key("message")
        writer.message("\(finding.object): \(finding.message)")
        writer.key("locations")
        writer.beginArray()
        writer.beginObject()
        writer.key("logicalLocations")
        writer.beginArray()
        writer.beginObject()
        writer.member("name", finding.object)
        writer.member("fullyQualifiedName", "\(subject.database)/\(finding.object)")
        writer.member("kind", "object")
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endArray()
        // A service knows by this that it is the same one as last week.
        writer.key("partialFingerprints")
        writer.beginObject()
        writer.member("ringfence/v1", "\(subject.database) \(finding.key)")
        writer.endObject()
        if let waiver = finding.waiver {
            writer.key("suppressions")
            writer.beginArray()
            writer.beginObject()
            writer.member("kind", "external")
            writer.member("status", "accepted")
            writer.member(
                "justification", "\(waiver.reason) (\(waiver.owner), until \(waiver.expires))")
            writer.endObject()
            writer.endArray()
        }
        writer.endObject()
    }
}

extension Severity {
    fileprivate var sarifLevel: String {
        switch self {
        case .notice: "note"
        case .unproven: "warning"
        case .leak: "error"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func message(_ text: String) {
        beginObject()
        member("text", text)
        endObject()
    }
}
