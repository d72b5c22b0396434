import Foundation
import TestSupport

/// One request as the upstream saw it, whole or cut off.
struct Sighting: Sendable {
    let head: [UInt8]
    /// With its framing.
    let body: [UInt8]
    let requestLine: String
    /// In order of arrival, names and values untouched.
    let fields: [(name: String, value: String)]

    init(head: [UInt8], body: [UInt8] = []) {
        self.head = head
        self.body = body
        let lines = Self.text(head).components(separatedBy: "\r\n").dropLast(2)
        requestLine = lines.first ?? ""
        fields = lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":") else { return (line, "") }
            return (String(line[..<colon]), String(line[line.index(after: colon)...]))
        }
    }

    var bytes: [UInt8] { head + body }
    var lines: [String] { [requestLine] + fields.map { "\($0.name):\($0.value)" } }
    var method: String { String(requestLine.prefix { $0 != " " }) }
    /// What is between the first and the last space.
    var target: String {
        let words = requestLine.components(separatedBy: " ")
        return words.count > 2 ? words[1..<(words.count - 1)].joined(separator: " ") : ""
    }

    /// All values of a field, whatever the case of its name, less one space before each.
    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map {
            $0.value.hasPrefix(" ") ? String($0.value.dropFirst()) : $0.value
        }
    }

    /// The address of the client this is for; empty where none is named.
    var client: String { all("x-forwarded-for").first ?? "" }

    /// The body without chunk framing.
    var content: [UInt8] {
        guard !all("transfer-encoding").isEmpty else { return body }
        var rest = body[...]
        var out: [UInt8] = []
        while let end = rest.firstIndex(of: 13) {
            let digits = String(decoding: rest[..<end], as: UTF8.self)
            guard let size = Int(digits, radix: 16), size > 0, rest.endIndex - end > size + 3 else {
                break
            }
            out += rest[(end + 2)..<(end + 2 + size)]
            rest = rest[(end + 2 + size + 2)...]
        }
        return out
    }

    /// All that was sent, as a reader of it would read it: a token is its header and its claims,
    /// decoded. Its signature and the digest of the body are random letters, in which any short
    /// word turns up some day.
    var readable: String {
        Self.text(bytes).replacing(/eyJ[\w\-]*\.[\w\-]+\.[\w\-]+/.asciiOnlyWordCharacters()) {
            let parts = $0.output.split(separator: ".").prefix(2).map(Token.decoded)
            guard let head = parts[0], let claims = parts[1] else { return String($0.output) }
            return head + claims.replacing(/"bd":"[\w\-]{43}"/, with: "")
        }
    }

    /// One scalar a byte, so that nothing is repaired.
    static func text(_ bytes: [UInt8]) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

/// An answer of the gateway.
struct Reply: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    /// Head and body.
    var text: String

    init(status: Int, fields: [(name: String, value: String)] = [], text: String = "") {
        self.status = status
        self.fields = fields
        self.text = text
    }

    init(_ response: RawResponse) {
        self.init(
            status: response.status, fields: response.fields, text: response.head + response.text)
    }

    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The request's id, as the gateway tells the client.
    var requestID: String? {
        let ids = all("x-request-id")
        return ids.count == 1 ? ids[0] : nil
    }

    /// The stable code of a refusal; `nil` when it has none.
    var code: String? {
        guard let start = text.range(of: #""code":""#)?.upperBound else { return nil }
        return String(text[start...].prefix { $0 != "\"" })
    }
}

/// Everything that could be seen of one row.
struct Evidence: Sendable {
    /// The client's address.
    var source = ""
    /// Whole requests the upstream saw, without the canaries.
    var requests: [Sighting] = []
    /// Beginnings of requests on upstream connections.
    var fragments: [[UInt8]] = []
    /// Canaries the upstream saw.
    var canaries = 0
    var reply: Reply?
    var canaryReply: Reply?
    /// Whether the connection ended after the answer, without another byte.
    var isClosed = false
    /// What came on the connection instead of what was expected.
    var surprise: String?
    /// The client's lines of the access log, in order.
    var logged: [LogEntry] = []
    var gatewayIsAlive = true

    /// How many answers came.
    var replies: Int { (reply == nil ? 0 : 1) + (canaryReply == nil ? 0 : 1) }
}
