import HTTPTransport
import Policy
import Reactor

/// One worker's connections to the upstreams of one snapshot: the kept ones, most recently used
/// first, because that one is the likeliest to be alive and in cache.
final class UpstreamSet {
    /// Kept connections per target; more are closed after use.
    static let keptMax = 1_024

    private struct Target {
        var kept: [SlotKey] = []
    }

    let snapshot: Snapshot
    /// In the order of the upstreams; `nil` for those that take whatever comes.
    let gates: [UpstreamGate?]
    let hasGates: Bool
    /// Targets of all upstreams in one list; an upstream's are neighbours.
    private var targets: [Target]
    /// Round robin over the targets of each upstream.
    private var turns: [Int]

    init(snapshot: Snapshot, gates: UpstreamGates) {
        self.snapshot = snapshot
        self.gates = gates.gates(for: snapshot.policy.upstreams)
        hasGates = self.gates.contains { $0 != nil }
        targets = Array(repeating: Target(), count: snapshot.targets.count)
        turns = Array(repeating: 0, count: snapshot.upstreams.count)
        for index in targets.indices { targets[index].kept.reserveCapacity(Self.keptMax) }
    }

    /// The target whose turn it is.
    func nextTarget(of upstream: Int) -> Int {
        let range = snapshot.upstreams[upstream].targets
        guard range.count > 1 else { return range.lowerBound }
        turns[upstream] = (turns[upstream] + 1) % range.count
        return range.lowerBound + turns[upstream]
    }

    /// The target after `target` of the same upstream.
    func target(after target: Int, of upstream: Int) -> Int {
        let range = snapshot.upstreams[upstream].targets
        return target + 1 < range.upperBound ? target + 1 : range.lowerBound
    }

    /// Takes the most recently used kept connection to `target`.
    func take(_ target: Int) -> SlotKey? { targets[target].kept.popLast() }

    /// Keeps a connection; `false` when there are enough.
    func keep(_ key: SlotKey, for target: Int) -> Bool {
        guard targets[target].kept.count < Self.keptMax else { return false }
        targets[target].kept.append(key)
        return true
    }

    /// A kept connection is gone.
    func forget(_ key: SlotKey, of target: Int) {
        guard targets.indices.contains(target),
            let place = targets[target].kept.lastIndex(of: key)
        else { return }
        targets[target].kept.remove(at: place)
    }

    /// Every kept connection, for closing them when the snapshot has been replaced.
    func takeAll() -> [SlotKey] {
        var all: [SlotKey] = []
        for index in targets.indices {
            all += targets[index].kept
            targets[index].kept.removeAll()
        }
        return all
    }
}
