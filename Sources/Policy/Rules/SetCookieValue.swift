import HTTP1

/// A `Set-Cookie` value as browsers cut it (RFC 6265 section 5.2): at every `;`, quoted or not.
enum SetCookieValue {
    /// Whether a `Domain` is among the attributes. An empty one counts: browsers differ about it.
    static func namesDomain(_ value: Span<UInt8>) -> Bool {
        var start = end(of: value, from: 0)
        while start < value.count {
            if isDomain(value, from: start + 1) { return true }
            start = end(of: value, from: start + 1)
        }
        return false
    }

    /// Appends `value` without its `Domain` attributes: the cookie then belongs to the host that
    /// set it, and to no other.
    static func writeWithoutDomain(_ value: Span<UInt8>, into out: inout ByteBuffer) {
        var start = end(of: value, from: 0)
        out.append(value.extracting(first: start))
        while start < value.count {
            let next = end(of: value, from: start + 1)
            if !isDomain(value, from: start + 1) { out.append(value.extracting(start..<next)) }
            start = next
        }
    }

    /// The next `;` from `start` on, or the end.
    static func end(of value: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < value.count, value[index] != UInt8(ascii: ";") { index += 1 }
        return index
    }

    private static func isDomain(_ value: Span<UInt8>, from start: Int) -> Bool {
        var first = start
        while first < value.count, isSpace(value[first]) { first += 1 }
        var last = first
        while last < value.count, value[last] != UInt8(ascii: ";"),
            value[last] != UInt8(ascii: "=")
        {
            last += 1
        }
        while last > first, isSpace(value[last - 1]) { last -= 1 }
        return value.extracting(first..<last).equalsIgnoringCase("Domain")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
