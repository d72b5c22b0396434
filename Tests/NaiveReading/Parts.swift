/// `multipart/form-data` as its laxest readers take it: a delimiter wherever its bytes are.
public struct NaiveParts: Sendable {
    public struct Part: Equatable, Sendable {
        /// Between the delimiters, without the line breaks at both ends.
        public let bytes: [UInt8]
        public let head: [UInt8]
        public let content: [UInt8]
    }

    public let parts: [Part]

    /// `nil` where not even this reader finds parts.
    public init?(_ body: [UInt8], boundary: String) {
        let delimiter = [UInt8]("--\(boundary)".utf8)
        var places: [Int] = []
        var index = 0
        while index + delimiter.count <= body.count {
            if body[index...].starts(with: delimiter) {
                places.append(index)
                index += delimiter.count
            } else {
                index += 1
            }
        }
        guard let last = places.last else { return nil }
        let behind = body[(last + delimiter.count)...]
        guard behind.starts(with: [0x2d, 0x2d]) else { return nil }
        var parts: [Part] = []
        for (start, end) in zip(places, places.dropFirst()) {
            let text = body[start + delimiter.count..<end]
            guard text.starts(with: [13, 10]), text.suffix(2) == [13, 10], text.count >= 4,
                let part = Part(Array(text.dropFirst(2).dropLast(2)))
            else { return nil }
            parts.append(part)
        }
        self.parts = parts
    }
}

extension NaiveParts.Part {
    fileprivate init?(_ bytes: [UInt8]) {
        var end = 0
        while !bytes[end...].starts(with: [13, 10, 13, 10]) {
            guard end < bytes.count else { return nil }
            end += 1
        }
        self.bytes = bytes
        head = Array(bytes[..<end])
        content = Array(bytes[(end + 4)...])
    }

    /// Every name a reader of some framework gives to this part.
    public var names: [[UInt8]] {
        var found: [[UInt8]] = []
        for line in lines {
            let folded = line.map { (0x41...0x5a).contains($0) ? $0 + 32 : $0 }
            guard let start = Self.places(of: "content-disposition:", in: folded).first else {
                continue
            }
            let value = Array(line[(start + 20)...])
            found += Self.loose(value)
            found += Self.quoting(value, [UInt8(ascii: "\"")])
            found += Self.quoting(value, [UInt8(ascii: "\""), UInt8(ascii: "'")])
        }
        return found
    }

    /// The whole type in lower case; empty where none is said.
    public var contentType: String {
        for line in lines where line.count > 13 {
            let text = String(decoding: line, as: UTF8.self).lowercased()
            guard text.hasPrefix("content-type:") else { continue }
            let type = text.dropFirst(13).prefix { $0 != ";" }
            return type.filter { $0 != " " && $0 != "\t" }
        }
        return ""
    }

    private var lines: [[UInt8]] {
        head.split(separator: 10).map { $0.last == 13 ? Array($0.dropLast()) : Array($0) }
    }

    private static func places(of text: String, in bytes: [UInt8]) -> [Int] {
        let wanted = [UInt8](text.utf8)
        guard bytes.count >= wanted.count else { return [] }
        return (0...bytes.count - wanted.count).filter { bytes[$0...].starts(with: wanted) }
    }

    /// Like Rack: every `name=` behind a `;` or a space, with no eye for quotes around it.
    private static func loose(_ value: [UInt8]) -> [[UInt8]] {
        let folded = value.map { (0x41...0x5a).contains($0) ? $0 + 32 : $0 }
        return places(of: "name", in: folded).compactMap { place in
            guard place > 0, folded[place - 1] <= 0x20 || folded[place - 1] == UInt8(ascii: ";")
            else { return nil }
            let rest = value[(place + 4)...].drop { $0 == 0x20 || $0 == 0x09 }
            guard rest.first == UInt8(ascii: "=") else { return nil }
            let said = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
            if said.first == UInt8(ascii: "\"") {
                return Array(said.dropFirst().prefix { $0 != UInt8(ascii: "\"") })
            }
            return Array(said.prefix { $0 > 0x20 && $0 != UInt8(ascii: ";") })
        }
    }

    /// Like most: cut at `;` outside of quotes; PHP takes apostrophes for quotes, too.
    private static func quoting(_ value: [UInt8], _ quotes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[]]
        var open: UInt8?
        for byte in value {
            if let quote = open {
                if byte == quote { open = nil }
            } else if quotes.contains(byte) {
                open = byte
            } else if byte == UInt8(ascii: ";") {
                pieces.append([])
                continue
            }
            pieces[pieces.count - 1].append(byte)
        }
        return pieces.compactMap { piece in
            let key = NaivePairs.trimmed(NaivePairs.name(piece))
            guard String(decoding: key, as: UTF8.self).lowercased() == "name",
                piece.contains(UInt8(ascii: "="))
            else { return nil }
            let said = NaivePairs.trimmed(
                Array(piece.drop { $0 != UInt8(ascii: "=") }.dropFirst()))
            guard let quote = said.first, quotes.contains(quote) else { return said }
            return Array(said.dropFirst().prefix { $0 != quote })
        }
    }
}

/// What readers take the boundary and the character set of a `Content-Type` field from.
public enum NaiveContentType {
    /// Like PHP: behind the `=` that follows the first `boundary`, wherever that stands.
    public static func boundary(_ type: String) -> String? {
        guard let rest = after("boundary", in: type), let equals = rest.firstIndex(of: "=") else {
            return nil
        }
        let value = rest[rest.index(after: equals)...]
        if value.first == "\"" { return String(value.dropFirst().prefix { $0 != "\"" }) }
        return String(value.prefix { $0 != "," && $0 != ";" })
    }

    /// All that anybody takes: behind `charset=` like Rack, cut at every `;` and `,`; behind
    /// `charset*=` and `charset*0=` like Go and Python (RFC 2231), in pieces or not; behind the
    /// first `charset=` like Tomcat, wherever that stands.
    public static func charsets(_ type: String) -> [String] {
        var found = type.split { $0 == ";" || $0 == "," }.compactMap { piece -> String? in
            let text = piece.lowercased().filter { $0 != " " && $0 != "\t" && $0 != "\"" }
            guard let equals = text.firstIndex(of: "=") else { return nil }
            let name = text[..<equals]
            let value = String(text[equals...].dropFirst())
            if name == "charset" { return value }
            guard name.hasPrefix("charset*") else { return nil }
            return value.split(separator: "'", omittingEmptySubsequences: false).last
                .map(String.init)
        }
        if let rest = after("charset=", in: type) {
            let word = rest.drop { $0 == " " || $0 == "\"" }
                .prefix { $0 != ";" && $0 != "\"" && $0 != " " && $0 != "\t" }
            found.append(word.lowercased())
        }
        return found
    }

    /// Like Tornado, which looks at how it begins, and those that look for the word.
    public static func isForm(_ type: String) -> Bool {
        let text = type.lowercased()
        return ["x-www-form-urlencoded", "form-data", "multipart/"].contains { text.contains($0) }
    }

    private static func after(_ word: String, in text: String) -> Substring? {
        let folded = text.lowercased()
        var index = folded.startIndex
        while index < folded.endIndex {
            if folded[index...].hasPrefix(word) {
                return folded[index...] == ""
                    ? nil
                    : text.dropFirst(
                        folded.distance(from: folded.startIndex, to: index) + word.count)
            }
            index = folded.index(after: index)
        }
        return nil
    }
}
