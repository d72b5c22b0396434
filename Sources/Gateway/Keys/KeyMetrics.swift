import HTTP1
import Policy
import Telemetry
import Tokens

/// What is known of each issuer's keys, for `/metrics`. Made anew for each answer, because the
/// issuers are those of the snapshot in force.
enum KeyMetrics {
    /// The end of every exposition.
    private static let end = Array("# EOF\n".utf8)

    /// `exposition` with the issuers' numbers before its end.
    ///
    /// - Parameter now: wall-clock seconds.
    static func appended(
        to exposition: [UInt8], issuers: [IssuerKeys], now: Int64
    ) -> [UInt8] {
        let fed = issuers.filter { $0.feed != nil }
        guard !fed.isEmpty, exposition.suffix(end.count).elementsEqual(end) else {
            return exposition
        }
        return exposition.dropLast(end.count) + own(fed, now: now)
    }

    private static func own(_ issuers: [IssuerKeys], now: Int64) -> [UInt8] {
        var catalog = MetricCatalog()
        let names = MetricLabel("issuer", issuers.map(\.policy.name))
        let states = catalog.gauge(
            "ringfence_issuer_keys", help: "What is known of an issuer's keys: 1 for its state.",
            labels: [names, MetricLabel("state", KeySetMachine.State.names)])
        let counts = catalog.gauge(
            "ringfence_issuer_keys_usable", help: "Keys of an issuer that tokens can name.",
            labels: [names])
        let ages = catalog.gauge(
            "ringfence_issuer_keys_age_seconds",
            help: "Seconds since an issuer's keys were fetched; none where they never were.",
            labels: [names])
        let times = catalog.gauge(
            "ringfence_issuer_keys_fetched_seconds",
            help: "When an issuer's keys were fetched, in seconds since 1970.", labels: [names])
        let fetches = catalog.counter(
            "ringfence_issuer_key_fetches", help: "Fetches of an issuer's keys by how they ended.",
            labels: [names, MetricLabel("outcome", KeyFeed.outcomes)])
        let set = CounterSet(catalog)
        for (place, issuer) in issuers.enumerated() {
            guard let status = issuer.feed?.status else { continue }
            set.set(states[place, status.state.index], to: 1)
            set.set(counts[place], to: UInt64(status.keys?.keys.count ?? 0))
            if let fetchedAt = status.fetchedAt {
                set.set(ages[place], to: UInt64(clamping: max(now - fetchedAt, 0)))
                set.set(times[place], to: UInt64(clamping: fetchedAt))
            }
            for (outcome, count) in status.counts.enumerated() {
                set.set(fetches[place, outcome], to: count)
            }
        }
        var out = ByteBuffer(capacityMax: 4_194_304)
        do throws(ExpositionFault) {
            try OpenMetricsEncoder.append(catalog, [set], to: &out)
        } catch {
            return end
        }
        return out.bytes
    }
}
