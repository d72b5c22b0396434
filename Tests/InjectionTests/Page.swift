@testable import Postgres

/// docs/injection.md, made out of what happened.
enum Page {
    static func text() throws -> String {
        let results = try ContextMode.allCases.map { try Results.of($0) }
        func of(_ mode: ContextMode) -> Results? { results.first { $0.mode == mode } }
        guard let plain = of(.plain), let statement = of(.statement), let sealed = of(.sealed)
        else { return "" }
        return """
            x
            """
            + table(plain.pipeline, statement.pipeline, sealed.pipeline, Trick.all)
            + "\n" + table(plain.simple, statement.simple, sealed.simple, Trick.all)
    }

    private static func table(
        _ plain: [String: Outcome], _ statement: [String: Outcome], _ sealed: [String: Outcome],
        _ tricks: [Trick]
    ) -> String {
        var text = """
            | | Trick | Source | plain | statement | sealed | What stops it |
            |---|---|---|---|---|---|---|

            """
        for trick in tricks {
            let cells = [plain, statement, sealed].map { $0[trick.id]?.words ?? "" }
            text += "| \(trick.id) | \(trick.name) | \(trick.source) | "
            text += cells.joined(separator: " | ") + " | \(trick.stop) |\n"
        }
        return text
    }
}
