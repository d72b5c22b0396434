import HTTP1

/// What is left of a name when everything that spellings differ in is taken away. Two names with
/// one skeleton are one name to somebody's framework, so they are one name here:
///
/// 1. percent-decode;
/// 2. fold ASCII case, and U+017F to `s` and U+212A to `k` (Go's JSON matching folds both);
/// 3. drop every byte that is not then a letter or a digit;
/// 4. drop known prefixes (`x`, `http`, `grpcmetadata`), then the known suffix (`bin`), as often as
///    they occur and something is left.
///
/// `docs/tenant-names.md` says what this catches and what it deliberately does not.
struct Skeleton: ~Copyable {
    /// Room for a folded name. A longer run of letters and digits matches nothing.
    static let bytesMax = 256
    /// A configured name's own skeleton is at most this long; what is more is for prefixes and
    /// suffixes around it.
    static let nameBytesMax = 64
    /// Where a component begins behind more than this, the name is no longer looked at as one
    /// whole, so that each component has at least half of the room.
    static let wholeBytesMax = 128

    private var folded: InlineArray<256, UInt8> = InlineArray(repeating: 0)
    private(set) var count = 0
    /// More letters and digits came than there is room for.
    private(set) var isTooLong = false
    /// Progress inside the two code points that fold to ASCII.
    private var pending: UInt8 = 0

    /// Takes one decoded byte of the name.
    mutating func take(_ byte: UInt8) {
        if byte < 0x80 {
            pending = 0
            let lower = byte | 0x20
            if lower &- UInt8(ascii: "a") < 26 {
                push(lower)
            } else if byte &- UInt8(ascii: "0") < 10 {
                push(byte)
            }
            return
        }
        switch (pending, byte) {
        case (_, 0xc5): pending = 1
        case (_, 0xe2): pending = 2
        case (1, 0xbf):
            pending = 0
            push(UInt8(ascii: "s"))
        case (2, 0x84): pending = 3
        case (3, 0xaa):
            pending = 0
            push(UInt8(ascii: "k"))
        default: pending = 0
        }
    }

    private mutating func push(_ byte: UInt8) {
        guard count < Self.bytesMax else {
            isTooLong = true
            return
        }
        folded[count] = byte
        count += 1
    }

    mutating func reset() {
        count = 0
        isTooLong = false
        pending = 0
    }

    /// The folded bytes from `start` on, prefixes and suffixes still in place (steps 1 to 3).
    @_lifetime(borrow self)
    func letters(from start: Int = 0) -> Span<UInt8> {
        folded.span.extracting(start..<count)
    }

    /// The skeleton of the bytes from `start` on (step 4); empty where nothing is left.
    @_lifetime(borrow self)
    func core(from start: Int = 0) -> Span<UInt8> {
        let letters = folded.span.extracting(start..<count)
        return letters.extracting(Self.coreRange(of: letters))
    }

    /// Step 4 on folded bytes. No prefix begins with another one, so the order of dropping them
    /// does not matter, and a name and the same name behind any prefixes end alike.
    private static func coreRange(of letters: Span<UInt8>) -> Range<Int> {
        var start = 0
        var end = letters.count
        while start < end {
            let rest = letters.extracting(start..<end)
            if rest.count > 1, rest[0] == UInt8(ascii: "x") {
                start += 1
            } else if starts(rest, with: "http") {
                start += 4
            } else if starts(rest, with: "grpcmetadata") {
                start += 12
            } else {
                break
            }
        }
        while end - start > 3, letters[end - 3] == UInt8(ascii: "b"),
            letters[end - 2] == UInt8(ascii: "i"), letters[end - 1] == UInt8(ascii: "n")
        {
            end -= 3
        }
        return start..<end
    }

    /// Whether more than `prefix` is there and begins with it.
    private static func starts(_ text: Span<UInt8>, with prefix: StaticString) -> Bool {
        let expected = prefix.bytes
        guard text.count > expected.count, text[0] == expected[0] else { return false }
        for index in expected.indices where text[index] != expected[index] { return false }
        return true
    }
}

extension Skeleton {
    /// The skeleton of a configured name; empty when the name has no letter or digit, is longer
    /// than `nameBytesMax` or is nothing but prefixes (`http` would have two readings in
    /// `http-bin`), so that a compiler can refuse names that would never match.
    static func bytes(of name: String) -> [UInt8] {
        var skeleton = Skeleton()
        let text = [UInt8](name.utf8)
        var index = 0
        while index < text.count {
            let (byte, next) = PercentCoding.decode(text.span, at: index)
            skeleton.take(byte)
            index = next
        }
        let core = skeleton.core()
        guard !skeleton.isTooLong, core.count <= nameBytesMax, !core.equals("x"),
            !core.equals("http"), !core.equals("grpcmetadata")
        else { return [] }
        return [UInt8](capacity: core.count) { out in
            for index in core.indices { out.append(core[index]) }
        }
    }
}
