/// A label and every value it may ever have. Values come from enums and configuration, never from
/// a client: the number of series is known before the first request.
public struct MetricLabel: Equatable, Sendable {
    public let name: String
    public let values: [String]

    /// - Parameters:
    ///   - name: `[a-zA-Z_][a-zA-Z0-9_]*`, and not `le`.
    ///   - values: at least one, all different.
    public init(_ name: String, _ values: [String]) {
        precondition(isMetricName(name) && name != "le", "label name \(name)")
        precondition(!values.isEmpty && Set(values).count == values.count, "values of \(name)")
        self.name = name
        self.values = values
    }
}

/// One metric with all its series.
struct MetricFamily: Equatable, Sendable {
    enum Kind: Equatable, Sendable { case counter, gauge, histogram }

    let kind: Kind
    let name: String
    let help: String
    let labels: [MetricLabel]
    /// The first counter slot, or the first histogram.
    let base: Int
    /// One for each combination of label values, the last label running fastest.
    let seriesCount: Int
}

/// Names one series of a counter or gauge: `requests[route, outcome]` picks it by the indices of
/// its label values. An index that is none of the label's values counts towards its last one: a
/// miscounted metric must not end a process that guards tenants.
public struct MetricSlots: Equatable, Sendable, BitwiseCopyable {
    let base: Int32
    let firstCount: Int32
    let secondCount: Int32

    /// - Parameters:
    ///   - first: index of the first label's value; 0 without labels.
    ///   - second: index of the second label's value; 0 with fewer labels.
    public subscript(_ first: Int, _ second: Int = 0) -> MetricSlot {
        let first = min(max(first, 0), Int(firstCount) - 1)
        let second = min(max(second, 0), Int(secondCount) - 1)
        return MetricSlot(place: base + Int32(first) * secondCount + Int32(second))
    }

    /// The only series of a metric without labels.
    public var only: MetricSlot { MetricSlot(place: base) }
}

/// The place of one counter or gauge; it may be kept and used on every request.
public struct MetricSlot: Equatable, Sendable, BitwiseCopyable {
    let place: Int32
}

/// As `MetricSlots`, for the series of a histogram: a latency cannot land in a counter.
public struct HistogramSlots: Equatable, Sendable, BitwiseCopyable {
    let slots: MetricSlots

    public subscript(_ first: Int, _ second: Int = 0) -> HistogramSlot {
        HistogramSlot(place: slots[first, second].place)
    }

    /// The only series of a histogram without labels.
    public var only: HistogramSlot { HistogramSlot(place: slots.base) }
}

/// The place of one histogram; it may be kept and used on every request.
public struct HistogramSlot: Equatable, Sendable, BitwiseCopyable {
    let place: Int32
}

/// The metrics of one program, declared once at start, in the order they are exposed.
///
/// What is wrong in a declaration is a bug of ours and ends the program before it serves.
public struct MetricCatalog: Equatable, Sendable {
    private(set) var families: [MetricFamily] = []
    private(set) var slotCount = 0
    private(set) var histogramCount = 0

    /// Counters and gauges of one program together; 8 bytes each and worker.
    public static let slotsMax = 16_384
    /// Histograms of one program together; 6 KiB each and worker.
    public static let histogramsMax = 256
    /// Labels of one metric.
    public static let labelsMax = 2

    public init() {}

    /// - Parameter name: without `_total`, which the exposition appends.
    public mutating func counter(
        _ name: String, help: String, labels: [MetricLabel] = []
    ) -> MetricSlots {
        precondition(!name.hasSuffix("_total"), "`_total` is appended to \(name)")
        return slots(declare(.counter, name, help, labels))
    }

    /// A value that rises and falls. What is exposed is the sum over the workers, so a value of the
    /// whole process is set in one set only.
    public mutating func gauge(
        _ name: String, help: String, labels: [MetricLabel] = []
    ) -> MetricSlots {
        slots(declare(.gauge, name, help, labels))
    }

    /// A latency histogram; recorded in nanoseconds, exposed in seconds.
    ///
    /// - Parameter name: ends in `_seconds`.
    public mutating func histogram(
        _ name: String, help: String, labels: [MetricLabel] = []
    ) -> HistogramSlots {
        precondition(name.hasSuffix("_seconds"), "\(name) must end in its unit")
        return HistogramSlots(slots: slots(declare(.histogram, name, help, labels)))
    }

    private mutating func declare(
        _ kind: MetricFamily.Kind, _ name: String, _ help: String, _ labels: [MetricLabel]
    ) -> MetricFamily {
        precondition(isMetricName(name), "metric name \(name)")
        precondition(!families.contains { $0.name == name }, "metric \(name) declared twice")
        precondition(labels.count <= Self.labelsMax, "\(name) has too many labels")
        precondition(Set(labels.map(\.name)).count == labels.count, "labels of \(name)")
        let count = labels.reduce(1) { $0 * $1.values.count }
        let family = MetricFamily(
            kind: kind, name: name, help: help, labels: labels,
            base: kind == .histogram ? histogramCount : slotCount, seriesCount: count)
        if kind == .histogram {
            histogramCount += count
            precondition(histogramCount <= Self.histogramsMax, "too many histograms")
        } else {
            slotCount += count
            precondition(slotCount <= Self.slotsMax, "too many series")
        }
        families.append(family)
        return family
    }

    private func slots(_ family: MetricFamily) -> MetricSlots {
        let counts = family.labels.map { Int32($0.values.count) }
        return MetricSlots(
            base: Int32(family.base), firstCount: counts.first ?? 1,
            secondCount: counts.count > 1 ? counts[1] : 1)
    }
}

private func isMetricName(_ name: String) -> Bool {
    var isFirst = true
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            break
        case UInt8(ascii: "0")...UInt8(ascii: "9") where !isFirst: break
        default: return false
        }
        isFirst = false
    }
    return !isFirst
}
