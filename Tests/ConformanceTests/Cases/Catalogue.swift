/// Every row of the catalogue.
enum Catalogue {
    static let sections: [(name: String, rows: [Case])] = [
        ("headers", HeaderCases.all), ("query", QueryCases.all), ("target", TargetCases.all),
        ("cookies", CookieCases.all), ("framing", FramingCases.all), ("chunks", ChunkCases.all),
        ("methods", MethodCases.all), ("credentials", CredentialCases.all),
        ("tokens", TokenCases.all), ("browsers", BrowserCases.all),
    ]

    static let all: [Case] = sections.flatMap(\.rows)
}
