@testable import Postgres

/// docs/injection.md, made out of what happened.
enum Page {
    static func text() async throws -> String {
        let plain = try await Results.of(.plain)
        let statement = try await Results.of(.statement)
        let sealed = try await Results.of(.sealed)
        let pipeline = [plain.pipeline, statement.pipeline, sealed.pipeline]
        let simple = [plain.simple, statement.simple, sealed.simple]
        var text = introduction(pipeline)
        for (title, tricks) in Trick.groups {
            text += "\n## \(title)\n\n" + head + " What stops it |\n|---|---|---|---|---|---|---|\n"
            for trick in tricks {
                text += row(trick, pipeline) + " \(trick.stop) |\n"
            }
        }
        text += left + simpleIntroduction(simple)
        text += "\n" + head + "\n|---|---|---|---|---|---|\n"
        for trick in Trick.all where reached(simple, trick) && !reached(pipeline, trick) {
            text += row(trick, simple) + "\n"
        }
        return text
    }

    private static let head = "| | Trick | Published in | plain | statement | sealed |"

    private static func row(_ trick: Trick, _ outcomes: [[String: Outcome]]) -> String {
        let cells = outcomes.map { $0[trick.id]?.words ?? "" }.joined(separator: " | ")
        return "| \(trick.id) | \(trick.name) | \(trick.source) | \(cells) |"
    }

    private static func reached(_ outcomes: [[String: Outcome]], _ trick: Trick) -> Bool {
        outcomes.contains { $0[trick.id]?.effects.isEmpty == false }
    }

    private static func introduction(_ outcomes: [[String: Outcome]]) -> String {
        let counts = outcomes.map { all in
            all.values.count { !$0.effects.isDisjoint(with: [.read, .wrote]) }
        }
        let learned = outcomes.map { all in
            Trick.all.count { !$0.isAccepted && all[$0.id]?.effects == [.told] }
        }
        let planted = outcomes.map { all in all.values.count { $0.effects.contains(.left) } }
        return """
            # Injected SQL

            Row-level security that believes a setting stops forgotten conditions, and not an
            injected expression. This page shows what each
            [context mode](backend.md#what-the-database-goes-by) is worth when there is a hole in a
            statement: \(Trick.all.count) tricks, tried on PostgreSQL 15.

            | | plain | statement | sealed |
            |---|---|---|---|
            | tricks that read or change rows of another | \(counts[0]) | \(counts[1]) | \
            \(counts[2]) |
            | more tricks that tell whether another has a row | \(learned[0]) | \(learned[1]) | \
            \(learned[2]) |
            | tricks that leave something for the next tenant of the connection | \
            \(planted[0]) | \(planted[1]) | \(planted[2]) |

            In mode `statement` every one of them needs a valid seal of the other tenant, which no
            SQL can make. `db posture` says the same of each mode, and the tests compare.

            How: `Tests/InjectionTests` holds an endpoint that writes a client's text into SQL. It
            is in no product. All else is real: the database is made by `db migrate` with
            `database.admin`, on a server that had granted everybody what PostgreSQL grants by
            itself; login, connection code, seal, proof and scrub are the product's. The attacker is
            one tenant; after each trick another tenant uses the same connection, then the attacker
            again, and a superuser compares every row, policy, grant, function and role with what
            was there before.

            **bold** is a success of the attacker. `nothing`: answered, with nothing of another's.
            `undone`: the proof before the commit found another tenant in the context; nothing was
            answered, and the connection was given up. `cut off`: the deadline passed, or the client
            speaks no such thing. Else the SQLSTATE that refused it.

            Where a trick begins with a quote the text stands within a condition; else the client's
            text is the whole statement, which is more than a hole in a condition gives.

            """
    }

    private static func remainder(_ trick: Trick) -> String {
        "- \(trick.id), \(trick.name): \(trick.stop.replacing("nothing: ", with: ""))."
    }

    private static let left = """

        ## What is left in every mode

        \(Trick.all.filter(\.isAccepted).map(remainder).joined(separator: "\n"))

        None of it reads or changes a row. A login that cannot be changed by itself is one without a
        password: let it log in by certificate or by its operating system account (`pg_hba.conf`).
        Without `database.admin`, `db migrate` cannot take `lo_*`, `pg_terminate_backend` and
        `pg_cancel_backend` from everybody; `db migrate --print-admin-sql` prints what does.

        """

    private static func simpleIntroduction(_ outcomes: [[String: Outcome]]) -> String {
        let count = Trick.all.count {
            outcomes[2][$0.id]?.effects.isDisjoint(with: Outcome.forbidden) == false
        }
        return """

            ## Why the simple protocol is never used

            The same database and login, through the simple query protocol, as many services talk to
            theirs: several statements in one text, the tenant bound by a statement of its own, no
            proof, no scrub. No seal helps when the attacker's statement runs in the next tenant's
            transaction: \(count) tricks succeed in mode `sealed`. These are the ones that succeed
            here and not above.

            """
    }
}
