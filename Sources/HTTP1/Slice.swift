/// A half-open byte range inside one message head; heads are bounded by 65,535 bytes, so two
/// 16-bit offsets are enough.
public struct Slice: Equatable, BitwiseCopyable, Sendable {
    public var start: UInt16
    public var end: UInt16

    @inlinable public init(start: UInt16, end: UInt16) {
        self.start = start
        self.end = end
    }

    /// A slice of two offsets already known to lie in `0...65535`.
    @inlinable public init(_ start: Int, _ end: Int) {
        self.start = UInt16(start)
        self.end = UInt16(end)
    }

    public static let empty = Slice(start: 0, end: 0)

    @inlinable public var count: Int { Int(end) - Int(start) }
    @inlinable public var isEmpty: Bool { start == end }
    @inlinable public var range: Range<Int> { Int(start)..<Int(end) }
}

extension Span where Element == UInt8 {
    /// The bytes of `slice`; traps when the slice was not made from this span's message.
    @inlinable public subscript(_ slice: Slice) -> Span<UInt8> {
        @_lifetime(copy self)
        get { extracting(slice.range) }
    }
}
