import HTTP1
import Telemetry
import Testing

@Suite struct `Counters` {
    private var catalog = MetricCatalog()
    private let requests: MetricSlots
    private let open: MetricSlots
    private let waits: HistogramSlots

    init() {
        requests = catalog.counter(
            "ringfence_requests", help: "Requests.",
            labels: [
                MetricLabel("route", ["orders", "portal", "other"]),
                MetricLabel("outcome", ["forwarded", "refused"]),
            ])
        open = catalog.gauge("ringfence_connections", help: "Open connections.")
        waits = catalog.histogram(
            "ringfence_wait_seconds", help: "Waits.", labels: [MetricLabel("side", ["in", "out"])])
    }

    @Test func `every series has a slot of its own`() {
        let set = CounterSet(catalog)
        for route in 0..<3 {
            for outcome in 0..<2 {
                set.add(requests[route, outcome], UInt64(route * 2 + outcome + 1))
            }
        }
        set.add(open.only, 100)
        for route in 0..<3 {
            for outcome in 0..<2 {
                #expect(set.value(requests[route, outcome]) == UInt64(route * 2 + outcome + 1))
            }
        }
        #expect(set.value(open.only) == 100)
        #expect(requests.only == requests[0, 0])
    }

    @Test(arguments: [(3, 0), (Int.max, 0), (2, -1)])
    func `an index outside a label counts towards a value of it`(route: Int, outcome: Int) {
        let set = CounterSet(catalog)
        set.add(requests[route, outcome])
        #expect(set.value(requests[2, 0]) == 1)
        #expect(set.value(open.only) == 0)
    }

    @Test func `a gauge rises, falls and is set`() {
        let set = CounterSet(catalog)
        set.add(open.only, 3)
        set.subtract(open.only)
        #expect(set.value(open.only) == 2)
        set.set(open.only, to: 9)
        #expect(set.value(open.only) == 9)
    }

    @Test func `slots beyond one block are counted`() {
        var catalog = MetricCatalog()
        let values = (0..<200).map { "v\($0)" }
        let slots = catalog.counter("c", help: "", labels: [MetricLabel("l", values)])
        let set = CounterSet(catalog)
        for index in 0..<200 { set.add(slots[index], UInt64(index)) }
        for index in 0..<200 { #expect(set.value(slots[index]) == UInt64(index)) }
    }

    @Test func `a slot of another catalog is ignored`() {
        let set = CounterSet(MetricCatalog())
        set.add(open.only)
        set.subtract(open.only)
        set.set(open.only, to: 1)
        set.record(waits[1], nanoseconds: 1)
        #expect(set.value(open.only) == 0)
        #expect(set.latencies(waits[1]).count == 0)
    }

    @Test func `no count is lost between threads, and reading meanwhile never goes back`() async {
        let set = CounterSet(catalog)
        let slot = requests[1, 1]
        let wait = waits[0]
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for step in 0..<5_000 {
                        set.add(slot)
                        set.record(wait, nanoseconds: UInt64(step) * 1000)
                    }
                    return true
                }
            }
            group.addTask {
                var last: UInt64 = 0
                for _ in 0..<2_000 {
                    let now = set.value(slot)
                    if now < last { return false }
                    last = now
                }
                return true
            }
            for await isMonotonic in group { #expect(isMonotonic) }
        }
        #expect(set.value(slot) == 20_000)
        #expect(set.latencies(wait).count == 20_000)
        #expect(set.latencies(waits[1]).count == 0)
    }
}

@Suite struct `Latency histogram` {
    private func summary(_ values: [UInt64]) -> LatencySummary {
        let histogram = LatencyHistogram()
        for value in values { histogram.record(nanoseconds: value) }
        var summary = LatencySummary()
        summary.add(histogram)
        return summary
    }

    @Test func `a quantile is at most ten percent above the exact one, and never below`() {
        var random = SystemRandomNumberGenerator()
        let scale = UInt64.random(in: 1...50, using: &random)
        let values = (1...10_000).map { UInt64($0) * 1_000 * scale }
        let summary = summary(values)
        for permille in [1, 10, 250, 500, 900, 990, 999, 1000] as [UInt64] {
            let exact = values[Int(permille) * 10 - 1]
            guard let found = summary.quantile(permille: permille) else {
                Issue.record("no quantile \(permille) for scale \(scale)")
                continue
            }
            #expect(found > exact, "scale \(scale), \(permille)")
            #expect(found <= exact + exact / 10 + 1, "scale \(scale), \(permille)")
        }
    }

    @Test func `the ends of the scale are buckets of their own`() {
        #expect(summary([0]).quantile(permille: 500) == 1_000)
        #expect(summary([999]).quantile(permille: 500) == 1_000)
        #expect(summary([1_000]).quantile(permille: 500) == 1_100)
        #expect(summary([9_999]).quantile(permille: 500) == 10_000)
        #expect(summary([10_000]).quantile(permille: 500) == 11_000)
        #expect(summary([99_999_999_999]).quantile(permille: 500) == 100_000_000_000)
        #expect(summary([100_000_000_000]).quantile(permille: 500) == nil)
        #expect(summary([UInt64.max]).quantile(permille: 500) == nil)
        #expect(summary([UInt64.max]).count == 1)
    }

    @Test func `nothing recorded has no quantile, and one outlier does not move the median`() {
        #expect(summary([]).quantile(permille: 500) == nil)
        let skewed = summary([UInt64](repeating: 2_500_000, count: 99) + [50_000_000_000])
        #expect(skewed.quantile(permille: 500) == 2_600_000)
        #expect(skewed.quantile(permille: 990) == 2_600_000)
        #expect(skewed.quantile(permille: 991) == 51_000_000_000)
        #expect(skewed.quantile(permille: 5_000) == 51_000_000_000)
        #expect(skewed.nanosecondsTotal == 99 * 2_500_000 + 50_000_000_000)
    }

    @Test func `histograms of several workers add up`() {
        let one = LatencyHistogram()
        let two = LatencyHistogram()
        one.record(nanoseconds: 1_000_000)
        two.record(nanoseconds: 3_000_000)
        var summary = LatencySummary()
        summary.add(one)
        summary.add(two)
        #expect(summary.count == 2)
        #expect(summary.quantile(permille: 500) == 1_100_000)
        #expect(summary.quantile(permille: 1000) == 3_100_000)
        #expect(summary.nanosecondsTotal == 4_000_000)
    }
}

@Suite struct `OpenMetrics` {
    private func text(
        _ catalog: MetricCatalog, _ sets: [CounterSet], capacityMax: Int = 1 << 20
    ) throws(ExpositionFault) -> String {
        var buffer = ByteBuffer(capacityMax: capacityMax)
        try OpenMetricsEncoder.append(catalog, sets, to: &buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func `counters and gauges are summed over the workers`() throws {
        var catalog = MetricCatalog()
        let requests = catalog.counter(
            "ringfence_requests", help: "Requests by \"route\"\nand \\ outcome.",
            labels: [MetricLabel("route", ["a\"b\\c\nd", "é"]), MetricLabel("code", ["x", "y"])])
        let open = catalog.gauge("ringfence_open", help: "Open.")
        let sets = [CounterSet(catalog), CounterSet(catalog)]
        sets[0].add(requests[0, 1], 2)
        sets[1].add(requests[0, 1], 3)
        sets[1].add(requests[1, 0])
        sets[0].add(open.only, 5)
        sets[1].subtract(open.only, 2)
        let wanted = #"""
            # TYPE ringfence_requests counter
            # HELP ringfence_requests Requests by \"route\"\nand \\ outcome.
            ringfence_requests_total{route="a\"b\\c\nd",code="x"} 0
            ringfence_requests_total{route="a\"b\\c\nd",code="y"} 5
            ringfence_requests_total{route="é",code="x"} 1
            ringfence_requests_total{route="é",code="y"} 0
            # TYPE ringfence_open gauge
            # HELP ringfence_open Open.
            ringfence_open 3
            # EOF

            """#
        #expect(try text(catalog, sets) == wanted)
        sets[0].subtract(open.only, 9)
        #expect(try text(catalog, sets).contains("\nringfence_open 0\n"))
    }

    @Test func `a histogram has cumulative buckets, a count and a sum in seconds`() throws {
        var catalog = MetricCatalog()
        let waits = catalog.histogram(
            "ringfence_wait_seconds", help: "Waits.", labels: [MetricLabel("side", ["in", "out"])])
        let set = CounterSet(catalog)
        for milliseconds in [1, 2, 2, 40, 200_000] as [UInt64] {
            set.record(waits[1], nanoseconds: milliseconds * 1_000_000)
        }
        let lines = try text(catalog, [set]).split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(3) == [
                "# TYPE ringfence_wait_seconds histogram", "# UNIT ringfence_wait_seconds seconds",
                "# HELP ringfence_wait_seconds Waits.",
            ])
        for line in [
            #"ringfence_wait_seconds_bucket{side="in",le="+Inf"} 0"#,
            #"ringfence_wait_seconds_count{side="in"} 0"#,
            #"ringfence_wait_seconds_sum{side="in"} 0.000000000"#,
            #"ringfence_wait_seconds_bucket{side="out",le="0.0005"} 0"#,
            #"ringfence_wait_seconds_bucket{side="out",le="0.0025"} 3"#,
            #"ringfence_wait_seconds_bucket{side="out",le="0.025"} 3"#,
            #"ringfence_wait_seconds_bucket{side="out",le="0.05"} 4"#,
            #"ringfence_wait_seconds_bucket{side="out",le="30.0"} 4"#,
            #"ringfence_wait_seconds_bucket{side="out",le="+Inf"} 5"#,
            #"ringfence_wait_seconds_count{side="out"} 5"#,
            #"ringfence_wait_seconds_sum{side="out"} 200.045000000"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(lines.last == "# EOF")
        var last: UInt64 = 0
        for line in lines where line.contains("_bucket{side=\"out\"") {
            let count = line.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
            #expect(count >= last, "\(line)")
            last = count
        }
    }

    @Test func `an exposition is whole or absent`() throws {
        var catalog = MetricCatalog()
        _ = catalog.counter("c", help: "Help.", labels: [MetricLabel("l", ["a", "b"])])
        _ = catalog.histogram("h_seconds", help: "Help.")
        let set = CounterSet(catalog)
        let whole = try text(catalog, [set]).utf8.count
        // Numbers ask for room for their longest form.
        #expect(throws: Never.self) { try text(catalog, [set], capacityMax: whole + 20) }
        for capacityMax in stride(from: 0, to: whole, by: 7) {
            var buffer = ByteBuffer(capacityMax: capacityMax + 4)
            buffer.append("kept")
            var fault: ExpositionFault?
            do throws(ExpositionFault) {
                try OpenMetricsEncoder.append(catalog, [set], to: &buffer)
            } catch {
                fault = error
            }
            #expect(fault == .bufferFull, "\(capacityMax)")
            #expect(buffer.bytes == Array("kept".utf8), "\(capacityMax)")
        }
    }

    @Test func `an empty catalog is an empty exposition`() throws {
        #expect(try text(MetricCatalog(), []) == "# EOF\n")
    }
}
