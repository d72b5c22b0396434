import Glibc
import Postgres

/// Prints rows of one tenant: whose, is said by a seal; which, by the name of a query.
///
///     SERVICE_DSN=postgresql://… scoped-service QUERY SEAL
///
/// There is no argument, header or row by which a caller could name another tenant, and none of
/// the queries needs a WHERE for it.
@main struct Service {
    private static let queries = [
        "items": Statement(
            "items", "SELECT id::text, body FROM app.items ORDER BY id LIMIT 100", parameters: 0),
        "recent": Statement(
            "recent", "SELECT id::text, body FROM app.items ORDER BY id DESC LIMIT $1::int8",
            parameters: 1),
    ]

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let query = queries[arguments[1]] else {
            stop("usage: scoped-service \(queries.keys.sorted().joined(separator: "|")) SEAL", 64)
        }
        guard let dsn = environment("SERVICE_DSN") else { stop("SERVICE_DSN is not set", 64) }
        guard let seal = Seal(arguments[2]), let tenant = TenantScope(seal: seal) else {
            stop("this is not a tenant's seal", 65)
        }
        do throws(DatabaseFault) {
            var connection = Connection(to: ConnectionString(dsn), context: .sealed)
            for line in try lines(query, of: tenant, over: &connection) { print(line) }
        } catch {
            // A fault never holds a value of the tenant, so it may be shown and logged.
            stop("\(error.kind)", error.kind == .contextRefused ? 77 : 69)
        }
    }

    private static func lines(
        _ query: Statement, of tenant: TenantScope, over connection: inout Connection
    ) throws(DatabaseFault) -> [String] {
        try connection.withTransaction(
            for: tenant, deadline: .after(milliseconds: 5_000)
        ) { transaction throws(DatabaseFault) in
            let values: [Parameter] = query.parameters == 0 ? [] : [10]
            let found = try transaction.queue(query, values)
            try transaction.commit()
            var lines: [String] = []
            for row in try transaction.rows(found) {
                lines.append("\(try row.text(0))\t\(try row.textIfPresent(1) ?? "")")
            }
            return lines
        }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    private static func stop(_ message: String, _ code: Int32) -> Never {
        let line = "scoped-service: \(message)\n"
        _ = unsafe line.withCString { unsafe write(2, $0, strlen($0)) }
        exit(code)
    }
}
