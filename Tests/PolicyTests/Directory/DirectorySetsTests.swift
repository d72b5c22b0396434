import Testing

@_spi(TenantDirectory) @testable import Policy

/// Sets of features and scopes, and roles: what vendors choose freely, in any number.
@Suite struct `Directory sets` {
    private static func name(_ word: String, _ number: Int) -> [UInt8] {
        [UInt8]("\(word)\(number)".utf8)
    }

    private static func tenant(_ number: Int, of vendor: String) throws -> TenantFacts {
        TenantFacts(
            id: TenantID(high: 1, low: UInt64(number)), vendor: [UInt8](vendor.utf8),
            externalID: try #require(ExternalID("t\(number)", format: .opaque)), tier: [])
    }

    private static func key(_ number: Int) throws -> APIKeyFacts {
        let alphabet = [UInt8]("abcdefghijklmnop".utf8)
        let text = (0..<16).map { alphabet[number >> ($0 * 4) & 15] }
        let bytes = [UInt8](repeating: 7, count: 32)
        guard let id = APIKeyID(text.span), let digest = CredentialDigest(bytes: bytes.span)
        else { throw NoDigest() }
        var facts = APIKeyFacts(
            id: id, tenant: TenantID(high: 1, low: UInt64(number / 100)), digest: digest)
        facts.scopes = [name("a", number), name("b", number)]
        facts.role = name("role", number)
        return facts
    }

    @Test func `no number of sets and roles of one vendor voids what others have`() throws {
        let count = 66_000
        var ledger = DirectoryLedger(seed: 1)
        try ledger.apply(.tenant(try Self.tenant(count, of: "other")))
        _ = ledger.edition()
        for number in 0..<count {
            var facts = try Self.tenant(number, of: "greedy")
            facts.features = [Self.name("f", number)]
            try ledger.apply(.tenant(facts))
            try ledger.apply(.key(try Self.key(number)))
        }
        for isCompacted in [false, true] {
            if isCompacted { try ledger.compact(now: 0) }
            let edition = ledger.edition()
            #expect(edition.tenant(TenantID(high: 1, low: UInt64(count))) != nil)
            let place = try #require(edition.tenant(TenantID(high: 1, low: UInt64(count - 1))))
            #expect(edition.facts(place).features == [Self.name("f", count - 1)])
            var found: APIKeyFacts?
            let wanted = try Self.key(count - 1)
            edition.forEach { change in
                if case .key(let facts) = change, facts.id == wanted.id { found = facts }
            }
            #expect(found == wanted)
        }
    }

    @Test func `rows are no longer for it`() {
        #expect(MemoryLayout<DirectoryTable.TenantRow>.stride == 48)
        #expect(MemoryLayout<DirectoryTable.KeyRow>.stride == 80)
    }

    @Test func `a revoked key holds no place of a set or role`() throws {
        var ledger = DirectoryLedger(seed: 1)
        for number in 0..<100 {
            var facts = try Self.key(number)
            facts.isRevoked = true
            try ledger.apply(.key(facts))
        }
        let edition = ledger.edition()
        #expect(edition.keyCount == 100)
        #expect(edition.scopes.all.count == 1 && edition.roles.all.isEmpty)
        let row = try #require(edition.key(try Self.key(99).id))
        #expect(row.isRevoked && edition.role(row) == nil)
    }

    @Test func `sets that one tenant had and has no more are compacted away`() throws {
        var ledger = DirectoryLedger(seed: 1)
        var facts = try Self.tenant(1, of: "greedy")
        try ledger.apply(.tenant(facts))
        _ = ledger.edition()
        for number in 0..<DirectoryLedger.overlayMin {
            let isWanted = ledger.wantsCompaction
            #expect(!isWanted)
            facts.features = [Self.name("f", number)]
            try ledger.apply(.tenant(facts))
        }
        let isWanted = ledger.wantsCompaction
        #expect(isWanted)
        try ledger.compact(now: 0)
        let (edition, isWantedStill) = (ledger.edition(), ledger.wantsCompaction)
        #expect(!isWantedStill)
        #expect(edition.features.all.count == 1)
    }

    @Test func `what is being loaded is not compacted for its sets`() throws {
        var ledger = DirectoryLedger(seed: 1)
        for number in 0...DirectoryLedger.overlayMin {
            try ledger.apply(.key(try Self.key(number)))
        }
        let isWanted = ledger.wantsCompaction
        #expect(!isWanted)
        _ = ledger.edition()
        let isWantedThen = ledger.wantsCompaction
        #expect(!isWantedThen)
    }
}
