/// E14xx: tests of policies.
extension DiagnosticCode.Entry {
    static let testCodeUnknown = Self(
        title: "A test expects a code that does not exist",
        help: """
            `expect: {code: ...}` takes a code of a refusal, such as rate.limited; \
            docs/codes.md lists them.
            """)

    static let testTokenUnknown = Self(
        title: "A test uses a credential that it does not define",
        help: """
            `request: {token: NAME}` takes a name of the file's own `tokens`; `key`, \
            `session` and `certificate` take one of `keys`, `sessions` and \
            `certificates`. All of them are made for the test and signed with keys that \
            only the test knows.
            """)

    static let testExpectsNothing = Self(
        title: "A test expects nothing",
        help: """
            A case without an expectation cannot fail. Say at least what is decided: \
            `expect: {decision: forward}`, or `expect: {status: 401}`.
            """)

    static let testNameRepeated = Self(
        title: "Two cases of a test file have the same name",
        help: """
            Names are how a failed case is found, and what `--run` chooses by.
            """)

    static let testContradiction = Self(
        title: "A test expects what cannot be",
        help: """
            A request that is refused is sent nowhere, and one that is forwarded has no \
            code. Take one of the two out.
            """)

    static let testTokenIssuer = Self(
        title: "A test's token has no issuer, or two",
        help: """
            A token is either a JWT of an `issuer` of the policy, with claims, or the key \
            of a `vendor`, which has none.
            """)

    static let testCredentialUnfit = Self(
        title: "A test makes a credential that cannot be",
        help: """
            An API key is one of the file's own `tenants`. Sessions need `sessions` in \
            the policy; certificates need `certificates`, a listener with `tls`, and \
            either a `tenant` or a whole `name`.
            """)
}
