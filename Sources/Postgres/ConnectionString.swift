internal import CPostgres

/// Where a database is and who logs in: what libpq calls a connection string or URI.
public struct ConnectionString: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    /// Nothing is checked before connecting.
    public init(_ text: String) { self.text = text }

    /// A connection string holds a password, so it never prints itself.
    public var description: String { "connection string" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether libpq can read it and it leaves `options` to us. A login's `options` could preset
    /// the tenant or the role for every session.
    var isUsable: Bool {
        guard !text.utf8.contains(0) else { return false }
        guard let options = unsafe PQconninfoParse(text, nil) else { return false }
        defer { unsafe PQconninfoFree(options) }
        var entry = unsafe options
        while let keyword = unsafe entry.pointee.keyword {
            if unsafe entry.pointee.val != nil, unsafe String(cString: keyword) == "options" {
                return false
            }
            unsafe entry += 1
        }
        return true
    }

    /// The role it names; `nil` when it names none or libpq cannot read it.
    public var user: String? { entries["user"] }

    /// The database it names; libpq takes the role's name where it names none.
    public var database: String? { entries["dbname"] ?? user }

    /// The password it holds.
    var password: String? { entries["password"] }

    /// The same server and login, another database.
    public func replacing(database name: String) -> ConnectionString {
        var wanted = entries
        guard !wanted.isEmpty else { return self }
        wanted["dbname"] = name
        let words = wanted.sorted { $0.key < $1.key }.map { keyword, value in
            var quoted = ""
            for character in value.unicodeScalars {
                if character == "\\" || character == "'" { quoted.unicodeScalars.append("\\") }
                quoted.unicodeScalars.append(character)
            }
            return "\(keyword)='\(quoted)'"
        }
        return ConnectionString(words.joined(separator: " "))
    }

    /// What it says, by libpq's keywords; empty when libpq cannot read it.
    private var entries: [String: String] {
        guard !text.utf8.contains(0) else { return [:] }
        guard let options = unsafe PQconninfoParse(text, nil) else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        var found: [String: String] = [:]
        var entry = unsafe options
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val {
                unsafe found[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe entry += 1
        }
        return found
    }

    /// Set at the start of every session, whatever the connection string says:
    /// - names are found in `pg_catalog` only, and temporary objects last, so that nothing planted
    ///   in a session or a schema can stand in for a table;
    /// - output forms the getters of `Row` rely on;
    /// - row security filters and does not fail statements, and each statement sees what was
    ///   committed before it, whatever was set for role or database;
    /// - the server notices a closed socket while it computes, so that a passed deadline of ours
    ///   does not leave a statement running.
    static let sessionOptions: StaticString = """
        -c search_path=pg_catalog,pg_temp -c bytea_output=hex -c datestyle=ISO \
        -c intervalstyle=iso_8601 -c timezone=UTC -c standard_conforming_strings=on \
        -c row_security=on -c default_transaction_isolation=read\\ committed \
        -c client_connection_check_interval=1000
        """
}
