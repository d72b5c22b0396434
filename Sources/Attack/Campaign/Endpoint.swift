/// A request to attack, as the operator wrote it: `GET /v1/orders/{id}`, or with a body
/// `POST /v1/orders application/json {"name":"{canary}"}`.
package struct Endpoint: Sendable, Equatable {
    package let method: String
    package let target: String
    package let contentType: String?
    package let body: String?

    package static let countMax = 64
    package static let lineBytesMax = 16_384

    /// Where an object's id belongs, and where a text that shows up again.
    static let idMark = "{id}"
    static let canaryMark = "{canary}"

    package enum Defect: Error, Equatable, Sendable {
        case method(line: Int)
        case target(line: Int)
        case body(line: Int)
        case tooLong(line: Int)
        case tooMany
    }

    /// One line. Methods are those that RFC 9110 and RFC 5789 give APIs.
    package init(_ line: String, number: Int = 1) throws(Defect) {
        guard line.utf8.count <= Self.lineBytesMax else { throw .tooLong(line: number) }
        let words = line.split(separator: " ", maxSplits: 3)
        guard let method = words.first, Self.methods.contains(String(method)) else {
            throw .method(line: number)
        }
        guard words.count > 1, words[1].hasPrefix("/"),
            words[1].utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") })
        else { throw .target(line: number) }
        guard words.count != 3, words.count < 3 || words[2].contains("/"),
            line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 9 })
        else { throw .body(line: number) }
        self.method = String(method)
        target = String(words[1])
        contentType = words.count > 3 ? String(words[2]) : nil
        body = words.count > 3 ? String(words[3]) : nil
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

    /// A list: one request a line; empty lines and lines that begin with `#` are left out.
    package static func list(_ text: String) throws(Defect) -> [Endpoint] {
        var out: [Endpoint] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let first = line.first { !$0.isWhitespace }
            guard let first, first != "#" else { continue }
            guard out.count < countMax else { throw .tooMany }
            out.append(try Endpoint(String(line), number: index + 1))
        }
        return out
    }

    var name: String { "\(method) \(target)" }
    var takesID: Bool { target.contains(Self.idMark) || (body?.contains(Self.idMark) ?? false) }
    var takesCanary: Bool { body?.contains(Self.canaryMark) ?? false }
    /// Whether asking changes something (RFC 9110 section 9.2.1).
    var writes: Bool { method != "GET" && method != "HEAD" }

    func draft(authority: String, id: String?, canary: String) -> RequestDraft {
        func filled(_ text: String, _ id: String?) -> String {
            let text = id.map { text.replacing(Self.idMark, with: $0) } ?? text
            return text.replacing(Self.canaryMark, with: canary)
        }
        var draft = RequestDraft(
            method: method, target: filled(target, id?.percentEncoded), authority: authority)
        draft.contentType = contentType
        draft.body = body.map { [UInt8](filled($0, id).utf8) }
        return draft
    }
}

/// Ids of objects.
enum ObjectID {
    static let countMax = 16
    private static let hexDigits = Set("0123456789abcdefABCDEF-".utf8)

    /// Values of members that are called `id`, or end in it, and that only one side has.
    static func discovered(in mine: [Leaves], absentFrom others: [Leaves]) -> [String] {
        let known = Set(others.flatMap { $0.values })
        var exact: [String] = []
        var more: [String] = []
        for leaves in mine {
            for place in leaves.keys.sorted() where place.hasPrefix("body ") {
                guard let key = place.split(separator: "/").last,
                    let words = ConceptName(String(key))?.words, let last = words.last,
                    last == "id" || last == "uuid", let value = leaves[place],
                    (1...128).contains(value.utf8.count), !known.contains(value),
                    !words.contains("tenant"), !words.contains("request")
                else { continue }
                if words.count == 1 { exact.append(value) } else { more.append(value) }
            }
        }
        var seen = Set<String>()
        return Array((exact + more).filter { seen.insert($0).inserted }.prefix(countMax))
    }

    /// An id that looks like `id` and is most likely nobody's: its last characters are others of
    /// their kind.
    static func missing(like id: String, variant: Int) -> String {
        if id.utf8.count < 6, let number = Int(id) { return "\(number + 900_000 + variant * 7)" }
        var scalars = Array(id.unicodeScalars)
        let isHex = id.utf8.allSatisfy { Self.hexDigits.contains($0) }
        var changed = 0
        for index in scalars.indices.reversed() where changed < 8 {
            let value = scalars[index].value
            let moved: UInt32
            switch scalars[index] {
            case "0"..."9": moved = 48 + (value - 48 + UInt32(variant % 7) + 2) % 10
            case "a"..."z":
                moved = 97 + (value - 97 + UInt32(variant % 3) + 1) % (isHex ? 6 : 26)
            case "A"..."Z":
                moved = 65 + (value - 65 + UInt32(variant % 3) + 1) % (isHex ? 6 : 26)
            default: continue
            }
            if let scalar = Unicode.Scalar(moved) { scalars[index] = scalar }
            changed += 1
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return changed > 0 ? text : id + "\(variant)"
    }
}
