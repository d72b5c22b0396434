/// One value of a policy file with its place. Scalars are text: `no`, `010` and `1.10` stay what
/// was written until the schema asks for a number or a word.
public struct PolicyNode: Equatable, Sendable {
    public enum Value: Equatable, Sendable {
        /// `isQuoted` tells `""` from a key that has no value at all.
        case scalar(String, isQuoted: Bool)
        case sequence([PolicyNode])
        /// In the order of the file; a dictionary would lose it, and with it the order of errors.
        case mapping([PolicyEntry])
    }

    public var value: Value
    public var mark: SourceMark

    public init(_ value: Value, mark: SourceMark) {
        self.value = value
        self.mark = mark
    }
}

/// One `key: value` of a mapping.
public struct PolicyEntry: Equatable, Sendable {
    public var key: String
    public var keyMark: SourceMark
    public var node: PolicyNode

    public init(key: String, keyMark: SourceMark, node: PolicyNode) {
        self.key = key
        self.keyMark = keyMark
        self.node = node
    }
}

extension PolicyNode {
    /// The text of a scalar; `nil` for a list, a mapping and a key without a value.
    public var text: String? {
        guard case .scalar(let text, let isQuoted) = value, isQuoted || !text.isEmpty else {
            return nil
        }
        return text
    }

    /// The items of a list; `nil` for anything else.
    public var items: [PolicyNode]? {
        guard case .sequence(let items) = value else { return nil }
        return items
    }

    /// The entries of a mapping; `nil` for anything else.
    public var entries: [PolicyEntry]? {
        guard case .mapping(let entries) = value else { return nil }
        return entries
    }

    /// The value of `key`, when this is a mapping that has it.
    public subscript(key: String) -> PolicyNode? {
        entries?.first { $0.key == key }?.node
    }

    /// The place of `key` itself, or of the mapping where it is absent.
    func keyMark(_ key: String) -> SourceMark {
        entries?.first { $0.key == key }?.keyMark ?? mark
    }

    /// What a message calls this kind of value. The text itself is not repeated: it may be a secret
    /// that was written where a mapping belongs.
    var kind: String {
        switch value {
        case .scalar(let text, let isQuoted):
            text.isEmpty ? (isQuoted ? "an empty text" : "nothing") : "a text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension String {
    /// Enough of a value for a message: values may be 64 KiB long.
    var shortened: String {
        unicodeScalars.count <= 60 ? self : String(unicodeScalars.prefix(57)) + "..."
    }
}
