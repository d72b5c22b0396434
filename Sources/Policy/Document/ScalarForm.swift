/// What a text must look like to be taken, and what it then means. Numbers get their bounds here,
/// so that arithmetic behind the policy cannot overflow.
enum ScalarForm: Sendable {
    case version
    /// One line of text.
    case text
    /// A name the user gives to something: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
    case name(reserved: [String])
    case word([String], notYet: [String])
    case boolean
    case integer(ClosedRange<Int>, or: [String])
    /// Milliseconds.
    case duration(ClosedRange<Int>, isWholeSeconds: Bool)
    /// Bytes.
    case size(ClosedRange<Int>)
    case rate(or: [String])
    /// Per minute, for buckets that refill.
    case perMinute(ClosedRange<Int>)
    /// Per second.
    case perSecond(ClosedRange<Int>, or: [String])
    case listenAddress, target, block, host, hostPattern, origin, pathPattern
    /// A name in certificates with `{tenant}` in it.
    case uriPattern
    /// Where a secret is; the secret itself is refused without being shown.
    case secret
    /// Where something is that is no secret, such as a certificate.
    case material
    case keySet, tenantSource, accessLog, folder, tenantPattern, filePath, domain
    /// What `include` names.
    case include
    case headerName, queryName, jsonPointer, claim, tenantName, externalID, tenantID
    case reference(Referent, or: [String], notYet: [String])

    enum Referent: String, Sendable { case issuer, upstream, tier, vendor }

    static let textBytesMax = 1_024
    static let nameBytesMax = 64

    /// What messages and the reference say is expected.
    var expectation: String {
        switch self {
        case .version: "1"
        case .text: "one line of text"
        case .name: "a name of letters, digits, `.`, `_` and `-` (at most \(Self.nameBytesMax))"
        case .word(let words, _): Self.alternatives(words)
        case .boolean: "`true` or `false`"
        case .integer(let range, let words):
            Self.or(words, "a number from \(range.lowerBound) to \(range.upperBound)")
        case .duration(let range, let isWhole):
            "a duration from \(Quantity.text(milliseconds: range.lowerBound)) to "
                + "\(Quantity.text(milliseconds: range.upperBound))"
                + (isWhole ? " in whole seconds" : "")
        case .size(let range):
            "a size from \(Quantity.text(bytes: range.lowerBound)) to "
                + Quantity.text(bytes: range.upperBound)
        case .rate(let words):
            Self.or(words, "a rate such as `100/min`, up to \(RateLimit.perMinuteMax)")
        case .perMinute(let range):
            "a rate from `\(range.lowerBound)/min` to `\(range.upperBound)/min`"
        case .perSecond(let range, let words):
            Self.or(words, "a rate from `\(range.lowerBound)/s` to `\(range.upperBound)/s`")
        case .listenAddress:
            "an address such as `127.0.0.1:8443`, `[::]:8443` or `unix:gateway.sock`"
        case .target: "a target such as `http://10.0.0.5:8080`, `https://api:443` or `unix:/path`"
        case .block: "a block of addresses such as `10.0.0.0/8`"
        case .host: "a host name without port, or one with `{tenant}` as a label"
        case .hostPattern: "a host name with `{tenant}` as a label, such as `{tenant}.example.com`"
        case .uriPattern: "a URI with `{tenant}` as a part, such as `spiffe://example.com/{tenant}`"
        case .origin: "an origin such as `https://app.example.com`, in lower case"
        case .pathPattern: "a path such as `/v1/orders/**`"
        case .secret, .material: "`file:PATH`, `cred:NAME` or `env:NAME`"
        case .keySet: "`file:PATH`, `https://...` or `discover`"
        case .tenantSource: "`claims`, `directory` or `file:PATH`"
        case .filePath: "`file:PATH`"
        case .domain: "a host name such as `acme.example.com`"
        case .accessLog: "`stdout`, `none` or `file:PATH`"
        case .include:
            "a relative path such as `tiers.yaml` or `routes/*.yaml`, `*` in its last part only"
        case .folder: "`file:PATH` of a folder"
        case .tenantPattern: "a tenant's external id, or its beginning and `*`"
        case .headerName: "a header name"
        case .queryName: "a parameter name of letters, digits, `.`, `_`, `~` and `-`"
        case .jsonPointer: "a JSON Pointer of at most 64 bytes such as `/tenant_id`"
        case .claim: "a claim's name, or a JSON Pointer that begins with `/`"
        case .tenantName: "a name of letters, digits, `.`, `_` and `-`, with a letter in it"
        case .externalID: "a tenant's external id (letters, digits, `.`, `_`, `:` and `-`)"
        case .tenantID: "a UUID in lower case with dashes"
        case .reference(let referent, let words, _):
            Self.or(words, "the name of a \(referent.noun)")
        }
    }

    private static func or(_ words: [String], _ other: String) -> String {
        words.map { "`\($0)`, " }.joined() + (words.isEmpty ? "" : "or ") + other
    }

    static func alternatives(_ words: [String]) -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension ScalarForm.Referent {
    var noun: String { rawValue }
    /// The top-level key that defines it.
    var table: String { rawValue + "s" }
}
