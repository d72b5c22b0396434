public import HTTP1
public import Policy

/// Mints seals: short texts by which a database learns, from the gateway and nobody else, for which
/// tenant or vendor a transaction runs. One per thread; it keeps OpenSSL's context and its buffers,
/// so a seal allocates nothing.
///
/// A seal is `s1`, the key's `kid` (4), `t` or `v`, the subject's UUID (36), the second it expires
/// (10 digits), and in hexadecimal the HMAC-SHA-256 of `ringfence-seal|DATABASE|` and all before.
public struct SealMinter: ~Copyable {
    public static let byteCount = 117
    /// The database refuses more than 300 s; the minute between is for clocks that differ.
    public static let lifetimeSecondsMax: Int64 = 240

    /// What the MAC does not cover comes behind these.
    private static let bodyBytes = 53
    private static let expiryDigits: ClosedRange<Int64> = 1_000_000_000...9_999_999_999

    private var mac: HMACContext
    /// What the MAC is made of: the domain and the database's name, which stay, then a seal's body.
    private var message: ByteBuffer
    private let domainBytes: Int
    private let kid: [4 of UInt8]
    /// The last one minted. Within a second a tenant's seals are equal, and it often calls again.
    private var last = ByteBuffer(capacityMax: SealMinter.byteCount)

    /// - Parameter keyFile: one line as `SealKeyText` describes it, with or without a line end.
    public init(keyFile: Span<UInt8>) throws(KeyDefect) {
        guard let text = SealKeyText(withoutLineEnd(keyFile)) else { throw .sealKeyMalformed }
        var mac = try HMACContext(hashBits: 256)
        guard mac.setKey(text.key()) else { throw .library }
        self.mac = mac
        var kid = [4 of UInt8](repeating: 0)
        for index in text.kid.indices { kid[index] = text.kid[index] }
        self.kid = kid
        var message = ByteBuffer(capacityMax: 256)
        message.append("ringfence-seal|")
        message.append(text.database)
        message.append(UInt8(ascii: "|"))
        domainBytes = message.count
        self.message = message
    }

    /// Appends the seal of `tenant` to `out`.
    ///
    /// - Parameters:
    ///   - now: wall-clock seconds.
    ///   - lifetimeSeconds: 1 to `lifetimeSecondsMax`.
    /// - Returns: false, with nothing appended, when OpenSSL fails, there is no room, or the clock
    ///   is out of its mind.
    public mutating func mint(
        forTenant tenant: TenantID, now: Int64, lifetimeSeconds: Int64, into out: inout ByteBuffer
    ) -> Bool {
        begin(UInt8(ascii: "t"))
        tenant.write(into: &message)
        return finish(now, lifetimeSeconds, into: &out)
    }

    /// Appends the seal of the vendor with this id (36 bytes, canonical) to `out`, as `mint` for a
    /// tenant.
    public mutating func mint(
        forVendor vendor: Span<UInt8>, now: Int64, lifetimeSeconds: Int64,
        into out: inout ByteBuffer
    ) -> Bool {
        begin(UInt8(ascii: "v"))
        message.append(vendor)
        return finish(now, lifetimeSeconds, into: &out)
    }

    private mutating func begin(_ scope: UInt8) {
        message.truncate(to: domainBytes)
        message.append("s1")
        message.append(kid.span)
        message.append(scope)
    }

    private mutating func finish(
        _ now: Int64, _ lifetimeSeconds: Int64, into out: inout ByteBuffer
    ) -> Bool {
        let lifetime = min(max(lifetimeSeconds, 1), Self.lifetimeSecondsMax)
        let (expiry, overflow) = now.addingReportingOverflow(lifetime)
        guard !overflow, Self.expiryDigits.contains(expiry),
            out.freeCapacityMax >= Self.byteCount
        else { return false }
        message.append(decimal: UInt64(expiry))
        let body = domainBytes..<message.count
        guard body.count == Self.bodyBytes else { return false }
        let isRepeated =
            last.count == Self.byteCount
            && areEqual(
                last.readable.extracting(0..<Self.bodyBytes), message.readable.extracting(body))
        if !isRepeated {
            var tag = [64 of UInt8](repeating: 0)
            last.removeAll()
            guard mac.authenticate(message, into: &tag) else { return false }
            Self.write(message, body, tag, into: &last)
        }
        out.append(last.readable)
        return true
    }

    private static func write(
        _ message: borrowing ByteBuffer, _ body: Range<Int>, _ tag: [64 of UInt8],
        into out: inout ByteBuffer
    ) {
        out.append(message.readable.extracting(body))
        for index in 0..<32 {
            out.append(digit(tag[index] >> 4))
            out.append(digit(tag[index] & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
