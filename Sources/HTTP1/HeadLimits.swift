/// How large a message head may be. Reaching a bound is a violation of its own, found before the
/// bytes behind it are looked at.
public struct HeadLimits: Equatable, Sendable {
    /// Offsets into a head are 16 bits wide.
    public static let headBytesCeiling = 65_535
    /// Places in a `FieldTable`.
    public static let fieldsCeiling = FieldTable.capacity

    /// First line, fields and the empty line, with their line endings.
    public let headBytesMax: Int
    public let fieldsMax: Int
    public let targetBytesMax: Int
    public let methodBytesMax: Int
    public let fieldNameBytesMax: Int
    /// A value with the whitespace around it.
    public let fieldValueBytesMax: Int
    /// Options in all `Connection` fields of a head: each may nominate a field, so their number
    /// times the number of fields is work.
    public let connectionOptionsMax: Int
    /// The fields whose value may hold bytes above 0x7f (`obs-text`, RFC 9110 section 5.5); they
    /// have no agreed meaning, so by default no field of a request may.
    public let obsTextFields: FieldSet

    /// Every bound is at least 1; `headBytesMax` and `fieldsMax` are at most their ceilings.
    public init(
        headBytesMax: Int = headBytesCeiling, fieldsMax: Int = fieldsCeiling,
        targetBytesMax: Int = 8192, methodBytesMax: Int = 32, fieldNameBytesMax: Int = 256,
        fieldValueBytesMax: Int = 16_384, connectionOptionsMax: Int = 32,
        obsTextFields: FieldSet = .none
    ) {
        precondition((1...Self.headBytesCeiling).contains(headBytesMax))
        precondition((1...Self.fieldsCeiling).contains(fieldsMax))
        precondition(targetBytesMax > 0 && methodBytesMax > 0 && connectionOptionsMax > 0)
        precondition(fieldNameBytesMax > 0 && fieldValueBytesMax > 0)
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
        // A part longer than the whole cannot be, and sums of bounds must not overflow.
        self.targetBytesMax = min(targetBytesMax, Self.headBytesCeiling)
        self.methodBytesMax = min(methodBytesMax, Self.headBytesCeiling)
        self.fieldNameBytesMax = min(fieldNameBytesMax, Self.headBytesCeiling)
        self.fieldValueBytesMax = min(fieldValueBytesMax, Self.headBytesCeiling)
        self.connectionOptionsMax = connectionOptionsMax
        self.obsTextFields = obsTextFields
    }

    /// The bounds for requests.
    public static let request = HeadLimits()

    /// The bounds for responses of upstreams, whose values may hold any text: passing it on names
    /// no tenant.
    public static let response = HeadLimits(obsTextFields: .all)
}

/// What parsing the bytes received so far came to.
public enum HeadProgress: Equatable, Sendable {
    /// No defect so far; ask again when `HeadGate` opens.
    case incomplete
    /// The head, from the first byte of the span to its empty line, is `length` bytes long.
    case complete(length: Int)
}

/// Decides whether new bytes can change what a head parser answers. Parsing starts at the first
/// byte each time, so asking it at every byte of a slow sender would cost the square of the head;
/// behind this gate it is asked twice a line at most, and once every `stride` bytes of a line that
/// does not end.
public enum HeadGate {
    /// An endless line is looked at this often, so that its bound is noticed.
    static let stride = 4096

    /// Whether to parse again.
    /// - Parameters:
    ///   - bytes: everything held of this head, old and new.
    ///   - known: how many of them the parser has already seen.
    public static func opens(_ bytes: Span<UInt8>, known: Int, limits: HeadLimits) -> Bool {
        let start = min(max(known, 0), bytes.count)
        if bytes.count >= limits.headBytesMax || start / stride != bytes.count / stride {
            return true
        }
        // Whatever follows a carriage return decides whether it was a bare one.
        if start > 0, bytes[start - 1] == ASCII.carriageReturn, start < bytes.count { return true }
        return bytes.endOfText(from: start, to: bytes.count, obsText: true) < bytes.count
    }
}
