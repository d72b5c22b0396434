/// When the next login may be tried. The first after a loss is immediate; while logins fail the
/// pause doubles, and asking meanwhile fails at once instead of holding a thread.
struct Backoff {
    static let firstPauseMilliseconds = 50
    static let longestPauseMilliseconds = 5000

    private(set) var pauseMilliseconds = 0
    private var notBefore: Deadline?

    var permitsAttempt: Bool { notBefore?.hasPassed ?? true }

    mutating func noteFailure() {
        pauseMilliseconds = min(
            max(pauseMilliseconds * 2, Self.firstPauseMilliseconds), Self.longestPauseMilliseconds)
        notBefore = .after(milliseconds: pauseMilliseconds)
    }

    mutating func noteSuccess() {
        pauseMilliseconds = 0
        notBefore = nil
    }
}
