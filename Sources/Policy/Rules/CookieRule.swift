public import HTTP1

/// Takes the cookies that name a tenant out of a `Cookie` field; the others keep their bytes and
/// order (attacks C1, C2, C4).
///
/// A value that a legacy reader would split at `,` is read that way too, and a cookie without a
/// name is read as if its value were one: where any reading names a tenant, the whole pair goes.
public struct CookieRule: Sendable {
    private let names: SkeletonSet
    private let clientValue: RoutePolicy.ClientValue

    public init(names: SkeletonSet, clientValue: RoutePolicy.ClientValue) {
        self.names = names
        self.clientValue = clientValue
    }

    /// How many cookies of one field value must go.
    ///
    /// - Throws: `tenant.conflict`, as the route says.
    public func count(_ value: Span<UInt8>, tenant: ExternalID?) throws(Refusal) -> Int {
        var removed = 0
        var position = 0
        while let pair = Self.next(value, &position) {
            let text = value.extracting(pair)
            guard namesTenant(text) else { continue }
            try checkConflict(text, tenant)
            removed += 1
        }
        return removed
    }

    /// Appends the cookies of `value` that stay, `; ` between them and before the first one where
    /// `isFirst` is false; clears `isFirst` when it wrote any.
    public func write(_ value: Span<UInt8>, isFirst: inout Bool, into out: inout ByteBuffer) {
        var position = 0
        while let pair = Self.next(value, &position) {
            let text = value.extracting(pair)
            guard !namesTenant(text) else { continue }
            if !isFirst { out.append("; ") }
            out.append(text)
            isFirst = false
        }
    }

    /// The next non-empty `;`-separated pair without the whitespace around it.
    private static func next(_ value: Span<UInt8>, _ position: inout Int) -> Range<Int>? {
        while position < value.count {
            var start = position
            var end = position
            while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
            position = end + 1
            while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
            while end > start, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
            if start < end { return start..<end }
        }
        return nil
    }

    /// Whether any reading of the pair names a tenant; an encoded control byte in a name counts.
    private func namesTenant(_ pair: Span<UInt8>) -> Bool {
        var start = 0
        while start < pair.count {
            var nameEnd = -1
            var end = start
            while end < pair.count, pair[end] != UInt8(ascii: ",") {
                if nameEnd < 0, pair[end] == UInt8(ascii: "=") {
                    // `=tenant_id=evil`: the first `=` with nothing before it separates nothing.
                    if end > start { nameEnd = end } else { start += 1 }
                }
                end += 1
            }
            let hasName = start == 0 || nameEnd >= 0 || pair[0] == UInt8(ascii: "=")
            if hasName, start < end,
                names.judge(pair.extracting(start..<(nameEnd < 0 ? end : nameEnd))) != .clean
            {
                return true
            }
            start = end + 1
        }
        return false
    }

    private func checkConflict(_ pair: Span<UInt8>, _ tenant: ExternalID?) throws(Refusal) {
        switch clientValue {
        case .strip: return
        case .reject: throw .tenantConflict
        case .rejectIfDifferent:
            var start = 0
            while start < pair.count, pair[start] != UInt8(ascii: "=") { start += 1 }
            let value = pair.extracting(min(start + 1, pair.count)..<pair.count)
            guard let tenant, QueryRule.decodes(value, to: tenant.bytes) else {
                throw .tenantConflict
            }
        }
    }
}
