/// The words of an SQL expression as `pg_get_expr` and `pg_get_function_sqlbody` print it.
///
/// Two expressions are compared by what is left when parentheses, `SELECT`, `RETURN`, column
/// aliases and casts to text are taken away. That is sound only for comparing with a text that is
/// known to be good as a whole: nothing but that very comparison prints to the same words, because
/// a further operator, table or function would leave a word of its own.
struct PolicyText: Equatable {
    let words: [String]

    init(_ text: String) { words = Self.plain(Self.split(text)) }
    private init(words: [String]) { self.words = words }

    /// The operands of an OR at the top, `nil` when one of them is more than one comparison.
    var alternatives: [PolicyText] {
        words.split(separator: "or", omittingEmptySubsequences: false)
            .map { PolicyText(words: Array($0)) }
    }

    /// `column = right` with what is on the right; nil for anything else. The column may stand on
    /// either side and may be qualified by the relation's name.
    /// - Parameters:
    ///   - column: as it is, without the quotes it may need; `relation` the same.
    ///   - base: the type below the column's, when that is a domain: the column may be cast to it,
    ///     which changes no value.
    func right(
        comparing column: String, of relation: String, below base: String? = nil
    ) -> [String]? {
        guard !words.contains("and"), !words.contains("or"), !words.contains("not"),
            !words.contains("from"), words.count(where: { $0 == "=" }) == 1
        else { return nil }
        let name = Self.words(ofName: column)
        let cast = base.map { ["::"] + PolicyText($0).words } ?? []
        let lefts = [name, Self.words(ofName: relation) + ["."] + name]
        for left in lefts + lefts.map({ $0 + cast }) {
            if words.starts(with: left + ["="]) {
                return Array(words.dropFirst(left.count + 1))
            }
            if words.suffix(left.count + 1) == (["="] + left)[...] {
                return Array(words.dropLast(left.count + 1))
            }
        }
        return nil
    }

    /// How an expression names it.
    static func words(ofName name: String) -> [String] {
        PolicyText(Verification.quoted(name)).words
    }

    /// Words, numbers, strings and signs; identifiers in lower case unless quoted.
    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.first {
            if first.properties.isWhitespace {
                rest.removeFirst()
            } else if first == "'" || first == "\"" {
                words.append(quoted(&rest, by: first))
            } else if first == "_" || first.properties.isAlphabetic || ("0"..."9").contains(first) {
                let word = rest.prefix {
                    $0 == "_" || $0 == "$" || $0.properties.isAlphabetic
                        || ("0"..."9").contains($0)
                }
                words.append(String(word).lowercased())
                rest = rest.dropFirst(word.count)
            } else if first == ":", rest.dropFirst().first == ":" {
                words.append("::")
                rest = rest.dropFirst(2)
            } else if "=<>!~+-*/|&#@%^?".unicodeScalars.contains(first) {
                let sign = rest.prefix { "=<>!~+-*/|&#@%^?".unicodeScalars.contains($0) }
                words.append(String(sign))
                rest = rest.dropFirst(sign.count)
            } else {
                words.append(String(rest.removeFirst()))
            }
        }
        return words
    }

    /// A string keeps its quotes; an identifier loses them, because what needs none is printed
    /// without, and what needs them holds something no plain word holds.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView, by mark: Unicode.Scalar)
        -> String
    {
        rest.removeFirst()
        var text = ""
        while let scalar = rest.popFirst() {
            if scalar != mark {
                text.unicodeScalars.append(scalar)
            } else if rest.first == mark {
                text.unicodeScalars.append(scalar)
                rest.removeFirst()
            } else {
                break
            }
        }
        if mark == "'" { return "'\(text)'" }
        return text.contains(where: isOdd) || taken.contains(text) ? "\"\(text)\"" : text
    }

    /// Words that mean something here: quoted, they are names.
    private static let taken: Set = [
        "select", "return", "as", "or", "and", "not", "from", "pg_catalog", "nullif",
        "current_setting", "split_part", "text", "true", "false", "null", "user", "current_user",
        "session_user", "current_role", "current_schema", "current_catalog",
    ]

    private static func isOdd(_ character: Character) -> Bool {
        !(character == "_" || character.isLowercase || character.isWholeNumber)
    }

    private static func plain(_ words: [String]) -> [String] {
        var out: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            let next = index + 1 < words.count ? words[index + 1] : ""
            switch word {
            case "(", ")", ";", "select", "return": index += 1
            case "as": index += 2
            case "::" where next == "text": index += 2
            case "pg_catalog" where next == ".": index += 2
            default:
                out.append(word)
                index += 1
            }
        }
        return out
    }
}

/// Where the database reads the context from.
enum ContextSource: Hashable {
    /// A setting any session can set.
    case setting(String)
    /// The n-th part of the superuser's slot, or all of it (0).
    case slot(Int)
    /// A function with the owner's rights, pinned by its body; it checks the seal by itself.
    case verifying(function: String)

    /// A superuser's parameter that holds text, may be set for one transaction, and does nothing
    /// unless a C function has the name in it. Servers of another major version may need another.
    static let slotName = "backtrace_functions"

    private static let casts = ["uuid", "integer", "bigint", "smallint"]

    /// What the words after `column =` come to when they read a setting themselves.
    /// - Returns: the source, and whether an empty context means no rows (and not an error).
    static func reading(_ words: [String]) -> (source: ContextSource, isQuiet: Bool)? {
        var words = words[...]
        if words.count > 2, words[words.endIndex - 2] == "::",
            casts.contains(words[words.endIndex - 1])
        {
            words = words.dropLast(2)
        }
        let isQuiet = words.first == "nullif" && words.suffix(2) == [",", "''"]
        if isQuiet { words = words.dropFirst().dropLast(2) }
        var part = 0
        if words.first == "split_part", words.count > 4, words.suffix(4).first == ",",
            words.suffix(3).first == "','", words.suffix(2).first == ","
        {
            guard let number = words.last.flatMap({ Int($0) }), number > 0 else { return nil }
            part = number
            words = words.dropFirst().dropLast(4)
        }
        guard words.popFirst() == "current_setting", let name = words.popFirst(),
            name.hasPrefix("'"), name.hasSuffix("'"), name.utf8.count > 2,
            words.isEmpty || words.elementsEqual([",", "true"])
        else { return nil }
        let setting = String(name.dropFirst().dropLast()).lowercased()
        if setting == slotName { return (.slot(part), isQuiet) }
        return part == 0 ? (.setting(setting), isQuiet) : nil
    }
}
