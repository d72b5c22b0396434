/// Why bytes are not a document this scanner accepts, and where.
///
/// Nothing of the document is kept in it, so it may be logged.
public struct JSONDefect: Error, Equatable, Sendable {
    public enum Kind: String, Equatable, Sendable, CaseIterable {
        /// More bytes than `JSONLimits.bytesMax`.
        case tooLong
        /// More containers open at once than `JSONLimits.depthMax`.
        case tooDeep
        /// More keys than `JSONLimits.keysMax`.
        case tooManyKeys
        /// More values than `JSONLimits.nodesMax`.
        case tooManyNodes
        /// More digits than `JSONLimits.digitsMax`.
        case numberTooLong
        /// The document ends before it is complete; an empty document does so at once.
        case truncated
        /// RFC 8259 §8.1 lets a reader ignore it; readers differ, so it is refused.
        case byteOrderMark
        /// Not UTF-8: overlong forms and encoded surrogates included.
        case invalidUTF8
        /// No token may start with, or continue by, this byte here.
        case unexpectedByte
        /// A comma with no value or key behind it.
        case trailingComma
        /// Something but white space behind the document.
        case trailingData
        /// `-` without a digit, a digit missing around `.` or behind `e`.
        case malformedNumber
        /// `01`.
        case leadingZero
        /// A byte below 0x20 inside a string.
        case controlByte
        /// A backslash followed by something RFC 8259 §7 does not name.
        case malformedEscape
        /// Half of a surrogate pair: it has no encoding, and readers replace, keep or refuse it.
        case loneSurrogate
        /// Two keys of one object that are equal once unescaped: every reader picks its own.
        case duplicateKey
    }

    public let kind: Kind
    /// Bytes before the defect. For a duplicate key it points at the later of the two, for
    /// `tooLong` at the first byte beyond the bound.
    public let offset: Int

    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}
