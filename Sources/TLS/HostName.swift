/// Host names as DNS hosts have them (RFC 1123 section 2.1), the only names believed in SNI.
enum HostName {
    static let bytesMax = 253
    static let labelBytesMax = 63

    /// `bytes` in lower case when they are a host name; IP addresses, empty labels, a final dot
    /// (RFC 6066 section 3) and anything but letters, digits and inner hyphens are not.
    static func canonical(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard bytes.count > 0, bytes.count <= bytesMax else { return nil }
        var name: [UInt8] = []
        name.reserveCapacity(bytes.count)
        var labelBytes = 0
        var labelIsNumber = true
        for index in bytes.indices {
            var byte = bytes[index]
            switch byte {
            case UInt8(ascii: "."):
                guard labelBytes > 0, name.last != UInt8(ascii: "-") else { return nil }
                labelBytes = 0
                labelIsNumber = true
                name.append(byte)
                continue
            case UInt8(ascii: "-"):
                guard labelBytes > 0 else { return nil }
                labelIsNumber = false
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "a")...UInt8(ascii: "z"): labelIsNumber = false
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                labelIsNumber = false
                byte |= 0x20
            default: return nil
            }
            labelBytes += 1
            guard labelBytes <= labelBytesMax else { return nil }
            name.append(byte)
        }
        // A last label of digits only is an IPv4 address to some readers.
        guard labelBytes > 0, name.last != UInt8(ascii: "-"), !labelIsNumber else { return nil }
        return name
    }

    /// A name a certificate may carry: a host name, or one after `*.`.
    static func canonicalPattern(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "*"), bytes[1] == UInt8(ascii: ".") else {
            return canonical(bytes)
        }
        guard let parent = canonical(bytes.extracting(2..<bytes.count)) else { return nil }
        return [UInt8(ascii: "*"), UInt8(ascii: ".")] + parent
    }

    /// The pattern that covers `name` with its first label as a wildcard (RFC 6125 section 6.4.3).
    static func wildcard(covering name: [UInt8]) -> [UInt8]? {
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return [UInt8(ascii: "*")] + name[dot...]
    }
}
