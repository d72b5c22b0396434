import HTTPTransport
import JSON
import Policy
import Reactor
import Tokens

/// A key that is about to be made. Its text is answered once and kept nowhere.
struct NewKey: Sendable {
    let id: APIKeyID
    let text: String
    let digest: CredentialDigest
    let name: String
    let scopes: [[UInt8]]
    let role: [UInt8]?
    /// Wall-clock second.
    let expires: Int64?
}

/// What is to be void.
enum TokenRevocation: Sendable {
    /// Every token of the tenant issued before now.
    case all
    /// One, by its `jti`, until it has expired by itself.
    case one(TokenID, expires: Int64)
}

/// Bodies that are about credentials.
extension RequestReader {
    /// How long a revoked token is remembered where the request does not say when it expires: the
    /// longest life a policy can give one.
    static let tokenSeconds: Int64 = 31_536_000

    mutating func newKey(_ request: ServiceRequest) throws(Rejection) -> NewKey {
        try requireNoQuery(request, cleans: false)
        let (name, scopes, role, expires) = try withObject(request) {
            input, _ throws(Rejection) -> (String, [[UInt8]], [UInt8]?, Int64?) in
            _ = try input.requireOnly(["name", "scopes", "role", "expires_at"])
            return (
                try input.string("name", InputRule.nameRule, InputRule.name),
                try input.names("scopes") ?? [], try input.role("role"),
                try input.moment("expires_at")
            )
        }
        var id = [UInt8](repeating: 0, count: 10)
        var secret = [UInt8](repeating: 0, count: 32)
        var idSpan = id.mutableSpan
        randomBytes(into: &idSpan)
        var secretSpan = secret.mutableSpan
        randomBytes(into: &secretSpan)
        let text = APIKeyText.make(id: id.span, secret: secret.span)
        guard let made = APIKeyText.id(text.span) else { throw Rejection(.internalError) }
        guard let digest = credentials.apiKey(text.span) else {
            throw Rejection(.resourceConflict, "this backend has no `keys.pepper`")
        }
        return NewKey(
            id: made, text: String(decoding: text, as: UTF8.self), digest: digest, name: name,
            scopes: scopes, role: role, expires: expires)
    }

    mutating func tokenRevocation(
        _ request: ServiceRequest
    ) throws(Rejection) -> TokenRevocation {
        try requireNoQuery(request, cleans: false)
        let (name, expires) = try withObject(request) {
            input, _ throws(Rejection) -> ([UInt8]?, Int64?) in
            _ = try input.requireOnly(["jti", "expires_at"])
            let name = try input.stringIfPresent("jti")
            if let name, !(1...255).contains(name.utf8.count) {
                throw .field("jti", "must be 1 to 255 bytes")
            }
            return (name.map { Array($0.utf8) }, try input.moment("expires_at"))
        }
        guard let name else {
            guard expires == nil else { throw .field("expires_at", "belongs to a `jti`") }
            return .all
        }
        guard let token = tokenID(jti: name.span) else { throw Rejection(.internalError) }
        return .one(token, expires: expires ?? WallClock.now().seconds + Self.tokenSeconds)
    }
}

extension InputObject {
    /// A set of names such as `events:write`, sorted; `nil` where it is absent.
    func names(_ name: String) throws(Rejection) -> [[UInt8]]? {
        guard let texts = try strings(name, countMax: DirectoryBounds.setMax) else { return nil }
        for text in texts where !InputRule.isName(text) {
            throw .field(name, InputRule.nameSetRule)
        }
        return Set(texts).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A name such as `admin`; `nil` where it is absent.
    func role(_ name: String) throws(Rejection) -> [UInt8]? {
        guard let text = try stringIfPresent(name) else { return nil }
        guard InputRule.isName(Array(text.utf8)) else {
            throw .field(
                name, "must be letters, digits, `.`, `_`, `:` and `-`, at most 64 bytes")
        }
        return Array(text.utf8)
    }

    /// Host names in their one spelling; `nil` where they are absent.
    func domains(_ name: String) throws(Rejection) -> [[UInt8]]? {
        guard let texts = try strings(name, countMax: DirectoryBounds.domainsOfTenantMax) else {
            return nil
        }
        var domains: Set<[UInt8]> = []
        for text in texts {
            guard let domain = DirectoryDomain.canonical(text.span) else {
                throw .field(name, "must be host names such as `acme.example.com`")
            }
            domains.insert(domain)
        }
        return domains.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A moment in the future, in wall-clock seconds; `nil` where it is absent.
    func moment(_ name: String) throws(Rejection) -> Int64? {
        guard let text = try stringIfPresent(name) else { return nil }
        guard let moment = InputRule.moment(text) else {
            throw .field(name, "must be written like \"2030-01-31T12:00:00Z\"")
        }
        guard moment > WallClock.now().seconds else { throw .field(name, "must be in the future") }
        return moment
    }
}

extension InputRule {
    static let nameSetRule =
        "must be names of letters, digits, `.`, `_`, `:` and `-`, at most 64 bytes each"

    static func isName(_ text: [UInt8]) -> Bool {
        (1...DirectoryBounds.nameBytesMax).contains(text.count)
            && text.allSatisfy {
                (0x30...0x3A).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

    /// `2030-01-31T12:00:00Z` (RFC 3339 in UTC without a fraction) as wall-clock seconds.
    static func moment(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        for (place, mark) in zip([4, 7, 10, 13, 16, 19], "--T::Z".utf8) where bytes[place] != mark {
            return nil
        }
        func number(_ range: Range<Int>) -> Int64? {
            guard bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            year >= 1970, (1...12).contains(month), day >= 1,
            day <= daysOfMonth(month, year), hour < 24, minute < 60, second < 60
        else { return nil }
        // Days of the civil calendar, years beginning in March.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static func daysOfMonth(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
