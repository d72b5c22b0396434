public import HTTP1
import Synchronization

/// A process-wide bound on bytes, shared by pools of several workers: reaching it refuses one more
/// body instead of letting the kernel end the process and with it everybody's requests.
public final class ByteBudget: Sendable {
    public let bytesMax: Int
    private let taken = Atomic<Int>(0)

    public init(bytesMax: Int) {
        precondition(bytesMax >= 0)
        self.bytesMax = bytesMax
    }

    /// Bytes taken now.
    public var bytes: Int { taken.load(ordering: .relaxed) }

    /// - Returns: whether `bytes` (not negative) were still free and are now taken.
    public func take(_ bytes: Int) -> Bool {
        precondition(bytes >= 0)
        var current = taken.load(ordering: .relaxed)
        while true {
            guard bytes <= bytesMax - current else { return false }
            let (exchanged, seen) = taken.weakCompareExchange(
                expected: current, desired: current + bytes, ordering: .relaxed)
            if exchanged { return true }
            current = seen
        }
    }

    /// Gives back what was taken.
    public func give(_ bytes: Int) {
        let left = taken.subtract(bytes, ordering: .relaxed).newValue
        precondition(left >= 0, "more bytes given back than taken")
    }
}

/// Buffers of one size for reuse by one worker, so that steady state allocates nothing.
public struct BufferPool: ~Copyable {
    /// Emptied buffers, the most recently used last: its memory is the likeliest to be in cache.
    private var kept: [Buffer] = []
    private let keptMax: Int
    private let budget: ByteBudget?
    /// The bound of each buffer.
    public let capacityMax: Int
    /// Buffers handed out now.
    public private(set) var lent = 0
    /// Buffers that may be out at once.
    public let lentMax: Int

    /// Arrays cannot hold what cannot be copied.
    private final class Buffer {
        var bytes: ByteBuffer?
    }
    /// Empty boxes, kept so that giving back allocates nothing.
    private var spare: [Buffer] = []

    /// - Parameters:
    ///   - capacityMax: bytes of one buffer, all charged to `budget` while it is out.
    ///   - keptMax: idle buffers that keep their memory.
    ///   - lentMax: buffers out at once.
    public init(capacityMax: Int, keptMax: Int, lentMax: Int, budget: ByteBudget? = nil) {
        precondition(capacityMax > 0 && keptMax >= 0 && lentMax > 0)
        self.capacityMax = capacityMax
        self.keptMax = keptMax
        self.lentMax = lentMax
        self.budget = budget
        kept.reserveCapacity(keptMax)
        spare.reserveCapacity(keptMax)
    }

    deinit { budget?.give(lent * capacityMax) }

    /// Idle buffers held.
    public var keptCount: Int { kept.count }

    /// An empty buffer, or `nil` at the bound: the caller refuses what it wanted it for.
    public mutating func take() -> ByteBuffer? {
        guard lent < lentMax, budget?.take(capacityMax) ?? true else { return nil }
        lent += 1
        if let box = kept.popLast() {
            let bytes = box.bytes.take()
            spare.append(box)
            if let bytes { return bytes }
        }
        return ByteBuffer(capacityMax: capacityMax)
    }

    /// Takes back a buffer of this pool; its bytes are forgotten.
    public mutating func give(_ buffer: consuming ByteBuffer) {
        precondition(lent > 0 && buffer.capacityMax == capacityMax, "not a buffer of this pool")
        lent -= 1
        budget?.give(capacityMax)
        guard kept.count < keptMax else { return }
        buffer.removeAll()
        let box = spare.popLast() ?? Buffer()
        box.bytes = consume buffer
        kept.append(box)
    }
}
