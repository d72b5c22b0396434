/// Whether a tenant's requests are taken.
public enum TenantState: String, CaseIterable, Sendable {
    case active
    case suspended
    /// A tombstone: the id and the name are taken for ever and belong to nobody (attack N5).
    case deleted
}

/// 256 bits that stand for a secret nobody should read back: HMAC-SHA-256 of an API key.
public struct CredentialDigest: Hashable, BitwiseCopyable, Sendable {
    public static let byteCount = 32
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// `nil` unless there are exactly 32 bytes.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (
            DirectoryHash.word(bytes, 0), DirectoryHash.word(bytes, 8),
            DirectoryHash.word(bytes, 16), DirectoryHash.word(bytes, 24)
        )
    }

    /// `nil` unless there are exactly 64 lower-case hexadecimal digits.
    public init?(hexadecimal text: Span<UInt8>) {
        guard text.count == 2 * Self.byteCount else { return nil }
        var bytes = [32 of UInt8](repeating: 0)
        for index in text.indices {
            guard let value = Self.digit(text[index]) else { return nil }
            bytes[index / 2] = bytes[index / 2] << 4 | value
        }
        self.init(bytes: bytes.span)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64((7 - $0) * 8)) }
        }
    }

    /// 64 lower-case hexadecimal digits.
    public var hexadecimal: [UInt8] { Self.hexadecimal(bytes) }

    static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        let digits = [UInt8]("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// No early exit: the time says nothing about where two values differ.
    public static func == (one: Self, other: Self) -> Bool {
        (one.words.0 ^ other.words.0) | (one.words.1 ^ other.words.1)
            | (one.words.2 ^ other.words.2) | (one.words.3 ^ other.words.3) == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// The public part of an API key, `rf_live_<id>_<secret>`: 16 characters of `a-z2-7`. It finds the
/// key's record and proves nothing.
public struct APIKeyID: Hashable, BitwiseCopyable, Sendable {
    public static let byteCount = 16
    let high: UInt64
    let low: UInt64

    /// `nil` for anything but 16 characters of `a-z2-7`.
    public init?(_ text: Span<UInt8>) {
        guard text.count == Self.byteCount else { return nil }
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "2")...UInt8(ascii: "7"):
                continue
            default: return nil
            }
        }
        high = DirectoryHash.word(text, 0)
        low = DirectoryHash.word(text, 8)
    }

    /// No key's: what is looked for in the place of a text that is none.
    public init(standingFor digest: CredentialDigest) {
        (high, low) = (digest.words.0 | 1 << 63, digest.words.1)
    }

    /// The 16 characters.
    public var bytes: [UInt8] {
        [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64((7 - $0) * 8)) }
        }
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Everything a directory says about one tenant, as it travels: a change replaces the whole.
public struct TenantFacts: Equatable, Sendable {
    public var id: TenantID
    /// The vendor's name, as policies have it.
    public var vendor: [UInt8]
    public var externalID: ExternalID
    /// A tier's name, as policies have it.
    public var tier: [UInt8]
    /// The tenant's own limit per minute, for tiers that say `custom`.
    public var requests: UInt32?
    public var state = TenantState.active
    /// Credentials issued before this second (wall clock) are void; 0 for none.
    public var voidBefore: Int64 = 0
    /// Host names in lower case, without port and without a dot at the end.
    public var domains: [[UInt8]] = []
    /// Names of features the tenant has beyond those of its tier, sorted.
    public var features: [[UInt8]] = []

    public init(id: TenantID, vendor: [UInt8], externalID: ExternalID, tier: [UInt8]) {
        self.id = id
        self.vendor = vendor
        self.externalID = externalID
        self.tier = tier
    }
}

/// What a directory knows of one API key; never the key.
public struct APIKeyFacts: Equatable, Sendable {
    public var id: APIKeyID
    public var tenant: TenantID
    /// HMAC-SHA-256 of the whole key under the deployment's pepper.
    public var digest: CredentialDigest
    /// What it may be used for, sorted.
    public var scopes: [[UInt8]] = []
    /// Who uses it, as far as `roles` of a route ask.
    public var role: [UInt8]?
    /// Wall-clock second from which it is no longer taken; `Int64.max` for never.
    public var expires = Int64.max
    public var isRevoked = false

    public init(id: APIKeyID, tenant: TenantID, digest: CredentialDigest) {
        self.id = id
        self.tenant = tenant
        self.digest = digest
    }
}

/// One token that is void although nothing about it says so.
public struct RevocationFacts: Equatable, Sendable {
    public var tenant: TenantID
    public var token: TokenID
    /// Wall-clock second from which it has expired by itself, so that this may be forgotten.
    public var expires: Int64

    public init(tenant: TenantID, token: TokenID, expires: Int64) {
        self.tenant = tenant
        self.token = token
        self.expires = expires
    }
}

extension TokenID {
    /// `nil` unless there are exactly 32 lower-case hexadecimal digits.
    public init?(hexadecimal text: Span<UInt8>) {
        guard text.count == 32 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for index in text.indices {
            guard let value = CredentialDigest.digit(text[index]) else { return nil }
            if index < 16 {
                halves.0 = halves.0 << 4 | UInt64(value)
            } else {
                halves.1 = halves.1 << 4 | UInt64(value)
            }
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// 16 bytes.
    public var bytes: [UInt8] {
        [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64((7 - $0) * 8)) }
        }
    }

    /// 32 lower-case hexadecimal digits.
    public var hexadecimal: [UInt8] { CredentialDigest.hexadecimal(bytes) }
}

/// One line of a feed: what is now true of one thing.
public enum DirectoryChange: Equatable, Sendable {
    case tenant(TenantFacts)
    case key(APIKeyFacts)
    case revocation(RevocationFacts)
}

/// Why a change was not taken. A directory that says such things is not believed at all.
public enum DirectoryDefect: Error, Equatable, Sendable {
    /// One id with two names, or one name with two ids.
    case inconsistent
    /// More of something than `DirectoryBounds` allows.
    case tooLarge
}

/// The most a directory holds; a feed that says more is refused whole.
public enum DirectoryBounds {
    public static let tenantsMax = 8_000_000
    public static let keysMax = 8_000_000
    public static let revocationsMax = 4_000_000
    public static let domainsMax = 16_000_000
    /// Of one tenant.
    public static let domainsOfTenantMax = 1_000
    /// Bytes of all names and domains together: what 32 bits count.
    public static let textBytesMax = Int(UInt32.max)
    /// Different vendors and tiers, each: the operator's, not what a vendor can name.
    public static let namesMax = 65_534
    /// Different roles, sets of features and sets of scopes, each: as many as all tenants and keys
    /// can have, so that whoever makes up many voids nobody's directory by it.
    public static let setsMax = tenantsMax + keysMax
    public static let domainBytesMax = 253
    /// Of a vendor, tier, role, feature or scope.
    public static let nameBytesMax = 64
    /// Features of a tenant, or scopes of a key.
    public static let setMax = 32
}
