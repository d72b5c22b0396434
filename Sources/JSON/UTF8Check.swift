import HTTP1

/// Whether bytes are UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above
/// U+10FFFF. It agrees with `UTF8Span(validating:)`, which takes several times as long, and tests
/// compare the two.
struct UTF8Check: ~Copyable, ~Escapable {
    private let source: Span<UInt8>
    private var position = 0

    @_lifetime(copy source)
    private init(_ source: Span<UInt8>) { self.source = source }

    static func accepts(_ source: Span<UInt8>) -> Bool {
        var check = UTF8Check(source)
        return check.run()
    }

    @_lifetime(self: copy self)
    private mutating func run() -> Bool {
        while true {
            skipASCII()
            guard position < source.count else { return true }
            guard skipOthers() else { return false }
        }
    }

    /// Moves to the next byte beyond ASCII, or to the end.
    @_lifetime(self: copy self)
    @inline(__always)
    private mutating func skipASCII() {
        while source.count &- position >= 64 {
            let front = source.block(at: position) | source.block(at: position &+ 16)
            let back = source.block(at: position &+ 32) | source.block(at: position &+ 48)
            guard Self.isASCII(front | back) else { break }
            position &+= 64
        }
        while source.count &- position >= 8 {
            let beyond = source.word(at: position) & 0x8080_8080_8080_8080
            guard beyond == 0 else {
                position &+= beyond.trailingZeroBitCount &>> 3
                return
            }
            position &+= 8
        }
        while position < source.count, source[position] < 0x80 { position &+= 1 }
    }

    @inline(__always)
    private static func isASCII(_ block: SIMD16<UInt8>) -> Bool {
        SIMD16<UInt8>.firstIndex(in: block .>= SIMD16(repeating: 0x80)) == 16
    }

    /// Moves behind a run of characters beyond ASCII; false where one is none.
    @_lifetime(self: copy self)
    @inline(__always)
    private mutating func skipOthers() -> Bool {
        while source.count &- position >= 8 {
            let word = source.word(at: position)
            let length: Int
            if word & 0x80 == 0 {
                // A space or a comma between words; where more follows, the other loop is faster.
                let beyond = word & 0x8080_8080_8080_8080
                guard beyond != 0 else { return true }
                length = beyond.trailingZeroBitCount &>> 3
            } else if word & 0xc0e0 == 0x80c0 {
                // Lead bytes C0 and C1 would be overlong.
                guard word & 0x1e != 0 else { return false }
                length = 2
            } else if word & 0xc0_c0f0 == 0x80_80e0 {
                let scalar = Self.scalar(word)
                guard scalar >= 0x800, scalar & 0xf800 != 0xd800 else { return false }
                length = 3
            } else {
                guard Self.isFour(word) else { return false }
                length = 4
            }
            position &+= length
        }
        return skipLast()
    }

    @inline(__always)
    private static func scalar(_ word: UInt64) -> UInt64 {
        (word & 0x0f) &<< 12 | (word &>> 8 & 0x3f) &<< 6 | (word &>> 16 & 0x3f)
    }

    /// Whether the lowest four bytes are one character.
    @inline(__always)
    private static func isFour(_ word: UInt64) -> Bool {
        guard word & 0xc0c0_c0f8 == 0x8080_80f0 else { return false }
        let high = (word & 0x07) &<< 6 | (word &>> 8 & 0x3f)
        return (0x10...0x10f).contains(high)
    }

    /// One character among the last eight bytes.
    @_lifetime(self: copy self)
    private mutating func skipLast() -> Bool {
        guard position < source.count else { return true }
        var word: UInt64 = 0
        let count = source.count &- position
        for index in 0..<min(count, 8) {
            word |= UInt64(source[position &+ index]) &<< UInt64(index &* 8)
        }
        // What lies behind the end reads as NUL, which continues nothing.
        if word & 0x80 == 0 { return true }
        if word & 0xc0e0 == 0x80c0 {
            position &+= 2
            return word & 0x1e != 0
        }
        if word & 0xc0_c0f0 == 0x80_80e0 {
            let scalar = Self.scalar(word)
            position &+= 3
            return scalar >= 0x800 && scalar & 0xf800 != 0xd800
        }
        position &+= 4
        return Self.isFour(word)
    }
}
