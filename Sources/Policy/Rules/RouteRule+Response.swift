public import HTTP1

// What a response says of caches and cookies.
extension RouteRule {
    /// Whether the upstream itself keeps the response out of shared caches: it says `no-store` or
    /// an unqualified `private` (RFC 9111 section 5.2.2), and nothing that some cache would sooner
    /// believe.
    func isPrivate(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Bool {
        var isPrivate = false
        for index in 0..<head.fields.count where head.fields[index].known == .cacheControl {
            let value = bytes[head.fields[index].value]
            var start = 0
            while let directive = Self.directive(value, &start) {
                let text = value.extracting(directive)
                if Self.closes(text) { isPrivate = true }
                if Self.opens(text) { return false }
            }
        }
        return isPrivate
    }

    /// How many cookies the upstream sets under a name of the tenant. They pass, as a page may read
    /// them, and are taken out when the browser sends them back, which somebody should know.
    public func tenantCookies(in head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Int {
        guard !isInShadow, head.fields.contains(.setCookie) else { return 0 }
        var count = 0
        for index in 0..<head.fields.count where head.fields[index].known == .setCookie {
            let value = bytes[head.fields[index].value]
            let pair = value.extracting(first: SetCookieValue.end(of: value, from: 0))
            if cookies.judge(pair, tenant: nil).count > 0 { count += 1 }
        }
        return count
    }

    /// The next directive from `start` on, without the space around it; commas in quotes separate
    /// nothing.
    private static func directive(_ value: Span<UInt8>, _ start: inout Int) -> Range<Int>? {
        guard start < value.count else { return nil }
        var first = start
        var end = start
        var isQuoted = false
        while end < value.count, isQuoted || value[end] != UInt8(ascii: ",") {
            if value[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted, value[end] == UInt8(ascii: "\\") { end += 1 }
            end += 1
        }
        end = min(end, value.count)
        start = end + 1
        while first < end, value[first] == 0x20 || value[first] == 0x09 { first += 1 }
        while end > first, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        return first..<end
    }

    private static func closes(_ directive: Span<UInt8>) -> Bool {
        directive.equalsIgnoringCase("no-store") || directive.equalsIgnoringCase("private")
    }

    /// Whether a directive lets a shared cache keep a response, or may be taken to:
    /// `must-understand` takes `no-store` back where the status is understood.
    private static func opens(_ directive: Span<UInt8>) -> Bool {
        let shared: StaticString = "s-maxage"
        let count = shared.utf8CodeUnitCount
        return directive.equalsIgnoringCase("public")
            || directive.equalsIgnoringCase("must-understand")
            || directive.count >= count
                && directive.extracting(first: count).equalsIgnoringCase(shared)
    }
}
