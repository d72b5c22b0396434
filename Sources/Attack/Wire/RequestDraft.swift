/// One request before it is bytes. Lines are byte strings: an attack may put anything in them.
struct RequestDraft: Sendable {
    /// Who the request says it comes from.
    enum Credential: Sendable, Equatable {
        /// The attacker's own, as it was given.
        case own
        case none
        /// Something else in its place.
        case text(String)
    }

    var method = "GET"
    /// Without the query.
    var path = "/"
    var query: String?
    var authority = ""
    /// In front of `Host`.
    var firstLine: String?
    /// Field lines without their ends.
    var lines: [[UInt8]] = []
    var connection = "close"
    var credential = Credential.own
    var contentType: String?
    var body: [UInt8]?
    /// Sent in chunks of this size, with these trailers.
    var chunkBytes: Int?
    var trailers: [String] = []
    /// Parts of it that must not be seen in a report, besides the tokens as they were given.
    var secrets: [String] = []

    init(method: String, target: String, authority: String) {
        self.method = method
        self.authority = authority
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        query = parts.count > 1 ? String(parts[1]) : nil
    }

    mutating func add(_ name: String, _ value: String) { add("\(name): \(value)") }
    mutating func add(_ line: String) { lines.append([UInt8](line.utf8)) }

    /// Adds to the query, behind what is there.
    mutating func addQuery(_ text: String) {
        query = query.map { $0.isEmpty ? text : "\($0)&\(text)" } ?? text
    }

    /// The request as it is sent.
    ///
    /// - Parameter field: how a credential is written: `Authorization: Bearer {token}`.
    func bytes(token: String, field: String) -> [UInt8] {
        var out: [UInt8] = []
        func line(_ text: String) { out += [UInt8](text.utf8) + [13, 10] }
        line("\(method) \(path)\(query.map { "?" + $0 } ?? "") HTTP/1.1")
        if let firstLine { line(firstLine) }
        line("Host: \(authority)")
        switch credential {
        case .own: line(field.replacing("{token}", with: token))
        case .none: break
        case .text(let text): line(field.replacing("{token}", with: text))
        }
        for own in lines { out += own + [13, 10] }
        line("User-Agent: ringfence-attack")
        line("Accept: */*")
        if let contentType { line("Content-Type: \(contentType)") }
        if chunkBytes != nil {
            line("Transfer-Encoding: chunked")
        } else if let body {
            line("Content-Length: \(body.count)")
        }
        line("Connection: \(connection)")
        out += [13, 10]
        out += framedBody
        return out
    }

    private var framedBody: [UInt8] {
        guard let chunkBytes, chunkBytes > 0 else { return body ?? [] }
        var out: [UInt8] = []
        var rest = (body ?? [])[...]
        while !rest.isEmpty {
            let piece = rest.prefix(chunkBytes)
            out += [UInt8]("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
            rest = rest.dropFirst(chunkBytes)
        }
        out += [UInt8]("0\r\n".utf8)
        for trailer in trailers { out += [UInt8]("\(trailer)\r\n".utf8) }
        return out + [13, 10]
    }
}

/// Bytes as a report may show them.
enum Reproducer {
    /// Longest text of one; what is beyond is left out, and said to be.
    static let textBytesMax = 16_384

    /// - Parameter secrets: what is replaced, each by its own word.
    static func text(_ bytes: [UInt8], secrets: [(secret: String, word: String)]) -> String {
        var rest = bytes
        for (secret, word) in secrets where secret.utf8.count >= 4 {
            rest = rest.replacing([UInt8](secret.utf8), with: [UInt8](word.utf8))
        }
        var out = ""
        for byte in rest.prefix(textBytesMax) {
            switch byte {
            case 10: out += "\\n"
            case 13: out += "\\r"
            case 9: out += "\\t"
            case UInt8(ascii: "\\"): out += "\\\\"
            case 0x20..<0x7f: out.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                out += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return rest.count > textBytesMax ? out + "…" : out
    }
}
