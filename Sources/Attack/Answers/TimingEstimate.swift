/// How much longer one kind of answer takes than another, from pairs measured one after the other.
///
/// The estimate is the Hodges-Lehmann one, the median of all averages of two differences, with the
/// interval that belongs to Wilcoxon's signed-rank test: a few very slow answers move neither.
package struct TimingEstimate: Equatable, Sendable {
    /// Nanoseconds.
    package let shift: Int64
    package let low: Int64
    package let high: Int64
    /// The median of the answers compared with.
    package let median: Int64
    package let pairs: Int

    /// Pairs that are looked at; the averages are half their square.
    package static let pairsMax = 500
    package static let pairsMin = 12

    /// - Parameters:
    ///   - differences: nanoseconds of each pair.
    ///   - median: of the answers compared with.
    /// - Returns: `nil` for fewer than `pairsMin` pairs.
    package init?(differences: [Int64], median: Int64) {
        guard differences.count >= Self.pairsMin else { return nil }
        let sample = differences.prefix(Self.pairsMax).map {
            // Half of the range, so that no sum of two leaves it.
            min(max($0, -(Int64.max >> 2)), Int64.max >> 2)
        }
        var averages: [Int64] = []
        averages.reserveCapacity(sample.count * (sample.count + 1) / 2)
        for first in sample.indices {
            for second in first..<sample.count {
                averages.append((sample[first] + sample[second]) / 2)
            }
        }
        averages.sort()
        let count = sample.count
        // Normal approximation of the signed-rank statistic at 99.9 %, two-sided.
        let mean = Double(averages.count) / 2
        let spread = (Double(count * (count + 1) * (2 * count + 1)) / 24).squareRoot()
        let rank = max(0, Int((mean - 3.29 * spread).rounded(.down)))
        self.init(
            shift: averages[averages.count / 2], low: averages[rank],
            high: averages[averages.count - 1 - rank], median: median, pairs: count)
    }

    private init(shift: Int64, low: Int64, high: Int64, median: Int64, pairs: Int) {
        self.shift = shift
        self.low = low
        self.high = high
        self.median = median
        self.pairs = pairs
    }

    /// An estimate that its own noise has taken the meaning from: the interval has zero in it.
    var widenedToZero: TimingEstimate {
        TimingEstimate(
            shift: shift, low: min(low, 0), high: max(high, 0), median: median, pairs: pairs)
    }

    /// Whether the interval leaves out zero, and the shift is more than a twentieth of the answer:
    /// less is nothing that a client across a network could tell.
    package var isSuspicious: Bool {
        guard low > 0 || high < 0 else { return false }
        return abs(shift) > max(abs(median) / 20, 20_000)
    }

    package static func median(of values: [UInt64]) -> Int64 {
        guard !values.isEmpty else { return 0 }
        return Int64(clamping: values.sorted()[values.count / 2])
    }

    package var text: String {
        func micro(_ value: Int64) -> String { "\(value / 1_000)" }
        return "\(micro(shift)) µs (99.9 %: \(micro(low)) to \(micro(high)) µs) "
            + "of \(micro(median)) µs, \(pairs) pairs"
    }
}
