/// What is wrong with a message: one case per defect, without any byte of the message, so that it
/// can be logged and counted as it is.
public enum HTTPViolation: UInt8, Error, Equatable, CaseIterable, Sendable {
    // The request line.
    /// Not `method SP target SP version`: another number of spaces, a tab, a stray byte.
    case requestLineMalformed
    /// More than one empty line before the first line.
    case blankLineRepeated
    /// A PROXY protocol preamble on a listener that did not ask for one.
    case proxyPreamble
    /// A line feed without its carriage return.
    case lineFeedBare
    /// A carriage return without its line feed.
    case carriageReturnBare
    /// A method that is not a token.
    case methodMalformed
    /// A known method in other case: methods are case-sensitive, some readers are not.
    case methodCase
    /// A method longer than `methodBytesMax`.
    case methodTooLong
    /// A line that ends after the target: HTTP/0.9.
    case versionMissing
    /// A version that is not `HTTP/` digit `.` digit.
    case versionMalformed
    /// A well-formed version other than 1.0 and 1.1.
    case versionUnsupported

    // Target and authority.
    /// A target of none of the four forms.
    case targetMalformed
    /// A form that does not belong to the method: `*` needs OPTIONS, an authority needs CONNECT.
    case targetForm
    /// A raw byte that RFC 3986 does not allow where it stands.
    case targetByte
    /// A fragment, which never belongs in a target.
    case targetFragment
    /// A `%` in the path without two hexadecimal digits.
    case targetPercent
    /// A target longer than `targetBytesMax`.
    case targetTooLong
    /// An absolute target whose scheme is not `http` or `https`, or not the listener's.
    case targetScheme
    /// An absolute target without a path.
    case targetPathMissing
    /// An authority in the target that is not `host` or `host:port`.
    case targetAuthority
    /// An authority in the target that names a user.
    case targetUserinfo
    /// HTTP/1.1 without `Host`.
    case hostMissing
    /// More than one `Host`.
    case hostRepeated
    /// A `Host` that is not `host` or `host:port`.
    case hostMalformed
    /// An absolute target and a `Host` that name different authorities.
    case hostConflict

    // Sizes.
    /// A head longer than `headBytesMax`.
    case headTooLarge
    /// More fields than `fieldsMax`.
    case fieldsTooMany
    /// A field name longer than `fieldNameBytesMax`.
    case fieldNameTooLong
    /// A field value longer than `fieldValueBytesMax`.
    case fieldValueTooLong
    /// More `Connection` options than `connectionOptionsMax`.
    case connectionOptionsTooMany

    // Fields.
    /// A line that starts with whitespace: obsolete line folding.
    case fieldFolded
    /// Whitespace before the first field.
    case fieldIndented
    /// A line that starts with a colon.
    case fieldNameEmpty
    /// A byte in a field name that is not `tchar`.
    case fieldNameByte
    /// Whitespace between a field name and its colon.
    case fieldNameSpace
    /// A line without a colon.
    case fieldColonMissing
    /// A control byte in a field value.
    case fieldValueByte
    /// A byte above 0x7f in a value of a field that may not hold one.
    case fieldValueNotASCII
    /// A field that must stand alone and stands twice.
    case fieldRepeated
    /// A `Connection` option that is not a token.
    case connectionMalformed
    /// An `Expect` other than `100-continue`.
    case expectationUnsupported

    // Framing.
    /// `Content-Length` and `Transfer-Encoding` together.
    case framingConflict
    /// A `Content-Length` that is not plain decimal digits.
    case lengthMalformed
    /// More than one `Content-Length`, equal or not.
    case lengthRepeated
    /// A `Content-Length` above 2^63 - 1.
    case lengthTooLarge
    /// A `Transfer-Encoding` that is not a list of codings.
    case codingMalformed
    /// A `Transfer-Encoding` other than `chunked` alone.
    case codingUnsupported
    /// More than one `Transfer-Encoding`.
    case codingRepeated
    /// `Transfer-Encoding` in an HTTP/1.0 message.
    case codingVersion

    // Chunked bodies.
    /// A chunk size that is not hexadecimal digits.
    case chunkSizeMalformed
    /// A chunk size above 2^63 - 1 or of more than 16 digits.
    case chunkSizeTooLarge
    /// A chunk extension that is not `;name` or `;name=value`.
    case chunkExtensionMalformed
    /// More bytes of chunk extensions than `extensionBytesMax`.
    case chunkExtensionsTooLong
    /// Chunk data that does not end with CRLF.
    case chunkUnterminated
    /// A trailer section longer than `trailerBytesMax`.
    case trailersTooLarge

    // Responses only.
    /// Not `version SP 3DIGIT SP reason`.
    case statusLineMalformed
    /// A status outside 100...599.
    case statusOutOfRange
    /// 101, though no upgrade was asked for.
    case switchingUnasked
    /// A body announced where none may be: 1xx or 204.
    case bodyUnexpected

    // Writing.
    /// A byte that would break the head it was to be written into.
    case unwritableByte
    /// A head that would outgrow the buffer it is written into.
    case unwritableSize
}

extension HTTPViolation {
    /// The status a request with this defect is answered with; 502 for defects only a response can
    /// have, 500 for those of our own writing.
    public var status: UInt16 { row.status }

    /// The stable code of this defect in a request (or in a response, where only one can have it).
    public var code: StaticString { row.request }

    /// The stable code of this defect in an upstream's response, for logs: the client is told 502
    /// and not which defect.
    public var responseCode: StaticString { row.response }

    private typealias Row = (status: UInt16, request: StaticString, response: StaticString)

    private var row: Row {
        switch self {
        case .requestLineMalformed: (400, "request.line.malformed", "request.line.malformed")
        case .blankLineRepeated: (400, "request.line.blank", "response.line.blank")
        case .proxyPreamble: (400, "request.proxy_protocol", "request.proxy_protocol")
        case .lineFeedBare: (400, "request.line.bare_lf", "response.line.bare_lf")
        case .carriageReturnBare: (400, "request.line.bare_cr", "response.line.bare_cr")
        case .methodMalformed: (400, "request.method.malformed", "request.method.malformed")
        case .methodCase: (400, "request.method.case", "request.method.case")
        case .methodTooLong: (501, "request.method.too_long", "request.method.too_long")
        case .versionMissing: (400, "request.version.missing", "request.version.missing")
        case .versionMalformed: (400, "request.version.malformed", "response.version.malformed")
        case .versionUnsupported:
            (505, "request.version.unsupported", "response.version.unsupported")
        case .targetMalformed: (400, "request.target.malformed", "request.target.malformed")
        case .targetForm: (400, "request.target.form", "request.target.form")
        case .targetByte: (400, "request.target.byte", "request.target.byte")
        case .targetFragment: (400, "request.target.fragment", "request.target.fragment")
        case .targetPercent: (400, "request.target.percent", "request.target.percent")
        case .targetTooLong: (414, "request.target.too_long", "request.target.too_long")
        case .targetScheme: (400, "request.target.scheme", "request.target.scheme")
        case .targetPathMissing: (400, "request.target.path_missing", "request.target.path_missing")
        case .targetAuthority: (400, "request.target.authority", "request.target.authority")
        case .targetUserinfo: (400, "request.target.userinfo", "request.target.userinfo")
        case .hostMissing: (400, "request.host.missing", "request.host.missing")
        case .hostRepeated: (400, "request.host.repeated", "request.host.repeated")
        case .hostMalformed: (400, "request.host.malformed", "request.host.malformed")
        case .hostConflict: (400, "request.host.conflict", "request.host.conflict")
        case .headTooLarge: (431, "request.head.too_large", "response.head.too_large")
        case .fieldsTooMany: (431, "request.field.too_many", "response.field.too_many")
        case .fieldNameTooLong: (431, "request.field.name_too_long", "response.field.name_too_long")
        case .fieldValueTooLong:
            (431, "request.field.value_too_long", "response.field.value_too_long")
        case .connectionOptionsTooMany:
            (431, "request.field.connection_too_many", "response.field.connection_too_many")
        case .fieldFolded: (400, "request.field.folded", "response.field.folded")
        case .fieldIndented: (400, "request.field.indented", "response.field.indented")
        case .fieldNameEmpty: (400, "request.field.name_empty", "response.field.name_empty")
        case .fieldNameByte: (400, "request.field.name_byte", "response.field.name_byte")
        case .fieldNameSpace: (400, "request.field.name_space", "response.field.name_space")
        case .fieldColonMissing:
            (400, "request.field.colon_missing", "response.field.colon_missing")
        case .fieldValueByte: (400, "request.field.value_byte", "response.field.value_byte")
        case .fieldValueNotASCII:
            (400, "request.field.value_not_ascii", "response.field.value_not_ascii")
        case .fieldRepeated: (400, "request.field.repeated", "response.field.repeated")
        case .connectionMalformed: (400, "request.field.connection", "response.field.connection")
        case .expectationUnsupported: (417, "request.field.expect", "response.field.expect")
        case .framingConflict: (400, "request.framing.conflict", "response.framing.conflict")
        case .lengthMalformed:
            (400, "request.framing.length_malformed", "response.framing.length_malformed")
        case .lengthRepeated:
            (400, "request.framing.length_repeated", "response.framing.length_repeated")
        case .lengthTooLarge:
            (400, "request.framing.length_too_large", "response.framing.length_too_large")
        case .codingMalformed:
            (400, "request.framing.coding_malformed", "response.framing.coding_malformed")
        case .codingUnsupported:
            (501, "request.framing.coding_unsupported", "response.framing.coding_unsupported")
        case .codingRepeated:
            (400, "request.framing.coding_repeated", "response.framing.coding_repeated")
        case .codingVersion:
            (400, "request.framing.coding_version", "response.framing.coding_version")
        case .chunkSizeMalformed:
            (400, "request.chunk.size_malformed", "response.chunk.size_malformed")
        case .chunkSizeTooLarge:
            (400, "request.chunk.size_too_large", "response.chunk.size_too_large")
        case .chunkExtensionMalformed:
            (400, "request.chunk.extension_malformed", "response.chunk.extension_malformed")
        case .chunkExtensionsTooLong:
            (400, "request.chunk.extensions_too_long", "response.chunk.extensions_too_long")
        case .chunkUnterminated: (400, "request.chunk.unterminated", "response.chunk.unterminated")
        case .trailersTooLarge:
            (431, "request.chunk.trailers_too_large", "response.chunk.trailers_too_large")
        case .statusLineMalformed:
            (502, "response.status_line.malformed", "response.status_line.malformed")
        case .statusOutOfRange: (502, "response.status_line.status", "response.status_line.status")
        case .switchingUnasked: (502, "response.switching_unasked", "response.switching_unasked")
        case .bodyUnexpected:
            (502, "response.framing.body_unexpected", "response.framing.body_unexpected")
        case .unwritableByte: (500, "head.write.byte", "head.write.byte")
        case .unwritableSize: (500, "head.write.size", "head.write.size")
        }
    }
}
