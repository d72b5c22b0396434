import Policy

/// The parameters of a query, each at most once.
struct QueryInput {
    private var values: [String: String] = [:]
    /// Parameters that mean a tenant in any spelling, dropped.
    private(set) var dropped = 0

    /// - Parameter cleaned: `nil` where a parameter that names a tenant is one nobody knows.
    init(
        _ query: [UInt8]?, names: [String], cleaning cleaned: SkeletonSet?
    ) throws(Rejection) {
        for pair in (query ?? []).split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            guard let key = InputRule.percentDecoded(name, plusIsSpace: true),
                let value = InputRule.percentDecoded(
                    pair.dropFirst(name.count + 1), plusIsSpace: true),
                let text = String(validating: value, as: UTF8.self)
            else { throw Rejection(.requestQueryMalformed) }
            guard let known = names.first(where: { key.elementsEqual($0.utf8) }) else {
                guard let cleaned, cleaned.judge(Array(name).span) == .listed else {
                    throw .field(InputObject.shown(key), "is not a parameter of this request")
                }
                dropped += 1
                continue
            }
            guard values.updateValue(text, forKey: known) == nil else {
                throw .field(known, "must be there once")
            }
        }
    }

    subscript(_ name: String) -> String? { values[name] }

    /// `limit` and `cursor`.
    func page() throws(Rejection) -> Page {
        var page = Page()
        if let text = values["limit"] {
            guard (1...3).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "0"),
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let limit = Int(text),
                limit <= Page.limitMax
            else { throw .field("limit", "must be a number from 1 to \(Page.limitMax)") }
            page.limit = limit
        }
        if let text = values["cursor"] {
            guard let id = InputRule.cursor(text) else {
                throw .field("cursor", "must be a `next_cursor` of this list")
            }
            page.before = id
        }
        return page
    }
}
