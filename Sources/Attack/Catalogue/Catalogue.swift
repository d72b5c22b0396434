/// The public list of attacks, in the order they are tried.
enum Catalogue {
    /// Those that name another tenant beside the attacker's own credential.
    static let spoofs: [Vector] =
        Vector.headers + Vector.trailers + Vector.identities + Vector.queries + Vector.paths
        + Vector.cookies + Vector.forms + Vector.multiparts + Vector.objects + Vector.otherBodies
        + Vector.overrides

    /// Spoofs that are tried with the other tenant's object ids too.
    static let withObjects: Set<String> = [
        "header.plain", "header.underscore", "header.aliases", "query.plain", "query.aliases",
        "cookie.plain", "identity.user", "identity.rewrite", "json.plain",
    ]

    /// Attacks of object ids, which need no vector of their own: id and title.
    static let objects = [
        ("object.foreign", "the other tenant's id"),
        ("object.timing", "the other tenant's id, by time"),
    ]
}
