import Policy
import Synchronization

/// The turns of one upstream, of all workers together. It belongs to the process and outlives
/// configurations, so that a reload neither forgets what is in flight nor counts it twice.
final class UpstreamGate: Sendable {
    private let queue: Mutex<FairQueue>

    init(_ policy: InFlightPolicy) {
        queue = Mutex(FairQueue(max: Int(policy.max), queueMax: Int(policy.queueMax)))
    }

    /// What holds from now on. Of those who wait more may go with the next end of a request.
    func use(_ policy: InFlightPolicy) {
        queue.withLock { queue in
            queue.max = Int(policy.max)
            queue.queueMax = Int(policy.queueMax)
        }
    }

    func arrive(_ owner: ShareOwner, weight: Int, _ waiter: ShareWaiter) -> FairQueue.Arrival {
        queue.withLock { $0.arrive(owner, weight: weight, waiter) }
    }

    /// Answers who goes next: mostly nobody, and then nothing is allocated.
    func leave(_ owner: ShareOwner) -> [ShareGrant] {
        queue.withLock { queue in
            var grants: [ShareGrant] = []
            queue.leave(owner, &grants)
            return grants
        }
    }

    func withdraw(_ owner: ShareOwner, _ waiter: ShareWaiter) -> Bool {
        queue.withLock { $0.withdraw(owner, waiter) }
    }
}

/// The gates of a process, by the names of their upstreams.
final class UpstreamGates: Sendable {
    private let gates = Mutex<[String: UpstreamGate]>([:])

    /// The gate of each upstream of a policy, `nil` for those that take whatever comes.
    func gates(for upstreams: [UpstreamPolicy]) -> [UpstreamGate?] {
        gates.withLock { gates in
            upstreams.map { upstream in
                guard let policy = upstream.inFlight else { return nil }
                if let gate = gates[upstream.name] {
                    gate.use(policy)
                    return gate
                }
                let gate = UpstreamGate(policy)
                gates[upstream.name] = gate
                return gate
            }
        }
    }
}
