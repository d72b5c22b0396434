public import Reactor

/// Since when the one thing a connection waits for has not moved. Its owner asks whenever it sets a
/// deadline or is told that one has passed, so that progress earns time and mere events earn none,
/// and a deadline that was set for something else does no harm.
public struct Standstill: Sendable {
    /// What is waited for.
    public enum Subject: UInt8, Sendable {
        case nothing
        case handshake
        /// The first byte of a request.
        case request
        /// The rest of a head.
        case head
        case body
        /// The peer is to read what was sent.
        case output
        /// Somebody else's answer.
        case response
        /// A turn, which others have before.
        case turn
        /// The peer's end, after ours.
        case close
    }

    public private(set) var subject = Subject.nothing
    private var mark: UInt64 = 0
    private var start = Monotonic(nanoseconds: 0)

    public init() {}

    /// - Parameter mark: anything that changes when `subject` makes progress, such as a count of
    ///   bytes; the same for something that must happen as a whole.
    /// - Returns: when `subject` began to be waited for, or last moved.
    public mutating func since(_ subject: Subject, mark: UInt64, now: Monotonic) -> Monotonic {
        if subject != self.subject || mark != self.mark {
            self.subject = subject
            self.mark = mark
            start = now
        }
        return start
    }
}
