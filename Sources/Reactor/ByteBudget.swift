import Synchronization

/// Bytes a whole process holds for one purpose, counted by whoever takes them: at a bound one more
/// body is refused, instead of the kernel ending the process and with it everybody's requests.
public final class ByteBudget: Sendable {
    private let taken = Atomic<Int>(0)

    public init() {}

    /// Bytes taken now.
    public var bytes: Int { taken.load(ordering: .relaxed) }

    /// - Parameter bytesMax: the bound, which may be another one with each call.
    /// - Returns: whether `bytes` (not negative) were still free and are now taken.
    public func take(_ bytes: Int, of bytesMax: Int) -> Bool {
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
