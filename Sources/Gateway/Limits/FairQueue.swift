import Reactor

/// Whose requests share one part of an upstream: a tenant, a vendor, or everybody without either.
struct ShareOwner: Hashable, Sendable {
    var high: UInt64
    var low: UInt64

    static let nobody = ShareOwner(high: 0, low: 0)
}

/// A request that waits for its turn at an upstream.
struct ShareWaiter: Hashable, Sendable {
    var worker: Int
    var exchange: SlotKey
}

/// A turn that was given to a request that waited.
struct ShareGrant: Equatable, Sendable {
    var owner: ShareOwner
    var waiter: ShareWaiter
}

/// Who goes next where an upstream takes only so many requests at once: a bounded queue for each
/// owner, served in rounds, as many of one's requests in a round as its weight (deficit round robin
/// with requests of equal cost).
///
/// Turns are not all given away before somebody has to wait. An owner may take another turn only
/// while it holds fewer than `2 * weight` times those that are free, so that one alone holds two
/// thirds at most (`2w / (1 + 2w)` with a weight of `w`) and a newcomer finds a free one at once,
/// however much anybody else asks for. The more come, the less each holds: with `n` of weight 1
/// each `2 / (1 + 2n)`.
///
/// Whoever holds nothing may always take a free turn, so that nobody starves, and something is in
/// flight whenever somebody waits, so that its end serves the next.
struct FairQueue {
    enum Arrival: Equatable {
        case granted
        case waiting
        /// The owner's queue is full.
        case full
    }

    private struct Party {
        var owner: ShareOwner
        /// `false` for a place without an owner.
        var isKnown = true
        var weight = 1
        var inFlight = 0
        /// Turns left in this round.
        var credit = 1
        var waiters = Line<ShareWaiter>()
        var isInRound = false

        var isIdle: Bool { isKnown && inFlight == 0 && waiters.isEmpty && !isInRound }
    }

    /// Parties that are kept for the next request though they hold nothing.
    static let idleMax = 1_024
    /// What one may hold, in free turns for each unit of weight.
    static let headroom = 2

    var max: Int
    var queueMax: Int
    private(set) var inFlight = 0
    private(set) var waiting = 0
    private var parties: [Party] = []
    private var places: [ShareOwner: Int] = [:]
    private var free: [Int] = []
    private var sweepAt = FairQueue.idleMax
    /// Places of parties with somebody waiting, in turn.
    private var round = Line<Int>()

    init(max: Int, queueMax: Int) {
        self.max = max
        self.queueMax = queueMax
    }

    /// Owners that are known at the moment.
    var owners: Int { places.count }

    /// A request wants a turn.
    mutating func arrive(_ owner: ShareOwner, weight: Int, _ waiter: ShareWaiter) -> Arrival {
        let place = place(of: owner)
        parties[place].weight = Swift.max(weight, 1)
        if parties[place].waiters.isEmpty, mayGo(place) {
            parties[place].inFlight += 1
            inFlight += 1
            return .granted
        }
        guard parties[place].waiters.count < queueMax else { return .full }
        parties[place].waiters.append(waiter)
        waiting += 1
        if !parties[place].isInRound {
            parties[place].isInRound = true
            parties[place].credit = parties[place].weight
            round.append(place)
        }
        return .waiting
    }

    /// A request that had a turn is over; whoever goes next is appended to `grants`.
    mutating func leave(_ owner: ShareOwner, _ grants: inout [ShareGrant]) {
        guard let place = places[owner], parties[place].inFlight > 0 else { return }
        parties[place].inFlight -= 1
        inFlight -= 1
        serve(&grants)
    }

    /// A request waits no longer; `false` where it has been given its turn meanwhile.
    mutating func withdraw(_ owner: ShareOwner, _ waiter: ShareWaiter) -> Bool {
        guard let place = places[owner], parties[place].waiters.remove(waiter) else {
            return false
        }
        waiting -= 1
        return true
    }

    private func mayGo(_ place: Int) -> Bool {
        let free = max - inFlight
        let held = parties[place].inFlight
        return free > 0 && (held == 0 || held < Self.headroom * parties[place].weight * free)
    }

    /// Gives free turns to those who wait. It ends when none is free, or after a whole round of
    /// parties that hold too much: each of those holds something, so there are at most `max`.
    private mutating func serve(_ grants: inout [ShareGrant]) {
        var passed = 0
        while waiting > 0, inFlight < max, passed < round.count, let place = round.popFirst() {
            guard !parties[place].waiters.isEmpty else {
                parties[place].isInRound = false
                continue
            }
            guard mayGo(place) else {
                round.append(place)
                passed += 1
                continue
            }
            passed = 0
            guard let waiter = parties[place].waiters.popFirst() else { continue }
            waiting -= 1
            inFlight += 1
            parties[place].inFlight += 1
            grants.append(ShareGrant(owner: parties[place].owner, waiter: waiter))
            if parties[place].waiters.isEmpty {
                parties[place].isInRound = false
            } else if parties[place].credit > 1 {
                parties[place].credit -= 1
                round.prepend(place)
            } else {
                parties[place].credit = parties[place].weight
                round.append(place)
            }
        }
    }

    private mutating func place(of owner: ShareOwner) -> Int {
        if let known = places[owner] { return known }
        if free.isEmpty, parties.count >= sweepAt { sweep() }
        if let place = free.popLast() {
            parties[place] = Party(owner: owner)
            places[owner] = place
            return place
        }
        parties.append(Party(owner: owner))
        places[owner] = parties.count - 1
        return parties.count - 1
    }

    /// Forgets who holds nothing and waits for nothing.
    private mutating func sweep() {
        for place in parties.indices where parties[place].isIdle {
            places[parties[place].owner] = nil
            parties[place].isKnown = false
            free.append(place)
        }
        // Where all are busy, the next look would find no more.
        sweepAt = Swift.max(Self.idleMax, (parties.count - free.count) * 2)
    }
}

/// A queue in an array whose memory stays in proportion to what is in it.
struct Line<Element: Equatable & Sendable>: Sendable {
    private var items: [Element] = []
    private var start = 0

    var count: Int { items.count - start }
    var isEmpty: Bool { start == items.count }
    var first: Element? { isEmpty ? nil : items[start] }

    mutating func append(_ item: Element) { items.append(item) }

    mutating func prepend(_ item: Element) {
        if start > 0 {
            start -= 1
            items[start] = item
        } else {
            items.insert(item, at: 0)
        }
    }

    mutating func popFirst() -> Element? {
        guard start < items.count else { return nil }
        let item = items[start]
        start += 1
        if start == items.count {
            items.removeAll(keepingCapacity: start <= 64)
            start = 0
        } else if start >= 64, start * 2 >= items.count {
            items.removeFirst(start)
            start = 0
        }
        return item
    }

    /// Removes the first that is equal; whether there was one.
    mutating func remove(_ item: Element) -> Bool {
        guard let index = items[start...].firstIndex(of: item) else { return false }
        items.remove(at: index)
        return true
    }
}
