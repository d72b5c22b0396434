import Policy

/// Feeds bytes to what reads a feed's pages and a copy's lines. The first byte chooses the door.
/// Oracles: nothing traps; what was taken can be written as a copy, and the copy says the same;
/// everything an edition lists is found by its id.
private struct Replicas {
    static let vendors = [[UInt8]("default".utf8), [UInt8]("globex".utf8)]

    static func enter(_ door: UInt8, _ input: Span<UInt8>) {
        switch door & 3 {
        case 0: takePages(input)
        case 1: restore(input)
        case 2: takePages(framed(input).span)
        default:
            var reader = DirectoryLineReader()
            guard let line = try? reader.read(input) else { return }
            reread(line)
        }
    }

    /// Pages are divided by empty lines.
    static func takePages(_ input: Span<UInt8>) {
        var replica = DirectoryReplica(seed: 1, vendors: vendors)
        let bytes = [UInt8](capacity: input.count) { out in
            for index in input.indices { out.append(input[index]) }
        }
        for page in bytes.split(separator: UInt8(ascii: "\u{c}"), maxSplits: 16) {
            let page = Array(page)
            guard (try? replica.take(page: page.span)) != nil else { return }
        }
        copy(&replica)
    }

    static func restore(_ input: Span<UInt8>) {
        var replica = DirectoryReplica(seed: 1, vendors: vendors)
        var start = 0
        for index in input.indices where input[index] == UInt8(ascii: "\n") {
            guard (try? replica.restore(input.extracting(start..<index))) != nil else { return }
            start = index + 1
        }
        if replica.isWhole { copy(&replica) }
    }

    /// The input as the lines of one section, so that mutations meet what reads them.
    static func framed(_ input: Span<UInt8>) -> [UInt8] {
        var page: [UInt8] = []
        DirectoryLine.section(
            DirectorySection(vendor: vendors[0], head: 1 << 40, mark: [], isReset: true)
        ).append(to: &page)
        for index in input.indices { page.append(input[index]) }
        DirectoryLine.end(version: 1 << 40, hasMore: false).append(to: &page)
        DirectoryLine.section(
            DirectorySection(vendor: vendors[1], head: 0, mark: [], isReset: true)
        ).append(to: &page)
        DirectoryLine.end(version: 0, hasMore: false).append(to: &page)
        return page
    }

    static func copy(_ replica: inout DirectoryReplica) {
        let edition = replica.edition()
        var written: [UInt8] = []
        DirectoryReplica.write(edition, at: replica.positions, asOf: 1, of: Array("feed".utf8)) {
            written += $0
        }
        var other = DirectoryReplica(seed: 2, vendors: vendors)
        var isFirst = true
        for line in written.split(separator: UInt8(ascii: "\n")) {
            let line = Array(line)
            if !isFirst {
                guard (try? other.restore(line.span)) != nil else { fatalError("not restored") }
            }
            isFirst = false
        }
        precondition(all(other.edition()) == all(edition), "the copy says something else")
        precondition(other.positions == replica.positions && other.isWhole)
    }

    static func all(_ edition: DirectoryEdition) -> Set<[UInt8]> {
        var all: Set<[UInt8]> = []
        edition.forEach { change in
            var line: [UInt8] = []
            DirectoryLine.change(version: nil, change).append(to: &line)
            all.insert(line)
        }
        return all
    }

    static func reread(_ line: DirectoryLine) {
        // A tenant's line is read within its section only.
        if case .change(_, .tenant) = line { return }
        var text: [UInt8] = []
        line.append(to: &text)
        text.removeLast()
        var reader = DirectoryLineReader()
        precondition((try? reader.read(text.span)) == line, "written otherwise than read")
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDirectory(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes = unsafe bytes, count > 1 else { return 0 }
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    Replicas.enter(input[0], input.span.extracting(1..<count))
    return 0
}
