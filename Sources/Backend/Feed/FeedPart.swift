import Policy
import Postgres

/// What still fits on a page, which tells about all vendors of a gateway together.
struct FeedRoom: Sendable {
    /// Things of one page.
    static let rowsMax: Int64 = 4_000
    /// Bytes of one page, but for its last line, and for two lines a vendor.
    static let bytesMax: Int64 = 2_097_152

    private(set) var rows = rowsMax
    private(set) var bytes = bytesMax

    var isOpen: Bool { rows > 0 && bytes > 0 }
    var isWhole: Bool { rows == Self.rowsMax && bytes == Self.bytesMax }

    mutating func take(_ piece: FeedPiece) {
        rows = max(0, rows - piece.rows)
        bytes = max(0, bytes - Int64(piece.lines.count))
    }
}

/// What has changed in one vendor's part of the directory between two versions, as far as a page
/// holds it.
struct FeedPiece: Sendable {
    let since: Int64
    /// Everything up to here is in it.
    var end: Int64
    /// As they were made, each with its line end.
    var lines: [UInt8] = []
    var rows: Int64 = 0
    /// Whether nobody has looked yet.
    var isUnread = true

    init(since: Int64) {
        self.since = since
        end = since
    }
}

/// A piece that was not asked for yet. Whoever asks has the database look at his seal and his
/// history first, as everybody has.
struct FeedAhead: Sendable {
    let scope: VendorScope
    /// What was told with the piece before: only who has heard that is given this one.
    let head: Int64
    let mark: FeedMark
    var piece: FeedPiece

    /// `nil` where nothing follows, and where nothing was told yet.
    init?(after part: FeedPart, of scope: VendorScope) {
        guard part.hasMore, part.piece.rows > 0 else { return nil }
        self.scope = scope
        head = part.section.head
        mark = FeedMark(String(decoding: part.section.mark, as: UTF8.self))
        piece = FeedPiece(since: part.piece.end)
    }

    func answers(_ part: FeedQuestion.Part) -> Bool {
        !piece.isUnread && scope == part.scope && piece.since == part.since && head == part.head
            && mark == part.mark
    }
}

/// What one vendor's part of a page says.
struct FeedPart: Sendable {
    var section: DirectorySection
    var piece: FeedPiece
    var isNew: Bool

    var hasMore: Bool { piece.end < section.head }
    /// The first lines of all.
    var isBeginning: Bool { section.isReset && piece.rows > 0 }

    func append(to lines: inout [UInt8]) {
        DirectoryLine.section(section).append(to: &lines)
        lines += piece.lines
        DirectoryLine.end(version: piece.end, hasMore: hasMore).append(to: &lines)
    }
}

extension VendorTransaction {
    /// - Parameter ahead: what was read before it was asked for; used if it is what is asked for.
    mutating func readFeed(
        _ part: FeedQuestion.Part, within room: FeedRoom, ahead: FeedAhead?
    ) throws(DatabaseFault) -> FeedPart {
        let row = try rows(.feedHead, [.integer(part.head), .text(part.mark.text)]).only()
        let head = try row.int64(0)
        // A position that was never taken here, or not in this history, begins at nothing. So does
        // one from before a row that was deleted since: it may hold a key as good that was revoked.
        // Not where it began at nothing after that, and is still on its way: then it never did.
        let (isOurs, forgotten) = (try row.bool(2), try row.int64(3))
        let isKnown =
            isOurs && part.since <= head
            && (part.since == 0
                || part.head > 0 && forgotten <= max(part.since, part.mark.base))
        let since = isKnown ? part.since : 0
        let section = DirectorySection(
            vendor: part.vendor, head: head,
            mark: FeedMark.written(try row.utf8(1), base: since == 0 ? head : part.mark.base),
            isReset: since == 0)
        guard since < head else {
            return FeedPart(section: section, piece: FeedPiece(since: since), isNew: !isKnown)
        }
        if let ahead, isKnown, ahead.answers(part), room.isWhole {
            return FeedPart(section: section, piece: ahead.piece, isNew: true)
        }
        return FeedPart(
            section: section, piece: try readPiece(after: since, until: head, within: room),
            isNew: true)
    }

    /// What comes after a version; nothing where there is no room.
    mutating func readPiece(
        after since: Int64, until head: Int64, within room: FeedRoom
    ) throws(DatabaseFault) -> FeedPiece {
        var piece = FeedPiece(since: since)
        guard room.isOpen else { return piece }
        piece.isUnread = false
        let found = try rows(
            .feedPage, [.integer(since), .integer(room.rows), .integer(room.bytes)])
        for row in found {
            let version = try row.int64(0)
            // Committed since the head was read, so there is no mark to go on from yet: next time.
            guard version <= head else {
                piece.end = head
                return piece
            }
            piece.end = version
            piece.rows += 1
            piece.lines += try row.utf8(1)
            piece.lines.append(UInt8(ascii: "\n"))
        }
        // Versions that nothing has any more lie between the last thing and the head.
        if found.isEmpty { piece.end = head }
        return piece
    }
}
