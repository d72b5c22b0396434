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
    func endOfText(from start: Int, to stop: Int, obsText: Bool) -> Int {
        var index = start
        while index < stop {
            let found =
                obsText
                ? firstOther(from: index, to: stop, { $0.isOtherThanTextOrObsText })
                : firstOther(from: index, to: stop, { $0.isOtherThanText })
            guard let other = found else { break }
            index = other
            guard self[index] == ASCII.tab else { return index }
            index &+= 1
        }
        return stop
    }

    /// The first offset in `start..<stop` whose byte is no `tchar` (RFC 9110 section 5.6.2); `stop`
    /// when all are.
    func endOfToken(from start: Int, to stop: Int) -> Int {
        var index = start
        while index < stop {
            // Nearly all names are of letters, digits and "-".
            guard let other = firstOther(from: index, to: stop, { $0.isOtherThanPlainToken })
            else { break }
            index = other
            guard ByteSet.token.contains(self[index]) else { return index }
            index &+= 1
        }
        return stop
    }

    /// The first offset in `start..<stop` at which `isOther` holds, sixteen bytes at a time.
    @inline(__always)
    private func firstOther(
        from start: Int, to stop: Int, _ isOther: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>
    ) -> Int? {
        var index = start
        while stop &- index >= 16 {
            if let offset = SIMD16.first(in: isOther(block(at: index))) { return index &+ offset }
            index &+= 16
            // What is long is a token or a cookie, and nearly always right to its end.
            guard index &- start >= 64 else { continue }
            while stop &- index >= 64 {
                let others =
                    isOther(block(at: index)) .| isOther(block(at: index &+ 16))
                    .| isOther(block(at: index &+ 32)) .| isOther(block(at: index &+ 48))
                guard SIMD16.first(in: others) == nil else { break }
                index &+= 64
            }
        }
        guard index < stop else { return nil }
        // Fewer than sixteen are left; they are read with some before them, which do not count.
        if stop >= 16 {
            let begin = stop &- 16
            return SIMD16.first(in: isOther(block(at: begin)), after: index &- begin)
                .map { begin &+ $0 }
        }
        return firstOther(inShort: index, to: stop, isOther)
    }

    /// The same for fewer than sixteen bytes.
    @inline(__always)
    private func firstOther(
        inShort start: Int, to stop: Int, _ isOther: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>
    ) -> Int? {
        if stop &- start >= 8 {
            // The first eight and the last eight, which may overlap.
            let block = SIMD16(word(at: start), word(at: stop &- 8))
            guard let place = SIMD16.first(in: isOther(block)) else { return nil }
            return place < 8 ? start &+ place : stop &- 16 &+ place
        }
        // What is missing is made of a byte that no caller looks for.
        var word = UInt64(UInt8(ascii: "0")) &* 0x0101_0101_0101_0101
        for index in (start..<stop).reversed() { word = word &<< 8 | UInt64(self[index]) }
        return SIMD16.first(in: isOther(SIMD16(word, word))).map { start &+ $0 }
    }

    /// Whether all bytes are VCHAR other than `excluded`; true for none.
    public func isVisible(except excluded: UInt8) -> Bool {
        firstOther(from: 0, to: count) { block in
            (block &- .all(0x21) .> .all(0x5d)) .| (block .== .all(excluded))
        } == nil
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

extension SIMD16<UInt8> {
    /// Operators that take a scalar are compiled byte by byte; with this they are one instruction.
    @inline(__always) fileprivate static func all(_ byte: UInt8) -> SIMD16<UInt8> {
        SIMD16(repeating: byte)
    }

    /// Where neither SP nor VCHAR is; so for HTAB too.
    @inline(__always) fileprivate var isOtherThanText: SIMDMask<SIMD16<Int8>> {
        self &- .all(0x20) .> .all(0x5e)
    }

    /// The same with `obs-text` allowed.
    @inline(__always) fileprivate var isOtherThanTextOrObsText: SIMDMask<SIMD16<Int8>> {
        (self .< .all(0x20)) .| (self .== .all(0x7f))
    }

    /// Where neither a letter, a digit nor "-" is.
    @inline(__always) fileprivate var isOtherThanPlainToken: SIMDMask<SIMD16<Int8>> {
        let isLetter = (self | .all(0x20)) &- .all(UInt8(ascii: "a")) .< .all(26)
        let isDigit = self &- .all(UInt8(ascii: "0")) .< .all(10)
        return .!(isLetter .| isDigit .| (self .== .all(UInt8(ascii: "-"))))
    }
}
