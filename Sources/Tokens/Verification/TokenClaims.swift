internal import JSON
@_spi(TenantDirectory) internal import Policy

/// The claims of one token as our scanner reads them, checked against the issuer's policy. This
/// reading is the authoritative one.
struct TokenClaims {
    /// The year 9999; every time below it can be added to a leeway or a lifetime.
    static let secondsMax: Int64 = 253_402_300_799
    /// OpenID Connect Core §2 bounds `sub` by 255 characters.
    static let subjectBytesMax = 255
    static let roleBytesMax = 128
    static let tierBytesMax = 64
    static let tokenIDBytesMax = 255

    static let limits = JSONLimits(
        bytesMax: CompactToken.bytesMax, depthMax: 32, keysMax: 1_024, nodesMax: 4_096)

    /// `nil` exactly where the issuer's tokens name none.
    let tenant: ExternalID?
    /// Of a session, which names its tenant by id too.
    let tenantID: TenantID?
    let scopes: [[UInt8]]
    let subject: [UInt8]?
    let role: [UInt8]?
    let tier: [UInt8]?
    let expiry: Int64
    /// The later of `nbf` and `iat`.
    let start: Int64?
    let issuedAt: Int64?
    /// `jti`.
    let tokenID: [UInt8]?

    /// - Parameter now: wall-clock seconds, between 0 and `secondsMax`.
    init(_ view: JSONView, issuer: TokenIssuer, now: Int64) throws(TokenDefect) {
        guard view.kind(of: view.root) == .object else { throw .claimsJSON }
        try Self.checkIssuer(view, issuer)
        try Self.checkAudience(view, issuer)
        (expiry, start, issuedAt) = try Self.times(view, issuer, now: now)
        subject = try Self.text(
            view.member(of: view.root, named: "sub"), in: view, bytesMax: Self.subjectBytesMax,
            else: .subject)
        role = try Self.text(
            issuer.role.flatMap { $0.node(in: view) }, in: view, bytesMax: Self.roleBytesMax,
            else: .role)
        tier = try Self.text(
            issuer.tier.flatMap { $0.node(in: view) }, in: view, bytesMax: Self.tierBytesMax,
            else: .tier)
        tokenID = try Self.text(
            view.member(of: view.root, named: "jti"), in: view, bytesMax: Self.tokenIDBytesMax,
            else: .tokenID)
        scopes = try Self.scopes(view, issuer)
        tenantID = try Self.tenantID(view, issuer)
        // Last, because a missing tenant is answered 403: the credential itself is good by now.
        tenant = try Self.tenant(view, issuer)
    }

    private static func checkIssuer(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) {
        let expected = issuer.issuer
        guard let node = view.member(of: view.root, named: "iss"),
            view.string(at: node, equals: expected.span)
        else { throw .issuer }
    }

    /// RFC 7519 §4.1.3: a string, or an array of strings of which one is ours.
    private static func checkAudience(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) {
        guard let accepted = issuer.audiences else { return }
        guard let node = view.member(of: view.root, named: "aud") else { throw .audience }
        switch view.kind(of: node) {
        case .string:
            guard isAny(of: accepted, node, view) else { throw .audience }
        case .array:
            var found = false
            var elements = view.children(of: node)
            while let element = elements.next() {
                guard view.kind(of: element) == .string else { throw .audience }
                if isAny(of: accepted, element, view) { found = true }
            }
            guard found else { throw .audience }
        case .object, .number, .boolean, .null: throw .audience
        }
    }

    private static func isAny(of texts: [[UInt8]], _ node: JSONNode, _ view: JSONView) -> Bool {
        for text in texts where view.string(at: node, equals: text.span) { return true }
        return false
    }

    /// RFC 7519 §4.1.4-6; integers only: a fraction or an exponent is read differently by
    /// different libraries.
    private static func times(
        _ view: JSONView, _ issuer: TokenIssuer, now: Int64
    ) throws(TokenDefect) -> (expiry: Int64, start: Int64?, issuedAt: Int64?) {
        guard let expiry = try seconds("exp", view, else: .expiryMalformed) else {
            throw .expiryMalformed
        }
        guard now < expiry + issuer.leeway else { throw .expired }
        let notBefore = try seconds("nbf", view, else: .notBefore)
        if let notBefore, notBefore > now + issuer.leeway { throw .notBefore }
        let issuedAt = try seconds("iat", view, else: .issuedAt)
        if let issuedAt, issuedAt > now + issuer.leeway { throw .issuedAt }
        guard expiry - (issuedAt ?? now) <= issuer.lifetimeMax else { throw .lifetime }
        let start = notBefore.map { max($0, issuedAt ?? $0) } ?? issuedAt
        if let start, start > expiry { throw .lifetime }
        return (expiry, start, issuedAt)
    }

    private static func seconds(
        _ claim: String, _ view: JSONView, else defect: TokenDefect
    ) throws(TokenDefect) -> Int64? {
        guard let node = view.member(of: view.root, named: claim) else { return nil }
        guard let value = view.integer(at: node), value >= 0, value <= secondsMax else {
            throw defect
        }
        return value
    }

    /// An optional string of printable characters; anything else in its place is a defect.
    private static func text(
        _ node: JSONNode?, in view: JSONView, bytesMax: Int, else defect: TokenDefect
    ) throws(TokenDefect) -> [UInt8]? {
        guard let node else { return nil }
        guard let bytes = view.string(at: node), !bytes.isEmpty, bytes.count <= bytesMax else {
            throw defect
        }
        for byte in bytes where byte < 0x20 || byte == 0x7F { throw defect }
        return bytes
    }

    /// The tenant, never coerced: a number is a tenant only in the format `integer`, and then by
    /// its lexeme.
    private static func tenant(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> ExternalID? {
        guard let path = issuer.tenant else { return nil }
        guard let node = path.node(in: view) else { throw .tenantMissing }
        let format = issuer.tenantFormat
        switch view.kind(of: node) {
        case .string:
            guard let bytes = view.string(at: node),
                let tenant = ExternalID(bytes.span, format: format)
            else { throw .tenantMalformed }
            return tenant
        case .number:
            guard format == .integer,
                let tenant = ExternalID(view.rawLexeme(of: node), format: format)
            else { throw .tenantMalformed }
            return tenant
        case .object, .array, .boolean, .null: throw .tenantMalformed
        }
    }
}

extension TokenClaims {
    static let scopesMax = 64
    static let scopeBytesMax = 128

    /// Words apart by spaces (RFC 8693 section 4.2), or a list of such words as some issuers write
    /// it.
    private static func scopes(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> [[UInt8]] {
        guard let node = issuer.scope?.node(in: view) else { return [] }
        var scopes: [[UInt8]] = []
        switch view.kind(of: node) {
        case .string:
            guard let text = view.string(at: node) else { throw .scope }
            for word in text.split(separator: UInt8(ascii: " ")) { scopes.append(Array(word)) }
        case .array:
            var items = view.children(of: node)
            while let item = items.next() {
                guard view.kind(of: item) == .string, let word = view.string(at: item),
                    scopes.count < scopesMax
                else { throw .scope }
                scopes.append(word)
            }
        case .object, .number, .boolean, .null: throw .scope
        }
        guard scopes.count <= scopesMax else { throw .scope }
        for scope in scopes {
            // RFC 6749 section 3.3.
            guard (1...scopeBytesMax).contains(scope.count),
                scope.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
            else { throw .scope }
        }
        return scopes
    }

    private static func tenantID(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> TenantID? {
        guard issuer.kind == .sessions,
            let node = view.member(of: view.root, named: SessionPolicy.tenantIDClaim)
        else { return nil }
        guard let text = view.string(at: node), let id = TenantID(canonical: text.span) else {
            throw .tenantMalformed
        }
        return id
    }
}

extension ClaimPath {
    func node(in view: JSONView) -> JSONNode? {
        isPointer ? view.node(at: text.span) : view.member(of: view.root, named: text.span)
    }
}
