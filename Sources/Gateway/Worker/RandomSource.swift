import HTTP1
import Reactor

/// Random bits for request ids, drawn from the kernel in blocks. Uniqueness is what they are for:
/// nothing secret depends on them.
struct RandomSource {
    private var bytes = InlineArray<2_048, UInt8>(repeating: 0)
    private var next = 2_048

    mutating func take() -> UInt64 {
        if next == bytes.count {
            var block = bytes.mutableSpan
            randomBytes(into: &block)
            next = 0
        }
        defer { next += 8 }
        return bytes.span.word(at: next)
    }

    mutating func take10() -> [10 of UInt8] {
        let first = take()
        let second = take()
        var bytes = [10 of UInt8](repeating: 0)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: first >> UInt64(index * 8))
        }
        bytes[8] = UInt8(truncatingIfNeeded: second)
        bytes[9] = UInt8(truncatingIfNeeded: second >> 8)
        return bytes
    }
}
