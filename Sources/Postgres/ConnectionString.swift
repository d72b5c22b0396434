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
    public var user: String? {
        guard !text.utf8.contains(0) else { return nil }
        guard let options = unsafe PQconninfoParse(text, nil) else { return nil }
        defer { unsafe PQconninfoFree(options) }
        var entry = unsafe options
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val, unsafe String(cString: keyword) == "user" {
                return unsafe String(cString: value)
            }
            unsafe entry += 1
        }
        return nil
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
