internal import JSON

/// Where one vendor's part of a feed stands.
public struct DirectorySection: Equatable, Sendable {
    /// The vendor's name.
    public var vendor: [UInt8]
    /// The newest version there is.
    public var head: Int64
    /// What that version was given when it was made: a database that was restored and went on from
    /// there gives its versions other marks.
    public var mark: [UInt8]
    /// What follows begins at nothing: what was known before is void.
    public var isReset: Bool
    /// How much there is, where it begins at nothing.
    public var sizes: DirectorySizes

    public init(
        vendor: [UInt8], head: Int64, mark: [UInt8], isReset: Bool = false,
        sizes: DirectorySizes = DirectorySizes()
    ) {
        self.vendor = vendor
        self.head = head
        self.mark = mark
        self.isReset = isReset
        self.sizes = sizes
    }
}

/// One line of a feed, or of a copy of what it said. docs/directory.md has the format.
public enum DirectoryLine: Equatable, Sendable {
    /// The first line of a copy: the wall-clock second at which it was true, and which feed's copy
    /// it is, by a digest.
    case copy(asOf: Int64, of: [UInt8], DirectorySizes)
    case section(DirectorySection)
    /// The version is that of the feed; a copy has none.
    case change(version: Int64?, DirectoryChange)
    /// Everything up to this version was told.
    case end(version: Int64, hasMore: Bool)
    /// The last line of a copy: the digest of all lines before it.
    case sum([UInt8])
}

/// A line that is none. It says nothing of the line's content, so it may be written anywhere.
public struct DirectoryLineDefect: Error, Equatable, Sendable {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
}

/// Reads lines strictly: what is not known is a defect and not ignored, because it may be what
/// somebody is to be kept out by. Scratch memory with one owner.
public struct DirectoryLineReader: ~Copyable {
    /// Bytes of the longest line: a tenant with all the domains it may have.
    public static let lineBytesMax = 327_680
    /// Of the format, in the first member of sections.
    public static let format: Int64 = 1
    /// Of the format of copies: since 2 they name their feed.
    public static let copyFormat: Int64 = 2
    private static let limits = JSONLimits(
        bytesMax: lineBytesMax, depthMax: 3, keysMax: 16, nodesMax: 2_048)
    private static let secondsMax: Int64 = 253_402_300_799

    private var document = JSONDocument()
    /// Of the section the lines belong to.
    private var vendor: [UInt8]?

    public init() {}

    /// - Parameter line: without its line end.
    public mutating func read(_ line: Span<UInt8>) throws(DirectoryLineDefect) -> DirectoryLine {
        do throws(JSONDefect) {
            try document.parse(line, limits: Self.limits)
        } catch {
            throw DirectoryLineDefect("\(error.kind.rawValue) at byte \(error.offset)")
        }
        let read = try Self.line(try LineObject(document.view(of: line)), of: vendor)
        switch read {
        case .section(let section): vendor = section.vendor
        case .end: vendor = nil
        case .copy, .change, .sum: break
        }
        return read
    }

    private static func line(
        _ object: borrowing LineObject, of vendor: [UInt8]?
    ) throws(DirectoryLineDefect) -> DirectoryLine {
        if object.has("tenant") {
            if object.has("key") { return try key(object) }
            if object.has("revoked_token") { return try revocation(object) }
            return try tenant(object, of: vendor)
        }
        if object.has("feed") {
            return .section(try section(object))
        }
        if object.has("end") {
            try object.requireOnly(["end", "more"])
            return .end(version: try object.version("end"), hasMore: try object.boolean("more"))
        }
        if object.has("sum") {
            try object.requireOnly(["sum"])
            return .sum(try object.text("sum", 1...128))
        }
        try object.requireOnly(
            ["copy", "as_of", "of", "tenants", "domains", "keys", "revocations", "text_bytes"])
        guard try object.integer("copy", 0...Int64.max) == copyFormat else {
            throw DirectoryLineDefect("another version of the format")
        }
        return .copy(
            asOf: try object.integer("as_of", 0...secondsMax), of: try object.text("of", 1...128),
            try sizes(object))
    }

    private static func section(_ object: borrowing LineObject) throws(DirectoryLineDefect)
        -> DirectorySection
    {
        try object.requireOnly([
            "feed", "vendor", "head", "mark", "reset", "tenants", "domains", "keys", "revocations",
            "text_bytes",
        ])
        guard try object.integer("feed", 0...Int64.max) == Self.format else {
            throw DirectoryLineDefect("another version of the format")
        }
        return DirectorySection(
            vendor: try object.text("vendor", 1...DirectoryBounds.nameBytesMax),
            head: try object.version("head"), mark: try object.text("mark", 0...64),
            isReset: object.has("reset") ? try object.boolean("reset") : false,
            sizes: try sizes(object))
    }

    private static func sizes(
        _ object: borrowing LineObject
    ) throws(DirectoryLineDefect) -> DirectorySizes {
        DirectorySizes(
            tenants: try object.count("tenants"), domains: try object.count("domains"),
            keys: try object.count("keys"), revocations: try object.count("revocations"),
            textBytes: try object.count("text_bytes"))
    }

    private static func tenant(
        _ object: borrowing LineObject, of vendor: [UInt8]?
    ) throws(DirectoryLineDefect) -> DirectoryLine {
        try object.requireOnly([
            "v", "tenant", "name", "tier", "state", "requests", "void_before", "domains",
            "features",
        ])
        guard let vendor else { throw DirectoryLineDefect("a tenant of no vendor") }
        let name = try object.text("name", 1...ExternalID.bytesMax)
        guard let externalID = ExternalID(name.span, format: .opaque) else {
            throw DirectoryLineDefect("name is no external id")
        }
        let word = try object.text("state", 1...16)
        let state = String(decoding: word, as: UTF8.self)
        guard let state = TenantState(rawValue: state) else {
            throw DirectoryLineDefect("state is not known")
        }
        var facts = TenantFacts(
            id: try object.tenantID("tenant"), vendor: vendor, externalID: externalID,
            tier: try object.text("tier", 1...DirectoryBounds.nameBytesMax))
        facts.state = state
        if object.isPresent("requests") {
            let most = Int64(RateLimit.perMinuteMax)
            facts.requests = UInt32(try object.integer("requests", 0...most))
        }
        if object.isPresent("void_before") {
            facts.voidBefore = try object.integer("void_before", 0...Self.secondsMax)
        }
        let domains = try object.texts(
            "domains", countMax: DirectoryBounds.domainsOfTenantMax,
            bytesMax: DirectoryBounds.domainBytesMax)
        for domain in domains where DirectoryDomain.canonical(domain.span) != domain {
            throw DirectoryLineDefect("a domain is not in its one spelling")
        }
        facts.domains = domains
        facts.features = try object.texts(
            "features", countMax: DirectoryBounds.setMax, bytesMax: DirectoryBounds.nameBytesMax)
        return .change(version: try object.versionIfPresent(), .tenant(facts))
    }

    private static func key(_ object: borrowing LineObject) throws(DirectoryLineDefect)
        -> DirectoryLine
    {
        try object.requireOnly([
            "v", "key", "tenant", "digest", "scopes", "role", "expires", "revoked",
        ])
        let name = try object.text("key", 1...APIKeyID.byteCount)
        guard let id = APIKeyID(name.span) else {
            throw DirectoryLineDefect("key is no key id")
        }
        var facts = APIKeyFacts(
            id: id, tenant: try object.tenantID("tenant"), digest: try object.digest("digest"))
        facts.scopes = try object.texts(
            "scopes", countMax: DirectoryBounds.setMax, bytesMax: DirectoryBounds.nameBytesMax)
        if object.isPresent("role") {
            facts.role = try object.text("role", 1...DirectoryBounds.nameBytesMax)
        }
        if object.isPresent("expires") {
            facts.expires = try object.integer("expires", 0...Self.secondsMax)
        }
        if object.has("revoked") { facts.isRevoked = try object.boolean("revoked") }
        return .change(version: try object.versionIfPresent(), .key(facts))
    }

    private static func revocation(
        _ object: borrowing LineObject
    ) throws(DirectoryLineDefect) -> DirectoryLine {
        try object.requireOnly(["v", "revoked_token", "tenant", "expires"])
        let facts = RevocationFacts(
            tenant: try object.tenantID("tenant"), token: try object.tokenID("revoked_token"),
            expires: try object.integer("expires", 0...Self.secondsMax))
        return .change(version: try object.versionIfPresent(), .revocation(facts))
    }
}

/// One line's object, read member by member.
private struct LineObject: ~Escapable {
    private let view: JSONView

    @_lifetime(copy view)
    init(_ view: JSONView) throws(DirectoryLineDefect) {
        guard view.kind(of: view.root) == .object else {
            throw DirectoryLineDefect("a line is no object")
        }
        self.view = view
    }

    func requireOnly(_ names: [String]) throws(DirectoryLineDefect) {
        var members = view.children(of: view.root)
        while let member = members.next() {
            guard names.contains(where: { view.key(of: member, equals: $0.utf8Span.span) }) else {
                throw DirectoryLineDefect("a member that is not known")
            }
        }
    }

    func has(_ name: String) -> Bool { view.member(of: view.root, named: name) != nil }

    func isPresent(_ name: String) -> Bool {
        view.member(of: view.root, named: name).map { !view.isNull(at: $0) } ?? false
    }

    private func member(_ name: String) throws(DirectoryLineDefect) -> JSONNode {
        guard let member = view.member(of: view.root, named: name) else {
            throw DirectoryLineDefect("\(name) is missing")
        }
        return member
    }

    func integer(
        _ name: String, _ range: ClosedRange<Int64>
    ) throws(DirectoryLineDefect) -> Int64 {
        guard let value = view.integer(at: try member(name)), range.contains(value) else {
            throw DirectoryLineDefect("\(name) is no number in its range")
        }
        return value
    }

    /// 0 where it is absent.
    func count(_ name: String) throws(DirectoryLineDefect) -> Int {
        has(name) ? Int(try integer(name, 0...(1 << 40))) : 0
    }

    func version(_ name: String) throws(DirectoryLineDefect) -> Int64 {
        try integer(name, 0...Int64.max - 1)
    }

    func versionIfPresent() throws(DirectoryLineDefect) -> Int64? {
        has("v") ? try version("v") : nil
    }

    func boolean(_ name: String) throws(DirectoryLineDefect) -> Bool {
        guard let value = view.boolean(at: try member(name)) else {
            throw DirectoryLineDefect("\(name) is neither true nor false")
        }
        return value
    }

    func text(
        _ name: String, _ count: ClosedRange<Int>
    ) throws(DirectoryLineDefect) -> [UInt8] {
        try text(try member(name), name, count)
    }

    private func text(
        _ node: JSONNode, _ name: String, _ count: ClosedRange<Int>
    ) throws(DirectoryLineDefect) -> [UInt8] {
        guard let value = view.string(at: node), count.contains(value.count),
            value.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw DirectoryLineDefect("\(name) is no text of its form") }
        return value
    }

    /// A set: sorted, each once; an absent one is empty.
    func texts(
        _ name: String, countMax: Int, bytesMax: Int
    ) throws(DirectoryLineDefect) -> [[UInt8]] {
        guard isPresent(name) else { return [] }
        let list = try member(name)
        guard view.kind(of: list) == .array else {
            throw DirectoryLineDefect("\(name) is no list")
        }
        var all: [[UInt8]] = []
        var elements = view.children(of: list)
        while let element = elements.next() {
            guard all.count < countMax else { throw DirectoryLineDefect("\(name) is too long") }
            let value = try text(element, name, 1...bytesMax)
            if let last = all.last, !last.lexicographicallyPrecedes(value) {
                throw DirectoryLineDefect("\(name) is not sorted")
            }
            all.append(value)
        }
        return all
    }

    func tenantID(_ name: String) throws(DirectoryLineDefect) -> TenantID {
        let text = try text(name, 36...36)
        guard let id = TenantID(canonical: text.span), !id.isPlaceholder else {
            throw DirectoryLineDefect("\(name) is no id")
        }
        return id
    }

    func tokenID(_ name: String) throws(DirectoryLineDefect) -> TokenID {
        let text = try text(name, 32...32)
        guard let token = TokenID(hexadecimal: text.span) else {
            throw DirectoryLineDefect("\(name) is no token's id")
        }
        return token
    }

    func digest(_ name: String) throws(DirectoryLineDefect) -> CredentialDigest {
        let text = try text(name, 64...64)
        guard let digest = CredentialDigest(hexadecimal: text.span) else {
            throw DirectoryLineDefect("\(name) is no digest")
        }
        return digest
    }
}
