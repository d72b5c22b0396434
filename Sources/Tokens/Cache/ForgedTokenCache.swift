/// Tokens of which a worker has lately seen that a key it knows did not sign them: a client that
/// repeats one costs a hash instead of a signature check, and its address no budget.
///
/// For bad signatures only. A token refused for anything else may be good a moment later: its key
/// may be fetched, its time may come. Every token has one place and takes it from whoever has it,
/// so the memory is fixed and verified tokens, kept elsewhere, lose nothing.
public struct ForgedTokenCache: ~Copyable {
    /// A power of two.
    static let entriesMax = 512
    /// Nanoseconds.
    static let lifetime: UInt64 = 5_000_000_000

    private struct Entry {
        var key: TokenKey
        var epochs: TokenEpochs
        var end: UInt64
    }

    private var entries: [Entry?] = []

    /// No memory is taken before the first forged token.
    public init() {}

    /// Whether the token's signature was found bad under the same keys within the last seconds.
    ///
    /// - Parameter now: monotonic nanoseconds.
    public func contains(_ key: TokenKey, now: UInt64, epochs: TokenEpochs) -> Bool {
        guard !entries.isEmpty, let entry = entries[Self.place(of: key)] else { return false }
        return now < entry.end && entry.epochs == epochs && entry.key.matches(key)
    }

    /// - Parameter epochs: as they were before the signature was checked.
    public mutating func insert(_ key: TokenKey, now: UInt64, epochs: TokenEpochs) {
        let (end, overflow) = now.addingReportingOverflow(Self.lifetime)
        guard !overflow else { return }
        if entries.isEmpty { entries = Array(repeating: nil, count: Self.entriesMax) }
        entries[Self.place(of: key)] = Entry(key: key, epochs: epochs, end: end)
    }

    private static func place(of key: TokenKey) -> Int {
        Int(truncatingIfNeeded: key.digest.words[0]) & (entriesMax - 1)
    }
}
