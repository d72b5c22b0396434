public import HTTP1

/// The immutable name of one tenant inside the system: a UUID that a (vendor, external id) pair
/// resolves to once. Limits, caches, assertions, seals, logs and rows use it and nothing else.
///
/// A value of this type does not prove that a request may act for the tenant; `Principal` does.
public struct TenantID: Hashable, BitwiseCopyable, Sendable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Only code that builds a directory of tenants or verifies a signature may name a tenant.
    @_spi(TenantDirectory) public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the canonical form: 36 characters, lower case, dashed (RFC 9562 §4). Anything else,
    /// upper case and braces included, is `nil`: one tenant has one spelling.
    @_spi(TenantDirectory) public init?(canonical text: Span<UInt8>) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for index in text.indices {
            let byte = text[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                value = UInt64(byte - UInt8(ascii: "a")) + 10
            default: return nil
            }
            if digits < 16 {
                halves.0 = halves.0 << 4 | value
            } else {
                halves.1 = halves.1 << 4 | value
            }
            digits += 1
        }
        high = halves.0
        low = halves.1
    }

    /// Appends the canonical form, 36 bytes.
    public func write(into out: inout ByteBuffer) {
        for index in 0..<36 {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                out.append(UInt8(ascii: "-"))
                continue
            }
            let dashes = index > 23 ? 4 : index > 18 ? 3 : index > 13 ? 2 : index > 8 ? 1 : 0
            let digit = index - dashes
            let half = digit < 16 ? high : low
            let value = UInt8(truncatingIfNeeded: half >> UInt64((15 - digit % 16) * 4)) & 15
            out.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }

    /// The canonical form, for people and for cold paths.
    public var text: String {
        var out = ByteBuffer(capacityMax: 36)
        write(into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }
}

/// How a tenant claim must be written to be taken; nothing is ever trimmed, folded or coerced.
public enum TenantFormat: String, Sendable, CaseIterable {
    /// `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`, byte-exact.
    case opaque
    /// `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
    case slug
    /// The canonical lower-case dashed UUID.
    case uuid
    /// An exact JSON integer lexeme or a string of digits, without sign or leading zero, at most
    /// 19 digits.
    case integer
}

/// The name a vendor gives one of its customers; what upstreams know as `X-Tenant-ID`. Its bytes
/// satisfy one of the formats of `TenantFormat`, so they are printable ASCII without separators
/// and can be written into a header as they are.
public struct ExternalID: Hashable, Sendable {
    public static let bytesMax = 128
    public let bytes: [UInt8]

    /// Names that are somebody's "nobody" or "everybody" in some system (attack N4).
    public static let reserved: [String] = [
        ".", "..", "*", "default", "public", "system", "null", "undefined", "%", "_",
    ]

    /// `nil` when the bytes do not have the format or are reserved.
    public init?(_ text: Span<UInt8>, format: TenantFormat) {
        guard Self.accepts(text, format: format) else { return nil }
        bytes = [UInt8](capacity: text.count) { out in
            for index in text.indices { out.append(text[index]) }
        }
        guard !Self.reserved.contains(String(decoding: bytes, as: UTF8.self)) else { return nil }
    }

    public init?(_ text: String, format: TenantFormat) {
        self.init([UInt8](text.utf8).span, format: format)
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    private static func accepts(_ text: Span<UInt8>, format: TenantFormat) -> Bool {
        guard text.count >= 1, text.count <= bytesMax else { return false }
        switch format {
        case .opaque:
            guard isAlphanumeric(text[0]) else { return false }
            for index in text.indices {
                let byte = text[index]
                guard
                    isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                        || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-")
                else { return false }
            }
            return true
        case .slug:
            guard text.count <= 63 else { return false }
            let last = text.count - 1
            for index in text.indices {
                let byte = text[index]
                let dash = byte == UInt8(ascii: "-") && index != 0 && index != last
                guard isDigit(byte) || isLower(byte) || dash else { return false }
            }
            return true
        case .uuid:
            return TenantID(canonical: text) != nil
        case .integer:
            guard text.count <= 19 else { return false }
            for index in text.indices where !isDigit(text[index]) { return false }
            return text.count == 1 || text[0] != UInt8(ascii: "0")
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    private static func isLower(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "a") < 26 }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }
}

/// The first 128 bits of SHA-256 over a token's `jti` (RFC 7519 §4.1.7). Revocations name it: a
/// token's text has a second spelling where its signature is of ECDSA, its `jti` has none. Meant
/// within one vendor.
public struct TokenID: Hashable, Sendable, BitwiseCopyable {
    /// The first eight bytes of the hash, big-endian, and the next eight.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What a verified credential said, and nothing else. Only the verifier can make one: elsewhere
/// the initialiser does not compile (`@_spi`), so a tenant cannot be minted past it.
///
/// A class, because it is made once per token and then shared by a cache: a request borrows it
/// for one reference count.
public final class VerifiedClaims: Sendable {
    /// What was shown.
    public enum Credential: Sendable {
        case token, apiKey, session, certificate, internalToken
        /// Nothing: the tenant follows from where the request went (`auth: none`).
        case place
    }

    /// Index of the issuer in `GatewayPolicy.issuers`; `nil` for a vendor key.
    public let issuer: Int?
    /// Index in `GatewayPolicy.vendors`; an issuer speaks for exactly one vendor.
    public let vendor: Int
    /// The tenant the credential speaks for; `nil` for a vendor credential, which speaks for none.
    public let tenant: ExternalID?
    /// The id this (vendor, external id) pair has where no directory says otherwise: a name-based
    /// UUID (RFC 9562 §5.8), equal in every process.
    public let derivedID: TenantID?
    public let subject: [UInt8]
    public let role: [UInt8]?
    /// The tier the token names; a directory record wins over it.
    public let tier: [UInt8]?
    /// Wall-clock seconds from which and until which the credential holds, leeway included: valid
    /// while `notBefore <= now < expires`.
    public let notBefore: Int64
    public let expires: Int64
    public let credential: Credential
    /// The tenant's id, where the credential names it by id: with `tenant` too, both must agree.
    public let tenantID: TenantID?
    /// What the credential is revoked by; `nil` for one without a name of its own.
    public let tokenID: TokenID?
    /// When the credential was issued, in wall-clock seconds, without leeway; `nil` where it does
    /// not say. Revoking everything issued before a moment must refuse that too.
    public let issuedAt: Int64?
    /// The API key that was shown: a directory may revoke it.
    public let key: APIKeyID?
    /// What an API key may be used for.
    public let scopes: [[UInt8]]

    @_spi(TokenVerifier) public init(
        issuer: Int?, vendor: Int, tenant: ExternalID?, derivedID: TenantID?, subject: [UInt8],
        role: [UInt8]?, tier: [UInt8]?, notBefore: Int64, expires: Int64,
        tokenID: TokenID? = nil, issuedAt: Int64? = nil, credential: Credential = .token,
        tenantID: TenantID? = nil, key: APIKeyID? = nil, scopes: [[UInt8]] = []
    ) {
        self.issuer = issuer
        self.vendor = vendor
        self.tenant = tenant
        self.derivedID = derivedID
        self.subject = subject
        self.role = role
        self.tier = tier
        self.notBefore = notBefore
        self.expires = expires
        self.credential = credential
        self.tenantID = tenantID
        self.issuedAt = issuedAt
        self.tokenID = tokenID
        self.key = key
        self.scopes = scopes
    }

    /// Whether voiding what was issued before a moment concerns it: keys are revoked one by one.
    var isVoidable: Bool {
        switch credential {
        case .token, .session: true
        case .apiKey, .certificate, .internalToken, .place: false
        }
    }

    /// Whether the credential holds at `now` (wall-clock seconds).
    public func holds(at now: Int64) -> Bool { notBefore <= now && now < expires }
}
