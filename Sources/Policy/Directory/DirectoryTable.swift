/// Tenants, domains, keys and revocations in flat arrays: 48 bytes a tenant with its name and its
/// share of two indices beside it, and nothing that has to be allocated to be found. A value: a
/// copy shares memory until one of the two changes.
struct DirectoryTable: Sendable {
    struct TenantRow: BitwiseCopyable, Sendable {
        var id: TenantID
        var voidBefore: Int64
        var nameStart: UInt32
        var firstDomain: UInt32
        var requests: UInt32
        var features: UInt32
        var domainCount: UInt16
        var vendor: UInt16
        var tier: UInt16
        var nameCount: UInt8
        var state: UInt8

        static let noRequests = UInt32.max
    }

    struct DomainRow: BitwiseCopyable, Sendable {
        var start: UInt32
        /// The tenant's row, or `DirectoryIndex.none` when it is nobody's any more.
        var tenant: UInt32
        var count: UInt8
    }

    struct KeyRow: BitwiseCopyable, Sendable {
        var id: APIKeyID
        var tenant: TenantID
        var digest: CredentialDigest
        var expires: Int64
        var scopes: UInt32
        var role: UInt32

        static let noRole = UInt32.max
        /// In the place of a role: a bit of its own would cost eight bytes a key.
        static let revoked = UInt32.max - 1
        var isRevoked: Bool { role == Self.revoked }
    }

    struct RevocationRow: BitwiseCopyable, Sendable {
        var tenant: TenantID
        var token: TokenID
        var expires: Int64
    }

    private(set) var tenants: [TenantRow] = []
    private(set) var domains: [DomainRow] = []
    private(set) var keys: [KeyRow] = []
    private(set) var revocations: [RevocationRow] = []
    private var text: [UInt8] = []
    private var byID: DirectoryIndex
    private var byName: DirectoryIndex
    private var byDomain: DirectoryIndex
    private var byKey: DirectoryIndex
    private var byToken: DirectoryIndex
    let seed: UInt64

    init(seed: UInt64, sizes: DirectorySizes = DirectorySizes()) {
        self.seed = seed
        byID = DirectoryIndex(capacity: sizes.tenants)
        byName = DirectoryIndex(capacity: sizes.tenants)
        byDomain = DirectoryIndex(capacity: sizes.domains)
        byKey = DirectoryIndex(capacity: sizes.keys)
        byToken = DirectoryIndex(capacity: sizes.revocations)
        tenants.reserveCapacity(sizes.tenants)
        domains.reserveCapacity(sizes.domains)
        keys.reserveCapacity(sizes.keys)
        revocations.reserveCapacity(sizes.revocations)
        text.reserveCapacity(sizes.textBytes)
    }

    /// Bytes of memory it holds.
    var bytes: Int {
        tenants.capacity * MemoryLayout<TenantRow>.stride
            + domains.capacity * MemoryLayout<DomainRow>.stride
            + keys.capacity * MemoryLayout<KeyRow>.stride
            + revocations.capacity * MemoryLayout<RevocationRow>.stride + text.capacity
            + byID.bytes + byName.bytes + byDomain.bytes + byKey.bytes + byToken.bytes
    }

    var sizes: DirectorySizes {
        DirectorySizes(
            tenants: tenants.count, domains: domains.count, keys: keys.count,
            revocations: revocations.count, textBytes: text.count)
    }

    // MARK: Finding

    func tenant(_ id: TenantID) -> Int? {
        var slot = byID.start(hash(id))
        while let place = byID.place(slot) {
            if tenants[place].id == id { return place }
            slot = byID.next(slot)
        }
        return nil
    }

    func tenant(vendor: UInt16, name: Span<UInt8>) -> Int? {
        var slot = byName.start(hash(name, of: vendor))
        while let place = byName.place(slot) {
            if tenants[place].vendor == vendor,
                isText(tenants[place].nameStart, tenants[place].nameCount, name)
            {
                return place
            }
            slot = byName.next(slot)
        }
        return nil
    }

    /// Whose a domain is, as far as a table knows.
    enum Owner {
        case unknown
        /// It was somebody's and is nobody's now.
        case nobody
        case tenant(Int)
    }

    /// - Parameter domain: in lower case.
    func owner(ofDomain domain: Span<UInt8>) -> Owner {
        guard let (_, place) = domainSlot(domain) else { return .unknown }
        let tenant = domains[place].tenant
        return tenant == DirectoryIndex.none ? .nobody : .tenant(Int(tenant))
    }

    func key(_ id: APIKeyID) -> Int? {
        var slot = byKey.start(hash(id))
        while let place = byKey.place(slot) {
            if keys[place].id == id { return place }
            slot = byKey.next(slot)
        }
        return nil
    }

    /// The row of this id; where there is none, another one, so that as much memory is read as for
    /// one that is there (attack K1). `nil` where there are no keys.
    func keyOrAnother(_ id: APIKeyID) -> (place: Int, isIt: Bool)? {
        guard !keys.isEmpty else { return nil }
        let hash = hash(id)
        var slot = byKey.start(hash)
        var passed: Int?
        while let place = byKey.place(slot) {
            if keys[place].id == id { return (place, true) }
            passed = place
            slot = byKey.next(slot)
        }
        let other = Int(hash.multipliedFullWidth(by: UInt64(keys.count)).high)
        return (passed ?? other, false)
    }

    func revocation(_ tenant: TenantID, _ token: TokenID) -> Int? {
        guard !revocations.isEmpty else { return nil }
        var slot = byToken.start(hash(token))
        while let place = byToken.place(slot) {
            if revocations[place].token == token, revocations[place].tenant == tenant {
                return place
            }
            slot = byToken.next(slot)
        }
        return nil
    }

    func name(of place: Int) -> [UInt8] {
        let start = Int(tenants[place].nameStart)
        return Array(text[start..<start + Int(tenants[place].nameCount)])
    }

    func domains(of place: Int) -> [[UInt8]] {
        let first = Int(tenants[place].firstDomain)
        return (first..<first + Int(tenants[place].domainCount)).compactMap { index in
            guard domains[index].tenant == UInt32(place) else { return nil }
            let start = Int(domains[index].start)
            return Array(text[start..<start + Int(domains[index].count)])
        }
    }

    // MARK: Changing

    /// Takes a tenant's row in place of what is known of it.
    mutating func put(
        _ row: TenantRow, name: Span<UInt8>, domains hosts: [[UInt8]]
    ) throws(DirectoryDefect) {
        var row = row
        let place: Int
        if let known = tenant(row.id) {
            guard tenants[known].vendor == row.vendor,
                isText(tenants[known].nameStart, tenants[known].nameCount, name)
            else { throw .inconsistent }
            place = known
            row.nameStart = tenants[known].nameStart
            row.nameCount = tenants[known].nameCount
            release(known)
        } else {
            guard tenant(vendor: row.vendor, name: name) == nil else { throw .inconsistent }
            guard tenants.count < DirectoryBounds.tenantsMax else { throw .tooLarge }
            place = tenants.count
            (row.nameStart, row.nameCount) = try keep(name)
            // Both indices count the same rows.
            if byID.isFull { growTenants() }
            byID.insert(place, hash: hash(row.id))
            byName.insert(place, hash: hash(name, of: row.vendor))
            tenants.append(row)
        }
        row.firstDomain = UInt32(domains.count)
        row.domainCount = UInt16(clamping: hosts.count)
        tenants[place] = row
        for host in hosts { try claim(host.span, for: place) }
    }

    mutating func put(_ row: KeyRow) throws(DirectoryDefect) {
        if let known = key(row.id) {
            guard keys[known].tenant == row.tenant else { throw .inconsistent }
            keys[known] = row
            return
        }
        guard keys.count < DirectoryBounds.keysMax else { throw .tooLarge }
        if byKey.isFull {
            var made = DirectoryIndex(capacity: keys.count * 2)
            for place in keys.indices { made.insert(place, hash: hash(keys[place].id)) }
            byKey = made
        }
        byKey.insert(keys.count, hash: hash(row.id))
        keys.append(row)
    }

    mutating func put(_ row: RevocationRow) throws(DirectoryDefect) {
        if let known = revocation(row.tenant, row.token) {
            revocations[known] = row
            return
        }
        guard revocations.count < DirectoryBounds.revocationsMax else { throw .tooLarge }
        if byToken.isFull {
            var made = DirectoryIndex(capacity: revocations.count * 2)
            for place in revocations.indices {
                made.insert(place, hash: hash(revocations[place].token))
            }
            byToken = made
        }
        byToken.insert(revocations.count, hash: hash(row.token))
        revocations.append(row)
    }

    /// The domains a tenant's row has are nobody's, unless somebody else has taken them since.
    private mutating func release(_ place: Int) {
        let first = Int(tenants[place].firstDomain)
        for index in first..<first + Int(tenants[place].domainCount)
        where domains[index].tenant == UInt32(place) {
            domains[index].tenant = DirectoryIndex.none
        }
    }

    /// Whoever said so last has the domain: a feed tells changes in the order they were made.
    private mutating func claim(_ host: Span<UInt8>, for tenant: Int) throws(DirectoryDefect) {
        guard domains.count < DirectoryBounds.domainsMax else { throw .tooLarge }
        let place = domains.count
        if let (slot, known) = domainSlot(host) {
            let (start, count) = (domains[known].start, domains[known].count)
            domains[known].tenant = DirectoryIndex.none
            domains.append(DomainRow(start: start, tenant: UInt32(tenant), count: count))
            byDomain.replace(slot, with: place)
            return
        }
        let (start, count) = try keep(host)
        if byDomain.isFull { growDomains() }
        domains.append(DomainRow(start: start, tenant: UInt32(tenant), count: count))
        byDomain.insert(place, hash: hash(host))
    }

    private func domainSlot(_ host: Span<UInt8>) -> (slot: Int, place: Int)? {
        var slot = byDomain.start(hash(host))
        while let place = byDomain.place(slot) {
            if isText(domains[place].start, domains[place].count, host) { return (slot, place) }
            slot = byDomain.next(slot)
        }
        return nil
    }

    private mutating func growTenants() {
        var ids = DirectoryIndex(capacity: tenants.count * 2)
        var names = DirectoryIndex(capacity: tenants.count * 2)
        for place in tenants.indices {
            ids.insert(place, hash: hash(tenants[place].id))
            let start = Int(tenants[place].nameStart)
            let name = text.span.extracting(start..<start + Int(tenants[place].nameCount))
            names.insert(place, hash: hash(name, of: tenants[place].vendor))
        }
        (byID, byName) = (ids, names)
    }

    /// Rows that a later one of the same host took the place of are left out.
    private mutating func growDomains() {
        let old = byDomain
        var made = DirectoryIndex(capacity: old.count * 2)
        for place in domains.indices {
            let start = Int(domains[place].start)
            let host = text.span.extracting(start..<start + Int(domains[place].count))
            var slot = old.start(hash(host))
            while let other = old.place(slot), other != place { slot = old.next(slot) }
            if old.place(slot) != nil { made.insert(place, hash: hash(host)) }
        }
        byDomain = made
    }

    private mutating func keep(
        _ bytes: Span<UInt8>
    ) throws(DirectoryDefect) -> (start: UInt32, count: UInt8) {
        guard text.count + bytes.count <= DirectoryBounds.textBytesMax,
            let count = UInt8(exactly: bytes.count)
        else { throw .tooLarge }
        let start = UInt32(text.count)
        for index in bytes.indices { text.append(bytes[index]) }
        return (start, count)
    }

    private func isText(_ start: UInt32, _ count: UInt8, _ other: Span<UInt8>) -> Bool {
        guard Int(count) == other.count else { return false }
        let start = Int(start)
        for index in other.indices where text[start + index] != other[index] { return false }
        return true
    }

    private func hash(_ id: TenantID) -> UInt64 {
        DirectoryHash.of(id.high, id.low, seed: seed)
    }
    private func hash(_ id: APIKeyID) -> UInt64 {
        DirectoryHash.of(id.high, id.low, seed: seed)
    }
    private func hash(_ token: TokenID) -> UInt64 {
        DirectoryHash.of(token.high, token.low, seed: seed)
    }
    private func hash(_ name: Span<UInt8>, of vendor: UInt16) -> UInt64 {
        DirectoryHash.of(name, seed: seed ^ UInt64(vendor) << 32)
    }
    private func hash(_ host: Span<UInt8>) -> UInt64 { DirectoryHash.of(host, seed: ~seed) }
}

/// How many rows to expect: memory is reserved once instead of grown into. A guess that is too
/// small costs time, one that is too large costs addresses and no memory.
public struct DirectorySizes: Equatable, Sendable {
    public var tenants: Int
    public var domains: Int
    public var keys: Int
    public var revocations: Int
    public var textBytes: Int

    /// What is beyond the bounds is cut to them: such numbers come with a feed.
    public init(
        tenants: Int = 0, domains: Int = 0, keys: Int = 0, revocations: Int = 0, textBytes: Int = 0
    ) {
        func bounded(_ count: Int, _ most: Int) -> Int { min(max(count, 0), most) }
        self.tenants = bounded(tenants, DirectoryBounds.tenantsMax)
        self.domains = bounded(domains, DirectoryBounds.domainsMax)
        self.keys = bounded(keys, DirectoryBounds.keysMax)
        self.revocations = bounded(revocations, DirectoryBounds.revocationsMax)
        self.textBytes = bounded(textBytes, DirectoryBounds.textBytesMax)
    }
}
