/// Every row of the catalogue.
enum Catalogue {
    static let sections: [(name: String, rows: [Case])] = [
        ("headers", HeaderCases.all), ("query", QueryCases.all), ("target", TargetCases.all),
        ("cookies", CookieCases.all), ("JSON names", JSONNameCases.all),
        ("JSON grammar", JSONGrammarCases.all), ("forms", FormCases.all),
        ("multipart", MultipartCases.all), ("body types", BodyTypeCases.all),
        ("GraphQL", GraphQLCases.all), ("parts", PartCases.all),
        ("body codings", BodyCodingCases.all), ("framing", FramingCases.all),
        ("chunks", ChunkCases.all),
        ("methods", MethodCases.all), ("credentials", CredentialCases.all),
        ("roles", RoleCases.all),
        ("tokens", TokenCases.all), ("libjwt", LibJWTCases.all),
        ("issuers", IssuerCases.all),
        ("browsers", BrowserCases.all), ("identity", IdentityCases.all),
        ("the jury's findings", JuryCases.all), ("places", PlaceCases.all),
        ("responses", ResponseCases.all),
        ("pending", PendingCases.all),
    ]

    static let all: [Case] = sections.flatMap(\.rows)

    /// Those that must hold.
    static let tested: [Case] = all.filter { $0.pending == nil }
    /// Those that must still fail.
    static let pending: [Case] = all.filter { $0.pending != nil }
}
