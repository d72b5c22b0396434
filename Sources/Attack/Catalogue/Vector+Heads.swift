/// Attacks in header fields.
extension Vector {
    /// A field line beside harmless ones.
    private static func field(
        _ name: String, _ title: String, precedents: String = "",
        _ lines: @escaping @Sendable (Spoof) -> [String]
    ) -> Vector {
        Vector(.header, name, title, precedents: precedents) { draft, spoof in
            for line in lines(spoof) { draft.add(line) }
            return true
        }
    }

    static let headers: [Vector] =
        headerSpellings + headerCopies + headerForms + hopByHop + headerAliases

    private static let headerSpellings: [Vector] = [
        field("plain", "the tenant's header") { ["\($0.names.header): \($0.named)"] },
        field("lower", "the same in lower case") {
            ["\($0.names.header.lowercased()): \($0.named)"]
        },
        field("upper", "the same in upper case") {
            ["\($0.names.header.uppercased()): \($0.named)"]
        },
        field("bare", "the name without X-") { ["\($0.names.kebab): \($0.named)"] },
        field(
            "underscore", "underscores for hyphens",
            precedents: "CVE-2015-0219 CVE-2025-64484 CVE-2026-33433"
        ) { ["\($0.names.underscored): \($0.named)"] },
        field("underscore-lower", "underscores in lower case") {
            ["\($0.names.underscored.lowercased()): \($0.named)"]
        },
        field("underscore-mixed", "a hyphen, then underscores") {
            ["X-\($0.names.underscored.dropFirst(2)): \($0.named)"]
        },
        field("dots", "dots for hyphens") {
            ["X.\($0.names.words.joined(separator: ".")): \($0.named)"]
        },
    ]

    private static let headerCopies: [Vector] = [
        field("after-own", "the own tenant's header, then the other's") {
            ["\($0.names.header): \($0.own)", "\($0.names.header): \($0.named)"]
        },
        field("before-own", "the other tenant's header, then the own") {
            ["\($0.names.header): \($0.named)", "\($0.names.header): \($0.own)"]
        },
        field("three", "three lines, the own in the middle") {
            [$0.named, $0.own, $0.named].map { [spoof = $0] value in
                "\(spoof.names.header): \(value)"
            }
        },
        field("list", "both in one line") { ["\($0.names.header): \($0.own), \($0.named)"] },
        field("list-reverse", "both in one line, the other first") {
            ["\($0.names.header): \($0.named), \($0.own)"]
        },
        field("quoted", "a quoted value") { ["\($0.names.header): \"\($0.named)\""] },
    ]

    private static let headerForms: [Vector] = [
        field("space-before-colon", "a space before the colon", precedents: "CVE-2019-16869") {
            ["\($0.names.header) : \($0.named)"]
        },
        field("tab-before-colon", "a tab before the colon") {
            ["\($0.names.header)\t: \($0.named)"]
        },
        field("folded", "behind a folded line") {
            ["X-Rf: b\r\n \($0.names.header): \($0.named)"]
        },
        field("folded-value", "a folded value") { ["\($0.names.header):\r\n \($0.named)"] },
        field("bare-lf", "behind a bare line feed") {
            ["X-Rf: b\n\($0.names.header): \($0.named)"]
        },
        field("bare-cr", "behind a bare carriage return", precedents: "CVE-2023-30589") {
            ["X-Rf: b\r\($0.names.header): \($0.named)"]
        },
        field("nul", "a NUL in the name", precedents: "CVE-2019-9900") {
            ["\($0.names.header)\0: \($0.named)"]
        },
        field("nul-before", "behind a value with a NUL") {
            ["X-Rf: b\0\r\n\($0.names.header): \($0.named)"]
        },
        field("empty-name", "behind an empty name", precedents: "CVE-2023-25725 CVE-2019-20444") {
            [": x", "\($0.names.header): \($0.named)"]
        },
        field("encoded-crlf", "a line end as %0d%0a") {
            ["X-Rf: a%0d%0a\($0.names.header): \($0.named)"]
        },
        field("high-byte", "a soft hyphen in the name") {
            ["\($0.names.header)\u{AD}: \($0.named)"]
        },
        Vector(.header, "indented-first", "the first line, indented") { draft, spoof in
            draft.firstLine = " \(spoof.names.header): \(spoof.named)"
            return true
        },
    ]

    private static let hopByHop: [Vector] = [
        Vector(
            .header, "connection", "the tenant's header is named by Connection",
            precedents: "CVE-2022-31813 CVE-2022-1388 CVE-2024-45410 CVE-2025-48865"
        ) { draft, spoof in
            draft.connection = "close, \(spoof.names.header)"
            return true
        },
        Vector(
            .header, "connection-with", "it is named by Connection, and sent",
            precedents: "CVE-2022-31813"
        ) { draft, spoof in
            draft.connection = "close, \(spoof.names.header)"
            draft.add(spoof.names.header, spoof.named)
            return true
        },
        Vector(
            .header, "connection-underscore", "it is named by Connection, and another is sent"
        ) { draft, spoof in
            draft.connection = "close,, \(spoof.names.header.lowercased()) ,"
            draft.add(spoof.names.underscored, spoof.named)
            return true
        },
        field("proxy-connection", "it is named by Proxy-Connection, and sent") {
            [
                "Proxy-Connection: \($0.names.header)",
                "\($0.names.header): \($0.named)",
            ]
        },
    ]

    private static let headerAliases: [Vector] = [
        Vector(.header, "aliases", "all usual names of the concept") { draft, spoof in
            for name in spoof.aliases {
                guard let concept = ConceptName(name) else { continue }
                draft.add(concept.header, spoof.named)
                draft.add(concept.kebab, spoof.named)
            }
            return !spoof.aliases.isEmpty
        },
        field("scope-orgid", "X-Scope-OrgID and THANOS-TENANT") {
            ["X-Scope-OrgID: \($0.named)", "THANOS-TENANT: \($0.named)"]
        },
        field("database-setting", "names of database settings") {
            ["App.Current_Tenant: \($0.named)", "X-Hasura-Tenant-Id: \($0.named)"]
        },
    ]

    static let trailers: [Vector] = [
        trailer("plain", "a trailer behind a chunked body", announces: false),
        trailer("announced", "the same, announced by Trailer", announces: true),
    ]

    private static func trailer(_ name: String, _ title: String, announces: Bool) -> Vector {
        Vector(
            .trailer, name, title, precedents: "CVE-2025-12642 CVE-2023-46589"
        ) { draft, spoof in
            if draft.body == nil { draft.body = [] }
            draft.chunkBytes = 4_096
            draft.trailers = ["\(spoof.names.header): \(spoof.named)"]
            if announces {
                draft.add("Trailer", spoof.names.header)
                draft.add("TE", "trailers")
                draft.connection = "close, TE"
            }
            return true
        }
    }
}
