internal import HTTP1
internal import JSON

extension JSONDocument {
    /// Parses what `buffer` holds; false when it is not one strict document within `limits`.
    ///
    /// Both are borrowed whole: a span of one stored property beside a change of another is more
    /// than the exclusivity check follows.
    mutating func accepts(_ buffer: borrowing ByteBuffer, limits: JSONLimits) -> Bool {
        do {
            try parse(buffer.readable, limits: limits)
            return true
        } catch {
            return false
        }
    }
}
