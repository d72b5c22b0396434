import JSON

/// One value that a policy comes to, written or by default.
public struct EffectiveValue: Sendable, Equatable {
    /// `routes.orders.tenant.mode`
    public var path: String
    /// The same with `NAME` and `[]` for what the user chose: `routes[].tenant.mode`.
    public var pattern: String
    /// As it would be written on one line.
    public var text: String
    /// The items of a list, sorted out of `text`; `nil` for other values.
    public var items: [String]?
    /// `nil` for a default.
    public var mark: SourceMark?
    /// What the value is part of: `route orders`; empty for settings of the whole gateway.
    public var owner: String
    /// A reference to a secret or to a file, which is shown and never followed.
    public var isReference = false
}

/// A gateway policy as a flat list of what it comes to, defaults written out; in the order of the
/// declaration, tables in the order of the file.
public struct EffectivePolicy: Sendable {
    public private(set) var values: [EffectiveValue] = []
    /// Everything the user gave a name to: `route orders`, with its place.
    public private(set) var owners: [(name: String, mark: SourceMark)] = []

    public init(_ document: PolicyDocument) {
        add(
            record: GatewayShape.root, document.root, path: "", pattern: "", owner: "")
        for (_, root) in document.references {
            guard let root, let tenants = BackendShape.tenants.keys.first(where: isTenants) else {
                continue
            }
            guard let node = root["tenants"] else { continue }
            add(
                tenants.shape, node, path: "tenants.source", pattern: "tenants.source", owner: "")
        }
    }

    private func isTenants(_ key: PolicyKey) -> Bool { key.name == "tenants" }

    /// The value at a path; `nil` where the policy has none.
    public func value(at path: String) -> EffectiveValue? { values.first { $0.path == path } }

    private mutating func add(
        record: PolicyRecord, _ node: PolicyNode?, path: String, pattern: String, owner: String
    ) {
        for key in record.keys where key.name != "version" {
            let place = path.isEmpty ? key.name : path + "." + key.name
            let form = pattern.isEmpty ? key.name : pattern + "." + key.name
            if let value = node?[key.name] {
                add(key.shape, value, path: place, pattern: form, owner: owner)
            } else {
                addDefault(key, path: place, pattern: form, owner: owner)
            }
        }
    }

    /// A mapping that need not be written counts as written with nothing in it, unless it has a key
    /// that it would need: then its absence means something.
    private mutating func addDefault(
        _ key: PolicyKey, path: String, pattern: String, owner: String
    ) {
        if let fallback = key.fallback {
            var items: [String]?
            if fallback.hasPrefix("["), fallback.hasSuffix("]") {
                items = fallback.dropFirst().dropLast().split(separator: ",").map { item in
                    String(item.drop { $0 == " " })
                }
            }
            values.append(
                EffectiveValue(
                    path: path, pattern: pattern, text: fallback, items: items, mark: nil,
                    owner: owner))
        } else if case .record(let inner) = key.shape,
            !inner.keys.contains(where: \.isRequired)
        {
            add(record: inner, nil, path: path, pattern: pattern, owner: owner)
        }
    }

    private mutating func add(
        _ shape: PolicyShape, _ node: PolicyNode, path: String, pattern: String, owner: String
    ) {
        switch shape {
        case .record(let record):
            add(record: record, node, path: path, pattern: pattern, owner: owner)
        case .table(let inner, _, let noun):
            for entry in node.entries ?? [] {
                let name = Self.owner(noun, entry.key, within: owner)
                if name != owner { owners.append((name, entry.keyMark)) }
                add(
                    inner, entry.node, path: "\(path).\(entry.key)", pattern: pattern + ".NAME",
                    owner: name)
            }
        case .list(.record(let record), _):
            for (index, item) in (node.items ?? []).enumerated() {
                let chosen = item["name"]?.text
                let part = chosen ?? "\(index)"
                let name = chosen.map { Self.owner(pattern, $0, within: owner) } ?? owner
                if name != owner { owners.append((name, item["name"]?.mark ?? item.mark)) }
                add(
                    record: record, item, path: "\(path).\(part)", pattern: pattern + "[]",
                    owner: name)
            }
        case .word(let word, let other):
            guard let text = node.text, text == word else {
                return add(other, node, path: path, pattern: pattern, owner: owner)
            }
            append(node, text: word, path: path, pattern: pattern, owner: owner)
        case .scalar(let form):
            append(
                node, text: node.text ?? "", path: path, pattern: pattern, owner: owner,
                isReference: form.isReference)
        case .oneOrList where node.text != nil:
            let text = Self.plain(node)
            append(node, text: text, items: [text], path: path, pattern: pattern, owner: owner)
        case .oneOrList, .list:
            let items = node.items?.map(Self.plain) ?? [Self.plain(node)]
            append(
                node, text: "[\(items.joined(separator: ", "))]", items: items, path: path,
                pattern: pattern, owner: owner)
        case .anything:
            append(node, text: Self.plain(node), path: path, pattern: pattern, owner: owner)
        }
    }

    private mutating func append(
        _ node: PolicyNode, text: String, items: [String]? = nil, path: String, pattern: String,
        owner: String, isReference: Bool = false
    ) {
        values.append(
            EffectiveValue(
                path: path, pattern: pattern, text: text, items: items, mark: node.mark,
                owner: owner, isReference: isReference))
    }

    private static func plain(_ node: PolicyNode) -> String {
        node.text ?? String(decoding: node.json, as: UTF8.self)
    }

    /// `route orders` of the list `routes`; what is named inside of something belongs to that.
    private static func owner(_ plural: String, _ name: String, within owner: String) -> String {
        guard owner.isEmpty else { return owner }
        let noun = plural.hasSuffix("s") ? String(plural.dropLast()) : plural
        return "\(noun) \(name)"
    }
}

extension ScalarForm {
    /// Whether it says where something is and not what.
    fileprivate var isReference: Bool {
        switch self {
        case .secret, .material: true
        default: false
        }
    }
}
