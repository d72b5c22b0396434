/// The declaration of what `tests/*.test.yaml` make besides tokens.
enum TestCredentialShape {
    static let keys = PolicyKey(
        "keys", .table(.record(key), names: GatewayShape.name, noun: "keys"),
        "API keys of the file's `tenants`, made for the test.")
    static let sessions = PolicyKey(
        "sessions", .table(.record(session), names: GatewayShape.name, noun: "sessions"),
        "Session tokens, signed by a key that only the test knows.")
    static let certificates = PolicyKey(
        "certificates",
        .table(.record(certificate), names: GatewayShape.name, noun: "certificates"),
        "Client certificates whose authority is believed.")

    private static let lifetime = ScalarForm.duration(1_000...31_536_000_000, isWholeSeconds: true)

    private static let key = PolicyRecord(
        "an API key",
        [
            PolicyKey("tenant", .scalar(.externalID), required: true, "Whose it is."),
            PolicyKey(
                "vendor", .scalar(.reference(.vendor, or: [], notYet: [])), default: "default",
                "Whose tenant that is."),
            PolicyKey("scopes", .list(.scalar(.text), minimum: 1), "What it may be used for."),
            PolicyKey("role", .scalar(.text), "The role of who uses it."),
            PolicyKey(
                "ttl", .scalar(lifetime), "How long it lives, from `clock` on; for ever without."),
            PolicyKey("revoked", .scalar(.boolean), default: "false", "It was revoked."),
            PolicyKey(
                "forged", .scalar(.boolean), default: "false",
                "Its secret is another than the directory knows."),
            PolicyKey(
                "as", .scalar(.word(TestKey.Place.allCases.map(\.rawValue), notYet: [])),
                default: "bearer", "Where requests carry it."),
        ])

    private static let session = PolicyRecord(
        "a session",
        [
            PolicyKey("tenant", .scalar(.externalID), required: true, "Whose it is."),
            PolicyKey("user", .scalar(.text), "Its `sub`."),
            PolicyKey("role", .scalar(.text), "Its `role`."),
            PolicyKey("tier", .scalar(.text), "Its `tier`, where tokens make tenants."),
            PolicyKey("scopes", .list(.scalar(.text), minimum: 1), "Its `scope`."),
            PolicyKey(
                "ttl", .scalar(lifetime), default: "5m", "How long it lives, from `clock` on."),
            PolicyKey(
                "forged", .scalar(.boolean), default: "false",
                "Signed by a key that is nobody's."),
            PolicyKey(
                "as", .scalar(.word(TestSession.Place.allCases.map(\.rawValue), notYet: [])),
                default: "bearer", "Where requests carry it."),
        ])

    private static let certificate = PolicyRecord(
        "a certificate",
        [
            PolicyKey(
                "tenant", .scalar(.externalID), "Whom its name means, in the form the policy has."),
            PolicyKey("name", .scalar(.text), "Its name, where it is to have another."),
        ])
}
