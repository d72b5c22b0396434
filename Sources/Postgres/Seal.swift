/// A short text by which the gateway, or the database for work it hands out, says for which tenant
/// or vendor a transaction may run. Whoever holds one can act for its subject until it expires, so
/// it prints nothing.
///
/// Only the form is checked here; whether it is genuine is decided by the database, which alone
/// holds what that takes.
public struct Seal: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    /// `s1`, key (4), `t` or `v`, UUID (36), expiry in decimal seconds (10), MAC in hex (64).
    public static let byteCount = 117

    enum Subject {
        case tenant
        case vendor
    }

    let text: String
    let subject: Subject
    /// 36 characters, lower case.
    let uuidText: String

    /// `nil` unless `bytes` have the form of a seal.
    public init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount, bytes.starts(with: "s1".utf8) else { return nil }
        switch bytes[6] {
        case UInt8(ascii: "t"): subject = .tenant
        case UInt8(ascii: "v"): subject = .vendor
        default: return nil
        }
        guard isCanonicalUUID(bytes[7..<43]), bytes[2..<6].allSatisfy(Self.isKeyLetter),
            bytes[43..<53].allSatisfy(Self.isDigit), bytes[53...].allSatisfy(Self.isHexadecimal)
        else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
        uuidText = String(decoding: bytes[7..<43], as: UTF8.self)
    }

    /// `nil` unless `text` has the form of a seal.
    public init?(_ text: String) { self.init(text.utf8) }

    public var description: String { "seal" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isKeyLetter(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
