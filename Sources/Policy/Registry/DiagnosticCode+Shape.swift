/// E12xx: its shape.
extension DiagnosticCode.Entry {
    static let wrongKind = Self(
        title: "A value has the wrong form",
        help: """
            The key takes a text, a list or a mapping, and something else was written. A \
            list is `[a, b]` or lines beginning with `- `; a mapping is `{key: value}` or \
            indented `key: value` lines.
            """)

    static let missingKey = Self(
        title: "A required key is missing",
        help: """
            The mapping cannot be understood without the key, and it has no default on \
            purpose. Add it.
            """)

    static let notAvailable = Self(
        title: "Not available in this version",
        help: """
            The key or value is planned and this version does not act on it, so it is \
            refused instead of being accepted and ignored. Remove it, or run a version \
            that has it.
            """)

    static let unknownKey = Self(
        title: "The key is unknown",
        help: """
            The key is not one of those this mapping takes, and an ignored key is a rule \
            that silently does not hold. Correct the spelling; keys of your own begin with \
            `x-`. docs/policy.md lists all keys.
            """)

    static let invalidValue = Self(
        title: "A value cannot be understood",
        help: """
            The value does not have the form the key asks for; the message says which. \
            Durations are written 500ms, 5s, 1m or 24h; sizes 4096, 64KB (1000) or 64KiB \
            (1024); rates 100/min; booleans true or false.
            """)

    static let outOfRange = Self(
        title: "A value is out of range",
        help: """
            The value has the right form and lies outside what the key allows. The bounds \
            exist so that later arithmetic and memory have bounds too.
            """)

    static let unknownWord = Self(
        title: "The word is not one of those allowed",
        help: """
            The key takes one of a few words, written exactly so (case counts).
            """)

    static let missingValue = Self(
        title: "A key has no value",
        help: """
            The key is followed by nothing. Nothing never means a default: write the \
            value, or delete the key.
            """)

    static let emptyList = Self(
        title: "A list is empty",
        help: """
            The list needs at least one item; an empty one would allow nothing, or \
            everything.
            """)

    static let repeatedItem = Self(
        title: "An item is listed twice",
        help: """
            The same item appears twice in one list. Delete one.
            """)

    static let unsupportedVersion = Self(
        title: "The file's version is not supported",
        help: """
            This version reads policy files with `version: 1`.
            """)

    static let literalSecret = Self(
        title: "A secret is written into the policy",
        help: """
            Policies are reviewed, copied and logged, so a secret in one is no secret. \
            Name where it is: `file:PATH`, `cred:NAME` (systemd credential) or, for \
            development, `env:NAME`. If the secret was real, replace it.
            """)

    static let reservedName = Self(
        title: "The name is reserved",
        help: """
            The name has a meaning of its own in a policy, so nothing else may be called \
            that.
            """)
}
