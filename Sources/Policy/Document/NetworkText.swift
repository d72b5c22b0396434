/// Addresses, host names and URLs as they are written in policies. Each reader takes one canonical
/// way of writing and answers `nil` for anything else.
enum NetworkText {
    /// Bytes of a Unix socket's path that fit into `sockaddr_un` with its NUL.
    static let socketPathBytesMax = 107

    /// The four bytes of `192.0.2.1`; no leading zeros, which some readers take for octal.
    static func ipv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.count <= 3, let value = Quantity.integer(part.utf8), value <= 255 else {
                return nil
            }
            bytes.append(UInt8(value))
        }
        return bytes
    }

    /// The sixteen bytes of an IPv6 address (RFC 4291 §2.2), an IPv4 tail included, a zone not.
    static func ipv6(_ text: Substring) -> [UInt8]? {
        let halves = halvesAroundGap(text)
        guard let halves else { return nil }
        guard let head = groups(halves.head, isEnd: halves.tail == nil) else { return nil }
        guard let tail = halves.tail else { return head.count == 16 ? head : nil }
        guard let rest = groups(tail, isEnd: true), head.count + rest.count <= 14 else {
            return nil
        }
        return head + [UInt8](repeating: 0, count: 16 - head.count - rest.count) + rest
    }

    /// What stands before and after `::`; `nil` when there are two gaps.
    private static func halvesAroundGap(
        _ text: Substring
    ) -> (head: Substring, tail: Substring?)? {
        let bytes = text.utf8
        var index = bytes.startIndex
        var gap: Substring.Index?
        while index < bytes.endIndex {
            let next = bytes.index(after: index)
            if bytes[index] == UInt8(ascii: ":"), next < bytes.endIndex,
                bytes[next] == UInt8(ascii: ":")
            {
                guard gap == nil else { return nil }
                gap = index
                index = bytes.index(after: next)
            } else {
                index = next
            }
        }
        guard let gap else { return (text, nil) }
        return (text[..<gap], text[bytes.index(gap, offsetBy: 2)...])
    }

    private static func groups(_ text: Substring, isEnd: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isEnd, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let tail = ipv4(part) else { return nil }
                bytes += tail
                continue
            }
            guard (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy(isHexadecimal), let value = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return bytes.count <= 16 ? bytes : nil
    }

    /// A host of a policy in canonical form: a DNS name in lower case without a trailing dot, an
    /// IPv4 address, or an IPv6 address in brackets.
    static func host(_ text: Substring) -> String? {
        if text.utf8.first == UInt8(ascii: "[") {
            guard text.utf8.last == UInt8(ascii: "]") else { return nil }
            guard ipv6(text.dropFirst().dropLast()) != nil else { return nil }
            return text.lowercased()
        }
        if ipv4(text) != nil { return String(text) }
        guard (1...253).contains(text.utf8.count) else { return nil }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.utf8.count) else { return nil }
            let edge = UInt8(ascii: "-")
            guard label.utf8.first != edge, label.utf8.last != edge else { return nil }
            // An underscore is no host name character (RFC 952), and names of container networks
            // use it.
            let isFit = label.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == edge || $0 == UInt8(ascii: "_")
            }
            guard isFit else { return nil }
        }
        // A name whose last label is a number is an address written some other way (`10.1`,
        // `0x7f.1`): resolvers disagree about it.
        guard let last = labels.last, let digit = last.utf8.first, !isDigit(digit) else {
            return nil
        }
        return text.lowercased()
    }

    /// Decimal without leading zeros, 0 included; who may not listen on 0 says so.
    static func port(_ text: Substring) -> UInt16? {
        guard let value = Quantity.integer(text.utf8) else { return nil }
        return UInt16(exactly: value)
    }

    /// `host:port` with both halves checked; brackets stay.
    static func hostAndPort(_ text: Substring) -> (host: String, port: UInt16?)? {
        var split: Substring.Index?
        if text.utf8.first == UInt8(ascii: "[") {
            guard let close = text.utf8.lastIndex(of: UInt8(ascii: "]")) else { return nil }
            let next = text.utf8.index(after: close)
            if next < text.endIndex {
                guard text.utf8[next] == UInt8(ascii: ":") else { return nil }
                split = next
            }
        } else {
            split = text.utf8.lastIndex(of: UInt8(ascii: ":"))
        }
        guard let split else { return host(text).map { ($0, nil) } }
        guard let host = host(text[..<split]) else { return nil }
        guard let port = port(text[text.utf8.index(after: split)...]) else { return nil }
        return (host, port)
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        if let address = ipv4(host[...]) { return address[0] == 127 }
        let bare = host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]
        guard let address = ipv6(bare) else { return false }
        let isMapped = address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xFF
        if isMapped, address[11] == 0xFF { return address[12] == 127 }
        return address[..<15].allSatisfy { $0 == 0 } && address[15] == 1
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }
    static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }
    /// RFC 9110 §5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
    /// A graphic ASCII character.
    static func isGraphic(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}

extension NetworkText {
    /// `host:port`, or `unix:PATH`; the port may be 0, which asks the system for one.
    static func listenAddress(_ text: String, folder: String) -> String? {
        if let path = socketPath(text) { return path.map { join(folder, $0) } ?? nil }
        guard let (host, port) = hostAndPort(text[...]), let port else { return nil }
        // Listening resolves nothing: a name could mean another address tomorrow.
        guard host.hasPrefix("[") || ipv4(host[...]) != nil else { return nil }
        return "\(host):\(port)"
    }

    /// Whether only this machine can reach an address that `listenAddress` made.
    static func isLocal(listenAddress text: String) -> Bool {
        if text.hasPrefix("unix:") { return true }
        return hostAndPort(text[...]).map { isLoopback($0.host) } ?? false
    }

    /// `http://host:port`, `https://host:port` or `unix:/path`; nothing behind the authority.
    static func target(_ text: String, folder: String) -> UpstreamPolicy.Target? {
        if let path = socketPath(text) {
            guard let path, let joined = join(folder, path) else { return nil }
            return .init(scheme: .unix, host: String(joined.dropFirst(5)), port: 0)
        }
        for scheme in [UpstreamPolicy.Scheme.http, .https] {
            let prefix = scheme.rawValue + "://"
            guard text.hasPrefix(prefix) else { continue }
            guard let (host, port) = hostAndPort(text.dropFirst(prefix.count)), port != 0 else {
                return nil
            }
            let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            return .init(scheme: scheme, host: bare, port: port ?? (scheme == .http ? 80 : 443))
        }
        return nil
    }

    /// The path of `unix:PATH`: outer `nil` when it is no such thing, inner when it is unusable.
    private static func socketPath(_ text: String) -> String?? {
        guard text.hasPrefix("unix:") else { return nil }
        let path = String(text.dropFirst(5))
        return .some(path.isEmpty || path.hasPrefix("//") ? nil : path)
    }

    private static func join(_ folder: String, _ path: String) -> String? {
        let joined = PolicyDocument.join(folder, path)
        guard joined.utf8.count <= socketPathBytesMax else { return nil }
        return "unix:" + joined
    }

    /// An origin as browsers send it (RFC 6454 §6.2): lower case, no path, no default port.
    static func origin(_ text: String) -> String? {
        for (scheme, standard) in [("http://", UInt16(80)), ("https://", 443)] {
            guard text.hasPrefix(scheme) else { continue }
            guard let (host, port) = hostAndPort(text.dropFirst(scheme.count)) else { return nil }
            let canonical = port.map { "\(scheme)\(host):\($0)" } ?? scheme + host
            guard canonical == text, port != standard, port != 0 else { return nil }
            return text
        }
        return nil
    }

    /// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address. The answer always has a
    /// prefix length. No bits may be set behind the prefix.
    static func block(_ text: String) -> AddressBlock? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first else { return nil }
        guard let bytes = ipv4(first) ?? ipv6(first) else { return nil }
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF
        guard !isMapped else { return nil }  // One spelling: IPv4 is written as IPv4.
        var length = bytes.count * 8
        if parts.count == 2 {
            guard let given = Quantity.integer(parts[1].utf8), given <= length else { return nil }
            length = given
        }
        for (index, byte) in bytes.enumerated() {
            let kept = min(max(length - index * 8, 0), 8)
            guard byte & UInt8(truncatingIfNeeded: 0xFF >> kept) == 0 else { return nil }
        }
        return AddressBlock(text: "\(first)/\(length)")
    }
}

extension NetworkText {
    /// Whether a host is most likely reached inside one's own network: loopback, private and
    /// link-local addresses, names without a dot and names under a private suffix.
    static func isPrivate(_ host: String) -> Bool {
        if isLoopback(host) { return true }
        if let address = ipv4(host[...]) {
            return address[0] == 10 || (address[0] == 172 && address[1] & 0xF0 == 16)
                || (address[0] == 192 && address[1] == 168)
                || (address[0] == 169 && address[1] == 254)
        }
        if let address = ipv6(host[...]) {
            return address[0] & 0xFE == 0xFC || (address[0] == 0xFE && address[1] & 0xC0 == 0x80)
        }
        guard host.utf8.contains(UInt8(ascii: ".")) else { return true }
        return [".local", ".internal", ".home.arpa", ".svc", ".lan", ".test"].contains {
            host.hasSuffix($0)
        }
    }
}
