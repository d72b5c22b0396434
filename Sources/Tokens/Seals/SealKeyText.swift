internal import HTTP1

/// How a seal key is written: one line `rfseal1:KID:DATABASE:HEX`. `ringfence-backend db seal-key
/// create` makes it, the gateway reads it; the database knows it by its `kid` only.
struct SealKeyText: ~Escapable {
    static let prefix: StaticString = "rfseal1:"
    static let kidBytes = 4
    static let secretBytes = 32
    /// PostgreSQL's own bound of a name, less the NUL.
    static let databaseBytesMax = 63

    let kid: Span<UInt8>
    /// The one database seals of this key are good for.
    let database: Span<UInt8>
    /// In hexadecimal digits.
    let secret: Span<UInt8>

    /// - Parameter line: the file's bytes without a line end.
    @_lifetime(copy line)
    init?(_ line: Span<UInt8>) {
        // The name of a database may hold colons; what stands around it has fixed lengths.
        let head = Self.prefix.utf8CodeUnitCount
        let nameStart = head + Self.kidBytes + 1
        let nameEnd = line.count - Self.secretBytes * 2 - 1
        guard nameEnd > nameStart, nameEnd - nameStart <= Self.databaseBytesMax,
            line.extracting(0..<head).equals(Self.prefix),
            line[nameStart - 1] == UInt8(ascii: ":"), line[nameEnd] == UInt8(ascii: ":")
        else { return nil }
        let kid = line.extracting(head..<nameStart - 1)
        for index in kid.indices where !Self.isName(kid[index]) { return nil }
        let database = line.extracting(nameStart..<nameEnd)
        for index in database.indices where database[index] < 0x20 { return nil }
        let secret = line.extracting(nameEnd + 1..<line.count)
        for index in secret.indices where Self.digit(secret[index]) == nil { return nil }
        self.kid = kid
        self.database = database
        self.secret = secret
    }

    /// The secret's bytes.
    func key() -> SecretBytes {
        var bytes = [32 of UInt8](repeating: 0)
        for index in 0..<Self.secretBytes {
            let high = Self.digit(secret[index * 2]) ?? 0
            bytes[index] = high << 4 | (Self.digit(secret[index * 2 + 1]) ?? 0)
        }
        return SecretBytes(bytes.span)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        let number = byte &- UInt8(ascii: "0")
        if number < 10 { return number }
        let letter = byte &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }
}
