/// The key a gateway makes seals with, as `db seal-key create` writes it:
/// `rfseal1:<kid>:<database>:<64 hex>`.
public struct SealKey: Sendable, CustomStringConvertible, CustomReflectable {
    let id: String
    let database: String
    private let bytes: [UInt8]

    /// `nil` unless `line` is such a line, with or without its line end.
    public init?(line: String) {
        let parts = line.filter { $0 != "\n" && $0 != "\r" }
            .split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "rfseal1", parts[1].utf8.count == 4,
            parts[3].utf8.count == 64
        else { return nil }
        var bytes: [UInt8] = []
        var digits = parts[3][...]
        while !digits.isEmpty {
            guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        id = String(parts[1])
        database = String(parts[2])
        self.bytes = bytes
    }

    public var description: String { "seal key \(id)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// A seal, 117 ASCII bytes: `s1`, key, scope (`t` or `v`), uuid, expiry, HMAC-SHA256.
    func seal(
        scope: String, subject: String, expires: Int64, database name: String? = nil
    ) -> String {
        let seconds = String(max(expires, 0))
        let expiry = String(repeating: "0", count: max(0, 10 - seconds.utf8.count)) + seconds
        let body = "s1\(id)\(scope)\(subject)\(expiry)"
        let message = Array("ringfence-seal|\(name ?? database)|\(body)".utf8)
        return body + SHA256.hex(SHA256.authenticate(message, key: bytes))
    }
}
