/// A growable run of bytes with one owner: bytes are appended at the tail and consumed at the
/// front. It grows by doubling up to `capacityMax` and keeps its memory when emptied, so a reused
/// buffer allocates nothing at steady state.
///
/// Exceeding `capacityMax` is a bug of the caller (it must ask `freeCapacityMax` first): every
/// buffer of this project has a bound, and reaching one is a decision taken before the append.
@safe public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    @usableFromInline var capacity: Int
    @usableFromInline var head = 0
    @usableFromInline var tail = 0
    public let capacityMax: Int

    /// No memory is taken before the first append.
    public init(capacityMax: Int) {
        unsafe base = nil
        capacity = 0
        self.capacityMax = capacityMax
    }

    /// - Parameter bytes: memory taken at once, `1...capacityMax`.
    public init(capacityMax: Int, allocating bytes: Int) {
        precondition(bytes > 0 && bytes <= capacityMax)
        unsafe base = .allocate(capacity: bytes)
        capacity = bytes
        self.capacityMax = capacityMax
    }

    deinit { unsafe base?.deallocate() }

    /// Bytes held.
    @inlinable public var count: Int { tail - head }
    @inlinable public var isEmpty: Bool { tail == head }
    /// Bytes that may still be appended.
    @inlinable public var freeCapacityMax: Int { capacityMax - (tail - head) }
    /// Bytes of memory taken.
    public var allocated: Int { capacity }
    /// Bytes that may be appended without taking or moving memory.
    public var room: Int { capacity - tail }

    /// The bytes held, oldest first.
    @inlinable public var readable: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe UnsafeBufferPointer(
                start: unsafe base.map { unsafe UnsafePointer($0 + head) }, count: tail - head)
            return unsafe _overrideLifetime(unsafe bytes.span, borrowing: self)
        }
    }

    /// Forgets the oldest `n` bytes.
    @inlinable public mutating func consume(_ n: Int) {
        precondition(n >= 0 && n <= count)
        head += n
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Forgets all bytes and keeps the memory.
    @inlinable public mutating func removeAll() {
        head = 0
        tail = 0
    }

    /// Forgets all bytes and gives the memory back.
    public mutating func release() {
        unsafe base?.deallocate()
        unsafe base = nil
        capacity = 0
        head = 0
        tail = 0
    }

    /// Forgets the newest bytes, so that `count` is at most `n`.
    @inlinable public mutating func truncate(to n: Int) {
        precondition(n >= 0)
        if n < count { tail = head + n }
    }

    @inlinable public mutating func append(_ byte: UInt8) {
        if tail == capacity { makeRoom(1) }
        unsafe base.unsafelyUnwrapped[tail] = byte
        tail += 1
    }

    @inlinable public mutating func append(_ bytes: Span<UInt8>) {
        let n = bytes.count
        guard n > 0 else { return }
        if capacity - tail < n { makeRoom(n) }
        unsafe copy(bytes, to: tail)
        tail += n
    }

    @inlinable public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

    /// Everything another buffer holds.
    @inlinable public mutating func append(_ other: borrowing ByteBuffer) {
        append(other.readable)
    }

    @inlinable public mutating func append(_ literal: StaticString) {
        let n = literal.utf8CodeUnitCount
        guard n > 0 else { return }
        if capacity - tail < n { makeRoom(n) }
        unsafe Self.copy(literal.utf8Start, to: base.unsafelyUnwrapped + tail, n)
        tail += n
    }

    /// The UTF-8 of `text`; for paths that are not per request.
    public mutating func append(text: String) {
        for byte in text.utf8 { append(byte) }
    }

    /// The lowest `count` bytes of `word`, the lowest first; `count` is 1...8.
    @inlinable public mutating func append(word: UInt64, count: Int) {
        precondition(count >= 1 && count <= 8)
        if capacity - tail < count { makeRoom(count) }
        let place = unsafe UnsafeMutableRawPointer(base.unsafelyUnwrapped + tail)
        if capacity - tail >= 8 {
            // What lies behind the tail may be overwritten.
            unsafe place.storeBytes(of: word.littleEndian, as: UInt64.self)
        } else {
            for index in 0..<count {
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(index * 8))
                unsafe place.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
        }
        tail += count
    }

    /// `name: value` and CRLF, with room asked for once.
    @inlinable mutating func append(line name: Span<UInt8>, value: Span<UInt8>) {
        let n = name.count + value.count + 4
        if capacity - tail < n { makeRoom(n) }
        unsafe copy(name, to: tail)
        tail += name.count
        unsafe base.unsafelyUnwrapped[tail] = UInt8(ascii: ":")
        unsafe base.unsafelyUnwrapped[tail + 1] = UInt8(ascii: " ")
        unsafe copy(value, to: tail + 2)
        tail += value.count + 4
        unsafe base.unsafelyUnwrapped[tail - 2] = 0x0d
        unsafe base.unsafelyUnwrapped[tail - 1] = 0x0a
    }

    /// - Safety: there must be room for all of `bytes` at `place`.
    @unsafe @usableFromInline @inline(__always)
    func copy(_ bytes: Span<UInt8>, to place: Int) {
        guard !bytes.isEmpty else { return }
        let target = unsafe base.unsafelyUnwrapped + place
        unsafe bytes.withUnsafeBufferPointer {
            unsafe Self.copy($0.baseAddress.unsafelyUnwrapped, to: target, $0.count)
        }
    }

    /// Names and values are short: a call of libc for each cost as much as all that is done to them
    /// otherwise. Both halves are read before one is written, so they may overlap.
    ///
    /// - Safety: `source` must have `count` bytes, 1 or more, and `target` room for them.
    @unsafe @usableFromInline @inline(__always)
    static func copy(
        _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        let from = unsafe UnsafeRawPointer(source)
        let to = UnsafeMutableRawPointer(target)
        if count > 32 {
            unsafe to.copyMemory(from: from, byteCount: count)
        } else if count >= 16 {
            let first = unsafe from.loadUnaligned(as: SIMD16<UInt8>.self)
            let last = unsafe from.loadUnaligned(
                fromByteOffset: count &- 16, as: SIMD16<UInt8>.self)
            unsafe to.storeBytes(of: first, as: SIMD16<UInt8>.self)
            unsafe to.storeBytes(of: last, toByteOffset: count &- 16, as: SIMD16<UInt8>.self)
        } else if count >= 8 {
            let first = unsafe from.loadUnaligned(as: UInt64.self)
            let last = unsafe from.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            unsafe to.storeBytes(of: first, as: UInt64.self)
            unsafe to.storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let first = unsafe from.loadUnaligned(as: UInt32.self)
            let last = unsafe from.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            unsafe to.storeBytes(of: first, as: UInt32.self)
            unsafe to.storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
        } else {
            for index in 0..<count { unsafe target[index] = unsafe source[index] }
        }
    }

    /// `value` in decimal.
    public mutating func append(decimal value: UInt64) {
        var rest = value
        if rest >= 100_000_000 {
            append(decimal: rest / 100_000_000)
            rest %= 100_000_000
            // The eight digits below, zeros included.
            var word: UInt64 = 0
            for _ in 0..<8 {
                word = word << 8 | (UInt64(UInt8(ascii: "0")) + rest % 10)
                rest /= 10
            }
            append(word: word, count: 8)
            return
        }
        var word: UInt64 = 0
        var digits = 0
        repeat {
            word = word << 8 | (UInt64(UInt8(ascii: "0")) + rest % 10)
            rest /= 10
            digits += 1
        } while rest > 0
        append(word: word, count: digits)
    }

    /// `value` in lower-case hexadecimal without leading zeros.
    public mutating func append(hexadecimal value: UInt64) {
        var shift = 60
        while shift > 0, (value >> UInt64(shift)) & 15 == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: (value >> UInt64(shift)) & 15)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
    }

    /// Offers at least `minimum` bytes of room to `fill`, which answers how many it wrote from the
    /// start of it. `minimum` must be at most `freeCapacityMax`.
    ///
    /// - Safety: `fill` must initialise as many bytes as it answers.
    @unsafe @inlinable
    public mutating func fill<Failure: Error>(
        minimum: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        if capacity - tail < minimum { makeRoom(minimum) }
        let room = unsafe UnsafeMutableRawBufferPointer(
            start: base.map { unsafe $0 + tail }, count: capacity - tail)
        let written = try unsafe fill(room)
        precondition(written >= 0 && written <= capacity - tail)
        tail += written
        return written
    }

    /// Room for `n` more bytes at the tail: first by moving the held bytes to the front, then by
    /// doubling.
    @usableFromInline mutating func makeRoom(_ n: Int) {
        let held = tail - head
        precondition(held + n <= capacityMax, "append beyond the bound of this buffer")
        if held + n <= capacity, head > 0, let base = unsafe base {
            unsafe base.update(from: base + head, count: held)
        } else {
            var size = max(capacity * 2, 256)
            while size < held + n { size *= 2 }
            size = min(size, capacityMax)
            let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
            if let base = unsafe base {
                unsafe moved.update(from: base + head, count: held)
                unsafe base.deallocate()
            }
            unsafe base = moved
            capacity = size
        }
        head = 0
        tail = held
    }
}

extension ByteBuffer {
    /// A copy of the bytes held; for cold paths and tests.
    public var bytes: [UInt8] {
        let view = readable
        return [UInt8](capacity: view.count) { out in
            for index in view.indices { out.append(view[index]) }
        }
    }
}

// The two reads of memory the pure parsers need and the standard library offers only as unsafe.

extension Span where Element == UInt8 {
    /// Eight bytes from `offset`, the first one lowest; traps when they are not all inside.
    @inlinable public func word(at offset: Int) -> UInt64 {
        // `unsafeLoadUnaligned(fromByteOffset:)` checks the bounds itself; it is unsafe because a
        // type may have invalid bit patterns, which an integer has not.
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return UInt64(littleEndian: word)
    }

    /// Sixteen bytes from `offset`; traps when they are not all inside.
    @inlinable @inline(__always) public func block(at offset: Int) -> SIMD16<UInt8> {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
    }
}

extension SIMD16<UInt8> {
    /// Its bytes as two words, the first byte lowest.
    @inlinable @inline(__always) public var words: (low: UInt64, high: UInt64) {
        let words = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: words[0]), UInt64(littleEndian: words[1]))
    }

    /// Its first `count` bytes, 0...16, and `filler` in the place of the rest.
    @inlinable @inline(__always)
    public func keeping(first count: Int, else filler: UInt8 = 0) -> SIMD16<UInt8> {
        let places = SIMD16<Int8>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        let end = SIMD16<Int8>(repeating: Int8(truncatingIfNeeded: count))
        let isKept: SIMDMask<SIMD16<Int8>> = places .< end
        let kept = unsafe unsafeBitCast(isKept, to: SIMD16<UInt8>.self)
        return (self & kept) | (SIMD16(repeating: filler) & ~kept)
    }

    /// Eight bytes and eight more, as `Span.word(at:)` reads them.
    @inlinable @inline(__always) public init(_ low: UInt64, _ high: UInt64) {
        let words = SIMD2(low.littleEndian, high.littleEndian)
        self = unsafe unsafeBitCast(words, to: SIMD16<UInt8>.self)
    }

    /// Where the first byte of a comparison's outcome is that holds; 16 where none does. There is
    /// no branch in it.
    @inlinable @inline(__always)
    public static func firstIndex(in mask: SIMDMask<SIMD16<Int8>>) -> Int {
        nibbles(of: mask).trailingZeroBitCount &>> 2
    }

    /// A comparison's outcome with four bits for each byte, the first byte's lowest: all ones where
    /// it holds.
    @inlinable @inline(__always)
    public static func nibbles(of mask: SIMDMask<SIMD16<Int8>>) -> UInt64 {
        let pairs = unsafe unsafeBitCast(mask, to: SIMD8<UInt16>.self) &>> SIMD8(repeating: 4)
        // As `SIMD8.init(truncatingIfNeeded:)`, which in large functions is a call.
        var halves = SIMD8<UInt8>()
        for index in 0..<8 { halves[index] = UInt8(truncatingIfNeeded: pairs[index]) }
        return UInt64(littleEndian: unsafe unsafeBitCast(halves, to: UInt64.self))
    }

    /// Where the first byte of a comparison's outcome is that holds; `nil` where none does.
    ///
    /// - Parameter skipped: that many bytes at the front do not count; 0...16.
    @inlinable @inline(__always)
    public static func first(in mask: SIMDMask<SIMD16<Int8>>, after skipped: Int = 0) -> Int? {
        // Every byte of a mask is all zeros or all ones.
        let words = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        var low = UInt64(littleEndian: words[0])
        var high = UInt64(littleEndian: words[1])
        if skipped > 0 {
            low = skipped < 8 ? low & (.max &<< UInt64(skipped &* 8)) : 0
            if skipped > 8 { high = skipped < 16 ? high & (.max &<< UInt64(skipped &* 8)) : 0 }
        }
        if low != 0 { return low.trailingZeroBitCount &>> 3 }
        return high == 0 ? nil : 8 &+ high.trailingZeroBitCount &>> 3
    }
}

extension StaticString {
    /// The UTF-8 bytes of the literal, which live as long as the program.
    @inlinable public var bytes: Span<UInt8> {
        @_lifetime(immortal)
        get {
            precondition(hasPointerRepresentation, "a single-scalar literal has no bytes to view")
            let view = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
            return unsafe _overrideLifetime(unsafe view.span, copying: ())
        }
    }
}
