import CLinux

/// What may be done with a descriptor now. A broken connection also counts as readable and
/// writable: an owner that asks only these two meets the fault at its next read or write.
public struct Readiness: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let readable = Readiness(rawValue: 1)
    public static let writable = Readiness(rawValue: 2)
    /// The peer has sent its last byte (or is gone): read on until `endOfStream`, short reads or
    /// not.
    public static let peerClosed = Readiness(rawValue: 4)
    public static let error = Readiness(rawValue: 8)
}

/// One entry of a poll batch.
public struct ReadyEvent: Equatable, Sendable, BitwiseCopyable {
    /// What the descriptor was registered with.
    public let key: SlotKey
    public let readiness: Readiness
}

/// An epoll instance with its batch of events. Descriptors are registered once, for both
/// directions and edge-triggered, so that serving a request costs no `epoll_ctl`: an owner that
/// does not want to read simply does not read, and remembers that it may.
///
/// A closed descriptor leaves by itself, but an event for it may already be in the batch: keys
/// carry a generation, and `Slab` finds nothing under an old one.
@safe public struct Poller: ~Copyable {
    private let descriptor: FileDescriptor
    private let batch: UnsafeMutableRawPointer
    private let eventsMax: Int32
    /// Events of the last wait.
    public private(set) var count = 0

    /// - Parameter eventsMax: the size of a batch; what does not fit comes with the next wait.
    public init(eventsMax: Int = 256) throws(SystemFault) {
        precondition((1...65_536).contains(eventsMax))
        let number = rf_epoll_create()
        guard number >= 0 else { throw SystemFault("epoll_create1", negative: number) }
        unsafe descriptor = FileDescriptor(adopting: number)
        self.eventsMax = Int32(eventsMax)
        unsafe batch = .allocate(byteCount: rf_epoll_event_size() * eventsMax, alignment: 16)
    }

    deinit { unsafe batch.deallocate() }

    /// Registers `number` under `key`. What is ready already is reported by the next wait.
    public func add(_ number: Int32, key: SlotKey) throws(SystemFault) {
        let result = rf_epoll_add(descriptor.number, number, key.packed)
        guard result == 0 else { throw SystemFault("epoll_ctl", negative: result) }
    }

    /// Gives a registered descriptor another key; what is ready is reported again, under it.
    public func change(_ number: Int32, key: SlotKey) throws(SystemFault) {
        let result = rf_epoll_modify(descriptor.number, number, key.packed)
        guard result == 0 else { throw SystemFault("epoll_ctl", negative: result) }
    }

    /// Forgets a descriptor that goes on living elsewhere. Closing forgets by itself.
    public func remove(_ number: Int32) throws(SystemFault) {
        let result = rf_epoll_remove(descriptor.number, number)
        guard result == 0 else { throw SystemFault("epoll_ctl", negative: result) }
    }

    /// Waits until something is ready or `deadline` (milliseconds, rounded up) has passed; `nil`
    /// waits for ever. A signal may end the wait early with an empty batch.
    ///
    /// - Returns: `count`.
    @discardableResult
    public mutating func wait(
        until deadline: Monotonic?, now: Monotonic = .now()
    ) throws(SystemFault) -> Int {
        let timeout = now.pollTimeoutMilliseconds(until: deadline)
        let result = unsafe rf_epoll_wait(descriptor.number, batch, eventsMax, timeout)
        guard result >= 0 else { throw SystemFault("epoll_wait", negative: result) }
        count = Int(result)
        return count
    }

    /// The event at `index` of the batch, `0..<count`.
    public subscript(index: Int) -> ReadyEvent {
        precondition(index >= 0 && index < count)
        let place = Int32(truncatingIfNeeded: index)
        let bits = unsafe rf_epoll_bits(batch, place)
        var readiness: Readiness = []
        if rf_bits_readable(bits) != 0 { readiness.insert(.readable) }
        if rf_bits_writable(bits) != 0 { readiness.insert(.writable) }
        if rf_bits_peer_closed(bits) != 0 { readiness.insert(.peerClosed) }
        if rf_bits_error(bits) != 0 { readiness.insert(.error) }
        return ReadyEvent(
            key: SlotKey(packed: unsafe rf_epoll_key(batch, place)), readiness: readiness)
    }
}
