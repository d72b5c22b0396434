import TestSupport

/// A vector that one request cannot show: several requests, several pieces, or a start.
struct Scenario: Sendable {
    let id: String
    /// What is done, in words.
    let sent: String
    let required: String
    /// Everything that is not as required.
    let defects: @Sendable () throws -> [String]

    init(
        _ id: String, _ sent: String, _ required: String,
        _ defects: @escaping @Sendable () throws -> [String]
    ) {
        self.id = id
        self.sent = sent
        self.required = required
        self.defects = defects
    }

    var vector: String { Vector.part(of: id) }

    static let all =
        keyRefusals + reuse + pipelines + pieces + heldBodies + crowds + bodyMemory + secrets
        + memory + shadow + otherPaths + denseBodies + cookieCounts + limits + clocks + floods
        + keys + revocations
}

extension Sighting {
    /// What must be the same however a request came: all but what the gateway makes anew, and how
    /// the body is cut into chunks.
    var essence: String {
        let kept = fields.filter { field in
            let name = field.name.lowercased()
            return name != "x-request-id" && name != "traceparent" && !name.hasPrefix("forwarded")
        }
        let lines = kept.map { "\($0.name):\($0.value)" }
        return ([requestLine] + lines + [Self.text(content)]).joined(separator: "\n")
    }
}
