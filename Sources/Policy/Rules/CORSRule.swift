public import HTTP1

/// Cross-origin answers of one route (Fetch standard, attack X5): an origin is allowed when it is
/// listed byte for byte; `*` is never sent and `null` never allowed.
public struct CORSRule: Sendable {
    private let origins: ByteTable
    private let allowsCredentials: Bool
    private let maxAgeSeconds: UInt32
    private let methods: MethodSet
    private let names: SkeletonSet

    /// More than `writePreflight` or `writeResponse` append, besides the origin and the requested
    /// field names.
    public static let bytesMax = 512

    init(_ policy: CORSPolicy, methods: MethodSet, names: SkeletonSet) {
        origins = ByteTable(
            policy.origins.filter { $0 != "*" && $0 != "null" && !$0.isEmpty }.map {
                [UInt8]($0.utf8)
            })
        allowsCredentials = policy.allowsCredentials
        maxAgeSeconds = policy.maxAgeSeconds
        self.methods = methods
        self.names = names
    }

    public func allows(_ origin: Span<UInt8>) -> Bool { origins.ordinal(of: origin) != nil }

    /// Appends the fields of a preflight's 204 answer, each with its line end.
    ///
    /// - Parameter fields: the value of `Access-Control-Request-Headers`, empty where there is
    ///   none. Its names are answered, except those of a tenant: a page must not even learn to send
    ///   them.
    /// - Throws: `cors.origin`; with nothing appended.
    public func writePreflight(
        origin: Span<UInt8>, fields: Span<UInt8>, into out: inout ByteBuffer
    ) throws(Refusal) {
        guard allows(origin) else { throw .corsOrigin }
        guard out.freeCapacityMax >= Self.bytesMax + origin.count + fields.count * 2 else {
            throw .requestHeadTooLarge
        }
        writeOrigin(origin, into: &out)
        out.append("Access-Control-Allow-Methods: ")
        methods.write(into: &out)
        out.append("\r\n")
        writeFields(fields, into: &out)
        out.append("Access-Control-Max-Age: ")
        out.append(decimal: UInt64(maxAgeSeconds))
        out.append("\r\nVary: Origin, Access-Control-Request-Method")
        out.append(", Access-Control-Request-Headers\r\n")
    }

    /// Appends what every other response of the route carries, refusals included: `Vary: Origin`
    /// always, and leave to read the response where `origin` is allowed.
    ///
    /// - Parameter origin: empty where the request has none.
    public func writeResponse(origin: Span<UInt8>, into out: inout ByteBuffer) {
        out.append("Vary: Origin\r\n")
        guard allows(origin) else { return }
        writeOrigin(origin, into: &out)
        out.append(
            "Access-Control-Expose-Headers: X-Request-ID, Retry-After, RateLimit, RateLimit-Policy")
        out.append(", X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset\r\n")
    }

    private func writeOrigin(_ origin: Span<UInt8>, into out: inout ByteBuffer) {
        out.append("Access-Control-Allow-Origin: ")
        out.append(origin)
        out.append("\r\n")
        if allowsCredentials { out.append("Access-Control-Allow-Credentials: true\r\n") }
    }

    private func writeFields(_ fields: Span<UInt8>, into out: inout ByteBuffer) {
        var isFirst = true
        var start = 0
        while start < fields.count {
            var end = start
            while end < fields.count, fields[end] != UInt8(ascii: ",") { end += 1 }
            let name = Self.trimmed(fields.extracting(start..<end))
            start = end + 1
            guard Self.isFieldName(name), !names.contains(name) else { continue }
            out.append(isFirst ? "Access-Control-Allow-Headers: " : ", ")
            out.append(name)
            isFirst = false
        }
        if !isFirst { out.append("\r\n") }
    }

    @_lifetime(copy text)
    private static func trimmed(_ text: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        var end = text.count
        while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return text.extracting(start..<end)
    }

    private static func isFieldName(_ name: Span<UInt8>) -> Bool {
        for index in name.indices {
            let byte = name[index]
            guard
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                    || byte == UInt8(ascii: "-")
            else { return false }
        }
        return name.count > 0
    }
}
