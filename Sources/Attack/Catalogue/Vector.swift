/// One attack of the public list (docs/attack.md). Its id never changes its meaning.
struct Vector: Sendable {
    enum Family: String, Sendable, CaseIterable {
        case header, trailer, identity, query, path, cookie, form, multipart, json, body
        case override, token, place, object
    }

    /// `family.name`
    let id: String
    let family: Family
    let title: String
    /// CVEs and advisories of the same weakness, with spaces between them.
    let precedents: String
    /// Whether a naive target could take it for a change of data.
    var writes = false
    /// Whether the request holds no credential that is good: any answer but a refusal is one too
    /// many.
    var isForgery = false
    /// Writes the attack into a request; `false` where it has no meaning.
    let apply: @Sendable (inout RequestDraft, Spoof) -> Bool

    init(
        _ family: Family, _ name: String, _ title: String, precedents: String = "",
        writes: Bool = false, isForgery: Bool = false,
        apply: @escaping @Sendable (inout RequestDraft, Spoof) -> Bool
    ) {
        id = "\(family.rawValue).\(name)"
        self.family = family
        self.title = title
        self.precedents = precedents
        self.writes = writes
        self.isForgery = isForgery
        self.apply = apply
    }
}

/// Who is named where.
struct Spoof: Sendable {
    /// The tenant that the request names.
    var named: String
    /// The attacker's own.
    var own: String
    var names: ConceptName
    /// Other names of the same concept.
    var aliases: [String]
}

/// The name that APIs give a tenant, in the spellings that readers take for the same.
struct ConceptName: Sendable, Equatable {
    /// Lower case: `tenant`, `id`.
    let words: [String]

    static let wordsMax = 6

    /// Splits `tenant_id`, `tenantId`, `X-Tenant-ID`; `nil` for a text without letters.
    init?(_ name: String) {
        var words: [String] = []
        var word = ""
        var previousIsLower = false
        for character in name.unicodeScalars {
            let isLetter = character.properties.isAlphabetic && character.isASCII
            let isDigit = ("0"..."9").contains(character)
            let isUpper = ("A"..."Z").contains(character)
            if !isLetter && !isDigit || isUpper && previousIsLower {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if isLetter || isDigit { word.unicodeScalars.append(character) }
            previousIsLower = isLetter && !isUpper || isDigit
        }
        if !word.isEmpty { words.append(word) }
        words = words.map { $0.lowercased() }
        if words.first == "x", words.count > 1 { words.removeFirst() }
        guard !words.isEmpty, words.count <= Self.wordsMax else { return nil }
        self.words = words
    }

    private var titled: [String] {
        words.map { $0 == "id" ? "ID" : $0.prefix(1).uppercased() + $0.dropFirst() }
    }

    /// `tenant_id`
    var snake: String { words.joined(separator: "_") }
    /// `tenant-id`
    var kebab: String { words.joined(separator: "-") }
    /// `tenantId`
    var camel: String {
        let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return (words.first ?? "") + rest.joined()
    }
    /// `X-Tenant-ID`
    var header: String { "X-" + titled.joined(separator: "-") }
    /// `X_Tenant_ID`
    var underscored: String { "X_" + titled.joined(separator: "_") }
    /// Letters, digits and nothing else.
    var skeleton: String { words.joined() }
    /// `tenant_id` with its first letter as `%74`.
    var encodedFirst: String { Self.encoded(snake, all: false) }
    var encodedAll: String { Self.encoded(snake, all: true) }
    /// `\u0074enant_id`
    var escapedFirst: String { Self.escape(snake.unicodeScalars.first) + snake.dropFirst() }

    private static func encoded(_ text: String, all: Bool) -> String {
        var out = ""
        for (index, byte) in text.utf8.enumerated() {
            if all || index == 0 {
                out += "%" + String(byte, radix: 16, uppercase: true)
            } else {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return out
    }

    private static func escape(_ scalar: Unicode.Scalar?) -> String {
        let digits = String(scalar?.value ?? 0x74, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// What the concept is called elsewhere.
    static let usual = [
        "tenant_id", "tenant", "org_id", "organization_id", "account_id", "workspace_id",
        "customer_id", "customerExternalId", "company_id", "team_id", "project_id", "scope_orgid",
        "thanos_tenant",
    ]
}

extension String {
    /// For a query, a form or a cookie: everything but letters, digits and `-._~` as `%XX`.
    var percentEncoded: String {
        var out = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || ("0"..."9") ~= scalar)
            if isPlain || "-._~".utf8.contains(byte) {
                out.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return out
    }

    /// Inside the quotes of a JSON string.
    var jsonEscaped: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }
}
