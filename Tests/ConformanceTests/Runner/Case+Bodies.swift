/// Rows about bodies on routes that clean them.
extension Case {
    static let json = "application/json"
    static let form = "application/x-www-form-urlencoded"
    static let multipart = "multipart/form-data; boundary=b"

    static let malformed = Verdict.declined(400, "request.body.malformed")
    static let unreadable = Verdict.declined(415, "request.body.type")
    static let coded = Verdict.declined(415, "request.body.encoding")
    static let tooLarge = Verdict.refused(413, "request.body.too_large")
    static let conflict = Verdict.declined(403, "tenant.conflict")

    /// A request with this body, framed by its length; without a `type`, without `Content-Type`.
    static func body(
        _ id: String, _ type: String?, _ text: String, _ verdict: Verdict, _ facts: Fact...,
        to start: String = "POST /clean/x", lines: String = ""
    ) -> Case {
        let typeLine = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let length = "Content-Length: \(Wire.length(text))\r\n"
        return Case(
            id, "\(start) HTTP/1.1\r\n{host}{auth}\(typeLine)\(lines)\(length)\r\n\(text)", verdict,
            facts)
    }

    /// A body of which something is taken out, whatever it is.
    static func cleaned(
        _ id: String, _ type: String, _ text: String, _ left: String, as passedOn: String? = nil,
        to start: String = "POST /clean/x", lines: String = ""
    ) -> Case {
        body(
            id, type, text, .forwarded, .body(left), .field("Content-Type", passedOn ?? type),
            .field("Content-Length", "\(Wire.length(left))"), .lacks("Content-Encoding"),
            .lacks("Transfer-Encoding"), .stripped(["body_tenant"]), to: start, lines: lines)
    }

    /// A body that goes on byte for byte.
    static func kept(
        _ id: String, _ type: String, _ text: String, as passedOn: String? = nil,
        to start: String = "POST /clean/x", lines: String = ""
    ) -> Case {
        body(
            id, type, text, .forwarded, .body(text), .field("Content-Type", passedOn ?? type),
            .field("Content-Length", "\(Wire.length(text))"), .stripped([]), to: start,
            lines: lines)
    }

    /// JSON of which something is taken out.
    static func json(_ id: String, _ text: String, _ left: String) -> Case {
        cleaned(id, json, text, left)
    }

    /// Rows of one vector from `first` on, in order.
    static func rows<Item>(
        _ vector: String, from first: Int = 0, _ items: [Item], _ make: (String, Item) -> Case
    ) -> [Case] {
        items.enumerated().map { index, item in make(vector + place(first + index), item) }
    }

    /// A good body in one chunk of each of these.
    static func chunks(_ pieces: [String]) -> String {
        pieces.map { "\(String(Wire.length($0), radix: 16))\r\n\($0)\r\n" }.joined()
            + "0\r\n\r\n"
    }

    /// The bytes of `text` in UTF-8, one scalar each.
    static func utf8(_ text: String) -> String { Sighting.text(Array(text.utf8)) }
}

/// `a` to `z`, then `za` and on.
func place(_ index: Int) -> String { repeated("z", index / 26) + letter(index) }
