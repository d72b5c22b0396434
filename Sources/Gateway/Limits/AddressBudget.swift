import Reactor
import Synchronization

/// How much of something a client address may have: a token bucket per IPv4 address or IPv6 /64.
/// Shared by the workers of a process, so that spreading connections over them buys nothing.
///
/// There is one for signature checks in vain, one for handshakes in vain, and two for requests
/// without a verified credential. The lock is taken only for those, never for a known token.
///
/// A bucket is kept as the moment at which it will be full again; a full one needs no place, so the
/// table holds only who took something lately: an address that took one unit leaves as soon as that
/// has come back. Where the table has no place left, an address without one is refused: nobody gets
/// more by coming from more addresses than fit.
final class AddressBudget: Sendable {
    /// Addresses with buckets that are not full.
    static let addressesMax = 8_192
    /// Places an address may have.
    static let places = 8
    static let second: UInt64 = 1_000_000_000

    /// So many units, which come back evenly over a period.
    struct Rate: Equatable, Sendable {
        let units: UInt64
        /// Nanoseconds after which one unit is back.
        let interval: UInt64

        init(perSecond units: Int) { self.init(units, per: AddressBudget.second) }
        init(perMinute units: Int) { self.init(units, per: 60 * AddressBudget.second) }

        private init(_ units: Int, per period: UInt64) {
            precondition(units > 0 && units <= 1_000_000_000)
            self.units = UInt64(units)
            interval = period / UInt64(units)
        }
    }

    /// What was asked for is there, or will be.
    enum Answer: Equatable, Sendable {
        case taken(Unit)
        /// Asking again after so many nanoseconds is granted, unless others took the unit.
        case spent(waitNanoseconds: UInt64)
    }

    /// What was taken from an address's bucket, to be given back if it was not in vain.
    struct Unit: Equatable, Sendable {
        fileprivate let address: IPAddress
        fileprivate let interval: UInt64
        /// When time has given it back by itself.
        fileprivate let refilled: UInt64
    }

    private struct Bucket {
        var address = IPAddress.anyV6
        /// Nanoseconds; not in the future means full, and the place is free.
        var full: UInt64 = 0
    }

    private struct Table: ~Copyable {
        var buckets: [Bucket]
        /// The latest reading seen: workers read the clock at different times, and time that goes
        /// back gives nothing.
        var latest: UInt64 = 0
    }

    private let table: Mutex<Table>
    private let sets: Int

    /// - Parameter addressesMax: a multiple of `places`.
    init(addressesMax: Int = AddressBudget.addressesMax) {
        precondition(addressesMax > 0 && addressesMax % Self.places == 0)
        sets = addressesMax / Self.places
        table = Mutex(Table(buckets: []))
    }

    /// Takes a unit, or tells when there will be one.
    ///
    /// - Parameters:
    ///   - rate: it may differ from call to call.
    ///   - now: monotonic nanoseconds.
    func take(_ address: IPAddress, rate: Rate, now: UInt64) -> Answer {
        let address = address.budgetKey
        return table.withLock { table in
            table.latest = max(table.latest, now)
            // Memory only where a budget is used.
            if table.buckets.isEmpty {
                table.buckets = Array(repeating: Bucket(), count: sets * Self.places)
            }
            guard let place = place(of: address, in: table) else {
                return .spent(waitNanoseconds: untilPlace(of: address, in: table))
            }
            let start = Self.start(table, place, address)
            let (full, overflow) = start.addingReportingOverflow(rate.interval)
            guard !overflow else { return .spent(waitNanoseconds: rate.interval) }
            let (ahead, most) = (full - table.latest, rate.interval * rate.units)
            guard ahead <= most else { return .spent(waitNanoseconds: ahead - most) }
            table.buckets[place] = Bucket(address: address, full: full)
            return .taken(Unit(address: address, interval: rate.interval, refilled: full))
        }
    }

    /// Whether `take` would give nothing; for refusing early, without taking.
    func isSpent(_ address: IPAddress, rate: Rate, now: UInt64) -> Bool {
        let address = address.budgetKey
        return table.withLock { table in
            table.latest = max(table.latest, now)
            guard !table.buckets.isEmpty else { return table.latest > .max - rate.interval }
            guard let place = place(of: address, in: table) else { return true }
            let (full, overflow) = Self.start(table, place, address)
                .addingReportingOverflow(rate.interval)
            return overflow || full - table.latest > rate.interval * rate.units
        }
    }

    /// Returns a unit that was not taken in vain. What time has given back already is not
    /// given twice.
    func giveBack(_ unit: Unit, now: UInt64) {
        table.withLock { table in
            table.latest = max(table.latest, now)
            guard table.latest < unit.refilled, !table.buckets.isEmpty,
                let place = place(of: unit.address, in: table),
                table.buckets[place].address == unit.address,
                table.buckets[place].full >= unit.interval
            else { return }
            table.buckets[place].full -= unit.interval
        }
    }

    /// Addresses whose buckets are not full.
    var addresses: Int {
        table.withLock { table in
            var count = 0
            for bucket in table.buckets where bucket.full > table.latest { count += 1 }
            return count
        }
    }

    /// Nanoseconds until the first of an address's places is free.
    private func untilPlace(of address: IPAddress, in table: borrowing Table) -> UInt64 {
        let first = firstPlace(of: address)
        var earliest = UInt64.max
        for place in first..<first + Self.places {
            earliest = min(earliest, table.buckets[place].full)
        }
        return max(earliest, table.latest) - table.latest
    }

    /// When the bucket in `place` is full again, at the earliest now; another address's bucket is
    /// full there and makes room.
    private static func start(
        _ table: borrowing Table, _ place: Int, _ address: IPAddress
    ) -> UInt64 {
        let bucket = table.buckets[place]
        return bucket.address == address ? max(bucket.full, table.latest) : table.latest
    }

    /// The address's own place or a free one. `Hasher` is seeded in each process, so that nobody
    /// can choose addresses whose places are those of somebody else.
    private func place(of address: IPAddress, in table: borrowing Table) -> Int? {
        let first = firstPlace(of: address)
        var free: Int?
        for place in first..<first + Self.places {
            if table.buckets[place].address == address { return place }
            if free == nil, table.buckets[place].full <= table.latest { free = place }
        }
        return free
    }

    private func firstPlace(of address: IPAddress) -> Int {
        Int(UInt(bitPattern: address.hashValue) % UInt(sets)) * Self.places
    }
}

/// The budget of signature checks in vain, as it is asked before any signature work.
typealias SignatureBudget = AddressBudget

extension AddressBudget {
    func take(_ address: IPAddress, perSecond: Int, now: UInt64) -> Unit? {
        guard case .taken(let unit) = take(address, rate: Rate(perSecond: perSecond), now: now)
        else { return nil }
        return unit
    }

    func isSpent(_ address: IPAddress, perSecond: Int, now: UInt64) -> Bool {
        isSpent(address, rate: Rate(perSecond: perSecond), now: now)
    }
}
