/// Attacks in bodies. A request that has no body of its own gets one, whatever its method: servers
/// read the body of a GET too.
extension Vector {
    private static let formType = "application/x-www-form-urlencoded"

    private static func form(
        _ name: String, _ title: String, type: String? = nil,
        _ text: @escaping @Sendable (Spoof, String) -> String
    ) -> Vector {
        Vector(.form, name, title) { draft, spoof in
            let isForm = draft.contentType?.hasPrefix(formType) ?? false
            guard draft.body == nil || isForm else { return false }
            let own = draft.body.map { $0 + [UInt8(ascii: "&")] } ?? []
            draft.body = own + [UInt8](text(spoof, spoof.named.percentEncoded).utf8)
            draft.contentType = type ?? formType
            return true
        }
    }

    static let forms: [Vector] = [
        form("plain", "a field of the tenant's name") { "\($0.names.snake)=\($1)" },
        form("camel", "camel case") { "\($0.names.camel)=\($1)" },
        form("encoded", "its first letter encoded") { "\($0.names.encodedFirst)=\($1)" },
        form("array", "an array") { "\($0.names.snake)[]=\($1)" },
        form("nested", "inside an object") { "order[\($0.names.snake)]=\($1)" },
        form("after-own", "the own tenant, then the other") {
            "\($0.names.snake)=\($0.own.percentEncoded)&\($0.names.snake)=\($1)"
        },
        form("before-own", "the other tenant, then the own") {
            "\($0.names.snake)=\($1)&\($0.names.snake)=\($0.own.percentEncoded)"
        },
        form("semicolon", "behind a semicolon") { "a=1;\($0.names.snake)=\($1)" },
        form("type-case", "its type in upper case", type: formType.uppercased()) {
            "\($0.names.snake)=\($1)"
        },
        form("type-list", "two types in one line", type: "text/plain, \(formType)") {
            "\($0.names.snake)=\($1)"
        },
        form("aliases", "all usual names of the concept") { spoof, value in
            spoof.aliases.map { "\($0)=\(value)" }.joined(separator: "&")
        },
    ]

    private static let boundary = "rf7d1c2"

    /// - Parameter disposition: behind `form-data`.
    private static func multipart(
        _ name: String, _ title: String, type: String = "multipart/form-data; boundary=rf7d1c2",
        end: String = "\r\n", _ disposition: @escaping @Sendable (Spoof) -> String
    ) -> Vector {
        Vector(.multipart, name, title) { draft, spoof in
            guard draft.body == nil else { return false }
            let lines = [
                "--\(boundary)", "Content-Disposition: form-data; name=\"rf\"", "", "1",
                "--\(boundary)", "Content-Disposition: form-data\(disposition(spoof))", "",
                spoof.named, "--\(boundary)--", "",
            ]
            draft.body = [UInt8](lines.joined(separator: end).utf8)
            draft.contentType = type
            return true
        }
    }

    static let multiparts: [Vector] = [
        multipart("plain", "a part of the tenant's name") { "; name=\"\($0.names.snake)\"" },
        multipart("token", "the name without quotes") { "; name=\($0.names.snake)" },
        multipart("upper", "NAME in upper case") { "; NAME=\"\($0.names.snake)\"" },
        multipart("spaces", "spaces and tabs") { " ;\t name = \"\($0.names.snake)\"" },
        multipart("folded", "a folded line") { ";\r\n name=\"\($0.names.snake)\"" },
        multipart("second-name", "the name as the second one") {
            "; name=\"x\"; name=\"\($0.names.snake)\""
        },
        multipart("first-name", "the name as the first of two") {
            "; name=\"\($0.names.snake)\"; name=\"x\""
        },
        multipart("escaped", "a backslash in the name") {
            "; name=\"\\\($0.names.snake)\""
        },
        multipart("encoded", "its first letter encoded") {
            "; name=\"\($0.names.encodedFirst)\""
        },
        multipart("extended", "name* of RFC 8187") {
            "; name*=utf-8''\($0.names.encodedFirst)"
        },
        multipart("line-feeds", "line feeds alone", end: "\n") {
            "; name=\"\($0.names.snake)\""
        },
        multipart(
            "two-boundaries", "a second boundary",
            type: "multipart/form-data; boundary=other; boundary=rf7d1c2"
        ) { "; name=\"\($0.names.snake)\"" },
    ]

    /// - Parameter members: what is put in front of the members of the request's own object.
    private static func json(
        _ name: String, _ title: String, precedents: String = "",
        type: String = "application/json",
        _ members: @escaping @Sendable (Spoof, String) -> String
    ) -> Vector {
        Vector(.json, name, title, precedents: precedents) { draft, spoof in
            let quoted = "\"\(spoof.named.jsonEscaped)\""
            guard let body = object(draft, members(spoof, quoted)) else { return false }
            draft.body = body
            draft.contentType = type
            return true
        }
    }

    private static func object(_ draft: RequestDraft, _ members: String) -> [UInt8]? {
        guard let body = draft.body else { return [UInt8]("{\(members)}".utf8) }
        guard let start = body.firstIndex(of: UInt8(ascii: "{")), body.count > start + 1,
            draft.contentType?.contains("json") == true
        else { return nil }
        let rest = body[(start + 1)...]
        let isEmpty = rest.first { $0 > 0x20 } == UInt8(ascii: "}")
        return body[...start] + [UInt8](members.utf8) + (isEmpty ? [] : [UInt8(ascii: ",")]) + rest
    }

    /// A whole body in place of members.
    private static func document(
        _ family: Family, _ name: String, _ title: String, type: String,
        _ text: @escaping @Sendable (Spoof, String) -> [UInt8]
    ) -> Vector {
        Vector(family, name, title) { draft, spoof in
            guard draft.body == nil else { return false }
            draft.body = text(spoof, "\"\(spoof.named.jsonEscaped)\"")
            draft.contentType = type
            return true
        }
    }

    static let objects: [Vector] = jsonMembers + jsonTexts

    private static let jsonMembers: [Vector] = [
        json("plain", "a member of the tenant's name") { "\"\($0.names.snake)\":\($1)" },
        json("camel", "camel case") { "\"\($0.names.camel)\":\($1)" },
        json("upper", "upper case") { "\"\($0.names.snake.uppercased())\":\($1)" },
        json("header-name", "the header's name") { "\"\($0.names.header)\":\($1)" },
        json("nested", "inside an object") { "\"data\":{\"\($0.names.snake)\":\($1)}" },
        json("in-array", "inside an array") { "\"items\":[{\"\($0.names.snake)\":\($1)}]" },
        json("array-value", "an array as value") { "\"\($0.names.snake)\":[\($1)]" },
        json("object-value", "an operator as value") {
            "\"\($0.names.snake)\":{\"$eq\":\($1)}"
        },
        json("after-own", "the key twice, the other last", precedents: "CVE-2017-12635") {
            "\"\($0.names.snake)\":\"\($0.own.jsonEscaped)\",\"\($0.names.snake)\":\($1)"
        },
        json("before-own", "the key twice, the other first", precedents: "CVE-2017-12635") {
            "\"\($0.names.snake)\":\($1),\"\($0.names.snake)\":\"\($0.own.jsonEscaped)\""
        },
        json("escaped", "its first letter escaped") { "\"\($0.names.escapedFirst)\":\($1)" },
        json("nul", "a NUL behind the key") { "\"\($0.names.snake)\\u0000\":\($1)" },
        json("aliases", "all usual names of the concept") { spoof, value in
            spoof.aliases.map { "\"\($0)\":\(value)" }.joined(separator: ",")
        },
        json("as-text", "said to be plain text", type: "text/plain") {
            "\"\($0.names.snake)\":\($1)"
        },
        json("as-vendor", "said to be a vendor's JSON", type: "application/vnd.api+json") {
            "\"\($0.names.snake)\":\($1)"
        },
        json("as-form", "said to be a form", type: "application/json; \(formType)") {
            "\"\($0.names.snake)\":\($1)"
        },
        Vector(.json, "one-byte-chunks", "in chunks of one byte") { draft, spoof in
            let member = "\"\(spoof.names.snake)\":\"\(spoof.named.jsonEscaped)\""
            guard let body = object(draft, member) else { return false }
            draft.body = body
            draft.contentType = "application/json"
            draft.chunkBytes = 1
            return true
        },
    ]

    private static let jsonTexts: [Vector] = [
        document(.json, "two-texts", "behind a first object", type: "application/json") {
            [UInt8]("{\"a\":1}{\"\($0.names.snake)\":\($1)}".utf8)
        },
        document(.json, "mark", "behind a byte order mark", type: "application/json") {
            [0xEF, 0xBB, 0xBF] + [UInt8]("{\"\($0.names.snake)\":\($1)}".utf8)
        },
        document(.json, "utf-16", "in UTF-16", type: "application/json") {
            "{\"\($0.names.snake)\":\($1)}".utf16.flatMap {
                [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
            }
        },
        document(.json, "comment", "behind a comment", type: "application/json") {
            [UInt8]("/**/{\"\($0.names.snake)\":\($1)}".utf8)
        },
        document(.json, "array", "an array as document", type: "application/json") {
            [UInt8]("[{\"\($0.names.snake)\":\($1)}]".utf8)
        },
    ]

    static let otherBodies: [Vector] = [
        document(.body, "graphql", "variables of GraphQL", type: "application/json") {
            let query = "query($t:String){orders(\($0.names.camel):$t){id}}"
            return [UInt8](
                "{\"query\":\"\(query)\",\"variables\":{\"\($0.names.camel)\":\($1),\"t\":\($1)}}"
                    .utf8)
        },
        document(.body, "xml", "an element of XML", type: "application/xml") { spoof, _ in
            let name = spoof.names.snake
            return [UInt8](
                "<r \(name)=\"\(spoof.named)\"><\(name)>\(spoof.named)</\(name)></r>".utf8)
        },
        document(.body, "lines", "lines of JSON", type: "application/x-ndjson") {
            [UInt8]("{\"\($0.names.snake)\":\($1)}\n{\"\($0.names.snake)\":\($1)}\n".utf8)
        },
        document(.body, "csv", "a column of CSV", type: "text/csv") { spoof, _ in
            [UInt8]("\(spoof.names.snake),name\r\n\(spoof.named),x\r\n".utf8)
        },
    ]

    private static func override(
        _ name: String, _ title: String,
        _ change: @escaping @Sendable (inout RequestDraft) -> Void
    ) -> Vector {
        // What a target does with the method is not ours to foresee.
        Vector(.override, name, title, writes: true) { draft, spoof in
            draft.addQuery("\(spoof.names.snake)=\(spoof.named.percentEncoded)")
            change(&draft)
            return true
        }
    }

    static let overrides: [Vector] = [
        override("method-header", "X-HTTP-Method-Override") {
            $0.add("X-HTTP-Method-Override", "GET")
        },
        override("method-headers", "its other names") {
            for name in ["X-HTTP-Method", "X-Method-Override"] { $0.add(name, "GET") }
        },
        override("method-query", "_method in the query") { $0.addQuery("_method=GET") },
    ]
}
