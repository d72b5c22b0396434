/// RFC 6901.
extension JSONView {
    /// The value `pointer` names from `base` (the root by default): `""` is `base` itself, `/a/b/0`
    /// walks members and elements. Nil when there is none, for `-`, and for a malformed pointer.
    public func node(at pointer: Span<UInt8>, from base: JSONNode? = nil) -> JSONNode? {
        guard isJSONPointer(pointer) else { return nil }
        var node = base ?? root
        var start = 1
        while start <= pointer.count {
            var end = start
            while end < pointer.count, pointer[end] != UInt8(ascii: "/") { end += 1 }
            guard let child = child(of: node, token: pointer.extracting(start..<end)) else {
                return nil
            }
            node = child
            start = end + 1
        }
        return node
    }

    public func node(at pointer: String, from base: JSONNode? = nil) -> JSONNode? {
        node(at: pointer.utf8Span.span, from: base)
    }

    private func child(of node: JSONNode, token: Span<UInt8>) -> JSONNode? {
        switch kind(of: node) {
        case .object:
            var members = children(of: node)
            while let member = members.next() {
                if key(of: member, meansToken: token) { return member }
            }
            return nil
        case .array:
            guard var left = arrayIndex(token) else { return nil }
            var elements = children(of: node)
            while let element = elements.next() {
                if left == 0 { return element }
                left -= 1
            }
            return nil
        case .string, .number, .boolean, .null: return nil
        }
    }

    /// §4: `~1` means `/`, `~0` means `~`.
    private func key(of member: JSONNode, meansToken token: Span<UInt8>) -> Bool {
        var key = StringBytes(keyOf: entry(member), source)
        var index = 0
        while index < token.count {
            var byte = token[index]
            if byte == UInt8(ascii: "~"), index + 1 < token.count {
                index += 1
                byte = token[index] == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~")
            }
            guard key.next() == byte else { return false }
            index += 1
        }
        return key.next() == nil
    }

    /// §4: digits without a leading zero. Ten digits exceed every tape.
    private func arrayIndex(_ token: Span<UInt8>) -> Int? {
        guard (1...10).contains(token.count) else { return nil }
        guard token.count == 1 || token[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for index in token.indices {
            guard isDigit(token[index]) else { return nil }
            value = value * 10 + Int(token[index] &- UInt8(ascii: "0"))
        }
        return value
    }
}

/// Whether `bytes` are a JSON Pointer (RFC 6901 §3): empty, or starting with `/`, with every `~`
/// followed by `0` or `1`. For checking configuration before it meets a document.
public func isJSONPointer(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > 0 else { return true }
    guard bytes[0] == UInt8(ascii: "/") else { return false }
    for index in bytes.indices where bytes[index] == UInt8(ascii: "~") {
        guard index + 1 < bytes.count else { return false }
        let escaped = bytes[index + 1]
        guard escaped == UInt8(ascii: "0") || escaped == UInt8(ascii: "1") else { return false }
    }
    return true
}
