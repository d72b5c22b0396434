import Synchronization

/// The numbers of one worker: its counters, gauges and histograms.
///
/// The worker writes, any thread reads. Every access is a relaxed atomic: a reader may see one
/// counter of a request and not yet another, but never a torn or lost number. Sets of different
/// workers share no cache line on purpose: each is its own allocation.
public final class CounterSet: Sendable {
    /// Atomics cannot live in an `Array`; a block of them can, behind a reference.
    private final class Block: Sendable {
        static let count = 64
        let cells = InlineArray<64, Atomic<UInt64>> { _ in Atomic(0) }
    }

    private let blocks: [Block]
    private let histograms: [LatencyHistogram]

    public init(_ catalog: MetricCatalog) {
        let count = (catalog.slotCount + Block.count - 1) / Block.count
        blocks = (0..<count).map { _ in Block() }
        histograms = (0..<catalog.histogramCount).map { _ in LatencyHistogram() }
    }

    /// Counts; a counter wraps after 2^64.
    public func add(_ slot: MetricSlot, _ amount: UInt64 = 1) {
        let place = Int(slot.place)
        guard place / Block.count < blocks.count else { return }
        blocks[place / Block.count].cells[place % Block.count]
            .wrappingAdd(amount, ordering: .relaxed)
    }

    /// Lowers a gauge. Only the sum over all sets need be at or above 0: what one worker opened
    /// another may close.
    public func subtract(_ slot: MetricSlot, _ amount: UInt64 = 1) {
        let place = Int(slot.place)
        guard place / Block.count < blocks.count else { return }
        blocks[place / Block.count].cells[place % Block.count]
            .wrappingSubtract(amount, ordering: .relaxed)
    }

    /// Sets a gauge to what was measured.
    public func set(_ slot: MetricSlot, to value: UInt64) {
        let place = Int(slot.place)
        guard place / Block.count < blocks.count else { return }
        blocks[place / Block.count].cells[place % Block.count].store(value, ordering: .relaxed)
    }

    /// What this set holds for `slot`.
    public func value(_ slot: MetricSlot) -> UInt64 {
        let place = Int(slot.place)
        guard place / Block.count < blocks.count else { return 0 }
        return blocks[place / Block.count].cells[place % Block.count].load(ordering: .relaxed)
    }

    /// Records one latency in the histogram `slot` names.
    public func record(_ slot: HistogramSlot, nanoseconds: UInt64) {
        let place = Int(slot.place)
        guard place < histograms.count else { return }
        histograms[place].record(nanoseconds: nanoseconds)
    }

    /// The histogram `slot` names.
    public func latencies(_ slot: HistogramSlot) -> LatencySummary {
        var summary = LatencySummary()
        let place = Int(slot.place)
        if place < histograms.count { summary.add(histograms[place]) }
        return summary
    }

    /// Adds the histogram `slot` names to `summary`, to read several workers as one.
    public func addLatencies(_ slot: HistogramSlot, to summary: inout LatencySummary) {
        let place = Int(slot.place)
        if place < histograms.count { summary.add(histograms[place]) }
    }
}
