import Policy
import Synchronization

/// One of the limits a request has to pass, and where it was counted last.
struct LimitDemand {
    var kind: LimitKind
    var key: LimitKey
    /// `nil` where the place is wanted for `concurrency` alone.
    var perMinute: UInt32?
    var handle: LimiterHandle
}

/// The limits of one request, the tenant's before its users'.
struct LimitDemands {
    private(set) var count = 0
    private var items: InlineArray<4, LimitDemand>

    /// - Parameter tenant: whose all of them are.
    init(tenant: TenantID) {
        items = InlineArray(
            repeating: LimitDemand(
                kind: .tier, key: LimitKey(tenant: tenant), perMinute: nil, handle: LimiterHandle())
        )
    }

    subscript(_ index: Int) -> LimitDemand {
        get { items[index] }
        set { items[index] = newValue }
    }

    mutating func append(_ demand: LimitDemand) {
        precondition(count < LimitStandings.countMax)
        items[count] = demand
        count += 1
    }

    /// Indices by place, so that whoever holds several places takes them in one order.
    var order: InlineArray<4, Int> {
        var order: InlineArray<4, Int> = [0, 1, 2, 3]
        for index in 1..<max(count, 1) {
            var place = index
            while place > 0, items[order[place]].handle.index < items[order[place - 1]].handle.index
            {
                order.swapAt(place, place - 1)
                place -= 1
            }
        }
        return order
    }
}

/// Charging several limits at once.
///
/// The bits of all places are held together, in the order of the places, so that the request is
/// admitted by all of its limits at one moment and charged to each, or charged to none: a refusal
/// by one costs nothing of the others.
extension LimiterTable {
    enum SeveralCharge: Equatable {
        /// `standings` says where the request stands; it also says whether it is admitted.
        case counted
        case overloaded
    }

    /// Places are found anew at most this often while others are being taken back.
    private static let roundsMax = 3

    /// Charges one request to all of its limits, or to none.
    ///
    /// - Parameters:
    ///   - demands: in the order of their kinds; their handles are renewed when needed. With
    ///     `concurrency` the first is of the tier, and counts the open requests.
    ///   - standings: overwritten.
    func charge(
        _ demands: inout LimitDemands, concurrency: UInt32?, standings: inout LimitStandings,
        nowNanoseconds now: UInt64
    ) -> SeveralCharge {
        for _ in 0..<Self.roundsMax {
            switch locate(&demands, now) {
            case .located: break
            case .exhausted: return .overloaded
            case .refused:
                standUnplaced(demands, &standings, now)
                if standings.isAdmitted { continue }
                return .counted
            }
            if take(&demands, concurrency, &standings, now) { return .counted }
        }
        return .overloaded
    }

    /// One of the requests that `concurrency` counted is over.
    func close(_ handle: LimiterHandle) {
        guard handle.generation != 0 else { return }
        precondition(Int(handle.index) < placesMax)
        let place = unsafe places + Int(handle.index)
        unsafe Self.hold(place)
        defer { unsafe Self.release(place) }
        guard unsafe place.pointee.generation == handle.generation, unsafe place.pointee.open > 0
        else { return }
        unsafe place.pointee.open -= 1
    }

    private enum Location {
        case located
        case exhausted
        /// The tenant's own limits refuse: no user gets a place for that.
        case refused
    }

    /// Finds the places of what has none. A user's is made only when the tenant's limits would
    /// admit: otherwise a tenant could fill the table with requests that are refused.
    private func locate(_ demands: inout LimitDemands, _ now: UInt64) -> Location {
        for index in 0..<demands.count where demands[index].handle.generation == 0 {
            let key = demands[index].key
            var found = find(key, now, isMade: key.user == 0)
            if found == nil, key.user != 0 {
                for earlier in 0..<index where refuses(demands[earlier], now) {
                    return .refused
                }
                found = find(key, now)
            }
            guard let found else { return .exhausted }
            demands[index].handle = found
        }
        return .located
    }

    private func refuses(_ demand: LimitDemand, _ now: UInt64) -> Bool {
        if let limit = demand.perMinute, case .refused = peek(demand, limit, now) {
            true
        } else {
            false
        }
    }

    /// What the place would answer; a place that is not the demand's admits.
    private func peek(_ demand: LimitDemand, _ limit: UInt32, _ now: UInt64) -> WindowVerdict {
        let unused = WindowVerdict.admitted(remaining: limit, resetNanoseconds: 0)
        if limit == 0 { return .refused(retryNanoseconds: SlidingWindow.windowNanoseconds) }
        guard demand.handle.generation != 0 else { return unused }
        precondition(Int(demand.handle.index) < placesMax)
        let place = unsafe places + Int(demand.handle.index)
        unsafe Self.hold(place)
        defer { unsafe Self.release(place) }
        guard unsafe place.pointee.generation == demand.handle.generation,
            unsafe place.pointee.key == demand.key
        else { return unused }
        return unsafe place.pointee.window.probe(nowNanoseconds: now, limit: limit)
    }

    /// Where a request stands whose user has no place, and so nothing that counts against it.
    private func standUnplaced(
        _ demands: LimitDemands, _ standings: inout LimitStandings, _ now: UInt64
    ) {
        standings.removeAll()
        for place in 0..<demands.count {
            let demand = demands[place]
            guard let limit = demand.perMinute else { continue }
            let verdict = peek(demand, limit, now)
            standings.append(
                LimitStanding(limitPerMinute: limit, verdict: verdict, kind: demand.kind))
        }
    }

    /// Decides and charges; `false` when a place had changed hands meanwhile.
    private func take(
        _ demands: inout LimitDemands, _ concurrency: UInt32?, _ standings: inout LimitStandings,
        _ now: UInt64
    ) -> Bool {
        let order = demands.order
        for rank in 0..<demands.count where Self.isFirst(rank, demands, order) {
            precondition(Int(demands[order[rank]].handle.index) < placesMax)
            unsafe Self.hold(places + Int(demands[order[rank]].handle.index))
        }
        defer {
            for rank in 0..<demands.count where Self.isFirst(rank, demands, order) {
                unsafe Self.release(places + Int(demands[order[rank]].handle.index))
            }
        }
        var isCurrent = true
        for index in 0..<demands.count {
            let place = unsafe places + Int(demands[index].handle.index)
            let isOurs = unsafe place.pointee.generation == demands[index].handle.generation
            if isOurs, unsafe place.pointee.key == demands[index].key {
                unsafe place.pointee.lastUsedNanoseconds = max(
                    place.pointee.lastUsedNanoseconds, now)
            } else {
                demands[index].handle.generation = 0
                isCurrent = false
            }
        }
        guard isCurrent else { return false }
        decide(demands, concurrency, &standings, now)
        return true
    }

    /// Whether no demand before has the same place. Two have where one's place was taken back and
    /// given to the other: its bit is held once, or this thread would wait for itself for ever.
    private static func isFirst(
        _ rank: Int, _ demands: LimitDemands, _ order: InlineArray<4, Int>
    ) -> Bool {
        rank == 0
            || demands[order[rank]].handle.index != demands[order[rank - 1]].handle.index
    }

    /// With all bits held.
    private func decide(
        _ demands: LimitDemands, _ concurrency: UInt32?, _ standings: inout LimitStandings,
        _ now: UInt64
    ) {
        standings.removeAll()
        if let limit = concurrency, demands.count > 0 {
            let open = unsafe (places + Int(demands[0].handle.index)).pointee.open
            standings.concurrency = ConcurrencyStanding(
                limit: limit, remaining: limit > open ? limit - open : 0, isAdmitted: open < limit)
        }
        for index in 0..<demands.count {
            guard let limit = demands[index].perMinute else { continue }
            let place = unsafe places + Int(demands[index].handle.index)
            let verdict = unsafe place.pointee.window.probe(nowNanoseconds: now, limit: limit)
            standings.append(
                LimitStanding(limitPerMinute: limit, verdict: verdict, kind: demands[index].kind))
        }
        guard standings.isAdmitted else { return }
        for index in 0..<standings.count {
            standings[index] = charged(demands, standings[index], now)
        }
        guard let limit = concurrency, standings.concurrency != nil else { return }
        let place = unsafe places + Int(demands[0].handle.index)
        unsafe place.pointee.open += 1
        let open = unsafe place.pointee.open
        standings.concurrency = ConcurrencyStanding(
            limit: limit, remaining: limit - open, isAdmitted: true)
    }

    /// Charges the limit a standing is about; it was asked before and admits.
    private func charged(
        _ demands: LimitDemands, _ standing: LimitStanding, _ now: UInt64
    ) -> LimitStanding {
        for index in 0..<demands.count where demands[index].kind == standing.kind {
            let place = unsafe places + Int(demands[index].handle.index)
            let verdict = unsafe place.pointee.window.take(
                nowNanoseconds: now, limit: standing.limitPerMinute)
            return LimitStanding(
                limitPerMinute: standing.limitPerMinute, verdict: verdict, kind: standing.kind)
        }
        return standing
    }
}
