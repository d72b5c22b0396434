/// E10xx: the file as YAML.
extension DiagnosticCode.Entry {
    static let syntax = Self(
        title: "The file is not valid YAML",
        help: """
            The text could not be read as YAML at the place shown. Most often a space is \
            missing after a colon, the indentation changed, a bracket or a quote is not \
            closed, or a tab was used for indentation (YAML takes spaces only). Put a \
            value in quotes when it holds `: ` or ` #`, or begins with a bracket, a brace, \
            a backquote or one of & * ! | > % @.
            """)

    static let encoding = Self(
        title: "The file is not UTF-8",
        help: """
            Policy files are UTF-8. Save the file as UTF-8; UTF-16 and Latin-1 are not \
            read.
            """)

    static let anchor = Self(
        title: "Anchors and aliases are not allowed",
        help: """
            `&name` and `*name` let one line change the meaning of another far away, so \
            that a review of a route does not show what it does. Write the value out where \
            it is used. A value that begins with & or * needs quotes.
            """)

    static let tag = Self(
        title: "Tags are not allowed",
        help: """
            `!tag` changes how a value is read. Every value of a policy is text until its \
            key asks for a number or a word, so there is nothing to tag. A value that \
            begins with ! needs quotes.
            """)

    static let mergeKey = Self(
        title: "Merge keys are not allowed",
        help: """
            `<<` brings in keys that are not visible at the place. Write the keys out.
            """)

    static let severalDocuments = Self(
        title: "The file holds more than one document",
        help: """
            A policy file is one YAML document; a second `---` would be read by some tools \
            and skipped by others. Split the file.
            """)

    static let duplicateKey = Self(
        title: "The same key is given twice",
        help: """
            Which of two equal keys counts depends on the reader, so neither does. Delete \
            one.
            """)

    static let tooDeep = Self(
        title: "The file is nested too deeply",
        help: """
            Values may be nested 32 deep; no policy needs more than eight.
            """)

    static let tooManyNodes = Self(
        title: "The file holds too many values",
        help: """
            A policy file may hold 100,000 keys and values.
            """)

    static let fileTooLarge = Self(
        title: "The file is too large",
        help: """
            A policy file may have 1 MiB. Tenants in larger numbers do not belong in a \
            file.
            """)

    static let scalarTooLong = Self(
        title: "A value is too long",
        help: """
            One key or value may have 64 KiB.
            """)

    static let complexKey = Self(
        title: "A key is not plain text",
        help: """
            Keys are non-empty text; a list or a mapping cannot be a key. Braces around a \
            template (`{name}`) need quotes.
            """)

    static let directive = Self(
        title: "YAML directives are not allowed",
        help: """
            `%YAML` and `%TAG` lines change how the rest of the file is read. Delete the \
            line.
            """)

    static let emptyFile = Self(
        title: "The file is empty",
        help: """
            A missing policy never means defaults. Write at least `version: 1` and what \
            the file is for.
            """)

    static let unsafeCharacter = Self(
        title: "A character has more than one reading",
        help: """
            Control characters, the line separators U+0085, U+2028 and U+2029, a byte \
            order mark inside the text and the characters that turn the direction of \
            writing are refused: a file must mean what it looks like. Delete the \
            character.
            """)

    static let fileUnreadable = Self(
        title: "A file cannot be read",
        help: """
            The policy, or a file it names, is missing or may not be read by this user. A \
            missing file never means defaults.
            """)
}
