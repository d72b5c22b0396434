/// Places of rows by hash: open addressing over one flat array, at most half full, so that finding
/// one touches a cache line or two. It keeps no keys; whoever asks compares rows.
struct DirectoryIndex: Sendable {
    static let none = UInt32.max
    private var slots: [UInt32]
    private(set) var count = 0

    /// - Parameter capacity: rows expected; more make it grow.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt32](repeating: Self.none, count: size)
    }

    /// Whether another row needs `grow` first.
    var isFull: Bool { (count + 1) * 2 > slots.count }
    var bytes: Int { slots.count * 4 }

    func start(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }
    func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }
    /// The row in a slot; `nil` ends the search.
    func place(_ slot: Int) -> Int? { slots[slot] == Self.none ? nil : Int(slots[slot]) }

    /// Puts a row into the first free slot of its hash. The index is not full.
    mutating func insert(_ place: Int, hash: UInt64) {
        var slot = start(hash)
        while slots[slot] != Self.none { slot = next(slot) }
        slots[slot] = UInt32(place)
        count += 1
    }

    /// The row in `slot` is another one of the same hash from now on.
    mutating func replace(_ slot: Int, with place: Int) { slots[slot] = UInt32(place) }
}

/// Hashing of directory keys. The seed is drawn once in a process, so that nobody can choose names
/// that collide.
enum DirectoryHash {
    static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    static func of(_ high: UInt64, _ low: UInt64, seed: UInt64) -> UInt64 {
        mix(mix(high ^ seed, 0x9E37_79B9_7F4A_7C15) ^ low, 0xD1B5_4A32_D192_ED03)
    }

    static func of(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(bytes.count)
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = mix(hash ^ word(bytes, offset), 0x9E37_79B9_7F4A_7C15)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return mix(hash ^ rest, 0xD1B5_4A32_D192_ED03)
    }

    /// Eight bytes, big-endian; the caller knows that they are there.
    static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in offset..<offset + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }
}

/// Strings that many rows share, each kept once.
struct DirectoryNames: Sendable {
    private(set) var all: [[UInt8]] = []
    private var places: [[UInt8]: UInt32] = [:]

    mutating func place(of name: [UInt8]) throws(DirectoryDefect) -> UInt32 {
        if let known = places[name] { return known }
        guard all.count < DirectoryBounds.setsMax else { throw .tooLarge }
        let place = UInt32(all.count)
        all.append(name)
        places[name] = place
        return place
    }

    /// The place of one among few.
    mutating func shortPlace(of name: [UInt8]) throws(DirectoryDefect) -> UInt16 {
        guard let place = UInt16(exactly: try place(of: name)), place < DirectoryBounds.namesMax
        else { throw .tooLarge }
        return place
    }

    /// A set as one string: its names with a space after each.
    mutating func place(ofSet names: [[UInt8]]) throws(DirectoryDefect) -> UInt32 {
        try place(of: names.flatMap { $0 + [UInt8(ascii: " ")] })
    }

    func set(_ place: UInt32) -> [[UInt8]] {
        all[Int(place)].split(separator: UInt8(ascii: " ")).map { Array($0) }
    }
}
