/// A set of ASCII bytes as two words of bits: a test costs a shift and no memory access, and the
/// constants cannot be damaged. Bytes above 0x7f are never members. `ByteSetTests` derives every
/// constant again from the grammar it stands for.
struct ByteSet {
    let low: UInt64
    let high: UInt64

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        let half = byte & 0x40 == 0 ? low : high
        return byte < 0x80 && (half &>> UInt64(byte & 0x3f)) & 1 == 1
    }

    /// `tchar`, RFC 9110 section 5.6.2.
    static var token: ByteSet {
        @inline(__always) get { ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }
    }

    /// `pchar` and "/" without "%", RFC 3986 section 3.3.
    static var path: ByteSet {
        @inline(__always) get { ByteSet(low: 0x2fff_ffd2_0000_0000, high: 0x47ff_fffe_87ff_ffff) }
    }

    /// `query`, RFC 3986 section 3.4, and "[" and "]": the grammar forbids the two, yet every form
    /// library writes `filter[name]=x` raw, and no reader takes them for a separator.
    static var query: ByteSet {
        @inline(__always) get { ByteSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_afff_ffff) }
    }

    /// What a host name may hold: letters, digits, "-", ".", "_". A narrower set than `reg-name`
    /// (RFC 3986 section 3.2.2), which allows "," and "%", where two readers of one authority part.
    static var hostName: ByteSet {
        @inline(__always) get { ByteSet(low: 0x03ff_6000_0000_0000, high: 0x07ff_fffe_87ff_fffe) }
    }

    /// A host name, an IPv6 literal and a port.
    static var authority: ByteSet {
        @inline(__always) get { ByteSet(low: 0x07ff_6000_0000_0000, high: 0x07ff_fffe_afff_fffe) }
    }
}

enum ASCII {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0a }
    static var carriageReturn: UInt8 { 0x0d }
    static var space: UInt8 { 0x20 }

    /// The lower-case letter of an ASCII letter; every other byte is itself.
    @inline(__always) static func lowered(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// The value of a hexadecimal digit, or `nil`.
    @inline(__always) static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- UInt8(ascii: "0") }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter &+ 10 : nil
    }

    @inline(__always) static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }
}

extension Span where Element == UInt8 {
    /// Whether both hold the same bytes when ASCII letters are compared without case.
    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where ASCII.lowered(self[index]) != ASCII.lowered(other[index]) {
            return false
        }
        return true
    }

    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        equalsIgnoringCase(literal.bytes)
    }

    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    public func equals(_ literal: StaticString) -> Bool { equals(literal.bytes) }

    /// The first offset in `start..<stop` whose byte ends a run of field text: not HTAB, SP or
    /// VCHAR, nor `obs-text` where that is allowed (RFC 9110 section 5.5); `stop` when none does.
    ///
    /// Eight bytes at a time: `below` and `delete` may flag a byte wrongly only above one they
    /// flagged rightly, so the lowest flag is exact.
    func endOfText(from start: Int, to stop: Int, obsText: Bool) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let obsMask = obsText ? 0 : highs
        var index = start
        while stop &- index >= 8 {
            let word = word(at: index)
            let below = (word &- ones &* 0x20) & ~word & highs
            let flipped = word ^ (ones &* 0x7f)
            let delete = (flipped &- ones) & ~flipped & highs
            let flags = below | delete | (word & obsMask)
            if flags == 0 {
                index &+= 8
                continue
            }
            index &+= flags.trailingZeroBitCount &>> 3
            guard self[index] == ASCII.tab else { return index }
            index &+= 1
        }
        // The last few bytes with the ones before them shifted out, text in their place.
        if index < stop, stop >= 8 {
            let rest = UInt64(truncatingIfNeeded: stop &- index)
            let filler = 0x2020_2020_2020_2020 &<< (rest &* 8)
            let word = word(at: stop &- 8) &>> (64 &- rest &* 8) | filler
            let below = (word &- ones &* 0x20) & ~word & highs
            let flipped = word ^ (ones &* 0x7f)
            let delete = (flipped &- ones) & ~flipped & highs
            if below | delete | (word & obsMask) == 0 { return stop }
        }
        while index < stop {
            let byte = self[index]
            let isText = byte >= 0x20 ? byte != 0x7f && (byte < 0x80 || obsText) : byte == ASCII.tab
            guard isText else { return index }
            index &+= 1
        }
        return stop
    }

    /// The first offset in `start..<stop` whose byte is no `tchar` (RFC 9110 section 5.6.2); `stop`
    /// when all are.
    func endOfToken(from start: Int, to stop: Int) -> Int {
        let highs: UInt64 = 0x8080_8080_8080_8080
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index < stop {
            // Nearly all names are of letters, digits and "-". Below 0x80 no sum here carries.
            while stop &- index >= 8 {
                let word = word(at: index)
                let low = word & ~highs
                let folded = low | ones &* 0x20
                let letters = (folded &+ ones &* 0x1f) & ~(folded &+ ones &* 0x05)
                let digits = (low &+ ones &* 0x50) & ~(low &+ ones &* 0x46)
                let dashes = ~((low ^ ones &* 0x2d) &+ ones &* 0x7f)
                let others = ~(letters | digits | dashes) & highs | word & highs
                if others == 0 {
                    index &+= 8
                    continue
                }
                index &+= others.trailingZeroBitCount &>> 3
                break
            }
            guard index < stop, ByteSet.token.contains(self[index]) else { return index }
            index &+= 1
        }
        return stop
    }

    /// Whether all bytes are VCHAR other than `excluded`; true for none.
    public func isVisible(except excluded: UInt8) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = 0
        while count &- index >= 8 {
            let word = word(at: index)
            let below = (word &- ones &* 0x21) & ~word & highs
            let flipped = word ^ (ones &* 0x7f)
            let delete = (flipped &- ones) & ~flipped & highs
            let differs = word ^ (ones &* UInt64(excluded))
            let equal = (differs &- ones) & ~differs & highs
            // A flag may be wrong only above one that is right, so none at all is exact.
            guard below | delete | equal | (word & highs) == 0 else { return false }
            index &+= 8
        }
        while index < count {
            let byte = self[index]
            guard byte > 0x20, byte < 0x7f, byte != excluded else { return false }
            index &+= 1
        }
        return true
    }

    /// `range` without the spaces and tabs at either end.
    func trimmingWhitespace(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, ASCII.isWhitespace(self[start]) { start &+= 1 }
        while end > start, ASCII.isWhitespace(self[end &- 1]) { end &-= 1 }
        return start..<end
    }

    /// The next element of a comma-separated list (RFC 9110 section 5.6.1) at or after `position`,
    /// trimmed and possibly empty; `nil` after the last one. `position` moves behind its comma and
    /// must start at 0.
    func nextElement(_ position: inout Int) -> Range<Int>? {
        guard position <= count else { return nil }
        var end = position
        while end < count, self[end] != UInt8(ascii: ",") { end &+= 1 }
        let element = trimmingWhitespace(position..<end)
        position = end &+ 1
        return element
    }
}
