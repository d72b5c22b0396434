import JSON
import Policy

/// One JSON object of a request, read member by member. Every member must be one somebody asks
/// for: a member nobody looked at would be a wish silently dropped.
struct InputObject: ~Escapable {
    private let view: JSONView
    private let node: JSONNode
    /// How messages call this object; empty for the body itself.
    private let prefix: String

    @_lifetime(copy view)
    init(_ view: JSONView, _ node: JSONNode, prefix: String = "") throws(Rejection) {
        guard view.kind(of: node) == .object else {
            throw prefix.isEmpty
                ? Rejection(.inputMalformed, "the body must be an object")
                : Rejection.field(prefix, "must be an object")
        }
        self.view = view
        self.node = node
        self.prefix = prefix.isEmpty ? "" : prefix + "."
    }

    /// Refuses members that are not in `names`.
    ///
    /// - Parameter cleaned: names that mean a tenant and are dropped in every spelling.
    /// - Returns: how many were dropped.
    func requireOnly(
        _ names: [String], cleaning cleaned: SkeletonSet? = nil
    ) throws(Rejection) -> Int {
        var dropped = 0
        var members = view.children(of: node)
        while let member = members.next() {
            guard let key = view.key(of: member) else { continue }
            if names.contains(where: { view.key(of: member, equals: $0.utf8Span.span) }) {
                continue
            }
            guard let cleaned, cleaned.judge(key.span) == .listed else {
                throw .field(prefix + Self.shown(key), "is not a member of this request")
            }
            dropped += 1
        }
        return dropped
    }

    /// A client's own word, short enough for a message; the writer of the message escapes it.
    static func shown(_ key: [UInt8]) -> String {
        let text = String(decoding: key.prefix(64), as: UTF8.self)
        return key.count > 64 ? text + "…" : text
    }

    func has(_ name: String) -> Bool { view.member(of: node, named: name) != nil }

    func isNull(_ name: String) -> Bool {
        view.member(of: node, named: name).map { view.isNull(at: $0) } ?? false
    }

    func string(_ name: String) throws(Rejection) -> String {
        guard let text = try stringIfPresent(name) else {
            throw .field(prefix + name, "is missing")
        }
        return text
    }

    /// `null` is no way of leaving a member out.
    func stringIfPresent(_ name: String) throws(Rejection) -> String? {
        guard let member = view.member(of: node, named: name) else { return nil }
        guard let bytes = view.string(at: member) else {
            throw .field(prefix + name, "must be a string")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The texts of a list; `nil` where it is absent.
    func strings(_ name: String, countMax: Int) throws(Rejection) -> [[UInt8]]? {
        guard let member = view.member(of: node, named: name) else { return nil }
        guard view.kind(of: member) == .array else {
            throw .field(prefix + name, "must be a list of strings")
        }
        var texts: [[UInt8]] = []
        var elements = view.children(of: member)
        while let element = elements.next() {
            guard let text = view.string(at: element) else {
                throw .field(prefix + name, "must be a list of strings")
            }
            guard texts.count < countMax else {
                throw .field(prefix + name, "must be at most \(countMax)")
            }
            texts.append(text)
        }
        return texts
    }

    /// A string that satisfies `rule`, which `isValid` decides.
    func string(
        _ name: String, _ rule: String, _ isValid: (String) -> Bool
    ) throws(Rejection) -> String {
        let text = try string(name)
        guard isValid(text) else { throw .field(prefix + name, rule) }
        return text
    }

    /// One of a fixed list of words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, of type: Word.Type
    ) throws(Rejection) -> Word where Word.RawValue == String {
        let text = try string(name)
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .field(prefix + name, "must be one of \(words)")
        }
        return word
    }

    func externalID(_ name: String) throws(Rejection) -> ExternalID {
        let text = try string(name)
        guard let id = ExternalID(text, format: .opaque) else {
            throw .field(prefix + name, InputRule.externalIDRule)
        }
        return id
    }

    /// The bytes of a nested object, exactly as they were sent.
    func rawObject(_ name: String, bytesMax: Int) throws(Rejection) -> [UInt8] {
        guard let member = view.member(of: node, named: name) else {
            throw .field(prefix + name, "is missing")
        }
        guard view.kind(of: member) == .object else {
            throw .field(prefix + name, "must be an object")
        }
        let bytes = view.rawLexeme(of: member)
        guard bytes.count <= bytesMax else {
            throw .field(prefix + name, "must be at most \(bytesMax) bytes")
        }
        return [UInt8](capacity: bytes.count) { out in
            for index in bytes.indices { out.append(bytes[index]) }
        }
    }

    /// The nested object `name`.
    @_lifetime(copy self)
    func object(_ name: String) throws(Rejection) -> InputObject {
        guard let member = view.member(of: node, named: name) else {
            throw .field(prefix + name, "is missing")
        }
        return try InputObject(view, member, prefix: prefix + name)
    }
}
