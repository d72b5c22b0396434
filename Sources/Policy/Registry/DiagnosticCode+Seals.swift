/// E16xx: the seals that a database checks.
extension DiagnosticCode.Entry {
    static let sealUnsent = Self(
        title: "The seal reaches nobody",
        help: """
            A seal is what a database learns the tenant by. It travels inside the \
            gateway's assertion, so its upstreams must be in `assertion.to`; without \
            `seal.to` it goes to those of them that have `echo: required`.
            """)
}
