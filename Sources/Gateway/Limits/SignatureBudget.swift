import Reactor
import Synchronization

/// How many signatures a client address may have checked in vain: a token bucket per IPv4 address
/// or IPv6 /64, asked before any signature work. Shared by the workers of a process, so that
/// spreading connections over them buys nothing.
///
/// A bucket holds one second's worth. It is kept as the moment at which it will be full again; a
/// full one needs no place, so the table holds only who failed within the last second. Where it has
/// no place left, an address without one is refused: nobody forges more by coming from more
/// addresses than fit. The lock is taken for unknown tokens only, whose check costs a hundred times
/// as much.
final class SignatureBudget: Sendable {
    /// Addresses with failed checks in the last second.
    static let addressesMax = 8_192
    /// Places an address may have.
    static let places = 8
    private static let second: UInt64 = 1_000_000_000

    /// What one check took from its address's bucket, to be given back if the token is good.
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
    init(addressesMax: Int = SignatureBudget.addressesMax) {
        precondition(addressesMax > 0 && addressesMax % Self.places == 0)
        sets = addressesMax / Self.places
        table = Mutex(Table(buckets: Array(repeating: Bucket(), count: addressesMax)))
    }

    /// Takes a unit; `nil` when none is left for this address.
    ///
    /// - Parameters:
    ///   - perSecond: within `SignatureBudgetPolicy.range`; it may differ from call to call.
    ///   - now: monotonic nanoseconds.
    func take(_ address: IPAddress, perSecond: Int, now: UInt64) -> Unit? {
        let address = address.budgetKey
        let interval = Self.interval(perSecond)
        return table.withLock { table in
            table.latest = max(table.latest, now)
            guard let place = place(of: address, in: table) else { return nil }
            let start = Self.start(table, place, address)
            let (full, overflow) = start.addingReportingOverflow(interval)
            guard !overflow, full - table.latest <= interval * UInt64(perSecond) else {
                return nil
            }
            table.buckets[place] = Bucket(address: address, full: full)
            return Unit(address: address, interval: interval, refilled: full)
        }
    }

    /// Whether `take` would give nothing; for refusing early, without taking.
    func isSpent(_ address: IPAddress, perSecond: Int, now: UInt64) -> Bool {
        let address = address.budgetKey
        let interval = Self.interval(perSecond)
        return table.withLock { table in
            table.latest = max(table.latest, now)
            guard let place = place(of: address, in: table) else { return true }
            let (full, overflow) = Self.start(table, place, address)
                .addingReportingOverflow(interval)
            return overflow || full - table.latest > interval * UInt64(perSecond)
        }
    }

    /// Returns the unit of a check that was not in vain. What time has given back already is not
    /// given twice.
    func giveBack(_ unit: Unit, now: UInt64) {
        table.withLock { table in
            table.latest = max(table.latest, now)
            guard table.latest < unit.refilled, let place = place(of: unit.address, in: table),
                table.buckets[place].address == unit.address,
                table.buckets[place].full >= unit.interval
            else { return }
            table.buckets[place].full -= unit.interval
        }
    }

    /// Addresses that failed lately.
    var addresses: Int {
        table.withLock { table in
            var count = 0
            for bucket in table.buckets where bucket.full > table.latest { count += 1 }
            return count
        }
    }

    private static func interval(_ perSecond: Int) -> UInt64 {
        precondition(perSecond > 0 && perSecond <= 1_000_000_000)
        return second / UInt64(perSecond)
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
        let first = Int(UInt(bitPattern: address.hashValue) % UInt(sets)) * Self.places
        var free: Int?
        for place in first..<first + Self.places {
            if table.buckets[place].address == address { return place }
            if free == nil, table.buckets[place].full <= table.latest { free = place }
        }
        return free
    }
}
