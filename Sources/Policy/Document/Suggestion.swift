/// "did you mean": the known word nearest to what was written.
enum Suggestion {
    /// Words longer than this are not compared: the cost is quadratic.
    static let wordBytesMax = 64
    /// Words beyond this many are not compared.
    static let knownMax = 1_000

    /// The nearest of `known`, if it is near enough to be a slip: at most a third of the letters
    /// differ. The first of equals wins, so that the answer does not depend on the run.
    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= wordBytesMax else { return nil }
        let written = folded(word)
        let allowed = max(1, written.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in known.prefix(knownMax)
        where candidate.utf8.count <= wordBytesMax && candidate != word {
            let distance = distance(written, folded(candidate))
            if distance <= allowed, distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.word
    }

    /// The label of a diagnostic: empty when nothing is near.
    static func label(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { "did you mean `\($0)`?" } ?? ""
    }

    /// Case and the choice between `-` and `_` are no difference worth counting.
    private static func folded(_ word: String) -> [UInt8] {
        word.utf8.map { byte in
            if byte == UInt8(ascii: "-") { return UInt8(ascii: "_") }
            return byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        }
    }

    /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, one
    /// each. Plain Levenshtein counts a swap twice and so misses the commonest slip.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        var row = last
        for i in a.indices {
            row[0] = i + 1
            for j in b.indices {
                var cost = min(last[j + 1], row[j]) + 1
                cost = min(cost, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row[j + 1] = cost
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
