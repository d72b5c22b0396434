internal import CJWT
internal import HTTP1
internal import JSON
internal import Policy

/// libjwt as an independent reader of a token that has already been verified.
///
/// It checks no signature here: with a nil key it only decodes, which is safe for nothing but a
/// token whose bytes we have verified ourselves. Two readings that differ on who is meant are a
/// refusal and an alarm.
@safe struct SecondReader: ~Copyable {
    private var text = ByteBuffer(capacityMax: CompactToken.bytesMax + 64)
    private var document = JSONDocument()

    init() {}

    /// Whether libjwt reads `token` and finds what `claims` hold.
    mutating func agrees(
        on token: Span<UInt8>, issuer: TokenIssuer, claims: TokenClaims
    ) -> Bool {
        // Bounded by `CompactToken`: libjwt copies segments to the stack and ends at a NUL.
        guard token.count <= CompactToken.bytesMax else { return false }
        text.removeAll()
        text.append(token)
        return agreesOnText(issuer: issuer, claims: claims)
    }

    /// The same for a token of whose header libjwt is known to accept every byte: it reads the
    /// claims behind the shortest header of the same algorithm. What it says of one segment does
    /// not depend on another, as long as there is no key; the signature it leaves unread then, and
    /// is given none.
    ///
    /// - Parameter segment: the claims, encoded.
    mutating func agrees(
        onClaims segment: Span<UInt8>, algorithm: TokenAlgorithm, issuer: TokenIssuer,
        claims: TokenClaims
    ) -> Bool {
        text.removeAll()
        let header = Self.header(algorithm)
        guard header.utf8CodeUnitCount + segment.count + 3 <= text.capacityMax else { return false }
        text.append(header)
        text.append(UInt8(ascii: "."))
        text.append(segment)
        text.append(UInt8(ascii: "."))
        return agreesOnText(issuer: issuer, claims: claims)
    }

    private mutating func agreesOnText(issuer: TokenIssuer, claims: TokenClaims) -> Bool {
        text.append(0)
        guard let decoded = DecodedToken(text.readable) else { return false }
        let expected = issuer.issuer
        guard decoded.string("iss\0", equals: expected.span) else { return false }
        guard decoded.integer("exp\0") == Int(claims.expiry) else { return false }
        if let subject = claims.subject {
            guard decoded.string("sub\0", equals: subject.span) else { return false }
        } else {
            guard decoded.lacks("sub\0") else { return false }
        }
        return agreesOnTenant(decoded, issuer: issuer, claims: claims)
    }

    /// `{"alg":"RS256"}` and so on, encoded. Of the algorithms libjwt does not know it reads the
    /// claims behind another one's header: without a key the name means nothing to it.
    static func header(_ algorithm: TokenAlgorithm) -> StaticString {
        switch algorithm {
        case .hs256, .ps256, .ps384, .ps512, .ed25519: "eyJhbGciOiJIUzI1NiJ9"
        case .hs384: "eyJhbGciOiJIUzM4NCJ9"
        case .hs512: "eyJhbGciOiJIUzUxMiJ9"
        case .rs256: "eyJhbGciOiJSUzI1NiJ9"
        case .rs384: "eyJhbGciOiJSUzM4NCJ9"
        case .rs512: "eyJhbGciOiJSUzUxMiJ9"
        case .es256: "eyJhbGciOiJFUzI1NiJ9"
        case .es384: "eyJhbGciOiJFUzM4NCJ9"
        case .es512: "eyJhbGciOiJFUzUxMiJ9"
        }
    }

    /// libjwt hands over the top-level claim as JSON written anew, so a tenant inside an object
    /// and a number are compared as well.
    private mutating func agreesOnTenant(
        _ decoded: borrowing DecodedToken, issuer: TokenIssuer, claims: TokenClaims
    ) -> Bool {
        guard let path = issuer.tenant, let tenant = claims.tenant else {
            return issuer.tenant == nil && claims.tenant == nil
        }
        if path.rest.isEmpty, issuer.tenantFormat != .integer {
            return decoded.string(path.topName, equals: tenant.bytes.span)
        }
        guard let json = decoded.json(path.topName) else { return false }
        do {
            try document.parse(json.span, limits: TokenClaims.limits)
        } catch {
            return false
        }
        let view = document.view(of: json.span)
        guard let node = view.node(at: path.rest.span) else { return false }
        if view.kind(of: node) == .number, issuer.tenantFormat == .integer {
            return areEqual(view.rawLexeme(of: node), tenant.bytes.span)
        }
        return view.string(at: node, equals: tenant.bytes.span)
    }
}

extension TokenAlgorithm {
    /// Whether libjwt 1.10 knows its name.
    var isKnownToSecondReader: Bool {
        switch self {
        case .hs256, .hs384, .hs512, .rs256, .rs384, .rs512, .es256, .es384, .es512: true
        case .ps256, .ps384, .ps512, .ed25519: false
        }
    }
}

/// A `jwt_t` with one owner.
@safe private struct DecodedToken: ~Copyable {
    private let token: OpaquePointer

    /// - Parameter text: a compact token of bounded length, ending with a NUL.
    init?(_ text: Span<UInt8>) {
        precondition(text.count > 0 && text[text.count - 1] == 0)
        var token: OpaquePointer?
        let result = unsafe text.withUnsafeBytes { text in
            unsafe jwt_decode(&token, text.assumingMemoryBound(to: CChar.self).baseAddress, nil, 0)
        }
        guard result == 0, let token = unsafe token else {
            unsafe jwt_free(token)
            return nil
        }
        unsafe self.token = token
    }

    deinit { unsafe jwt_free(token) }

    /// Whether the claim `name` (ending with a NUL) is the string `expected`.
    func string(_ name: [UInt8], equals expected: Span<UInt8>) -> Bool {
        unsafe withName(name) { unsafe isEqual(jwt_get_grant(token, $0), expected) }
    }

    private func isEqual(_ value: UnsafePointer<CChar>?, _ expected: Span<UInt8>) -> Bool {
        guard let value = unsafe value else { return false }
        let count = unsafe strlen(value)
        let bytes = unsafe UnsafeRawBufferPointer(start: value, count: count)
        guard count == expected.count else { return false }
        for index in expected.indices {
            guard unsafe bytes[index] == expected[index] else { return false }
        }
        return true
    }

    func string(_ name: StaticString, equals expected: Span<UInt8>) -> Bool {
        unsafe isEqual(jwt_get_grant(token, Self.text(name)), expected)
    }

    /// The integer claim; nil when libjwt does not find one.
    func integer(_ name: StaticString) -> Int? {
        // libjwt tells absence by errno alone, and a wrong type not at all: 0 is no `exp`.
        let value = unsafe jwt_get_grant_int(token, Self.text(name))
        return value > 0 ? Int(value) : nil
    }

    /// Whether the claim is not there, or not a string.
    func lacks(_ name: StaticString) -> Bool {
        unsafe jwt_get_grant(token, Self.text(name)) == nil
    }

    /// The claim as JSON text.
    func json(_ name: [UInt8]) -> [UInt8]? {
        guard let text = unsafe withName(name, { unsafe jwt_get_grants_json(token, $0) }) else {
            return nil
        }
        defer { unsafe free(text) }
        return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    /// The literals end with a NUL of their own.
    private static func text(_ name: StaticString) -> UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private func withName<Value>(
        _ name: [UInt8], _ body: (UnsafePointer<CChar>?) -> Value
    ) -> Value {
        precondition(name.last == 0)
        return unsafe name.withUnsafeBytes {
            unsafe body($0.assumingMemoryBound(to: CChar.self).baseAddress)
        }
    }
}
