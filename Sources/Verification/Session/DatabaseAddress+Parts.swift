internal import CPostgres

extension DatabaseAddress {
    /// The same server, as somebody else and in another database; nil when libpq cannot read it.
    func replacing(
        user: String? = nil, password: String? = nil, database: String
    ) -> DatabaseAddress? {
        guard !text.utf8.contains(0), let options = unsafe PQconninfoParse(text, nil) else {
            return nil
        }
        defer { unsafe PQconninfoFree(options) }
        var parts: [(String, String)] = []
        var entry = unsafe options
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val {
                parts.append(
                    (unsafe String(cString: keyword), unsafe String(cString: value)))
            }
            unsafe entry += 1
        }
        var replaced = ["dbname": database]
        if let user { replaced["user"] = user }
        if let password { replaced["password"] = password }
        parts = parts.filter { replaced[$0.0] == nil } + replaced.map { ($0.key, $0.value) }
        let words = parts.map { keyword, value in
            "\(keyword)='" + value.flatMap { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" } + "'"
        }
        return DatabaseAddress(words.joined(separator: " "))
    }
}
