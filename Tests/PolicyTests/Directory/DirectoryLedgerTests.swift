import Testing

@_spi(TokenVerifier) @_spi(TenantDirectory) @testable import Policy

/// What a directory says, kept the naive way: dictionaries of whole facts.
private struct NaiveDirectory {
    var tenants: [TenantID: TenantFacts] = [:]
    var keys: [APIKeyID: APIKeyFacts] = [:]
    var revocations: [Revocation: Int64] = [:]
    var owners: [[UInt8]: TenantID] = [:]

    struct Revocation: Hashable {
        var tenant: TenantID
        var token: TokenID
    }

    /// Nobody asks for what is void for ever.
    mutating func compact() { keys = keys.filter { !$0.value.isRevoked } }

    mutating func apply(_ change: DirectoryChange) {
        switch change {
        case .tenant(let facts):
            for (domain, owner) in owners where owner == facts.id { owners[domain] = nil }
            if facts.state != .deleted { for domain in facts.domains { owners[domain] = facts.id } }
            tenants[facts.id] = facts
        case .key(let facts): keys[facts.id] = facts
        case .revocation(let facts):
            revocations[Revocation(tenant: facts.tenant, token: facts.token)] = facts.expires
        }
    }
}

/// Changes that could come from a backend: names stay, domains wander, keys are revoked.
struct DirectoryScript {
    var random: SplitMix
    private(set) var made: [TenantFacts] = []
    private var keys: [APIKeyFacts] = []
    let pool: Int

    init(seed: UInt64, tenants pool: Int) {
        random = SplitMix(seed)
        self.pool = pool
    }

    mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    mutating func next() throws -> DirectoryChange {
        switch pick(10) {
        case 0..<2 where !made.isEmpty:
            var key: APIKeyFacts
            if !keys.isEmpty, pick(3) == 0 {
                key = keys[pick(keys.count)]
            } else {
                let name = (0..<16).map { _ in [UInt8]("abcdefgh234567".utf8)[pick(14)] }
                guard let id = APIKeyID(name.span) else { throw NoDigest() }
                key = APIKeyFacts(
                    id: id, tenant: made[pick(made.count)].id,
                    digest: try digest())
                keys.append(key)
            }
            key.isRevoked = pick(2) == 0
            key.scopes = pick(2) == 0 ? [] : [[UInt8]("read".utf8), [UInt8]("write".utf8)]
            key.role = pick(2) == 0 ? nil : [UInt8](["admin", "loader"][pick(2)].utf8)
            key.expires = Int64(pick(1_000))
            return .key(key)
        case 2 where !made.isEmpty:
            return .revocation(
                RevocationFacts(
                    tenant: made[pick(made.count)].id,
                    token: TokenID(high: random.next(), low: random.next()),
                    expires: 1_000 + Int64(pick(10))))
        default: return .tenant(try tenant())
        }
    }

    private mutating func tenant() throws -> TenantFacts {
        var facts: TenantFacts
        if made.count < pool, made.isEmpty || pick(2) == 0 {
            let number = made.count
            facts = TenantFacts(
                id: TenantID(high: random.next() >> 1, low: random.next()),
                vendor: [UInt8](["default", "globex"][number % 2].utf8),
                externalID: try #require(ExternalID("t-\(number / 2)", format: .opaque)), tier: [])
            made.append(facts)
        } else {
            facts = made[pick(made.count)]
        }
        facts.tier = [UInt8](["STARTER", "GROWTH", "SCALE"][pick(3)].utf8)
        facts.state = TenantState.allCases[pick(3)]
        facts.requests = pick(2) == 0 ? nil : UInt32(pick(5_000))
        facts.voidBefore = Int64(pick(3))
        facts.features = pick(2) == 0 ? [] : [[UInt8]("beta".utf8)]
        facts.domains = (0..<pick(4)).map { _ in [UInt8]("d\(pick(pool)).example.com".utf8) }
        facts.domains = Array(Set(facts.domains)).sorted { $0.lexicographicallyPrecedes($1) }
        return facts
    }

    private mutating func digest() throws -> CredentialDigest {
        let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        guard let digest = CredentialDigest(bytes: bytes.span) else { throw NoDigest() }
        return digest
    }
}

struct NoDigest: Error {}

@Suite struct `Directory ledger` {
    private static func compare(
        _ edition: DirectoryEdition, _ naive: NaiveDirectory, _ label: Comment
    ) {
        #expect(edition.tenantCount == naive.tenants.count, label)
        #expect(edition.keyCount == naive.keys.count, label)
        for (id, facts) in naive.tenants {
            guard let place = edition.tenant(id) else {
                Issue.record(label)
                continue
            }
            var found = edition.facts(place)
            var wanted = facts
            wanted.domains = naive.owners.filter { $0.value == id }.keys
                .sorted { $0.lexicographicallyPrecedes($1) }
            found.domains.sort { $0.lexicographicallyPrecedes($1) }
            #expect(found == wanted, label)
            let vendor = edition.vendors.all.firstIndex(of: facts.vendor) ?? 0
            let named = edition.tenant(
                vendor: UInt16(vendor), name: facts.externalID.bytes.span)
            #expect(named.map { edition[$0].id } == id, label)
        }
        for number in 0..<64 {
            let domain = [UInt8]("d\(number).example.com".utf8)
            let found = edition.tenant(domain: domain.span).map { edition[$0].id }
            #expect(found == naive.owners[domain], label)
        }
        for (id, facts) in naive.keys {
            let row = edition.key(id)
            #expect(row?.tenant == facts.tenant && row?.isRevoked == facts.isRevoked, label)
            #expect(row?.digest == facts.digest && row?.expires == facts.expires, label)
        }
        for (revocation, expires) in naive.revocations {
            let row = edition.revocation(revocation.tenant, revocation.token)
            #expect(row?.expires == expires, label)
        }
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 1, 2, 3])
    func `says after any changes what dictionaries say`(_ seed: UInt64) throws {
        var script = DirectoryScript(seed: seed, tenants: 64)
        var naive = NaiveDirectory()
        var ledger = DirectoryLedger(seed: seed)
        for step in 0..<600 {
            let change = try script.next()
            naive.apply(change)
            try ledger.apply(change)
            guard step % 29 == 0 else { continue }
            let edition = ledger.edition()
            Self.compare(edition, naive, "seed \(seed), step \(step)")
            if step % 203 == 0 {
                try ledger.compact(now: 0)
                naive.compact()
                Self.compare(ledger.edition(), naive, "seed \(seed), compacted at \(step)")
                let left = ledger.edition().overlayCount
                #expect(left == 0)
            }
        }
    }

    @Test func `an edition does not change when the ledger does`() throws {
        var script = DirectoryScript(seed: 7, tenants: 64)
        var ledger = DirectoryLedger(seed: 7)
        var naive = NaiveDirectory()
        for _ in 0..<100 {
            let change = try script.next()
            naive.apply(change)
            try ledger.apply(change)
        }
        let edition = ledger.edition()
        for _ in 0..<200 { try ledger.apply(try script.next()) }
        try ledger.compact(now: 0)
        Self.compare(edition, naive, "the first edition")
    }

    @Test func `everything it says makes an equal one`() throws {
        var script = DirectoryScript(seed: 11, tenants: 64)
        var ledger = DirectoryLedger(seed: 11)
        var naive = NaiveDirectory()
        for step in 0..<400 {
            let change = try script.next()
            naive.apply(change)
            try ledger.apply(change)
            if step == 200 { _ = ledger.edition() }
        }
        let whole = ledger.edition()
        var copy = DirectoryLedger(seed: 12, sizes: whole.sizes)
        try whole.forEach { (change) throws(DirectoryDefect) in try copy.apply(change) }
        Self.compare(copy.edition(), naive, "the copy")
    }

    @Test func `compacting forgets revocations of tokens that have expired`() throws {
        var ledger = DirectoryLedger(seed: 1)
        let tenant = TenantID(high: 1, low: 1)
        let tokens = (0..<2).map { TokenID(high: 1, low: $0) }
        _ = ledger.edition()
        for (token, expires) in zip(tokens, [Int64(100), 101]) {
            try ledger.apply(
                .revocation(RevocationFacts(tenant: tenant, token: token, expires: expires)))
        }
        try ledger.compact(now: 100)
        let edition = ledger.edition()
        #expect(edition.revocation(tenant, tokens[0]) == nil)
        #expect(edition.revocation(tenant, tokens[1]) != nil)
    }

    @Test func `compacting forgets keys that were revoked, or expired a day ago`() throws {
        var ledger = DirectoryLedger(seed: 1)
        let zero = [UInt8](repeating: 0, count: 32)
        let day = DirectoryLedger.expiredSeconds
        func key(_ letter: Character, _ expires: Int64, isRevoked: Bool) throws -> APIKeyFacts {
            let name = [UInt8](String(repeating: letter, count: 16).utf8)
            guard let id = APIKeyID(name.span),
                let digest = CredentialDigest(bytes: zero.span)
            else { throw NoDigest() }
            var facts = APIKeyFacts(id: id, tenant: TenantID(high: 1, low: 1), digest: digest)
            facts.expires = expires
            facts.isRevoked = isRevoked
            return facts
        }
        let good = try key("a", .max, isRevoked: false)
        var revoked = try key("b", .max, isRevoked: false)
        let expired = try key("c", 100, isRevoked: false)
        let late = try key("d", 101, isRevoked: false)
        for facts in [good, revoked, expired, late] { try ledger.apply(.key(facts)) }
        _ = ledger.edition()
        revoked.isRevoked = true
        try ledger.apply(.key(revoked))
        try ledger.compact(now: 100 + day)
        let edition = ledger.edition()
        #expect(edition.key(good.id) != nil && edition.key(late.id) != nil)
        #expect(edition.key(revoked.id) == nil && edition.key(expired.id) == nil)
        #expect(edition.keyCount == 2)
    }

    @Test func `N5 an id with another name, or a name with another id, is refused`() throws {
        let one = TenantFacts(
            id: TenantID(high: 1, low: 1), vendor: [1],
            externalID: try #require(ExternalID("acme", format: .opaque)), tier: [2])
        var renamed = one
        renamed.externalID = try #require(ExternalID("globex", format: .opaque))
        var other = one
        other.id = TenantID(high: 1, low: 2)
        for isLoaded in [false, true] {
            for wrong in [renamed, other] {
                var ledger = DirectoryLedger(seed: 1)
                try ledger.apply(.tenant(one))
                if isLoaded { _ = ledger.edition() }
                var defect: DirectoryDefect?
                do throws(DirectoryDefect) {
                    try ledger.apply(.tenant(wrong))
                } catch {
                    defect = error
                }
                #expect(defect == .inconsistent)
            }
        }
    }

    @Test func `domains that are told again and again are compacted too`() throws {
        var ledger = DirectoryLedger(seed: 1)
        _ = ledger.edition()
        var facts = TenantFacts(
            id: TenantID(high: 1, low: 1), vendor: [1],
            externalID: try #require(ExternalID("acme", format: .opaque)), tier: [])
        facts.domains = (0..<1_000).map { [UInt8]("d\($0).example.com".utf8) }
        for _ in 0..<5 { try ledger.apply(.tenant(facts)) }
        let isWanted = ledger.wantsCompaction
        #expect(isWanted)
        try ledger.compact(now: 0)
        let (edition, isWantedStill) = (ledger.edition(), ledger.wantsCompaction)
        #expect(!isWantedStill)
        #expect(edition.sizes.domains == 1_000)
        #expect(edition.tenant(domain: [UInt8]("d999.example.com".utf8).span) != nil)
    }

    @Test func `a change after loading is found before the overlay is compacted`() throws {
        var ledger = DirectoryLedger(seed: 1)
        for number in 0..<DirectoryLedger.overlayMin {
            try ledger.apply(
                .tenant(
                    TenantFacts(
                        id: TenantID(high: 1, low: UInt64(number)), vendor: [1],
                        externalID: try #require(ExternalID("t\(number)", format: .opaque)),
                        tier: [])))
        }
        _ = ledger.edition()
        let isWanted = ledger.wantsCompaction
        #expect(!isWanted)
        for number in 0..<DirectoryLedger.overlayMin {
            var facts = TenantFacts(
                id: TenantID(high: 1, low: UInt64(number)), vendor: [1],
                externalID: try #require(ExternalID("t\(number)", format: .opaque)), tier: [])
            facts.state = .suspended
            try ledger.apply(.tenant(facts))
        }
        let isDue = ledger.wantsCompaction
        try ledger.compact(now: 0)
        let isStillDue = ledger.wantsCompaction
        #expect(isDue && !isStillDue)
        let edition = ledger.edition()
        let place = try #require(edition.tenant(TenantID(high: 1, low: 77)))
        #expect(edition[place].tenantState == .suspended)
    }
}
