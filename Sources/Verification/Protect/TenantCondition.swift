/// How a policy and a default ask for the tenant of the transaction.
struct TenantCondition: Equatable {
    /// The tenant, in the type of the column.
    let subject: String
    /// What both policies of a table say. Equal text everywhere is what makes the proof short.
    let condition: String

    /// - Parameter function: answers the tenant as `uuid`; `nil` reads `setting` itself.
    init(
        column: String, type: ProtectOptions.ColumnType, mode: ProtectOptions.Mode,
        function: String?, setting: String
    ) {
        if let function {
            subject = type == .uuid ? "\(function)()" : "\(function)()::\(type.rawValue)"
        } else {
            // The empty text is what a transaction-local setting leaves behind: it must mean
            // nobody, and not an error that poisons the session.
            let text = "nullif(current_setting(\(literal(setting)), true), '')"
            subject = type == .text ? text : "\(text)::\(type.rawValue)"
        }
        // Checking a seal costs a digest: once a statement, not once a row.
        condition =
            mode == .statement ? "\(column) = (SELECT \(subject))" : "\(column) = \(subject)"
    }

    /// Whether the server's text of a condition says the same: it adds parentheses, casts and a
    /// column name, and writes NULLIF in capitals.
    func matches(_ text: String?) -> Bool {
        guard let text else { return false }
        return Self.plain(text) == Self.plain(condition)
    }

    func isDefault(_ text: String?) -> Bool {
        guard let text else { return false }
        return Self.plain(text) == Self.plain(subject)
    }

    private static func plain(_ text: String) -> String {
        var kept = ""
        for character in text.lowercased() where !character.isWhitespace {
            if character != "(" && character != ")" { kept.append(character) }
        }
        for noise in ["::text", "astenant", "pg_catalog."] { kept = kept.without(noise) }
        return kept
    }
}

extension String {
    /// Without any occurrence of `word`.
    fileprivate func without(_ word: String) -> String {
        var rest = self[...]
        var kept = ""
        while !rest.isEmpty {
            if rest.hasPrefix(word) {
                rest = rest.dropFirst(word.count)
            } else {
                kept.append(rest.removeFirst())
            }
        }
        return kept
    }
}
