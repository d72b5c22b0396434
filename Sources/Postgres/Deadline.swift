import Glibc

/// A moment of the monotonic clock after which the caller no longer wants an answer.
public struct Deadline: Equatable, Sendable {
    /// By `CLOCK_MONOTONIC`.
    public let nanoseconds: UInt64

    public init(monotonicNanoseconds: UInt64) { nanoseconds = monotonicNanoseconds }

    /// `milliseconds` from now; a negative count has already passed.
    public static func after(milliseconds: Int) -> Deadline {
        let wait = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
        let moment = now.addingReportingOverflow(wait.overflow ? .max : wait.partialValue)
        return Deadline(monotonicNanoseconds: moment.overflow ? .max : moment.partialValue)
    }

    static var now: UInt64 {
        var reading = timespec()
        let status = unsafe clock_gettime(CLOCK_MONOTONIC, &reading)
        precondition(status == 0, "the monotonic clock cannot fail")
        return UInt64(reading.tv_sec) * 1_000_000_000 + UInt64(reading.tv_nsec)
    }

    var hasPassed: Bool { Self.now >= nanoseconds }

    /// What `poll` takes: rounded up, so that a wait never ends just before the deadline.
    var remainingMilliseconds: Int32 {
        let now = Self.now
        guard nanoseconds > now else { return 0 }
        let left = (nanoseconds - now - 1) / 1_000_000 + 1
        return Int32(clamping: left)
    }
}
