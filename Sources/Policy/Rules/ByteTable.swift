/// An immutable set of short byte strings, each with its ordinal, in three flat arrays: looking one
/// up allocates nothing and touches one or two cache lines. Keys are chosen by a policy, never by a
/// client, so probing is bounded by how the table was built.
struct ByteTable: Sendable {
    private let pool: [UInt8]
    /// Where each entry starts in `pool`, and one past the last.
    private let starts: [UInt32]
    /// Ordinal + 1, 0 where empty; a power of two at least four times the entries.
    private let places: [UInt32]
    /// Bit `n` is set when an entry has `n` bytes; bit 63 stands for 63 and more. Most lookups are
    /// misses and end here.
    private let lengths: UInt64

    let count: Int

    /// Later duplicates keep the ordinal of the first.
    init(_ entries: [[UInt8]]) {
        var size = 4
        while size < entries.count * 4 { size *= 2 }
        var pool: [UInt8] = []
        var starts: [UInt32] = [0]
        var places = [UInt32](repeating: 0, count: size)
        var lengths: UInt64 = 0
        for (ordinal, entry) in entries.enumerated() {
            pool += entry
            starts.append(UInt32(pool.count))
            lengths |= 1 << UInt64(min(entry.count, 63))
            var place = Int(Self.hash(entry.span)) & (size - 1)
            var isDuplicate = false
            while places[place] != 0 {
                isDuplicate = isDuplicate || entries[Int(places[place]) - 1] == entry
                place = (place + 1) & (size - 1)
            }
            if !isDuplicate { places[place] = UInt32(ordinal) + 1 }
        }
        self.pool = pool
        self.starts = starts
        self.places = places
        self.lengths = lengths
        count = entries.count
    }

    /// The ordinal of `key`, byte for byte.
    func ordinal(of key: Span<UInt8>) -> Int? {
        guard lengths >> UInt64(min(key.count, 63)) & 1 == 1 else { return nil }
        var place = Int(Self.hash(key)) & (places.count - 1)
        while places[place] != 0 {
            let ordinal = Int(places[place]) - 1
            if equals(ordinal, key) { return ordinal }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    private func equals(_ ordinal: Int, _ key: Span<UInt8>) -> Bool {
        let start = Int(starts[ordinal])
        guard Int(starts[ordinal + 1]) - start == key.count else { return false }
        for index in key.indices where pool[start + index] != key[index] { return false }
        return true
    }

    /// FNV-1a, 32 bits: a few bytes at a time of a table that no client fills.
    static func hash(_ key: Span<UInt8>) -> UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for index in key.indices { hash = (hash ^ UInt32(key[index])) &* 0x0100_0193 }
        return hash ^ hash >> 15
    }
}
