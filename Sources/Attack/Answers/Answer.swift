import HTTP1
import JSON

/// One answer of the target.
package struct Answer: Sendable, Equatable {
    var status: UInt16
    /// Names in lower case, in order of arrival.
    var fields: [Field]
    var body: [UInt8]
    /// From the last byte of the request to the whole head.
    var nanoseconds: UInt64 = 0

    struct Field: Sendable, Equatable {
        var name: String
        var value: String
    }

    static func fields(of head: borrowing ResponseHead, in input: borrowing ByteBuffer) -> [Field] {
        var out: [Field] = []
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            out.append(
                Field(
                    name: text(input.readable[field.name]).lowercased(),
                    value: text(input.readable[field.value])))
        }
        return out
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The seconds of `Retry-After` (RFC 9110 section 10.2.3); a date counts as a minute.
    var retryAfterSeconds: UInt64? {
        guard let text = field("retry-after") else { return nil }
        guard let seconds = UInt64(text) else { return 60 }
        return seconds
    }
}

/// One fact of an answer: what stands at a place of it.
typealias Leaves = [String: String]

extension Answer {
    /// Facts of one answer that are looked at.
    static let leavesMax = 4_096
    static let leafBytesMax = 1_024

    /// Fields that say nothing of whose answer it is: they count, date, number or frame answers.
    static let volatile: Set<String> = [
        "date", "age", "expires", "last-modified", "content-length", "transfer-encoding",
        "connection", "keep-alive", "via", "server", "server-timing", "set-cookie", "traceparent",
        "tracestate", "retry-after", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset",
        "x-rate-limit-remaining", "x-rate-limit-reset", "x-response-time", "x-runtime", "x-timer",
        "alt-svc", "nel", "report-to", "x-cache", "x-cache-hits", "x-served-by",
        "x-envoy-upstream-service-time", "proxy-status",
    ]

    /// Whether a field is left out: one of those above, or a request's own number.
    static func isVolatile(_ name: String) -> Bool {
        volatile.contains(name) || name.hasSuffix("request-id") || name.hasSuffix("trace-id")
            || name.hasSuffix("correlation-id") || name == "cf-ray"
    }

    /// The answer taken apart: status, fields, and the values of a JSON body or the words of any
    /// other. What is beyond the bounds is not looked at.
    package static func leaves(ofBody body: [UInt8]) -> [String: String] {
        jsonLeaves(body) ?? wordLeaves(body)
    }

    var leaves: Leaves {
        var out = Self.leaves(ofBody: body)
        out["status"] = "\(status)"
        for field in fields where !Self.isVolatile(field.name) {
            out["field \(field.name)"] = field.value
        }
        return out
    }

    private static func jsonLeaves(_ body: [UInt8]) -> Leaves? {
        var document = JSONDocument()
        let limits = JSONLimits(bytesMax: TargetClient.answerBytesMax)
        guard !body.isEmpty, (try? document.parse(body.span, limits: limits)) != nil else {
            return nil
        }
        let view = document.view(of: body.span)
        var out: Leaves = [:]
        var paths: [String] = []
        // How many children each container had so far, for the places of elements.
        var children = [Int](repeating: 0, count: min(view.count, leavesMax))
        for index in 0..<min(view.count, leavesMax) {
            guard let node = view.node(index) else { break }
            var path = ""
            if let parent = view.parent(of: node), parent.index < paths.count {
                let key = view.key(of: node).map { String(decoding: $0, as: UTF8.self) }
                path = paths[parent.index] + "/" + (key ?? "\(children[parent.index])")
                children[parent.index] += 1
            }
            paths.append(String(path.prefix(leafBytesMax)))
            switch view.kind(of: node) {
            case .object, .array: out["body \(path) kind"] = "\(view.kind(of: node))"
            default:
                let bytes =
                    view.string(at: node) ?? body[view.range(of: node)].map { $0 }
                out["body \(path)"] = String(decoding: bytes.prefix(leafBytesMax), as: UTF8.self)
            }
        }
        return out
    }

    private static func wordLeaves(_ body: [UInt8]) -> Leaves {
        var out: Leaves = [:]
        for (index, word) in words(of: body).enumerated() { out["word \(index)"] = word }
        return out
    }

    /// Runs of bytes between spaces and the punctuation of markup.
    private static func words(of body: [UInt8]) -> [String] {
        let marks = Set(" \t\r\n<>\"'=,;&|(){}[]".utf8)
        return body.split(maxSplits: leavesMax) { marks.contains($0) }
            .prefix(leavesMax)
            .map { String(decoding: $0.prefix(leafBytesMax), as: UTF8.self) }
    }
}
