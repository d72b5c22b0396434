/// Queries and forms as pairs between `&`, and `Cookie` fields as pairs between `;`.
public enum NaivePairs {
    public static func query(_ text: [UInt8]) -> [[UInt8]] {
        text.split(separator: UInt8(ascii: "&")).map(Array.init)
    }

    /// Every name some reader takes out of one pair of a query: that of the pair, and those between
    /// `;` in it.
    public static func names(ofParameter pair: [UInt8]) -> [[UInt8]] {
        [name(pair)] + pair.split(separator: UInt8(ascii: ";")).map { name(Array($0)) }
    }

    public static func name(_ pair: [UInt8]) -> [UInt8] {
        Array(pair.prefix { $0 != UInt8(ascii: "=") })
    }

    /// Without the white space around them.
    public static func cookies(_ text: [UInt8]) -> [[UInt8]] {
        text.split(separator: UInt8(ascii: ";")).map { trimmed(Array($0)) }.filter { !$0.isEmpty }
    }

    /// Names of one cookie: up to the first `=` that has something before it, and the same behind
    /// every byte where a legacy reader ends a value.
    public static func names(ofCookie pair: [UInt8]) -> [[UInt8]] {
        let ends = [UInt8](" \t\",[]".utf8)
        var names = [name(Array(pair.drop { $0 == UInt8(ascii: "=") }))]
        for chunk in pair.split(separator: UInt8(ascii: ",")) {
            let text = trimmed(Array(chunk))
            if text.contains(UInt8(ascii: "=")) { names.append(name(text)) }
        }
        for chunk in pair.split(whereSeparator: ends.contains).dropFirst()
        where chunk.contains(UInt8(ascii: "=")) {
            names.append(name(Array(chunk)))
        }
        return names + names.compactMap(withoutPrefix)
    }

    /// What stands behind the prefix of a cookie's name that browsers give a meaning; `nil` without
    /// one.
    private static func withoutPrefix(_ name: [UInt8]) -> [UInt8]? {
        let text = String(decoding: name, as: UTF8.self).lowercased()
        let prefixes = ["__host-http-", "__host-", "__http-", "__secure-"]
        guard let prefix = prefixes.first(where: text.hasPrefix) else { return nil }
        let rest = Array(name.dropFirst(prefix.utf8.count))
        return rest.isEmpty ? nil : rest
    }

    /// Every run of a cookie that could be anybody's name.
    public static func runs(ofCookie pair: [UInt8]) -> [[UInt8]] {
        let ends = [UInt8](" \t\",[]=".utf8)
        let edges = pair.indices.filter { ends.contains(pair[$0]) }
        var runs = [pair]
        for start in [-1] + edges {
            for end in edges + [pair.count] where end > start + 1 {
                runs.append(Array(pair[start + 1..<end]))
            }
        }
        return runs + runs.compactMap(withoutPrefix)
    }

    /// `_method` as PHP, Rack and qs arrive at it.
    public static func isMethodOverride(_ name: [UInt8]) -> Bool {
        var rest = NaiveNames.decoded(name).drop { [UInt8]("[] +".utf8).contains($0) }
        guard let first = rest.popFirst(), [UInt8]("_.".utf8).contains(first) else { return false }
        let word = String(decoding: rest.prefix(6), as: UTF8.self).lowercased()
        guard word == "method" else { return false }
        rest = rest.dropFirst(6)
        return rest.first.map { [UInt8]("[]".utf8).contains($0) } ?? true
    }

    public static func trimmed(_ text: [UInt8]) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// Whether `part` is what is left of `whole` when some are taken out.
    public static func isSubsequence(_ part: [[UInt8]], of whole: [[UInt8]]) -> Bool {
        var rest = part[...]
        for element in whole where element == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }

    /// What of `whole` is missing in `part`, each taken as late as possible.
    public static func removed(from whole: [[UInt8]], leaving part: [[UInt8]]) -> [[UInt8]] {
        var rest = part[...]
        return whole.filter { element in
            if element == rest.first {
                rest = rest.dropFirst()
                return false
            }
            return true
        }
    }
}
