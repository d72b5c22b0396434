import CLinux

/// A reading of the monotonic clock; for deadlines and limits. Readings of different threads are
/// not assumed ordered. An owner reads it once per loop turn and hands it down.
public struct Monotonic: Comparable, Hashable, Sendable, BitwiseCopyable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than every reading.
    public static let never = Monotonic(nanoseconds: .max)

    public static func now() -> Monotonic { Monotonic(nanoseconds: rf_monotonic_nanoseconds()) }

    @inlinable public static func < (left: Monotonic, right: Monotonic) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates at `never`.
    @inlinable public func advanced(byNanoseconds amount: UInt64) -> Monotonic {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(amount)
        return overflow ? .never : Monotonic(nanoseconds: sum)
    }

    /// Saturates at `never`.
    @inlinable public func advanced(byMilliseconds amount: UInt64) -> Monotonic {
        let (product, overflow) = amount.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .never : advanced(byNanoseconds: product)
    }

    /// Zero when `earlier` is in fact later, which readings of two threads may be.
    @inlinable public func nanoseconds(since earlier: Monotonic) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    /// Milliseconds until `deadline`, rounded up so that waiting them never wakes early; `-1` ("for
    /// ever", as epoll spells it) when there is none.
    func pollTimeoutMilliseconds(until deadline: Monotonic?) -> Int32 {
        guard let deadline, deadline != .never else { return -1 }
        let left = deadline.nanoseconds(since: self)
        let milliseconds = left / 1_000_000 + (left % 1_000_000 == 0 ? 0 : 1)
        return Int32(clamping: milliseconds)
    }
}

/// A reading of the wall clock since 1970 (UTC); for tokens and log lines, never for deadlines.
public struct WallClock: Hashable, Sendable, BitwiseCopyable {
    public var seconds: Int64
    /// 0...999,999,999
    public var nanoseconds: UInt32

    @inlinable public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func now() -> WallClock {
        var nanoseconds: UInt32 = 0
        let seconds = unsafe rf_wall_clock(&nanoseconds)
        return WallClock(seconds: seconds, nanoseconds: nanoseconds)
    }
}
