/// What a directory says at one moment: immutable, shared by all workers, asked without
/// allocating. Two tables: a base that is large and old, and an overlay of what has changed since,
/// which wins.
public final class DirectoryEdition: Sendable {
    let base: DirectoryBase
    let overlay: DirectoryTable
    let vendors: DirectoryNames
    let tiers: DirectoryNames
    let features: DirectoryNames
    let scopes: DirectoryNames
    let roles: DirectoryNames

    init(
        base: DirectoryBase, overlay: DirectoryTable, vendors: DirectoryNames,
        tiers: DirectoryNames, features: DirectoryNames, scopes: DirectoryNames,
        roles: DirectoryNames
    ) {
        self.base = base
        self.overlay = overlay
        self.vendors = vendors
        self.tiers = tiers
        self.features = features
        self.scopes = scopes
        self.roles = roles
    }

    /// A table that is never copied and never changed.
    final class DirectoryBase: Sendable {
        let table: DirectoryTable
        init(_ table: DirectoryTable) { self.table = table }
    }

    /// Where one tenant's row is.
    struct Place: BitwiseCopyable, Sendable {
        let isOverlay: Bool
        let index: Int
    }

    func tenant(_ id: TenantID) -> Place? {
        if let index = overlay.tenant(id) { return Place(isOverlay: true, index: index) }
        return base.table.tenant(id).map { Place(isOverlay: false, index: $0) }
    }

    /// - Parameter vendor: index into `vendors`.
    func tenant(vendor: UInt16, name: Span<UInt8>) -> Place? {
        // Names never change, so what the overlay does not find by name it does not hold.
        if let index = overlay.tenant(vendor: vendor, name: name) {
            return Place(isOverlay: true, index: index)
        }
        return base.table.tenant(vendor: vendor, name: name)
            .map { Place(isOverlay: false, index: $0) }
    }

    func tenant(domain: Span<UInt8>) -> Place? {
        switch overlay.owner(ofDomain: domain) {
        case .tenant(let index): return Place(isOverlay: true, index: index)
        case .nobody: return nil
        case .unknown: break
        }
        guard case .tenant(let index) = base.table.owner(ofDomain: domain),
            // Whoever has changed since has the domains the overlay says, and this is none.
            overlay.tenant(base.table.tenants[index].id) == nil
        else { return nil }
        return Place(isOverlay: false, index: index)
    }

    func key(_ id: APIKeyID) -> DirectoryTable.KeyRow? {
        if let index = overlay.key(id) { return overlay.keys[index] }
        return base.table.key(id).map { base.table.keys[$0] }
    }

    /// See `DirectoryTable.keyOrAnother`.
    func keyOrAnother(_ id: APIKeyID) -> (row: DirectoryTable.KeyRow, isIt: Bool)? {
        if let index = overlay.key(id) { return (overlay.keys[index], true) }
        return base.table.keyOrAnother(id).map { (base.table.keys[$0.place], $0.isIt) }
    }

    func revocation(
        _ tenant: TenantID, _ token: TokenID
    ) -> DirectoryTable.RevocationRow? {
        if let index = overlay.revocation(tenant, token) { return overlay.revocations[index] }
        return base.table.revocation(tenant, token).map { base.table.revocations[$0] }
    }

    subscript(place: Place) -> DirectoryTable.TenantRow {
        place.isOverlay
            ? overlay.tenants[place.index] : base.table.tenants[place.index]
    }

    func name(of place: Place) -> [UInt8] {
        place.isOverlay
            ? overlay.name(of: place.index) : base.table.name(of: place.index)
    }

    func externalID(of place: Place) -> ExternalID? {
        let name = name(of: place)
        return ExternalID(name.span, format: .opaque)
    }

    // MARK: For people, files and tests

    /// Tenants, tombstones included.
    public var tenantCount: Int {
        base.table.tenants.count
            + overlay.tenants.count { base.table.tenant($0.id) == nil }
    }

    /// API keys, revoked ones included.
    public var keyCount: Int {
        base.table.keys.count + overlay.keys.count { base.table.key($0.id) == nil }
    }

    /// Whether any tenant has a domain, or had one.
    var hasDomains: Bool { !base.table.domains.isEmpty || !overlay.domains.isEmpty }

    /// Bytes of memory both tables hold.
    public var bytes: Int { base.table.bytes + overlay.bytes }
    /// Rows that have changed since the base was made.
    public var overlayCount: Int {
        overlay.tenants.count + overlay.keys.count + overlay.revocations.count
    }

    /// Room for everything it holds.
    public var sizes: DirectorySizes {
        let (one, other) = (base.table.sizes, overlay.sizes)
        return DirectorySizes(
            tenants: one.tenants + other.tenants, domains: one.domains + other.domains,
            keys: one.keys + other.keys, revocations: one.revocations + other.revocations,
            textBytes: one.textBytes + other.textBytes)
    }

    /// Everything it holds, tenants before what belongs to them, each once.
    public func forEach<Failure: Error>(
        _ body: (DirectoryChange) throws(Failure) -> Void
    ) throws(Failure) {
        let table = base.table
        for index in table.tenants.indices where overlay.tenant(table.tenants[index].id) == nil {
            try body(.tenant(facts(Place(isOverlay: false, index: index))))
        }
        for index in overlay.tenants.indices {
            try body(.tenant(facts(Place(isOverlay: true, index: index))))
        }
        for row in table.keys where overlay.key(row.id) == nil { try body(.key(facts(row))) }
        for row in overlay.keys { try body(.key(facts(row))) }
        for row in table.revocations where overlay.revocation(row.tenant, row.token) == nil {
            try body(.revocation(facts(row)))
        }
        for row in overlay.revocations { try body(.revocation(facts(row))) }
    }

    func facts(_ place: Place) -> TenantFacts {
        let row = self[place]
        let table = place.isOverlay ? overlay : base.table
        guard let name = externalID(of: place) else {
            preconditionFailure("a row without a name")
        }
        var facts = TenantFacts(
            id: row.id, vendor: vendors.all[Int(row.vendor)], externalID: name,
            tier: tiers.all[Int(row.tier)])
        facts.requests = row.requests == DirectoryTable.TenantRow.noRequests ? nil : row.requests
        facts.state = row.tenantState
        facts.voidBefore = row.voidBefore
        // What somebody else has taken since is not in the list any more.
        facts.domains = table.domains(of: place.index).filter { domain in
            guard let owner = tenant(domain: domain.span) else { return false }
            return owner.isOverlay == place.isOverlay && owner.index == place.index
        }
        facts.features = features.set(row.features)
        return facts
    }

    func role(_ row: DirectoryTable.KeyRow) -> [UInt8]? {
        row.role >= DirectoryTable.KeyRow.revoked ? nil : roles.all[Int(row.role)]
    }

    private func facts(_ row: DirectoryTable.KeyRow) -> APIKeyFacts {
        var facts = APIKeyFacts(id: row.id, tenant: row.tenant, digest: row.digest)
        facts.scopes = scopes.set(row.scopes)
        facts.role = role(row)
        facts.expires = row.expires
        facts.isRevoked = row.isRevoked
        return facts
    }

    private func facts(_ row: DirectoryTable.RevocationRow) -> RevocationFacts {
        RevocationFacts(tenant: row.tenant, token: row.token, expires: row.expires)
    }
}

extension DirectoryTable.TenantRow {
    var tenantState: TenantState {
        switch state {
        case 0: .active
        case 1: .suspended
        default: .deleted
        }
    }
}

extension TenantState {
    var code: UInt8 {
        switch self {
        case .active: 0
        case .suspended: 1
        case .deleted: 2
        }
    }
}
