/// The one place where a directory changes: takes changes in the order they were made and hands
/// out editions. Belongs to one thread; editions go to all.
///
/// An edition costs a copy of the overlay at the next change, so changes are best applied in
/// batches. When the overlay has grown to an eighth of the base, `compact` makes one table of both,
/// which takes the memory of both while it lasts.
public struct DirectoryLedger: ~Copyable {
    /// Overlays below this are never worth compacting.
    public static let overlayMin = 4_096

    private var base: DirectoryEdition.DirectoryBase
    private var overlay: DirectoryTable
    private var vendors = DirectoryNames()
    private var tiers = DirectoryNames()
    private var features = DirectoryNames()
    private var scopes = DirectoryNames()
    private var roles = DirectoryNames()
    /// Sets and roles there were when the base was made.
    private var setsOfBase = 0
    private let seed: UInt64
    /// Changes go to the base itself while nobody has seen an edition.
    private var isLoading = true
    private var loading: DirectoryTable

    /// - Parameters:
    ///   - seed: random, the same for the life of a process.
    ///   - sizes: rows expected by the end of loading.
    public init(seed: UInt64, sizes: DirectorySizes = DirectorySizes()) {
        self.seed = seed
        base = DirectoryEdition.DirectoryBase(DirectoryTable(seed: seed))
        overlay = DirectoryTable(seed: seed)
        loading = DirectoryTable(seed: seed, sizes: sizes)
    }

    /// Whether `compact` is due.
    public var wantsCompaction: Bool {
        // A tenant that changes again leaves its rows of domains behind.
        let changed =
            overlay.tenants.count + overlay.keys.count + overlay.revocations.count
            + overlay.domains.count
        let whole =
            base.table.tenants.count + base.table.keys.count + base.table.domains.count
        // A set that nobody has any more stays until then.
        return max(changed, isLoading ? 0 : setCount - setsOfBase)
            >= max(Self.overlayMin, whole / 8)
    }

    private var setCount: Int { features.all.count + scopes.all.count + roles.all.count }

    /// Takes one change.
    ///
    /// - Throws: a defect; the ledger is then to be thrown away.
    public mutating func apply(_ change: DirectoryChange) throws(DirectoryDefect) {
        switch change {
        case .tenant(let facts): try apply(facts)
        case .key(let facts):
            guard facts.scopes.count <= DirectoryBounds.setMax else { throw .tooLarge }
            // Nobody asks what a revoked key was for.
            let row = DirectoryTable.KeyRow(
                id: facts.id, tenant: facts.tenant, digest: facts.digest, expires: facts.expires,
                scopes: try scopes.place(ofSet: facts.isRevoked ? [] : facts.scopes),
                role: facts.isRevoked
                    ? DirectoryTable.KeyRow.revoked : try place(of: facts.role))
            if isLoading { return try loading.put(row) }
            if let known = base.table.key(row.id), base.table.keys[known].tenant != row.tenant {
                throw .inconsistent
            }
            try overlay.put(row)
        case .revocation(let facts):
            let row = DirectoryTable.RevocationRow(
                tenant: facts.tenant, token: facts.token, expires: facts.expires)
            if isLoading { try loading.put(row) } else { try overlay.put(row) }
        }
    }

    private mutating func place(of role: [UInt8]?) throws(DirectoryDefect) -> UInt32 {
        guard let role else { return DirectoryTable.KeyRow.noRole }
        return try roles.place(of: role)
    }

    private mutating func apply(_ facts: TenantFacts) throws(DirectoryDefect) {
        guard facts.domains.count <= DirectoryBounds.domainsOfTenantMax,
            facts.features.count <= DirectoryBounds.setMax
        else { throw .tooLarge }
        let row = DirectoryTable.TenantRow(
            id: facts.id, voidBefore: facts.voidBefore, nameStart: 0, firstDomain: 0,
            requests: facts.requests ?? DirectoryTable.TenantRow.noRequests,
            features: try features.place(ofSet: facts.features), domainCount: 0,
            vendor: try vendors.shortPlace(of: facts.vendor),
            tier: try tiers.shortPlace(of: facts.tier), nameCount: 0, state: facts.state.code)
        // A tombstone's domains may be somebody else's by now.
        let domains = facts.state == .deleted ? [] : facts.domains
        let name = facts.externalID.bytes.span
        if isLoading { return try loading.put(row, name: name, domains: domains) }
        if let known = base.table.tenant(vendor: row.vendor, name: name) {
            guard base.table.tenants[known].id == row.id else { throw .inconsistent }
        } else {
            guard base.table.tenant(row.id) == nil else { throw .inconsistent }
        }
        try overlay.put(row, name: name, domains: domains)
    }

    /// What is true now. The first call ends loading.
    public mutating func edition() -> DirectoryEdition {
        if isLoading {
            isLoading = false
            setsOfBase = setCount
            base = DirectoryEdition.DirectoryBase(loading)
            loading = DirectoryTable(seed: seed)
        }
        return DirectoryEdition(
            base: base, overlay: overlay, vendors: vendors, tiers: tiers, features: features,
            scopes: scopes, roles: roles)
    }

    /// Keys are left out of a new table so long after they have expired: a clock that was wrong for
    /// a moment ends none.
    static let expiredSeconds: Int64 = 86_400

    /// Makes one table of base and overlay. What is void for ever is left out: a key that is not
    /// there is refused like one that was revoked, and the backend forgets them too in time.
    ///
    /// - Parameter now: wall-clock seconds.
    public mutating func compact(now: Int64) throws(DirectoryDefect) {
        let whole = edition()
        var made = DirectoryLedger(seed: seed, sizes: whole.sizes)
        try whole.forEach { (change) throws(DirectoryDefect) in
            switch change {
            case .revocation(let facts) where facts.expires <= now: return
            case .key(let facts)
            where facts.isRevoked || facts.expires <= now - Self.expiredSeconds:
                return
            case .tenant, .key, .revocation: try made.apply(change)
            }
        }
        _ = made.edition()
        self = made
    }
}
