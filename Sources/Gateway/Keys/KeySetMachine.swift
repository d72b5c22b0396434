import Policy

/// When one issuer's key set is fetched, and until when what is known counts. Pure: times are
/// arguments, in milliseconds of the monotonic clock, and the shell around it (`KeyFetcher`) does
/// what it answers. There is one fetch at a time, because the next is asked for only when the last
/// has been answered.
struct KeySetMachine: Equatable, Sendable {
    struct Bounds: Equatable, Sendable {
        /// Between two fetches; `nil` where the server's answer decides.
        var refreshMilliseconds: UInt64?
        /// How long a set counts after it was fetched.
        var staleMilliseconds: UInt64
        /// Least time between two fetches because of tokens with an unknown `kid`.
        var unknownKeyMilliseconds: UInt64
    }

    /// What is known of the keys. `until` is when they stop counting.
    enum State: Equatable, Sendable {
        /// Nothing was ever fetched.
        case empty
        /// The latest fetch was good.
        case current(until: UInt64)
        /// The latest fetch failed, or the set is from an earlier life of the gateway.
        case overdue(until: UInt64)
        /// Too old: the issuer's tokens are refused.
        case withdrawn

        /// For metrics, in the order of `names`.
        var index: Int {
            switch self {
            case .empty: 0
            case .current: 1
            case .overdue: 2
            case .withdrawn: 3
            }
        }

        static let names = ["empty", "current", "overdue", "withdrawn"]

        fileprivate var end: UInt64? {
            switch self {
            case .empty, .withdrawn: nil
            case .current(let until), .overdue(let until): until
            }
        }
    }

    enum Event: Equatable, Sendable {
        /// - Parameter age: of a set that was kept from before, in milliseconds.
        case started(age: UInt64?)
        /// Some time has passed.
        case woke
        /// A token named a key nobody knows.
        case unknownKey
        /// - Parameters:
        ///   - maxAge: what the server says, in seconds.
        ///   - spread: anything; keeps many gateways from asking at once.
        case fetched(maxAge: UInt32?, spread: UInt64)
        case failed
    }

    enum Action: Equatable, Sendable {
        /// Fetch now; whatever is not there by then has failed.
        case fetch(deadline: UInt64)
        /// Take the keys away from everybody.
        case withdraw
        /// Nothing to do before then, unless an unknown key turns up.
        case wait(until: UInt64)
    }

    /// From resolving the name to the last byte.
    static let fetchMilliseconds: UInt64 = 10_000
    /// After the first failure in a row; it doubles from there.
    static let retryMilliseconds: UInt64 = 2_000
    static let retryMillisecondsMax: UInt64 = 30_000

    let bounds: Bounds
    private(set) var state = State.empty
    /// In a row.
    private(set) var failures = 0
    private var nextFetch: UInt64 = 0
    private var lastFetch: UInt64?
    private var isKeyMissed = false

    init(_ bounds: Bounds) { self.bounds = bounds }

    mutating func handle(_ event: Event, now: UInt64) -> Action {
        switch event {
        case .woke: break
        case .started(let age):
            nextFetch = now
            if let age {
                let left = bounds.staleMilliseconds - min(age, bounds.staleMilliseconds)
                state = .overdue(until: now.adding(left))
            }
        case .unknownKey: isKeyMissed = true
        case .fetched(let maxAge, let spread):
            failures = 0
            state = .current(until: now.adding(bounds.staleMilliseconds))
            let interval = interval(maxAge: maxAge)
            nextFetch = now.adding(interval - spread % (interval / 16 + 1))
        case .failed:
            failures += 1
            if case .current(let until) = state { state = .overdue(until: until) }
            nextFetch = now.adding(min(backoff, interval(maxAge: nil)))
        }
        return decide(now)
    }

    private mutating func decide(_ now: UInt64) -> Action {
        if let end = state.end, now >= end {
            state = .withdrawn
            return .withdraw
        }
        var due = nextFetch
        if isKeyMissed {
            due = min(due, lastFetch.map { $0.adding(bounds.unknownKeyMilliseconds) } ?? now)
        }
        guard now >= due else { return .wait(until: min(due, state.end ?? due)) }
        isKeyMissed = false
        lastFetch = now
        // A fetch never outlasts the set it is to replace: the moment to withdraw is not missed.
        let deadline = now.adding(Self.fetchMilliseconds)
        return .fetch(deadline: min(deadline, state.end ?? deadline))
    }

    /// What the policy says; else what the server says, held to bounds; else the default. Never so
    /// long that one failure would let the set grow too old.
    private func interval(maxAge: UInt32?) -> UInt64 {
        let seconds = maxAge.map {
            min(
                max($0, RemoteKeys.maxAgeSeconds.lowerBound), RemoteKeys.maxAgeSeconds.upperBound)
        }
        let wanted =
            bounds.refreshMilliseconds
            ?? UInt64(seconds ?? RemoteKeys.refreshSecondsDefault) * 1_000
        return max(min(wanted, bounds.staleMilliseconds / 2), 500)
    }

    private var backoff: UInt64 {
        let doublings = UInt64(min(max(failures - 1, 0), 10))
        return min(Self.retryMilliseconds << doublings, Self.retryMillisecondsMax)
    }
}

extension UInt64 {
    /// Saturating, so that no clock and no bound can end the process.
    fileprivate func adding(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
