import HTTP1
import JSON
import Policy
import Reactor
import Tokens

/// What the gateway has of the directory on disk, for a start while the backend is down: the lines
/// of `DirectoryReplica.write` with their digest behind them, and beside it, in a small file, when
/// that was last known to be true.
struct DirectoryCopy {
    /// Only the gateway reads it: it names every tenant.
    static let mode: UInt16 = 0o600
    private static let pieceBytes = 1 << 20

    let path: String
    /// What it is a copy of: the feed's address and the vendors asked about. A copy of anything
    /// else would let in whom this feed does not know.
    let address: String
    let vendors: [[UInt8]]
    private var seenPath: String { path + ".seen" }

    enum Fault: Error {
        case file(FileFault)
        case content(DirectoryFault)
        /// Others may write it.
        case notOurs
        case library

        var words: String {
            switch self {
            case .file(let fault): fault.description
            case .content(let fault): fault.words
            case .notOurs: "others than this user and root can write it"
            case .library: "no digest can be made"
            }
        }
    }

    struct Content: ~Copyable {
        var replica: DirectoryReplica
        /// Wall-clock second at which it was true.
        var asOf: Int64
    }

    /// Whether it is for us to believe: its digest says that it is whole, not who wrote it, and who
    /// can write it lets anybody in.
    func checkMode() throws(Fault) {
        let mode: FileMode
        do throws(FileFault) {
            mode = try fileMode(path)
        } catch {
            throw .file(error)
        }
        guard mode.isRegular, !mode.isWritableByOthers,
            mode.ownerID == ProcessContext.userID || mode.ownerID == 0
        else { throw .notOurs }
    }

    /// Reads the copy; a replica that was begun with it follows the feed from there.
    ///
    /// - Parameter seed: of the process.
    func read(seed: UInt64) throws(Fault) -> Content {
        var lines = CopyLines(
            try digest(), DirectoryReplica(seed: seed, vendors: vendors), of: try identity())
        do throws(FileFault) {
            var file = try FileReader(path)
            while true {
                let piece = try file.read(Self.pieceBytes)
                if piece.isEmpty { break }
                lines.take(piece)
            }
        } catch {
            throw .file(error)
        }
        let (asOf, sum) = try lines.end()
        return Content(
            replica: lines.replica, asOf: max(asOf, seen(sum: sum, notAfter: WallClock.now())))
    }

    /// Writes the copy and answers its digest.
    func write(
        _ published: DirectoryState.Published, asOf: Int64
    ) throws(Fault) -> [UInt8] {
        let identity = try identity()
        var digest = try digest()
        var text = ByteBuffer(capacityMax: BodyDigest.textBytes)
        do throws(FileFault) {
            var file = try AtomicFileWriter(path, mode: Self.mode)
            try DirectoryReplica.write(
                published.edition, at: published.positions, asOf: asOf, of: identity
            ) { lines throws(FileFault) in
                digest.update(lines.span)
                try file.write(lines.span)
            }
            digest.finish(into: &text)
            var last: [UInt8] = []
            DirectoryLine.sum(text.bytes).append(to: &last)
            try file.write(last.span)
            try file.commit()
        } catch {
            throw .file(error)
        }
        return text.bytes
    }

    /// Notes that the copy with this digest is still true.
    func noteSeen(sum: [UInt8], asOf: Int64) throws(Fault) {
        var line: [UInt8] = []
        JSONWriter.append(to: &line) { writer in
            writer.beginObject()
            writer.member("as_of", asOf)
            writer.member("sum", sum.span)
            writer.endObject()
        }
        do throws(FileFault) {
            try writeFileAtomically(seenPath, line.span, mode: Self.mode)
        } catch {
            throw .file(error)
        }
    }

    /// 0 where the small file is missing, is about another copy, or is no such file.
    private func seen(sum: [UInt8], notAfter now: WallClock) -> Int64 {
        guard let bytes = try? readFile(seenPath, bytesMax: 1_024) else { return 0 }
        var document = JSONDocument()
        guard (try? document.parse(bytes.span)) != nil else { return 0 }
        let view = document.view(of: bytes.span)
        guard view.kind(of: view.root) == .object,
            let node = view.member(of: view.root, named: "sum"),
            view.string(at: node, equals: sum.span),
            let time = view.member(of: view.root, named: "as_of"),
            let asOf = view.integer(at: time), asOf <= now.seconds
        else { return 0 }
        return asOf
    }

    /// A digest: whoever reads the file need not learn where the feed is. No name and no address
    /// has a line end in it. A socket is the same however the policy's folder was named.
    private func identity() throws(Fault) -> [UInt8] {
        var digest = try digest()
        let place =
            address.hasPrefix("unix:")
            ? "unix:" + ProcessContext.absolute(String(address.dropFirst(5))) : address
        digest.update(Array("\(place)\n".utf8).span)
        for vendor in vendors { digest.update((vendor + [UInt8(ascii: "\n")]).span) }
        var text = ByteBuffer(capacityMax: BodyDigest.textBytes)
        digest.finish(into: &text)
        return text.bytes
    }

    private func digest() throws(Fault) -> BodyDigest {
        do throws(KeyDefect) { return try BodyDigest() } catch { throw .library }
    }
}

/// The lines of a copy as they come, in pieces of any size. The last line is held back: it is the
/// digest of the others.
private struct CopyLines: ~Copyable {
    private var digest: BodyDigest
    var replica: DirectoryReplica
    private var reader = DirectoryLineReader()
    private var rest: [UInt8] = []
    private var last: [UInt8] = []
    private var asOf: Int64?
    private var fault: DirectoryFault?
    private let feed: [UInt8]

    init(
        _ digest: consuming BodyDigest, _ replica: consuming DirectoryReplica, of feed: [UInt8]
    ) {
        self.digest = digest
        self.replica = replica
        self.feed = feed
    }

    mutating func take(_ piece: [UInt8]) {
        guard fault == nil else { return }
        var start = 0
        for index in piece.indices where piece[index] == UInt8(ascii: "\n") {
            rest += piece[start...index]
            start = index + 1
            flush()
            swap(&last, &rest)
            rest.removeAll(keepingCapacity: true)
        }
        rest += piece[start...]
        if rest.count > DirectoryLineReader.lineBytesMax {
            fault = .line(DirectoryLineDefect("a line is too long"))
        }
    }

    /// The line before the newest is no last line.
    private mutating func flush() {
        guard !last.isEmpty, fault == nil else { return }
        let whole = last
        digest.update(whole.span)
        let line = whole.span.extracting(0..<whole.count - 1)
        do throws(DirectoryFault) {
            if asOf == nil {
                try begin(line)
            } else {
                try replica.restore(line)
            }
        } catch {
            fault = error
        }
    }

    private mutating func begin(_ line: Span<UInt8>) throws(DirectoryFault) {
        let first: DirectoryLine
        do throws(DirectoryLineDefect) { first = try reader.read(line) } catch {
            throw .line(error)
        }
        guard case .copy(let asOf, let feed, let sizes) = first else {
            throw .line(DirectoryLineDefect("the file is no copy of a directory"))
        }
        guard feed == self.feed else { throw .feed }
        self.asOf = asOf
        replica.expect(sizes)
    }

    mutating func end() throws(DirectoryCopy.Fault) -> (asOf: Int64, sum: [UInt8]) {
        if let fault { throw .content(fault) }
        guard rest.isEmpty, let asOf, !last.isEmpty else { throw .content(.order) }
        var text = ByteBuffer(capacityMax: BodyDigest.textBytes)
        digest.finish(into: &text)
        let found: DirectoryLine
        let line = last
        do throws(DirectoryLineDefect) {
            found = try reader.read(line.span.extracting(0..<line.count - 1))
        } catch {
            throw .content(.line(error))
        }
        guard found == .sum(text.bytes), replica.isWhole else { throw .content(.sum) }
        return (asOf, text.bytes)
    }
}

/// Keeps the copy on disk up to date, on a thread of its own: writing a million tenants takes
/// longer than a follower may be away.
struct DirectoryKeeper {
    /// Between two looks.
    static let lookMilliseconds: UInt64 = 500
    /// Writing takes at most this part of the time: 1 in so many.
    static let share: UInt64 = 20
    /// How often the small file says that the copy is still true.
    static let seenMilliseconds: UInt64 = 5_000

    let copy: DirectoryCopy
    let state: DirectoryState
    let stops: Mailbox<Bool>
    let report: @Sendable (String) -> Void

    /// Keeps until told to stop; then once more, if there is anything new.
    func run() {
        var told: [Bool] = []
        var written: UInt64 = 0
        var sum: [UInt8] = []
        var writeAgain = Monotonic.now()
        var seeAgain = Monotonic.now()
        var lastFault = ""
        repeat {
            let until = Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
            stops.wait(until: until, into: &told)
            let now = Monotonic.now()
            guard let published = state.published, let age = state.age(now: now) else { continue }
            // Whole seconds, and never later than it was.
            let asOf = WallClock.now().seconds - Int64(clamping: age / 1_000_000_000) - 1
            do throws(DirectoryCopy.Fault) {
                if published.number != written, now >= writeAgain || !told.isEmpty {
                    sum = try copy.write(published, asOf: asOf)
                    written = published.number
                    let took = Monotonic.now().nanoseconds(since: now)
                    writeAgain = Monotonic.now().advanced(byNanoseconds: took * Self.share)
                } else if published.number == written, now >= seeAgain || !told.isEmpty {
                    try copy.noteSeen(sum: sum, asOf: asOf)
                    seeAgain = now.advanced(byMilliseconds: Self.seenMilliseconds)
                }
                lastFault = ""
            } catch {
                if error.words != lastFault {
                    report("the copy of the directory cannot be kept: \(error.words)")
                }
                lastFault = error.words
                writeAgain = now.advanced(byMilliseconds: Self.seenMilliseconds)
            }
        } while told.isEmpty
    }
}
