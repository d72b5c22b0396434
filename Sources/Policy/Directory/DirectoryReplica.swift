/// Where a replica stands with one vendor's part of a feed.
public struct DirectoryPosition: Equatable, Sendable {
    public var vendor: [UInt8]
    /// Everything up to this version has been taken.
    public var version: Int64 = 0
    /// The newest version that was heard of, and its mark: how the backend sees whether it is still
    /// the same history.
    public var head: Int64 = 0
    public var mark: [UInt8] = []

    public init(vendor: [UInt8]) { self.vendor = vendor }
}

/// Why a page or a copy was not taken. The replica is void afterwards: a new one begins at nothing.
public enum DirectoryFault: Error, Equatable, Sendable {
    case line(DirectoryLineDefect)
    case change(DirectoryDefect)
    /// Lines that are right, in an order that is not.
    case order
    /// A copy whose digest is another one.
    case sum
    /// A copy of another feed.
    case feed
}

/// A copy of a directory that follows a feed page by page: pure, so that everything a backend can
/// say is tested without one. Belongs to one thread.
public struct DirectoryReplica: ~Copyable {
    /// What a page came to.
    public enum Progress: Equatable, Sendable {
        /// There is more; the next page may be asked for at once.
        case behind
        /// Everything the backend knows is here.
        case current(isChanged: Bool)
        /// The backend's history is another one: begin at nothing.
        case diverged
    }

    /// One for each vendor, in the order that pages have.
    public private(set) var positions: [DirectoryPosition]
    private var ledger: DirectoryLedger
    private var reader = DirectoryLineReader()
    private let seed: UInt64
    /// Changes taken since the last edition.
    private var isChanged = true
    /// Whether a section has said how much to expect.
    private var isSized = false
    /// While a page or copy is read.
    private var section: Int?
    private var sectionsRead = 0
    private var hasMore = false
    private var diverged = false

    /// - Parameters:
    ///   - seed: random, the same for the life of a process.
    ///   - vendors: names; a feed tells about these and no others.
    public init(seed: UInt64, vendors: [[UInt8]]) {
        self.seed = seed
        positions = vendors.map { DirectoryPosition(vendor: $0) }
        ledger = DirectoryLedger(seed: seed)
    }

    /// Whether nothing has been taken yet.
    public var isEmpty: Bool { positions.allSatisfy { $0.version == 0 } }

    /// What has been taken so far; true as a whole only when the last page was `current`.
    public mutating func edition() -> DirectoryEdition {
        isChanged = false
        return ledger.edition()
    }

    /// Takes less memory and finds faster afterwards, where that is due; returns whether it was.
    ///
    /// - Parameter now: wall-clock seconds.
    public mutating func compactIfDue(now: Int64) throws(DirectoryFault) -> Bool {
        guard ledger.wantsCompaction else { return false }
        do throws(DirectoryDefect) {
            try ledger.compact(now: now)
        } catch {
            throw .change(error)
        }
        isChanged = true
        return true
    }

    /// Takes one page of a feed, which tells about every vendor in order.
    public mutating func take(page: Span<UInt8>) throws(DirectoryFault) -> Progress {
        (section, sectionsRead, hasMore, diverged) = (nil, 0, false, false)
        var start = 0
        for index in page.indices where page[index] == UInt8(ascii: "\n") {
            let line = try read(page.extracting(start..<index))
            start = index + 1
            switch line {
            case .section(let section): try begin(section)
            case .change(let version, let change):
                guard let version else { throw .order }
                try apply(change, version: version)
            case .end(let version, let more): try end(version, hasMore: more)
            case .copy, .sum: throw .order
            }
            if diverged { return .diverged }
        }
        guard start == page.count, section == nil, sectionsRead == positions.count else {
            throw .order
        }
        return hasMore ? .behind : .current(isChanged: isChanged)
    }

    private mutating func read(_ line: Span<UInt8>) throws(DirectoryFault) -> DirectoryLine {
        guard line.count <= DirectoryLineReader.lineBytesMax else {
            throw .line(DirectoryLineDefect("a line is too long"))
        }
        do throws(DirectoryLineDefect) {
            return try reader.read(line)
        } catch {
            throw .line(error)
        }
    }

    private mutating func begin(_ heard: DirectorySection) throws(DirectoryFault) {
        guard section == nil, sectionsRead < positions.count,
            positions[sectionsRead].vendor == heard.vendor
        else { throw .order }
        if heard.isReset, positions[sectionsRead].version > 0 {
            diverged = true
            return
        }
        // A head that goes back is another history, whatever else is said.
        guard heard.head >= positions[sectionsRead].version else {
            diverged = true
            return
        }
        if isEmpty, !isSized {
            ledger = DirectoryLedger(seed: seed, sizes: heard.sizes)
            isSized = true
        }
        positions[sectionsRead].head = heard.head
        positions[sectionsRead].mark = heard.mark
        section = sectionsRead
    }

    private mutating func apply(
        _ change: DirectoryChange, version: Int64?
    ) throws(DirectoryFault) {
        guard let section else { throw .order }
        if let version {
            guard version > positions[section].version else { throw .order }
            positions[section].version = version
        }
        do throws(DirectoryDefect) {
            try ledger.apply(change)
        } catch {
            throw .change(error)
        }
        isChanged = true
    }

    private mutating func end(_ version: Int64, hasMore more: Bool) throws(DirectoryFault) {
        // Nothing beyond the head has a mark by which the next question could go on.
        guard let ended = section, version >= positions[ended].version,
            version <= positions[ended].head
        else { throw .order }
        positions[ended].version = version
        hasMore = hasMore || more
        section = nil
        sectionsRead += 1
    }

    // MARK: Copies

    /// Makes room for a copy of so much.
    public mutating func expect(_ sizes: DirectorySizes) {
        guard isEmpty, !isSized else { return }
        ledger = DirectoryLedger(seed: seed, sizes: sizes)
        isSized = true
    }

    /// Whether every section that was begun has ended.
    public var isWhole: Bool { section == nil }

    /// Begins a replica from a copy: all lines but the last, each in turn.
    public mutating func restore(_ line: Span<UInt8>) throws(DirectoryFault) {
        switch try read(line) {
        case .section(let heard):
            guard section == nil,
                let known = positions.firstIndex(where: {
                    $0.vendor == heard.vendor
                })
            else { throw .order }
            positions[known].head = heard.head
            positions[known].mark = heard.mark
            section = known
        case .change(nil, let change): try apply(change, version: nil)
        case .end(let version, false):
            // A backend refuses a question about what comes after more than was heard of.
            guard let ended = section, version <= positions[ended].head else { throw .order }
            positions[ended].version = version
            section = nil
        case .copy, .change, .end, .sum: throw .order
        }
    }

    /// The lines of a copy of `edition`, but for the last, which is the digest of these.
    ///
    /// - Parameters:
    ///   - positions: at which `edition` was made.
    ///   - asOf: wall-clock second at which it was true.
    ///   - feed: a digest of what feed this is of; at most 128 printable characters.
    ///   - write: is given some lines at a time.
    public static func write<Failure: Error>(
        _ edition: DirectoryEdition, at positions: [DirectoryPosition], asOf: Int64,
        of feed: [UInt8], _ write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var lines: [UInt8] = []
        lines.reserveCapacity(pieceBytes * 2)
        DirectoryLine.copy(asOf: asOf, of: feed, edition.sizes).append(to: &lines)
        for (index, position) in positions.enumerated() {
            DirectoryLine.section(
                DirectorySection(
                    vendor: position.vendor, head: position.head, mark: position.mark)
            ).append(to: &lines)
            let isLast = index == positions.count - 1
            try edition.forEach { (change) throws(Failure) in
                // Keys and revocations belong to a tenant, whichever section they stand in.
                if case .tenant(let facts) = change {
                    guard facts.vendor == position.vendor else { return }
                } else if !isLast {
                    return
                }
                DirectoryLine.change(version: nil, change).append(to: &lines)
                guard lines.count >= pieceBytes else { return }
                try write(lines)
                lines.removeAll(keepingCapacity: true)
            }
            DirectoryLine.end(version: position.version, hasMore: false).append(to: &lines)
        }
        try write(lines)
    }

    private static let pieceBytes = 65_536
}
