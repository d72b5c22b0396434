/// What an examination compares a database with.
extension GuardScript {
    /// The bodies of the guard's functions as the catalogs keep them, by name.
    public var bodies: [String: String] {
        let start = "FUNCTION ringfence_guard."
        var found: [String: String] = [:]
        let pieces = Self.split(core + protect + acting, at: "CREATE OR REPLACE " + start)
        for piece in pieces.dropFirst() {
            let name = String(piece.prefix { $0 != "(" })
            let parts = Self.split(piece, at: "$$")
            // `mode()` is an expression, which the catalogs do not keep as text.
            guard parts.count >= 3 else { continue }
            found[name] = parts[1]
        }
        return found
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
