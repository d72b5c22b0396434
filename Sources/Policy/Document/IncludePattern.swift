/// One item of `include`: a relative path whose last part may hold `*`, any run of characters.
/// `routes/*.yaml` is every such file of the folder, but for hidden ones.
public struct IncludePattern: Equatable, Sendable {
    /// Files included by files included by files.
    public static let depthMax = 8
    /// Files of one policy.
    public static let filesMax = 1_000

    /// Relative to the including file; empty for its own folder.
    public let folder: String
    public let name: String

    /// `nil` where the text is none: absolute, not ending in `.yaml` or `.yml`, with an empty part
    /// or with `*` in a folder.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...ScalarForm.textBytesMax).contains(bytes.count),
            bytes.first != UInt8(ascii: "/"),
            text.hasSuffix(".yaml") || text.hasSuffix(".yml"),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, !parts.contains(""),
            !parts.dropLast().contains(where: {
                $0.utf8.contains(UInt8(ascii: "*"))
            })
        else { return nil }
        folder = parts.dropLast().joined(separator: "/")
        name = String(last)
    }

    /// Whether there may be several files, which have to be looked for.
    public var isPattern: Bool { name.utf8.contains(UInt8(ascii: "*")) }

    /// Whether a file of this name is meant. Hidden files are only by a name that says so.
    public func matches(_ file: String) -> Bool {
        let dot = UInt8(ascii: ".")
        if file.utf8.first == dot, name.utf8.first != dot { return false }
        let parts = name.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return file == name }
        var rest = Array(file.utf8)[...]
        for (index, part) in parts.enumerated() {
            let wanted = Array(part.utf8)
            if index == 0 {
                guard rest.starts(with: wanted) else { return false }
                rest = rest.dropFirst(wanted.count)
            } else if index == parts.count - 1 {
                return rest.count >= wanted.count && rest.suffix(wanted.count).elementsEqual(wanted)
            } else {
                guard let end = Self.end(of: wanted, in: rest) else { return false }
                rest = rest[end...]
            }
        }
        return true
    }

    /// Behind the first place of `wanted`: the leftmost leaves most for what follows.
    private static func end(of wanted: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard !wanted.isEmpty else { return text.startIndex }
        var start = text.startIndex
        while text.endIndex - start >= wanted.count {
            if text[start..<start + wanted.count].elementsEqual(wanted) {
                return start + wanted.count
            }
            start += 1
        }
        return nil
    }

    /// `path` without `.` parts and with `a/..` taken out, so that one file has one name. Links may
    /// still lead to it twice; what it defines is then defined twice, which is an error too.
    public static func plain(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}
