internal import CPostgres
import Glibc

/// One login that runs any SQL it is given: for looking at databases, and in no way reachable from
/// the path of a request. Statements are sent one by one with the extended protocol, values never
/// become part of the text.
@safe struct ProbeSession: ~Copyable {
    /// Live while not nil; this struct alone frees it.
    private var connection: OpaquePointer?
    private let timeoutMilliseconds: Int

    /// What a statement came to.
    enum Answer: Equatable {
        case rows([[String?]])
        /// A statement without rows; how many it changed.
        case changed(Int)
        /// `table`: the one it was about, where the server names one.
        case failed(state: String, message: String, table: String? = nil)

        /// The SQLSTATE; nil when it worked.
        var state: String? {
            guard case .failed(let state, _, _) = self else { return nil }
            return state
        }

        /// Whether a table's constraint was broken. Row security is judged before those, but after
        /// the constraints of a domain, which are about a value and name no table.
        var breaksTable: Bool {
            guard case .failed(let state, _, let table) = self else { return false }
            return state.hasPrefix("23") && table != nil
        }

        /// Whether a value was refused before anybody asked whose row it is in.
        var breaksDomain: Bool { state?.hasPrefix("23") == true && !breaksTable }

        /// The first value of the first row.
        var first: String? {
            guard case .rows(let rows) = self else { return nil }
            return rows.first?.first ?? nil
        }

        /// For reports: a state, or how many rows.
        var words: String {
            switch self {
            case .rows(let rows): "\(rows.count) rows"
            case .changed(let count): "success, \(count) rows changed"
            case .failed(let state, let message, _): "\(state) \(message)"
            }
        }
    }

    /// Logs in.
    /// - Parameter options: for the server's command line; `nil` behind poolers, which refuse it.
    init(
        _ address: DatabaseAddress, options: String? = nil, timeoutMilliseconds: Int
    ) throws(ProbeFault) {
        self.timeoutMilliseconds = timeoutMilliseconds
        guard !address.text.utf8.contains(0) else { throw .unreachable("no connection string") }
        var names = ["dbname", "client_encoding", "application_name", "connect_timeout"]
        var values = [
            address.text, "UTF8", "ringfence verify", String(max(2, timeoutMilliseconds / 1000)),
        ]
        if let options {
            names.append("options")
            values.append(options)
        }
        unsafe connection = Self.connect(names, values)
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            let said =
                unsafe connection == nil ? "no memory" : String(cString: PQerrorMessage(connection))
            unsafe PQfinish(connection)
            unsafe connection = nil
            throw .unreachable(String(said.split(separator: "\n").first ?? "no answer"))
        }
        _ = unsafe PQsetNoticeReceiver(connection, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(connection) }

    private static func connect(_ names: [String], _ values: [String]) -> OpaquePointer? {
        var keywords = unsafe names.map { unsafe UnsafePointer(strdup($0)) } + [nil]
        var texts = unsafe values.map { unsafe UnsafePointer(strdup($0)) } + [nil]
        defer {
            for index in 0..<(names.count + 1) {
                unsafe free(UnsafeMutablePointer(mutating: keywords[index]))
                unsafe free(UnsafeMutablePointer(mutating: texts[index]))
            }
        }
        return unsafe PQconnectdbParams(&keywords, &texts, 1)
    }

    /// The process that serves this session; behind a pooler it means nothing.
    var processID: Int32 { unsafe connection == nil ? 0 : PQbackendPID(connection) }

    /// Runs one statement; what the server refuses is an answer.
    mutating func run(_ sql: String, _ values: [String?] = []) throws(ProbeFault) -> Answer {
        guard unsafe connection != nil else { throw .unreachable("the connection is closed") }
        guard !sql.utf8.contains(0), !values.contains(where: { $0?.utf8.contains(0) == true })
        else { throw .unexpectedShape("NUL in a statement") }
        var texts = unsafe values.map { value in
            unsafe value.map { unsafe UnsafePointer<CChar>(strdup($0)) } ?? nil
        }
        defer {
            for index in values.indices {
                unsafe free(UnsafeMutablePointer(mutating: texts[index]))
            }
        }
        guard
            unsafe PQsendQueryParams(
                connection, sql, Int32(clamping: values.count), nil, &texts, nil, nil, 0) == 1
        else { throw broken() }
        return try collect()
    }

    /// Several statements in one string, as an application with the simple protocol sends them.
    mutating func runScript(_ sql: String) throws(ProbeFault) -> Answer {
        guard unsafe connection != nil else { throw .unreachable("the connection is closed") }
        guard !sql.utf8.contains(0), unsafe PQsendQuery(connection, sql) == 1 else {
            throw broken()
        }
        return try collect()
    }

    /// Runs a statement that has to work, and answers its rows.
    mutating func rows(
        _ sql: String, _ values: [String?] = []
    ) throws(ProbeFault) -> [[String?]] {
        switch try run(sql, values) {
        case .rows(let rows): return rows
        case .changed: return []
        case .failed(let state, let message, _): throw .refused(state: state, message: message)
        }
    }

    /// A script that has to work.
    mutating func perform(_ script: String) throws(ProbeFault) {
        if case .failed(let state, let message, _) = try runScript(script) {
            throw .refused(state: state, message: message)
        }
    }

    /// Reads to the end of what was sent; the last answer counts, and the first failure before all.
    private mutating func collect() throws(ProbeFault) -> Answer {
        var answer = Answer.changed(0)
        while true {
            try awaitResult()
            guard let result = unsafe PQgetResult(connection) else { break }
            defer { unsafe PQclear(result) }
            guard answer.state == nil else { continue }
            unsafe answer = Self.answer(result)
        }
        if unsafe PQstatus(connection) == CONNECTION_BAD { throw broken() }
        return answer
    }

    private static func answer(_ result: OpaquePointer) -> Answer {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK:
            let columns = unsafe PQnfields(result)
            let count = unsafe PQntuples(result)
            return .rows(
                (0..<count).map { row in
                    (0..<columns).map { column in
                        unsafe PQgetisnull(result, row, column) == 1
                            ? nil : String(cString: PQgetvalue(result, row, column))
                    }
                })
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            let text = unsafe String(cString: PQcmdTuples(result))
            return .changed(Int(text) ?? 0)
        default:
            let state = unsafe PQresultErrorField(result, 67).map { unsafe String(cString: $0) }
            let words = unsafe PQresultErrorField(result, 77).map { unsafe String(cString: $0) }
            let table = unsafe PQresultErrorField(result, 116).map { unsafe String(cString: $0) }
            return .failed(
                state: state ?? "XX000", message: words ?? "no message", table: table)
        }
    }

    /// Returns when libpq can answer without blocking; a passed deadline closes the connection.
    private mutating func awaitResult() throws(ProbeFault) {
        let start = milliseconds()
        while true {
            guard unsafe PQflush(connection) >= 0 else { throw broken() }
            if unsafe PQisBusy(connection) == 0 { return }
            let left = Int(start) + timeoutMilliseconds - Int(milliseconds())
            guard left > 0 else {
                close()
                throw .timedOut
            }
            var entry = pollfd(fd: unsafe PQsocket(connection), events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: left))
            guard unsafe PQconsumeInput(connection) == 1 else { throw broken() }
        }
    }

    mutating func close() {
        unsafe PQfinish(connection)
        unsafe connection = nil
    }

    private mutating func broken() -> ProbeFault {
        let said = unsafe connection == nil ? "" : String(cString: PQerrorMessage(connection))
        close()
        return .unreachable(String(said.split(separator: "\n").first ?? "the connection broke"))
    }
}

/// Milliseconds of a clock that only goes forward.
func milliseconds() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Seconds since 1970.
func wallSeconds() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
}
