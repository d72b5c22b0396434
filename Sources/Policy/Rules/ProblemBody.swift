public import HTTP1

/// The body of every answer that is our own: problem details (RFC 9457), written byte by byte. It
/// says nothing about which check failed beyond the code, and nothing the client sent.
public enum ProblemBody {
    public static let contentType: StaticString = "application/problem+json"

    /// More than any body written here, given a `requestID` of at most 64 bytes and `members` of
    /// at most `membersBytesMax`.
    public static let bytesMax = 768 + membersBytesMax
    public static let membersBytesMax = 1_024

    /// Appends the body.
    ///
    /// - Parameters:
    ///   - requestID: our own id as text; letters, digits and `-` only.
    ///   - detail: one line without anything that JSON wants escaped.
    ///   - members: more members, each with a comma before it; empty for none.
    public static func write(
        _ refusal: Refusal, requestID: Span<UInt8>, detail: StaticString? = nil,
        members: Span<UInt8> = Span(), into out: inout ByteBuffer
    ) {
        let entry = refusal.entry
        out.append(#"{"type":"urn:ringfence:problem:"#)
        out.append(entry.code)
        out.append(#"","title":""#)
        out.append(entry.title)
        out.append(#"","status":"#)
        out.append(decimal: UInt64(entry.status))
        out.append(#","code":""#)
        out.append(entry.code)
        out.append(#"","request_id":""#)
        out.append(requestID)
        if let detail {
            out.append(#"","detail":""#)
            out.append(detail)
        }
        out.append("\"")
        out.append(members)
        out.append("}")
    }
}
