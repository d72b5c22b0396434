public import HTTP1

/// An IPv4 or IPv6 address. IPv4 is kept as its IPv4-mapped form, so an IPv4 client of a
/// dual-stack socket and the same client of an IPv4 socket are one and the same value.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// The first 64 bits, in host order.
    public let high: UInt64
    /// The last 64 bits, in host order.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(v4: UInt32) { self.init(high: 0, low: Self.mappedPrefix | UInt64(v4)) }

    private static let mappedPrefix: UInt64 = 0xffff_0000_0000

    public static let anyV4 = IPAddress(v4: 0)
    public static let anyV6 = IPAddress(high: 0, low: 0)

    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        isIPv4 ? (low >> 24) & 0xff == 127 : high == 0 && low == 1
    }

    /// 0.0.0.0 or `::`.
    public var isUnspecified: Bool { self == .anyV4 || self == .anyV6 }

    /// What one customer of a network may change at will is cut off: an IPv4 address itself, or the
    /// /64 of an IPv6 address. Budgets per address are kept under this key.
    public var budgetKey: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}

// MARK: - Text

extension IPAddress {
    /// Reads dotted decimal (four numbers without leading zeros) or RFC 4291 §2.2 text. Scope ids
    /// (`%eth0`) and the legacy IPv4 spellings (`127.1`, `0x7f.1`) are not addresses.
    public init?(_ text: Span<UInt8>) {
        var hasColon = false
        for index in text.indices where text[index] == UInt8(ascii: ":") { hasColon = true }
        guard let address = hasColon ? Self.parseV6(text) : Self.parseV4(text) else { return nil }
        self = address
    }

    public init?(_ text: String) {
        guard text.utf8.count <= Self.textBytesMax else { return nil }
        let bytes = [UInt8](text.utf8)
        self.init(bytes.span)
    }

    /// The longest text RFC 4291 allows: six groups, then a dotted IPv4 part.
    static let textBytesMax = 45

    private static func parseV4(_ text: Span<UInt8>) -> IPAddress? {
        guard (7...15).contains(text.count) else { return nil }
        var value: UInt32 = 0
        var parts = 0
        var part: UInt32 = 0
        var digits = 0
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, parts < 3 else { return nil }
                value = value << 8 | part
                parts += 1
                part = 0
                digits = 0
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                // A leading zero reads as octal elsewhere: two readings are a refusal.
                guard digits == 0 || part > 0 else { return nil }
                part = part * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard part <= 255 else { return nil }
            }
        }
        guard parts == 3, digits > 0 else { return nil }
        return IPAddress(v4: value << 8 | part)
    }

    private static func parseV6(_ text: Span<UInt8>) -> IPAddress? {
        guard (2...textBytesMax).contains(text.count) else { return nil }
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int?
        var index = 0
        if text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            guard count < 8 else { return nil }
            let start = index
            var group: UInt32 = 0
            while index < text.count, let digit = hexadecimal(text[index]) {
                group = group << 4 | UInt32(digit)
                index += 1
                guard index - start <= 4 else { return nil }
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                let rest = text.extracting(start..<text.count)
                guard count <= 6, let tail = parseV4(rest) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: tail.low >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: tail.low)
                count += 2
                break
            }
            guard index > start else { return nil }
            groups[count] = UInt16(truncatingIfNeeded: group)
            count += 1
            guard index < text.count else { break }
            guard text[index] == UInt8(ascii: ":") else { return nil }
            index += 1
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        return assemble(groups, count: count, gap: gap)
    }

    /// `::` stands for at least one group of zeros.
    private static func assemble(
        _ groups: InlineArray<8, UInt16>, count: Int, gap: Int?
    ) -> IPAddress? {
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        let before = gap ?? count
        var high: UInt64 = 0
        var low: UInt64 = 0
        for place in 0..<8 {
            var group: UInt16 = 0
            if place < before {
                group = groups[place]
            } else if place >= 8 - (count - before) {
                group = groups[place - (8 - count)]
            }
            if place < 4 {
                high = high << 16 | UInt64(group)
            } else {
                low = low << 16 | UInt64(group)
            }
        }
        return IPAddress(high: high, low: low)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Appends dotted decimal or RFC 5952 text: at most 39 bytes.
    public func append(to buffer: inout ByteBuffer) {
        if isIPv4 {
            for part in 0..<4 {
                if part > 0 { buffer.append(UInt8(ascii: ".")) }
                buffer.append(decimal: (low >> UInt64(24 - 8 * part)) & 0xff)
            }
            return
        }
        let zeros = longestZeros()
        var place = 0
        while place < 8 {
            if place == zeros.lowerBound, !zeros.isEmpty {
                buffer.append("::")
                place = zeros.upperBound
                continue
            }
            if place > 0, place != zeros.upperBound || zeros.isEmpty {
                buffer.append(UInt8(ascii: ":"))
            }
            buffer.append(hexadecimal: UInt64(group(place)))
            place += 1
        }
    }

    /// The first of the longest runs of two or more zero groups (RFC 5952 §4.2); empty if none.
    private func longestZeros() -> Range<Int> {
        var best = 0..<0
        var start = 0
        for place in 0...8 where place == 8 || group(place) != 0 {
            if place - start > max(best.count, 1) { best = start..<place }
            start = place + 1
        }
        return best
    }

    private func group(_ place: Int) -> UInt16 {
        let half = place < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (place & 3)))
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var buffer = ByteBuffer(capacityMax: 64)
        append(to: &buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }
}

// MARK: - Blocks

/// A CIDR block, as in `trusted_proxies`.
public struct AddressBlock: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    public let address: IPAddress
    /// 0...32 for IPv4, 0...128 for IPv6.
    public let prefixLength: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address. Bits below the prefix must be zero:
    /// `10.0.0.7/8` is more likely a mistake that trusts 16 million neighbours than a wish.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        var bits = address.isIPv4 ? 32 : 128
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count),
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                digits.count == 1 || digits.first != UInt8(ascii: "0"),
                let written = Int(parts[1])
            else { return nil }
            // `::ffff:10.0.0.0/104` is IPv4 written the long way.
            let isMapped = address.isIPv4 && parts[0].utf8.contains(UInt8(ascii: ":"))
            let length = isMapped ? written - 96 : written
            guard (0...bits).contains(length) else { return nil }
            bits = length
        }
        self.address = address
        prefixLength = bits
        guard mask(address) == address else { return nil }
    }

    /// An IPv4 address is never in an IPv6 block, `::/0` included.
    public func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && mask(other) == address
    }

    private func mask(_ other: IPAddress) -> IPAddress {
        let bits = address.isIPv4 ? prefixLength + 96 : prefixLength
        // Smart shifts answer zero from 64 bits on.
        let highMask = ~(UInt64.max >> UInt64(min(bits, 64)))
        let lowMask = ~(UInt64.max >> UInt64(max(bits - 64, 0)))
        return IPAddress(high: other.high & highMask, low: other.low & lowMask)
    }

    public var description: String { "\(address)/\(prefixLength)" }
}
