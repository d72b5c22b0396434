import Testing

@_spi(TenantDirectory) @testable import Policy

/// A backend's feed, played: what is true now, each with the version at which it became so.
private struct PlayedFeed {
    private var entries: [String: (version: Int64, change: DirectoryChange)] = [:]
    private(set) var head: Int64 = 0
    var mark = "m"

    mutating func apply(_ change: DirectoryChange) {
        head += 1
        let name: String
        switch change {
        case .tenant(let facts): name = "t" + facts.id.text
        case .key(let facts): name = "k" + facts.id.text
        case .revocation(let facts):
            name =
                "r" + facts.tenant.text + String(decoding: facts.token.hexadecimal, as: UTF8.self)
        }
        entries[name] = (head, change)
    }

    /// A page after `since`, of at most `count` things.
    func page(of vendor: String, after since: Int64, count: Int = 7) -> [UInt8] {
        var lines: [UInt8] = []
        DirectoryLine.section(
            DirectorySection(
                vendor: [UInt8](vendor.utf8), head: head, mark: [UInt8]("\(mark)-\(head)".utf8),
                isReset: since == 0)
        ).append(to: &lines)
        var end = since
        let news = entries.values.filter { $0.version > since }.sorted { $0.version < $1.version }
        for (version, change) in news.prefix(count) {
            DirectoryLine.change(version: version, change).append(to: &lines)
            end = version
        }
        if news.count <= count { end = head }
        DirectoryLine.end(version: end, hasMore: end < head).append(to: &lines)
        return lines
    }
}

@Suite struct `Directory replica` {
    private static let vendor = [UInt8]("default".utf8)

    private static func lines(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

    private static func fault(_ page: String, vendors: [String] = ["default"]) -> DirectoryFault? {
        var replica = DirectoryReplica(seed: 1, vendors: vendors.map { [UInt8]($0.utf8) })
        let bytes = lines(page)
        do throws(DirectoryFault) {
            _ = try replica.take(page: bytes.span)
            return nil
        } catch {
            return error
        }
    }

    private static func everything(_ edition: DirectoryEdition) -> Set<[UInt8]> {
        var all: Set<[UInt8]> = []
        edition.forEach { change in
            var line: [UInt8] = []
            DirectoryLine.change(version: nil, change).append(to: &line)
            all.insert(line)
        }
        return all
    }

    /// The script's tenants have two vendors; here all have one, and names by their id.
    private static func ofDefault(_ change: DirectoryChange) throws -> DirectoryChange {
        guard case .tenant(var facts) = change else { return change }
        // Domains wander only with their owner's word here: a page tells each thing once.
        facts.domains = []
        facts.vendor = vendor
        guard let name = ExternalID("t-\(facts.id.low)", format: .opaque) else { throw NoDigest() }
        facts.externalID = name
        return .tenant(facts)
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 5, 6])
    func `is at its end what the feed says, whatever changes between pages`(
        _ seed: UInt64
    ) throws {
        var script = DirectoryScript(seed: seed, tenants: 200)
        var feed = PlayedFeed()
        var replica = DirectoryReplica(seed: seed, vendors: [Self.vendor])
        var direct = DirectoryLedger(seed: seed)
        for _ in 0..<400 {
            for _ in 0..<script.pick(5) {
                let change = try Self.ofDefault(script.next())
                feed.apply(change)
                try direct.apply(change)
            }
            let page = feed.page(of: "default", after: replica.positions[0].version)
            _ = try replica.take(page: page.span)
        }
        while true {
            let page = feed.page(of: "default", after: replica.positions[0].version)
            guard case .behind = try replica.take(page: page.span) else { break }
        }
        let (one, other) = (replica.edition(), direct.edition())
        #expect(Self.everything(one) == Self.everything(other), "seed \(seed)")
        let version = replica.positions[0].version
        #expect(version == feed.head && version > 0)
    }

    @Test func `a copy begins an equal replica at the same place`() throws {
        var script = DirectoryScript(seed: 3, tenants: 50)
        var feed = PlayedFeed()
        for _ in 0..<300 {
            feed.apply(try Self.ofDefault(script.next()))
        }
        var replica = DirectoryReplica(seed: 3, vendors: [Self.vendor])
        let page = feed.page(of: "default", after: 0, count: 1_000)
        try Self.expect(&replica, page, .current(isChanged: true))
        var written: [UInt8] = []
        DirectoryReplica.write(
            replica.edition(), at: replica.positions, asOf: 77, of: Array("feed".utf8)
        ) { written += $0 }
        var copy = DirectoryReplica(seed: 4, vendors: [Self.vendor])
        var reader = DirectoryLineReader()
        for (index, line) in written.split(separator: UInt8(ascii: "\n")).enumerated() {
            let bytes = Array(line)
            if index == 0 {
                guard
                    case .copy(asOf: 77, of: [UInt8]("feed".utf8), let sizes) = try reader.read(
                        bytes.span)
                else {
                    Issue.record("no copy")
                    return
                }
                copy.expect(sizes)
            } else {
                try copy.restore(bytes.span)
            }
        }
        let (place, other) = (copy.positions, replica.positions)
        let isWhole = copy.isWhole
        #expect(place == other && isWhole)
        let (mine, its) = (copy.edition(), replica.edition())
        #expect(Self.everything(mine) == Self.everything(its))
        let again = feed.page(of: "default", after: copy.positions[0].version)
        try Self.expect(&copy, again, .current(isChanged: false))
    }

    @Test func `a head that goes back, or a new beginning, is another history`() throws {
        var feed = PlayedFeed()
        var facts = TenantFacts(
            id: TenantID(high: 1, low: 1), vendor: Self.vendor,
            externalID: try #require(ExternalID("acme", format: .opaque)),
            tier: [UInt8]("STARTER".utf8))
        feed.apply(.tenant(facts))
        facts.state = .suspended
        feed.apply(.tenant(facts))
        var replica = DirectoryReplica(seed: 1, vendors: [Self.vendor])
        let first = feed.page(of: "default", after: 0)
        try Self.expect(&replica, first, .current(isChanged: true))
        // As is: nothing new.
        let nothing = feed.page(of: "default", after: 2)
        try Self.expect(&replica, nothing, .current(isChanged: true))
        _ = replica.edition()
        try Self.expect(&replica, nothing, .current(isChanged: false))
        try Self.expect(&replica, first, .diverged)
        var earlier = PlayedFeed()
        earlier.apply(.tenant(facts))
        let back = earlier.page(of: "default", after: 1)
        try Self.expect(&replica, back, .diverged)
    }

    private static func expect(
        _ replica: inout DirectoryReplica, _ page: [UInt8],
        _ wanted: DirectoryReplica.Progress, at place: SourceLocation = #_sourceLocation
    ) throws {
        let progress = try replica.take(page: page.span)
        #expect(progress == wanted, sourceLocation: place)
    }

    @Test func `a copy cannot be further than what was heard of`() throws {
        for (end, wanted) in [("9", nil), ("10", DirectoryFault.order)] {
            var replica = DirectoryReplica(seed: 1, vendors: [Self.vendor])
            let lines = [Self.head, #"{"end":\#(end),"more":false}"#]
            var fault: DirectoryFault?
            do throws(DirectoryFault) {
                for line in lines {
                    let bytes = [UInt8](line.utf8.filter { $0 != UInt8(ascii: "\n") })
                    try replica.restore(bytes.span)
                }
            } catch {
                fault = error
            }
            #expect(fault == wanted, "\(end)")
        }
    }

    @Test(arguments: [
        (#"{"copy":2,"as_of":1,"of":"x"}"#, nil), (#"{"copy":2,"as_of":1}"#, "of is missing"),
        (#"{"copy":2,"as_of":1,"of":""}"#, "of is no text of its form"),
        (#"{"copy":1,"as_of":1}"#, "another version of the format"),
    ])
    func `a copy names its feed, and one of an earlier format is none`(
        _ line: String, _ reason: String?
    ) {
        var reader = DirectoryLineReader()
        let bytes = [UInt8](line.utf8)
        var found: String?
        do throws(DirectoryLineDefect) {
            let read = try reader.read(bytes.span)
            #expect(read == .copy(asOf: 1, of: [UInt8]("x".utf8), DirectorySizes()))
        } catch {
            found = error.reason
        }
        #expect(found == reason)
    }

    private static let head = #"{"feed":1,"vendor":"default","head":9,"mark":"m"}"# + "\n"
    private static let end = #"{"end":9,"more":false}"# + "\n"
    private static let tenant =
        #"{"v":1,"tenant":"01890a5d-ac96-774b-bcce-b302099a8057","name":"acme","#
        + #""tier":"STARTER","state":"active"}"# + "\n"

    @Test func `pages in order are taken`() {
        #expect(Self.fault(Self.head + Self.end) == nil)
        #expect(Self.fault(Self.head + Self.tenant + Self.end) == nil)
        let other = Self.head.replacing("default", with: "globex")
        #expect(
            Self.fault(Self.head + Self.end + other + Self.end, vendors: ["default", "globex"])
                == nil)
    }

    /// What is put in place of what, once; the first of several pairs that fit.
    private static let wrongTenants: [(String, String)] = [
        ("acme", "default"), ("acme", "a b"), ("active", "ACTIVE"), ("01890a5d", "01890A5D"),
        ("01890a5d-ac96-774b", "ffffffff-ffff-ffff"), ("\"v\":1,", ""),
        ("\"v\":1,", "\"v\":1,\"v\":1,"), ("\"v\":1,", "\"v\":1,\"new\":1,"),
        ("\"v\":1,", "\"v\":1,\"requests\":1000000001,"),
        ("\"v\":1,", "\"v\":1,\"domains\":[\"B.example\"],"),
        ("\"v\":1,", "\"v\":1,\"domains\":[\"b.cc\",\"a.cc\"],"),
        ("\"v\":1,", "\"v\":1,\"features\":[\"a\",\"a\"],"),
        ("\"v\":1,", "\"v\":1,\"features\":\"a\","),
    ]
    private static let wrongHeads: [(String, String)] = [
        ("default", "globex"), (":1,", ":2,"), ("9", "-1"), ("\"mark\"", "\"marks\""),
    ]

    @Test func `a page with one thing wrong is refused whole`() {
        for (old, new) in Self.wrongTenants {
            let page = Self.head + Self.tenant.replacing(old, with: new) + Self.end
            #expect(Self.fault(page) != nil, "\(new)")
        }
        for (old, new) in Self.wrongHeads {
            #expect(Self.fault(Self.head.replacing(old, with: new) + Self.end) != nil, "\(new)")
        }
        for (old, new) in [("9", "9.0"), ("9", "10"), ("false", "0")] {
            #expect(Self.fault(Self.head + Self.end.replacing(old, with: new)) != nil, "\(new)")
        }
        let other = Self.tenant.replacing("\"v\":1", with: "\"v\":2").replacing("acme", with: "b")
        #expect(Self.fault(Self.head + Self.tenant + other + Self.end) != nil)
    }

    @Test func `lines out of order are refused`() {
        let (head, tenant, end) = (Self.head, Self.tenant, Self.end)
        let pages: [[String]] = [
            [], ["\n"], ["{}\n"], ["[]\n"], ["x\n"], [head], [head, String(end.dropLast())], [end],
            [head, head, end], [head, end, head, end], [tenant], [head, tenant],
            [head, tenant, tenant, end], [head, end, tenant],
            [head, #"{"copy":1,"as_of":1}"# + "\n", end], [head, #"{"sum":"x"}"# + "\n", end],
        ]
        for lines in pages { #expect(Self.fault(lines.joined()) != nil, "\(lines)") }
    }

    @Test func `a line beyond the bound is refused`() {
        let long = String(repeating: " ", count: DirectoryLineReader.lineBytesMax + 1)
        #expect(Self.fault(Self.head + long + "\n" + Self.end) != nil)
    }
}
