/// A host with an optional port (`uri-host [ ":" port ]`, RFC 9110 section 7.2), checked and ready
/// to be written in its one canonical form. Routes and tenant domains are looked up by that form
/// only, so that two spellings of one authority cannot reach two answers.
///
/// Narrower than RFC 3986 on purpose: names of letters, digits, "-", "." and "_" (no escapes, no
/// "," that would make two hosts of one), no IPv6 zone, ports 1...65535 without leading zeros.
public struct HostName: BitwiseCopyable, Sendable {
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        case name, ipv4, ipv6
    }

    /// RFC 1035 section 2.3.4, without the final dot.
    public static let nameBytesMax = 253
    public static let labelBytesMax = 63

    public let kind: Kind
    /// The port as it was written; `nil` when none was.
    public let port: UInt16?
    /// Bytes of the name at the start of the text, without a final dot and without the port.
    private let nameLength: UInt8
    /// Of an IPv6 literal; zero otherwise.
    private let address: UInt128

    /// Reads `text`; `nil` when it is anything else than one host and perhaps a port.
    public init?(_ text: Span<UInt8>) {
        guard !text.isEmpty else { return nil }
        var end = text.count
        if text[0] == UInt8(ascii: "[") {
            var close = 1
            while close < text.count, text[close] != UInt8(ascii: "]") { close += 1 }
            guard close < text.count,
                let address = IPv6Text.address(text.extracting(1..<close))
            else { return nil }
            kind = .ipv6
            nameLength = 0
            self.address = address
            end = close + 1
        } else {
            var colon = 0
            while colon < text.count, text[colon] != UInt8(ascii: ":") { colon += 1 }
            end = colon
            var name = text.extracting(0..<colon)
            if let last = name.indices.last, last > 0, name[last] == UInt8(ascii: ".") {
                name = name.extracting(0..<last)
            }
            guard let kind = Self.kind(ofName: name) else { return nil }
            self.kind = kind
            nameLength = UInt8(name.count)
            address = 0
        }
        guard end < text.count else {
            port = nil
            return
        }
        guard text[end] == UInt8(ascii: ":"),
            let port = Self.port(text.extracting((end + 1)..<text.count))
        else { return nil }
        self.port = port
    }

    /// Whether both name the same authority when a missing port means `defaultPort`.
    public static func same(
        _ first: HostName, _ firstText: Span<UInt8>, _ second: HostName, _ secondText: Span<UInt8>,
        defaultPort: UInt16
    ) -> Bool {
        guard first.kind == second.kind, first.address == second.address,
            first.port ?? defaultPort == second.port ?? defaultPort
        else { return false }
        return firstText.extracting(0..<Int(first.nameLength))
            .equalsIgnoringCase(secondText.extracting(0..<Int(second.nameLength)))
    }

    /// Appends the canonical form: lower case, no final dot, IPv6 as RFC 5952 writes it, the port
    /// only when it is not `defaultPort`. At most `canonicalBytesMax` bytes.
    /// - Parameter text: the bytes this was made from.
    public func appendCanonical(
        of text: Span<UInt8>, defaultPort: UInt16, to output: inout ByteBuffer
    ) {
        if kind == .ipv6 {
            output.append(UInt8(ascii: "["))
            IPv6Text.append(address, to: &output)
            output.append(UInt8(ascii: "]"))
        } else {
            for index in 0..<Int(nameLength) { output.append(ASCII.lowered(text[index])) }
        }
        if let port, port != defaultPort {
            output.append(UInt8(ascii: ":"))
            output.append(decimal: UInt64(port))
        }
    }

    /// Room that `canonical` and `appendCanonical` need at most.
    public static let canonicalBytesMax = nameBytesMax + 6

    /// Appends the canonical form of `text`, or throws `hostMalformed` and appends nothing.
    public static func canonical(
        _ text: Span<UInt8>, scheme: URIScheme, into output: inout ByteBuffer
    ) throws(HTTPViolation) {
        guard let name = HostName(text) else { throw .hostMalformed }
        name.appendCanonical(of: text, defaultPort: scheme.defaultPort, to: &output)
    }

    private static func port(_ text: Span<UInt8>) -> UInt16? {
        guard (1...5).contains(text.count), text[0] != UInt8(ascii: "0") else { return nil }
        var value: UInt32 = 0
        for index in text.indices {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = value * 10 + UInt32(text[index] & 0x0f)
        }
        return UInt16(exactly: value)
    }

    /// Checks the labels of a name without its final dot, and that a name which some reader would
    /// take for a number is a plain IPv4 address: `127.1`, `0x7f.1` and `017700000001` are other
    /// spellings of one address to `inet_aton`, and names to us.
    private static func kind(ofName name: Span<UInt8>) -> Kind? {
        guard (1...nameBytesMax).contains(name.count) else { return nil }
        let allowed = ByteSet.hostName
        var labelStart = 0
        for index in name.indices {
            let byte = name[index]
            guard allowed.contains(byte) else { return nil }
            if byte == UInt8(ascii: ".") {
                guard index > labelStart else { return nil }
                labelStart = index + 1
            } else if index - labelStart >= labelBytesMax {
                return nil
            }
        }
        guard labelStart < name.count else { return nil }
        guard isNumber(name.extracting(labelStart..<name.count)) else { return .name }
        return isIPv4(name) ? .ipv4 : nil
    }

    /// Digits, or "0x" and hexadecimal digits.
    private static func isNumber(_ label: Span<UInt8>) -> Bool {
        let isHexadecimal =
            label.count >= 2 && label[0] == UInt8(ascii: "0") && label[1] | 0x20 == 0x78
        for index in (isHexadecimal ? 2 : 0)..<label.count {
            let byte = label[index]
            let isDigit =
                isHexadecimal ? ASCII.hexadecimalValue(byte) != nil : ASCII.isDigit(byte)
            guard isDigit else { return false }
        }
        return true
    }

    static func isIPv4(_ text: Span<UInt8>) -> Bool { IPv6Text.ipv4(text) != nil }
}
