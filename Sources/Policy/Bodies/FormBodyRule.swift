import HTTP1

/// Takes the fields that name a tenant out of `application/x-www-form-urlencoded`: a query by
/// another way, and cleaned as one.
struct FormBodyRule: Sendable {
    private let rule: QueryRule
    /// By how many times its length a form grows at most: `variables` that were cleaned are encoded
    /// anew, and a byte of them becomes three.
    let growthFactor: Int

    /// - Parameter json: looks for GraphQL, where the route takes it.
    init(
        names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject field: String?,
        json: JSONBodyRule
    ) {
        rule = QueryRule(
            names: names, clientValue: clientValue, inject: field, graphQL: json.graphQL,
            isForm: true)
        growthFactor = json.graphQL == nil ? 0 : 2
    }

    /// Whether a field says how the others are encoded: `_charset_` of HTML forms and of RFC 7578
    /// section 4.6.
    static func isCharset(_ name: Span<UInt8>) -> Bool {
        isText(name, "_charset_")
    }

    /// A field without a value is one that no browser has filled in.
    static func isUTF8(_ value: Span<UInt8>) -> Bool {
        value.count == 0 || isText(value, "utf-8") || isText(value, "us-ascii")
    }

    /// Whether a field begins as a JSON document does that has an object in it. Readers that never
    /// look at the type (PHP's `json_decode` of the input, Go's `json.NewDecoder`, Sanic) then read
    /// members where others read one long name. White space before it is refused in any field.
    ///
    /// `[0].name=` and `[a][b]=` begin so too, as far as their first bracket; `/*` is a comment to
    /// Json.NET and to Ruby.
    static func isDocument(_ field: Span<UInt8>) -> Bool {
        guard field.count > 0 else { return false }
        if field[0] == UInt8(ascii: "{") || isComment(field, at: 0) { return true }
        guard field[0] == UInt8(ascii: "[") else { return false }
        for index in 1..<field.count {
            switch field[index] {
            case UInt8(ascii: "]"): return false
            case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "'"),
                UInt8(ascii: ","):
                return true
            default: if isComment(field, at: index) { return true }
            }
        }
        return false
    }

    private static func isComment(_ field: Span<UInt8>, at index: Int) -> Bool {
        field[index] == UInt8(ascii: "/") && index + 1 < field.count
            && field[index + 1] == UInt8(ascii: "*")
    }

    /// Whether `text`, decoded once, is `expected` in any case.
    private static func isText(_ text: Span<UInt8>, _ expected: StaticString) -> Bool {
        var index = 0
        var length = 0
        while index < text.count {
            let (byte, next) = PercentCoding.decode(text, at: index)
            let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            guard length < expected.bytes.count, expected.bytes[length] == lower else {
                return false
            }
            length += 1
            index = next
        }
        return length == expected.bytes.count
    }

    func clean(
        _ bytes: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer,
        _ report: inout BodyReport
    ) throws(Refusal) {
        let begin = out.count
        var found = QueryReport()
        defer {
            report.removed += found.removed
            report.different += found.different
            report.overridesRemoved += found.overridesRemoved
        }
        do throws(Refusal) {
            try rule.clean(bytes, tenant: tenant, into: &out, &found)
        } catch {
            switch error {
            case .requestTargetTooLong: throw .requestBodyTooLarge
            case .tenantConflict, .requestBodyType: throw error
            default: throw .requestBodyMalformed
            }
        }
        let isCut = found.removed + found.overridesRemoved > 0
        report.isChanged = isCut || out.count - begin != bytes.count
    }
}
