/// The five characters by which PostgreSQL names a condition (PostgreSQL manual, appendix A).
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
    private let packed: UInt64

    /// `nil` unless `text` is five characters of `0-9` and `A-Z`.
    public init?(_ text: some StringProtocol) {
        var packed: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): break
            default: return nil
            }
            count += 1
            guard count <= 5 else { return nil }
            packed = packed << 8 | UInt64(byte)
        }
        guard count == 5 else { return nil }
        self.packed = packed
    }

    /// For the constants below: a malformed literal is a bug of this file.
    private init(constant text: String) {
        guard let state = SQLState(text) else { preconditionFailure("not an SQLSTATE: \(text)") }
        self = state
    }

    /// The five characters.
    public var description: String {
        var text = ""
        for shift in stride(from: UInt64(32), through: 0, by: -8) {
            text.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: packed >> shift)))
        }
        return text
    }

    /// Whether the condition belongs to the class named by the first two characters.
    func belongs(toClass name: StaticString) -> Bool {
        description.hasPrefix(name.description)
    }

    public static let uniqueViolation = SQLState(constant: "23505")
    public static let foreignKeyViolation = SQLState(constant: "23503")
    public static let checkViolation = SQLState(constant: "23514")
    public static let notNullViolation = SQLState(constant: "23502")
    /// Also what row-level security answers to a row of another tenant.
    public static let insufficientPrivilege = SQLState(constant: "42501")
    /// What the guard answers to whatever it does not accept.
    public static let invalidAuthorization = SQLState(constant: "28000")
    public static let divisionByZero = SQLState(constant: "22012")
    public static let invalidText = SQLState(constant: "22P02")
    public static let serializationFailure = SQLState(constant: "40001")
    public static let deadlockDetected = SQLState(constant: "40P01")
    public static let adminShutdown = SQLState(constant: "57P01")
    /// The server is starting up or shutting down.
    public static let cannotConnectNow = SQLState(constant: "57P03")
}
