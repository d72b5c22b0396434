/// The name of a slab entry: its place and the generation of that place. A key outlives its entry
/// harmlessly, for it finds nothing once the place has been given to another.
public struct SlotKey: Hashable, Sendable, BitwiseCopyable {
    /// As the kernel carries it in an event.
    public let packed: UInt64

    @inlinable public init(packed: UInt64) { self.packed = packed }

    @inlinable public init(index: UInt32, generation: UInt32) {
        packed = UInt64(generation) << 32 | UInt64(index)
    }

    /// The key of something that lives as long as its owner: listener, mailbox, signals. Generation
    /// zero is never given to a slab entry; choose indices no slab of the owner covers.
    @inlinable public static func fixed(_ index: UInt32) -> SlotKey {
        SlotKey(index: index, generation: 0)
    }

    @inlinable public var index: UInt32 { UInt32(truncatingIfNeeded: packed) }
    @inlinable public var generation: UInt32 { UInt32(truncatingIfNeeded: packed >> 32) }
}

/// A bounded table whose entries never move and are named by index *and generation*.
///
/// Several slabs of one owner share one index space (`firstIndex`), so that one poller, one timer
/// wheel and one key type serve them all: `owns` tells whose a key is. Memory for `capacity`
/// entries is reserved at once but touched only as far as entries have been used.
///
/// Every member is inlinable because a generic called across a target boundary would otherwise run
/// unspecialised.
@safe public struct Slab<Value: ~Copyable>: ~Copyable {
    /// One place. An odd generation means occupied; `next` chains the free ones.
    @usableFromInline struct Place: BitwiseCopyable {
        @usableFromInline var generation: UInt32
        @usableFromInline var next: UInt32

        @inlinable init(generation: UInt32, next: UInt32) {
            self.generation = generation
            self.next = next
        }
    }

    @usableFromInline let values: UnsafeMutablePointer<Value>
    @usableFromInline let places: UnsafeMutablePointer<Place>
    @usableFromInline var free: UInt32
    /// Places from here on have never been used.
    @usableFromInline var untouched = 0
    @usableFromInline var held = 0
    public let capacity: Int
    public let firstIndex: UInt32
    /// Entries held.
    @inlinable public var count: Int { held }

    @inlinable static var none: UInt32 { .max }

    /// - Parameters:
    ///   - capacity: 1...16,777,216.
    ///   - firstIndex: where this slab's part of the owner's index space begins.
    @inlinable public init(capacity: Int, firstIndex: UInt32 = 0) {
        precondition((1...16_777_216).contains(capacity) && firstIndex <= UInt32.max >> 1)
        self.capacity = capacity
        self.firstIndex = firstIndex
        unsafe values = .allocate(capacity: capacity)
        unsafe places = .allocate(capacity: capacity)
        free = Self.none
    }

    @inlinable deinit {
        for place in 0..<untouched where unsafe places[place].generation & 1 == 1 {
            unsafe (values + place).deinitialize(count: 1)
        }
        unsafe values.deallocate()
        unsafe places.deallocate()
    }

    @inlinable public var isFull: Bool { count == capacity }

    /// Whether `key` belongs to this slab's part of the index space, live or not.
    @inlinable public func owns(_ key: SlotKey) -> Bool {
        key.index >= firstIndex && key.index - firstIndex < UInt32(capacity)
            && key.generation != 0
    }

    /// - Returns: the key, or `nil` when the slab is full; `value` is then dropped. An owner that
    ///   wants it back asks `isFull` first.
    @inlinable public mutating func insert(_ value: consuming Value) -> SlotKey? {
        let place: Int
        if free != Self.none {
            place = Int(free)
            free = unsafe places[place].next
            unsafe places[place].generation &+= 1
        } else {
            guard untouched < capacity else { return nil }
            place = untouched
            untouched += 1
            unsafe (places + place).initialize(to: Place(generation: 1, next: Self.none))
        }
        unsafe (values + place).initialize(to: value)
        held += 1
        return unsafe SlotKey(
            index: firstIndex + UInt32(place), generation: places[place].generation)
    }

    /// Takes the entry out.
    ///
    /// - Returns: `nil` when the key is stale.
    @inlinable public mutating func remove(_ key: SlotKey) -> Value? {
        guard let place = livePlace(key) else { return nil }
        // Wraps after 2^31 uses of one place; no event stays in a batch that long.
        let generation = unsafe places[place].generation &+ 1
        unsafe places[place] = Place(generation: generation, next: free)
        free = UInt32(place)
        held -= 1
        return unsafe (values + place).move()
    }

    @inlinable public func contains(_ key: SlotKey) -> Bool { livePlace(key) != nil }

    /// The entry under a live key; a stale one is a bug of the caller, who asks `contains` first.
    @inlinable public subscript(key: SlotKey) -> Value {
        _read {
            guard let place = livePlace(key) else { preconditionFailure("stale slot key") }
            yield unsafe values[place]
        }
        _modify {
            guard let place = livePlace(key) else { preconditionFailure("stale slot key") }
            yield unsafe &values[place]
        }
    }

    /// Runs `body` on the entry, in place.
    ///
    /// - Returns: `nil` when the key is stale.
    @inlinable public mutating func withEntry<Result: ~Copyable, Failure: Error>(
        _ key: SlotKey, _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let place = livePlace(key) else { return nil }
        return try body(&(unsafe values[place]))
    }

    /// The next live key in index order, for walking all entries while removing some.
    @inlinable public func key(after previous: SlotKey?) -> SlotKey? {
        var place = previous.map { Int($0.index - firstIndex) + 1 } ?? 0
        while place < untouched {
            let generation = unsafe places[place].generation
            if generation & 1 == 1 {
                return SlotKey(index: firstIndex + UInt32(place), generation: generation)
            }
            place += 1
        }
        return nil
    }

    @inlinable func livePlace(_ key: SlotKey) -> Int? {
        let index = key.index
        guard index >= firstIndex else { return nil }
        let place = Int(index - firstIndex)
        guard place < untouched, key.generation & 1 == 1,
            unsafe places[place].generation == key.generation
        else { return nil }
        return place
    }
}
