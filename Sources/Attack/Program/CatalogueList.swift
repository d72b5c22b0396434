import JSON

/// The public list of attacks, for people and for the page that documents it.
package enum CatalogueList {
    struct Entry {
        var id: String
        var title: String
        var precedents: String
        var writes: Bool
    }

    /// All vectors, those of tokens by a sample: their ids are the same for every token.
    static var entries: [Entry] {
        var out = (tokens + Catalogue.spoofs).map {
            Entry(id: $0.id, title: $0.title, precedents: $0.precedents, writes: $0.writes)
        }
        out += Catalogue.objects.map { Entry(id: $0.0, title: $0.1, precedents: "", writes: false) }
        return out
    }

    private static var tokens: [Vector] {
        guard let concept = ConceptName(ConceptName.usual[0]),
            let own = Identity(token: "a.b.c"), let foreign = Identity(token: "d.e.f")
        else { return [] }
        return Vector.tokens(Forge(own: own, foreign: foreign, concept: concept, named: "b"))
    }

    package static func text() -> String {
        var out = ""
        for entry in entries {
            let space = String(repeating: " ", count: max(1, 30 - entry.id.count))
            let precedents = entry.precedents.isEmpty ? "" : "  (\(entry.precedents))"
            let writes = entry.writes ? "  [writes]" : ""
            out += "\(entry.id)\(space)\(entry.title)\(precedents)\(writes)\n"
        }
        return out
    }

    /// Rows of the table in docs/attack.md.
    package static func markdown() -> String {
        var out = "| id | what is sent | precedents |\n|---|---|---|\n"
        for entry in entries {
            let note = entry.writes ? " (with `--allow-writes`)" : ""
            out += "| `\(entry.id)` | \(entry.title)\(note) | \(entry.precedents) |\n"
        }
        return out
    }

    static func json() -> String {
        var out = JSONWriter()
        out.beginArray()
        for entry in entries {
            out.beginObject()
            out.member("id", entry.id)
            out.member("title", entry.title)
            out.member("precedents", entry.precedents)
            out.member("writes", entry.writes)
            out.endObject()
        }
        out.endArray()
        return String(decoding: out.bytes, as: UTF8.self) + "\n"
    }
}
