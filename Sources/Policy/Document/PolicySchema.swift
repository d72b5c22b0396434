/// JSON Schemas (draft 07) of the files, for editors: made from the same declarations that `check`
/// holds files against. A schema knows the form of each value and not what names refer to, so
/// `check` finds more.
public enum PolicySchema: String, CaseIterable, Sendable {
    case gateway
    /// A file that gateway.yaml includes.
    case include
    /// `env/NAME.yaml`.
    case overlay
    case tenants
    case backend
    /// `tests/NAME.test.yaml`.
    case test

    private var title: String {
        switch self {
        case .gateway: "gateway policy"
        case .include: "part of a gateway policy"
        case .overlay: "overlay of a gateway policy"
        case .tenants: "tenants file"
        case .backend: "backend policy"
        case .test: "policy tests"
        }
    }

    /// The schema with a line end behind it.
    public func json() -> String {
        var members: [(String, SchemaValue)] = [
            ("$schema", .text("http://json-schema.org/draft-07/schema#")),
            ("title", .text("Ringfence \(title), version 1")),
        ]
        switch self {
        case .gateway:
            members += SchemaMaker().record(GatewayShape.root, requires: false)
            // What is required may be in another file.
            let required = GatewayShape.root.keys.filter(\.isRequired).map(\.name)
            members.append(
                (
                    "anyOf",
                    .list(
                        [["version", "include"], required].map { keys in
                            .object([("required", .list(keys.map { .text($0) }))])
                        })
                ))
        case .include:
            let keys = GatewayShape.root.keys.filter {
                !GatewayShape.mainFileOnly.contains($0.name)
            }
            members += SchemaMaker().record(PolicyRecord("a part", keys), requires: false)
        case .overlay:
            let keys = GatewayShape.root.keys.filter { $0.name != "include" }
            members += SchemaMaker(isOverlay: true).record(PolicyRecord("an overlay", keys))
        case .tenants: members += SchemaMaker().record(BackendShape.tenants)
        case .backend: members += SchemaMaker().record(BackendShape.root)
        case .test: members += SchemaMaker().record(PolicyTestShape.root)
        }
        return SchemaValue.object(members).text() + "\n"
    }
}

/// Turns declarations into schemas. What is refused by `check` for its form alone is refused by the
/// schema, with one exception: bounds of durations and of sizes with a unit.
private struct SchemaMaker {
    typealias Members = [(String, SchemaValue)]

    /// Nothing is required of an overlay but the name of what it changes.
    var isOverlay = false

    func record(_ record: PolicyRecord, requires: Bool = true) -> Members {
        var members: Members = [
            ("type", .text("object")), ("additionalProperties", .boolean(false)),
            (
                "properties",
                .object(record.keys.map { ($0.name, .object(describe($0))) })
            ),
            ("patternProperties", .object([("^x-", .object([]))])),
        ]
        var required = record.keys.filter(\.isRequired).map(\.name)
        if isOverlay { required = required.filter { $0 == "name" } }
        if requires, !required.isEmpty {
            members.append(("required", .list(required.map { .text($0) })))
        }
        return members
    }

    private func describe(_ key: PolicyKey) -> Members {
        let fallback = key.fallback.map { " Default: `\($0)`." } ?? ""
        return [("description", .text(key.help + fallback))] + schema(of: key.shape)
    }

    func schema(of shape: PolicyShape) -> Members {
        switch shape {
        case .scalar(let form): return form.schema
        case .record(let inner): return record(inner)
        case .list(let item, let minimum):
            var members: Members = [
                ("type", .text("array")), ("items", .object(schema(of: item))),
            ]
            if minimum > 0 { members.append(("minItems", .number(minimum))) }
            if case .scalar = item { members.append(("uniqueItems", .boolean(true))) }
            return members
        case .oneOrList(let form):
            return anyOf([form.schema, schema(of: .list(.scalar(form), minimum: 1))])
        case .table(let shape, let names, _):
            return [
                ("type", .text("object")), ("propertyNames", .object(names.schema)),
                ("additionalProperties", .object(schema(of: shape))),
            ]
        case .word(let word, let other):
            return anyOf([[("const", .text(word))], schema(of: other)])
        case .anything: return []
        }
    }

    private func anyOf(_ all: [Members]) -> Members {
        [("anyOf", .list(all.map { .object($0) }))]
    }
}

extension ScalarForm {
    /// Every value is text until its key asks for something else, so a schema has to take what
    /// YAML makes of an unquoted number as well as the same in quotes.
    fileprivate var schema: [(String, SchemaValue)] {
        switch self {
        case .version: return [("enum", .list([.number(1), .text("1")]))]
        case .boolean:
            return [
                ("enum", .list([.boolean(true), .boolean(false), .text("true"), .text("false")]))
            ]
        case .word(let words, _): return Self.words(words)
        case .integer(let range, let words):
            return Self.either(words, [Self.number(range), Self.pattern("^(0|[1-9][0-9]*)$")])
        case .size(let range):
            let units = "(KB|KiB|MB|MiB|GB|GiB)?"
            return Self.either([], [Self.number(range), Self.pattern("^(0|[1-9][0-9]*)\(units)$")])
        case .duration: return Self.pattern("^(0|[1-9][0-9]*)(ms|s|m|h)$")
        case .rate(let words):
            return Self.either(words, [Self.pattern("^(0|[1-9][0-9]*)/min$")])
        case .perMinute: return Self.pattern("^[1-9][0-9]*/min$")
        case .perSecond(_, let words):
            return Self.either(words, [Self.pattern("^[1-9][0-9]*/s$")])
        case .name(let reserved):
            let name = Self.text("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
            guard !reserved.isEmpty else { return name }
            return name + [("not", .object(Self.words(reserved)))]
        case .listenAddress: return Self.pattern("^(unix:.+|.+:[0-9]+)$")
        case .target: return Self.pattern("^(https?://|unix:).+$")
        case .origin: return Self.pattern("^https?://[^/]+$")
        case .pathPattern: return Self.pattern("^/")
        case .secret, .material: return Self.pattern("^(file|cred|env):.+$")
        case .keySet: return Self.pattern("^(file:.+|https://.+|discover)$")
        case .tenantSource: return Self.pattern("^(claims|directory|file:.+)$")
        case .accessLog: return Self.pattern("^(stdout|none|file:.+)$")
        case .folder: return Self.pattern("^file:.+$")
        case .include: return Self.pattern("^[^/].*\\.ya?ml$")
        case .headerName: return Self.text("^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,64}$")
        case .queryName: return Self.text("^[-._~0-9A-Za-z]{1,64}$")
        case .tenantName: return Self.text("^[-._0-9A-Za-z]{1,64}$")
        case .jsonPointer: return Self.pattern("^/.+$")
        case .externalID: return Self.text("^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")
        case .tenantID:
            return Self.pattern("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        default: return [("type", .list([.text("string"), .text("number"), .text("boolean")]))]
        }
    }

    private static func words(_ words: [String]) -> [(String, SchemaValue)] {
        [("enum", .list(words.map { .text($0) }))]
    }

    private static func number(_ range: ClosedRange<Int>) -> [(String, SchemaValue)] {
        [
            ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
            ("maximum", .number(range.upperBound)),
        ]
    }

    /// A text that YAML cannot take for anything else.
    private static func pattern(_ pattern: String) -> [(String, SchemaValue)] {
        [("type", .text("string")), ("pattern", .text(pattern))]
    }

    /// A text that may look like a number.
    private static func text(_ pattern: String) -> [(String, SchemaValue)] {
        [("type", .list([.text("string"), .text("number")])), ("pattern", .text(pattern))]
    }

    private static func either(
        _ words: [String], _ others: [[(String, SchemaValue)]]
    ) -> [(String, SchemaValue)] {
        let all = (words.isEmpty ? [] : [Self.words(words)]) + others
        return all.count == 1 ? all[0] : [("anyOf", .list(all.map { .object($0) }))]
    }
}

/// JSON with its members in the order they were written, and a line for each.
private indirect enum SchemaValue {
    case text(String)
    case number(Int)
    case boolean(Bool)
    case list([SchemaValue])
    case object([(String, SchemaValue)])

    func text(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return text.quoted
        case .number(let number): return "\(number)"
        case .boolean(let boolean): return "\(boolean)"
        case .list(let items):
            // Lists of words are read in one line.
            let texts = items.map { $0.text(indent: inner) }
            guard texts.contains(where: { $0.utf8.contains(UInt8(ascii: "\n")) }) else {
                return "[" + texts.joined(separator: ", ") + "]"
            }
            return "[\n" + texts.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map {
                "\(inner)\($0.0.quoted): \($0.1.text(indent: inner))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }
}
