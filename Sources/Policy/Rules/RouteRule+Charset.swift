public import HTTP1

// Readers decode the query as the request's `Content-Type` says, whether it has a body or none:
// `?%2BAHQ-enant_id=evil` is a tenant's name in UTF-7 (attack B6).
extension RouteRule {
    /// Whether the field at `index` is a type without a body to describe that says another
    /// character set than UTF-8, or what some reader takes for one.
    public func dropsCharset(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, at index: Int
    ) -> Bool {
        let field = head.fields[index]
        return field.known == .contentType && !Self.hasBody(head)
            && ContentType.charset(of: bytes[field.value]) != .utf8
    }

    /// Takes out types that describe nothing and would be read as a character set of the query.
    ///
    /// - Throws: `request.body.type` where the type describes a body, and goes with it.
    func judgeCharset(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ plan: inout RewritePlan
    ) throws(Refusal) {
        if Self.hasBody(head) {
            guard !misreadsQuery(head, bytes) else { throw .requestBodyType }
            return
        }
        var next = head.fields.index(of: .contentType)
        while let index = next {
            if plan[index] == .keep, dropsCharset(head, bytes, at: index) {
                plan[index] = .drop(.charset)
                plan.report.count(.charset)
            }
            next = head.fields.index(of: .contentType, from: index + 1)
        }
    }

    /// Whether the type of a body that passes as it is would have readers see other names in the
    /// query than were judged, or not see ours. The type of a cleaned body is judged with it.
    func misreadsQuery(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard bodies == nil, Self.hasBody(head),
            policy.injectQuery != nil || head.target.query.map({ $0.count > 0 }) == true
        else { return false }
        var next = head.fields.index(of: .contentType)
        while let index = next {
            let field = head.fields[index]
            if !field.isHopByHop, ContentType.charset(of: bytes[field.value]) == .other {
                return true
            }
            next = head.fields.index(of: .contentType, from: index + 1)
        }
        return false
    }

    private static func hasBody(_ head: borrowing RequestHead) -> Bool {
        switch head.framing {
        case .none, .length(0): false
        case .length, .chunked, .untilClose: true
        }
    }
}
