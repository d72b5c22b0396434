import Synchronization

/// What is known of a name at one moment.
public struct NameSnapshot: Sendable, Equatable {
    /// The last good answer; empty until there was one.
    public fileprivate(set) var addresses: [IPAddress] = []
    /// Grows with each answer that changed the addresses.
    public fileprivate(set) var version: UInt64 = 0
    /// When the last good answer came.
    public fileprivate(set) var resolvedAt: Monotonic?
    /// Why the latest refresh failed; `nil` if it did not.
    public fileprivate(set) var fault: ResolverFault?
}

/// A name whose addresses the resolver keeps fresh. A refresh that fails keeps the last good
/// answer: upstreams are not lost because a name server is.
public final class FreshName: Sendable {
    public let name: String
    let intervalMilliseconds: UInt64
    private let state = Mutex(NameSnapshot())

    init(_ name: String, intervalMilliseconds: UInt64) {
        self.name = name
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// The latest state; from any thread, never blocking on a lookup.
    public var snapshot: NameSnapshot { state.withLock { $0 } }

    func accept(_ result: Result<[IPAddress], ResolverFault>, now: Monotonic) {
        state.withLock { state in
            switch result {
            case .success(let addresses):
                if addresses != state.addresses {
                    state.addresses = addresses
                    state.version += 1
                }
                state.resolvedAt = now
                state.fault = nil
            case .failure(let fault): state.fault = fault
            }
        }
    }
}

/// The resolver thread's own state.
struct ResolverRound {
    private struct Watched {
        /// Weak, so that a configuration that went away is no longer asked for.
        weak var name: FreshName?
        var due: Monotonic
    }

    private let desk: Resolver.Desk
    private var watched: [Watched] = []
    private var batch: [Resolver.Request] = []

    init(desk: Resolver.Desk) { self.desk = desk }

    /// Until the resolver has gone.
    mutating func run() {
        while !desk.isStopping.load(ordering: .acquiring) {
            desk.requests.wait(until: watched.map(\.due).min(), into: &batch)
            for request in batch {
                switch request {
                case .once(let name, let token, let replyTo):
                    guard !desk.isStopping.load(ordering: .acquiring) else { return }
                    let answer = NameAnswer(token: token, name: name, result: desk.lookup(name))
                    // A full mailbox loses the answer; the asker's deadline speaks for it.
                    _ = replyTo.post(answer)
                case .keepFresh(let name):
                    watched.append(Watched(name: name, due: .now()))
                }
            }
            batch.removeAll(keepingCapacity: true)
            refreshFirstDue()
        }
    }

    /// One name a round, so that requests do not wait for a whole list of silent name servers.
    private mutating func refreshFirstDue() {
        watched.removeAll { $0.name == nil }
        let now = Monotonic.now()
        guard let index = watched.indices.min(by: { watched[$0].due < watched[$1].due }),
            watched[index].due <= now, let name = watched[index].name
        else { return }
        let result = desk.lookup(name.name)
        let end = Monotonic.now()
        name.accept(result, now: end)
        var pause = name.intervalMilliseconds
        if case .failure = result { pause = min(pause, Resolver.retryMilliseconds) }
        watched[index].due = end.advanced(byMilliseconds: pause)
    }
}
