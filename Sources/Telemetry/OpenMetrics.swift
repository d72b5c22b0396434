public import HTTP1

/// Why an exposition could not be written.
public enum ExpositionFault: Error, Equatable, Sendable {
    /// The buffer's bound is too small; nothing was appended.
    case bufferFull
}

/// Writes metrics as OpenMetrics text 1.0.0, to be served as `OpenMetricsEncoder.contentType`.
public struct OpenMetricsEncoder: ~Copyable {
    public static let contentType: StaticString =
        "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// Upper bounds of the exposed buckets, in nanoseconds and as written. All are bounds of
    /// `LatencyScale`, so the counts are exact but for one nanosecond: `le` means at most, a
    /// bucket ends before.
    static let bounds: [(nanoseconds: UInt64, text: StaticString)] = [
        (100_000, "0.0001"), (250_000, "0.00025"), (500_000, "0.0005"), (1_000_000, "0.001"),
        (2_500_000, "0.0025"), (5_000_000, "0.005"), (10_000_000, "0.01"), (25_000_000, "0.025"),
        (50_000_000, "0.05"), (100_000_000, "0.1"), (250_000_000, "0.25"), (500_000_000, "0.5"),
        (1_000_000_000, "1.0"), (2_500_000_000, "2.5"), (5_000_000_000, "5.0"),
        (10_000_000_000, "10.0"), (30_000_000_000, "30.0"),
    ]

    private var output: ByteBuffer
    private var isFull = false

    private init(output: consuming ByteBuffer) { self.output = output }

    /// Appends the whole exposition, `# EOF` included: the sums over `sets`, which were all made
    /// from `catalog`.
    public static func append(
        _ catalog: MetricCatalog, _ sets: [CounterSet], to output: inout ByteBuffer
    ) throws(ExpositionFault) {
        let start = output.count
        var encoder = OpenMetricsEncoder(output: output)
        for family in catalog.families { encoder.append(family, sets) }
        encoder.append("# EOF\n")
        let isFull = encoder.isFull
        output = encoder.finish()
        guard !isFull else {
            output.truncate(to: start)
            throw .bufferFull
        }
    }

    private consuming func finish() -> ByteBuffer { output }

    // MARK: Families

    private mutating func append(_ family: MetricFamily, _ sets: [CounterSet]) {
        append("# TYPE ")
        append(text: family.name)
        switch family.kind {
        case .counter: append(" counter\n")
        case .gauge: append(" gauge\n")
        case .histogram:
            append(" histogram\n# UNIT ")
            append(text: family.name)
            append(" seconds\n")
        }
        append("# HELP ")
        append(text: family.name)
        append(" ")
        append(escaped: family.help)
        append("\n")
        for series in 0..<family.seriesCount {
            let place = Int32(family.base + series)
            switch family.kind {
            case .counter: append(family, series, suffix: "_total", value: sum(sets, place))
            case .gauge:
                // Sets are read one after the other, so the sum may pass below 0 for a moment.
                let sum = sum(sets, place)
                append(family, series, suffix: "", value: sum > UInt64(Int64.max) ? 0 : sum)
            case .histogram:
                var summary = LatencySummary()
                for set in sets {
                    set.addLatencies(HistogramSlot(place: place), to: &summary)
                }
                append(family, series, summary)
            }
        }
    }

    /// Wrapping: a gauge may be below 0 in one set and above it in another.
    private func sum(_ sets: [CounterSet], _ place: Int32) -> UInt64 {
        sets.reduce(0) { $0 &+ $1.value(MetricSlot(place: place)) }
    }

    private mutating func append(
        _ family: MetricFamily, _ series: Int, suffix: StaticString, value: UInt64
    ) {
        append(text: family.name)
        append(suffix)
        appendLabels(family, series, bound: nil)
        append(" ")
        append(decimal: value)
        append("\n")
    }

    private mutating func append(
        _ family: MetricFamily, _ series: Int, _ summary: LatencySummary
    ) {
        for (nanoseconds, text) in Self.bounds {
            appendBucket(
                family, series, text, summary.count(belowNanoseconds: nanoseconds))
        }
        appendBucket(family, series, "+Inf", summary.count)
        append(family, series, suffix: "_count", value: summary.count)
        append(text: family.name)
        append("_sum")
        appendLabels(family, series, bound: nil)
        append(" ")
        append(seconds: summary.nanosecondsTotal)
        append("\n")
    }

    private mutating func appendBucket(
        _ family: MetricFamily, _ series: Int, _ bound: StaticString, _ count: UInt64
    ) {
        append(text: family.name)
        append("_bucket")
        appendLabels(family, series, bound: bound)
        append(" ")
        append(decimal: count)
        append("\n")
    }

    private mutating func appendLabels(
        _ family: MetricFamily, _ series: Int, bound: StaticString?
    ) {
        guard bound != nil || !family.labels.isEmpty else { return }
        append("{")
        var stride = family.seriesCount
        var rest = series
        for (index, label) in family.labels.enumerated() {
            stride /= label.values.count
            if index > 0 { append(",") }
            append(text: label.name)
            append("=\"")
            append(escaped: label.values[rest / stride])
            append("\"")
            rest %= stride
        }
        if let bound {
            append(family.labels.isEmpty ? "le=\"" : ",le=\"")
            append(bound)
            append("\"")
        }
        append("}")
    }

    // MARK: Bytes

    /// Whether `count` more bytes fit. After the first that do not, nothing is appended: an
    /// exposition is whole or absent.
    private mutating func hasRoom(_ count: Int) -> Bool {
        if output.freeCapacityMax < count { isFull = true }
        return !isFull
    }

    private mutating func append(_ text: StaticString) {
        if hasRoom(text.utf8CodeUnitCount) { output.append(text) }
    }

    private mutating func append(text: String) {
        if hasRoom(text.utf8.count) { output.append(text: text) }
    }

    private mutating func append(decimal value: UInt64) {
        if hasRoom(20) { output.append(decimal: value) }
    }

    private mutating func append(seconds nanoseconds: UInt64) {
        if hasRoom(30) { output.append(decimalNanoseconds: nanoseconds, unitDigits: 9) }
    }

    /// Label values and help texts: `\`, `"` and line feed are escaped.
    private mutating func append(escaped text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case 0x0A: append("\\n")
            default: if hasRoom(1) { output.append(byte) }
            }
        }
    }
}

extension ByteBuffer {
    /// `value` in units of `10^unitDigits` nanoseconds with all digits behind the point, at most
    /// 30 bytes.
    mutating func append(decimalNanoseconds value: UInt64, unitDigits: Int) {
        var unit: UInt64 = 1
        for _ in 0..<unitDigits { unit *= 10 }
        append(decimal: value / unit)
        append(UInt8(ascii: "."))
        var rest = value % unit
        for _ in 0..<unitDigits {
            unit /= 10
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / unit))
            rest %= unit
        }
    }
}
