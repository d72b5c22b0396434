/// What an examination compares a database with.
extension GuardScript {
    /// One function of the guard as the catalogs keep it.
    public struct FunctionText: Equatable, Sendable {
        /// What is between `$$` and `$$`, or what PostgreSQL 15 makes of an expression.
        public let body: String
        /// Whose rights it runs with, how often it must be asked, and its settings, such as
        /// `definer volatile search_path=pg_catalog, pg_temp`.
        public let attributes: String
    }

    /// The bodies of the guard's functions, by name: those that every installation has.
    public var bodies: [String: String] {
        Self.texts(in: core + protect + acting).filter { !$0.value.body.hasPrefix("RETURN ") }
            .mapValues(\.body)
    }

    /// All of the guard's functions, by name; that of the event trigger, which only a superuser
    /// installs, among them.
    public var functionTexts: [String: FunctionText] {
        Self.texts(in: core + protect + acting + trigger)
    }

    private static func texts(in script: String) -> [String: FunctionText] {
        var found: [String: FunctionText] = [:]
        let kinds = ["FUNCTION", "PROCEDURE"]
        let pieces = kinds.flatMap {
            split(script, at: "CREATE OR REPLACE \($0) ringfence_guard.").dropFirst()
        }
        for piece in pieces {
            let name = String(piece.prefix { $0 != "(" })
            let parts = split(piece, at: "$$")
            let expression = split(piece, at: " RETURN ")
            if expression.count == 2, parts.count < 3 {
                let end = split(expression[1], at: ";")
                found[name] = FunctionText(
                    body: "RETURN " + end[0], attributes: attributes(expression[0]))
            } else if parts.count >= 3 {
                found[name] = FunctionText(body: parts[1], attributes: attributes(parts[0]))
            }
        }
        return found
    }

    /// - Parameter head: what stands before the body.
    private static func attributes(_ head: String) -> String {
        func says(_ word: String) -> Bool { split(head, at: word).count > 1 }
        let kind = says(" IMMUTABLE") ? "immutable" : says(" STABLE") ? "stable" : "volatile"
        let path = says("SET search_path TO") ? " search_path=pg_catalog, pg_temp" : ""
        return (says("SECURITY DEFINER") ? "definer " : "invoker ") + kind + path
    }

    /// What PostgreSQL 15 makes of `ringfence.tenant()` and `ringfence.vendor()`.
    public var contextBodies: (tenant: String, vendor: String) {
        switch mode {
        case .sealed:
            func part(_ number: Int) -> String {
                "RETURN (NULLIF(split_part(current_setting('\(Self.slot)'::text), ','::text, "
                    + "\(number)), ''::text))::uuid"
            }
            return (part(1), part(2))
        case .statement:
            return (
                "RETURN ringfence_guard.verified('t'::text)",
                "RETURN ringfence_guard.verified('v'::text)"
            )
        case .plain:
            func setting(_ name: String) -> String {
                "RETURN (NULLIF(current_setting('\(name)'::text, true), ''::text))::uuid"
            }
            return (setting("app.current_tenant"), setting("app.current_vendor"))
        }
    }

    private static func split(_ text: String, at mark: String) -> [String] {
        let bytes = Array(text.utf8)
        let wanted = Array(mark.utf8)
        var pieces: [String] = []
        var start = 0
        var place = 0
        while place + wanted.count <= bytes.count {
            if bytes[place] == wanted[0], bytes[place...].starts(with: wanted) {
                pieces.append(String(decoding: bytes[start..<place], as: UTF8.self))
                place += wanted.count
                start = place
            } else {
                place += 1
            }
        }
        pieces.append(String(decoding: bytes[start...], as: UTF8.self))
        return pieces
    }
}
