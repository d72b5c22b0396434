import HTTP1
import Policy
import Reactor

/// Follows the backend's directory on a thread of its own: asks, takes what it is told, and hands
/// an edition to the workers whenever something has changed.
///
/// It always asks for what comes after what it has. A question that finds nothing new is answered
/// by the backend after `waitMilliseconds`, or as soon as there is something, so a change travels
/// at once and no faster question would be any good. What the backend was asked is true when it was
/// asked: `DirectoryState.confirm`.
struct DirectoryFollower: ~Copyable {
    /// How long the backend may hold a question that finds nothing new.
    static let waitMilliseconds: UInt64 = 3_000
    /// What an answer may take beyond that.
    static let answerMilliseconds: UInt64 = 5_000
    /// Between attempts after a failure.
    static let retryMilliseconds: UInt64 = 200
    /// After a page that was none: what is wrong stays so for a while.
    static let refusedMilliseconds: UInt64 = 1_000

    private var client: FeedClient
    private var replica: DirectoryReplica
    private let vendors: [[UInt8]]
    private let seed: UInt64
    private let state: DirectoryState
    /// See `DirectoryState.beginTerm`.
    private let term: UInt64
    private let stops: Mailbox<Bool>
    /// Wakes the workers.
    private let publish: @Sendable () -> Void
    private let report: @Sendable (String) -> Void
    private var body = ByteBuffer(capacityMax: FeedClient.pageBytesMax + 262_144)
    private var lastFault = ""
    /// Whether the last page said that everything is here.
    private var isCurrent = false

    /// - Parameters:
    ///   - replica: where to go on from, which a copy on disk may have been the beginning of.
    ///   - stops: posting here ends the thread.
    ///   - publish: wakes the workers, who find the edition in `state`.
    init(
        client: consuming FeedClient, replica: consuming DirectoryReplica, seed: UInt64,
        state: DirectoryState, term: UInt64, stops: Mailbox<Bool>,
        publish: @escaping @Sendable () -> Void,
        report: @escaping @Sendable (String) -> Void
    ) {
        vendors = replica.positions.map(\.vendor)
        self.client = client
        self.replica = replica
        self.seed = seed
        self.state = state
        self.term = term
        self.stops = stops
        self.publish = publish
        self.report = report
    }

    /// Follows until told to stop.
    mutating func run() {
        while true {
            let asked = Monotonic.now()
            do throws(FeedFault) {
                try ask()
            } catch {
                state.noteConnection(false)
                guard error != .stopped else { return }
                tell(error.words)
                state.noteFault()
                guard pause(Self.retryMilliseconds) else { return }
                continue
            }
            state.noteConnection(true)
            do throws(DirectoryFault) {
                try take(asked: asked)
                tell("")
            } catch {
                tell("the backend's directory cannot be taken: \(error.words)")
                state.noteFault()
                begin()
                guard pause(Self.refusedMilliseconds) else { return }
            }
        }
    }

    private mutating func ask() throws(FeedFault) {
        let wait = isCurrent ? Self.waitMilliseconds : 0
        let deadline = Monotonic.now().advanced(byMilliseconds: wait + Self.answerMilliseconds)
        try client.ask(
            FeedQuestion(positions: replica.positions, waitMilliseconds: wait).target,
            deadline: deadline, into: &body)
    }

    private mutating func take(asked: Monotonic) throws(DirectoryFault) {
        let page = body.bytes
        switch try replica.take(page: page.span) {
        case .behind: isCurrent = false
        case .current(let isChanged):
            isCurrent = true
            let isCompacted = try replica.compactIfDue(now: WallClock.now().seconds)
            // Confirmed before it is handed out, so that nobody finds a new edition too old.
            state.confirm(at: Int64(clamping: asked.nanoseconds), term: term)
            if isChanged || isCompacted || state.published == nil {
                state.publish(replica.edition(), at: replica.positions, term: term)
                publish()
            } else {
                state.advance(to: replica.positions, term: term)
            }
        case .diverged:
            report("the backend's directory has another history: reading all of it again")
            state.noteReload()
            begin()
        }
        if body.allocated > 1_048_576, isCurrent { body.release() }
    }

    /// What is known stays in force until everything has been read anew, or is too old.
    private mutating func begin() {
        replica = DirectoryReplica(seed: seed, vendors: vendors)
        isCurrent = false
    }

    /// Says what is wrong once, and once that it is over.
    private mutating func tell(_ fault: String) {
        guard fault != lastFault else { return }
        report(fault.isEmpty ? "following the backend's directory again" : fault)
        lastFault = fault
    }

    /// Waits; `false` when told to stop.
    private func pause(_ milliseconds: UInt64) -> Bool {
        let until = Monotonic.now().advanced(byMilliseconds: milliseconds)
        var told: [Bool] = []
        while Monotonic.now() < until {
            stops.wait(until: until, into: &told)
            if !told.isEmpty { return false }
        }
        return true
    }
}

/// What a follower asks: for each vendor, what comes after what it has.
struct FeedQuestion {
    var positions: [DirectoryPosition]
    var waitMilliseconds: UInt64

    /// Names of vendors and marks are letters, digits, `.`, `_` and `-`: nothing has to be encoded.
    var target: String {
        let parts = positions.map { position in
            "vendor=\(String(decoding: position.vendor, as: UTF8.self))"
                + "&since=\(position.version)&head=\(position.head)"
                + "&mark=\(String(decoding: position.mark, as: UTF8.self))"
        }
        return "/feed?wait=\(waitMilliseconds)&" + parts.joined(separator: "&")
    }
}

extension DirectoryFault {
    /// For the operator; nothing of what was sent is in it.
    var words: String {
        switch self {
        case .line(let defect): "a line is not understood (\(defect.reason))"
        case .change(.inconsistent): "an id or a name is given twice"
        case .change(.tooLarge): "it is larger than the gateway's bounds"
        case .order: "its lines are not in order"
        case .sum: "its digest is another one"
        case .feed: "it is of another feed, or of other vendors"
        }
    }
}
