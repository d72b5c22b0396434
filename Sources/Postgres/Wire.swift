internal import CPostgres
import Glibc

/// One libpq connection in non-blocking mode: queues messages, waits with a deadline, and answers
/// replies as values. It knows nothing of tenants or transactions.
@safe struct Wire: ~Copyable {
    /// Live while not nil; this struct alone frees it.
    private var connection: OpaquePointer?
    /// Something was queued since the last reply was awaited.
    private var hasNews = false
    private var isUnflushed = false
    private var parameters = ParameterBuffer()
    /// How often we sent and then waited for an answer.
    private(set) var roundTrips: UInt64 = 0

    init() {}

    deinit { unsafe PQfinish(connection) }

    var isOpen: Bool { unsafe connection != nil }

    /// Whether the server has nothing open for this session.
    var isIdle: Bool { unsafe PQtransactionStatus(connection) == PQTRANS_IDLE }
    var isInTransaction: Bool { unsafe PQtransactionStatus(connection) == PQTRANS_INTRANS }

    /// Every doubt about a connection ends here.
    mutating func close() {
        unsafe PQfinish(connection)
        unsafe connection = nil
        hasNews = false
        isUnflushed = false
    }

    // MARK: Queueing

    mutating func enterPipeline() throws(DatabaseFault) {
        guard unsafe PQenterPipelineMode(connection) == 1 else { throw broken() }
    }

    mutating func queuePrepare(
        _ name: PreparedName, _ text: StaticString
    ) throws(DatabaseFault) {
        let accepted = unsafe name.withCString {
            unsafe PQsendPrepare(connection, $0, text.cString, 0, nil)
        }
        try noteQueued(accepted)
    }

    /// - Returns: the bytes of the values.
    mutating func queuePrepared(
        _ name: PreparedName, _ values: [Parameter], budget: Int
    ) throws(DatabaseFault) -> Int {
        guard parameters.encode(values, budget: budget) else {
            throw DatabaseFault(.invalidParameter)
        }
        return try queueEncoded(name)
    }

    /// The same for statements whose values are of a scope.
    mutating func queuePrepared(
        _ name: PreparedName, _ first: String, _ second: String?, budget: Int
    ) throws(DatabaseFault) -> Int {
        guard parameters.encode(first, second, budget: budget) else {
            throw DatabaseFault(.invalidParameter)
        }
        return try queueEncoded(name)
    }

    private mutating func queueEncoded(_ name: PreparedName) throws(DatabaseFault) -> Int {
        let connection = unsafe connection
        let accepted = unsafe parameters.withPointers { count, pointers, lengths, formats in
            unsafe name.withCString {
                unsafe PQsendQueryPrepared(connection, $0, count, pointers, lengths, formats, 0)
            }
        }
        try noteQueued(accepted)
        return parameters.bytes.count
    }

    /// A statement that is parsed anew each time.
    mutating func queueOnce(
        _ text: StaticString, _ values: [Parameter] = []
    ) throws(DatabaseFault) {
        guard parameters.encode(values, budget: Parameter.bytesMax) else {
            throw DatabaseFault(.invalidParameter)
        }
        let connection = unsafe connection
        let accepted = unsafe parameters.withPointers { count, pointers, lengths, formats in
            unsafe PQsendQueryParams(
                connection, text.cString, count, nil, pointers, lengths, formats, 0)
        }
        try noteQueued(accepted)
    }

    /// Asks the server to answer what it has, without ending the transaction.
    mutating func queueFlushRequest() throws(DatabaseFault) {
        try noteQueued(unsafe PQsendFlushRequest(connection))
    }

    mutating func queueSync() throws(DatabaseFault) {
        try noteQueued(unsafe PQpipelineSync(connection))
    }

    /// Several statements in one string: the owner's migrations only.
    mutating func queueScript(_ text: String) throws(DatabaseFault) {
        guard !text.utf8.contains(0) else { throw DatabaseFault(.invalidParameter) }
        try noteQueued(unsafe PQsendQuery(connection, text))
    }

    private mutating func noteQueued(_ accepted: CInt) throws(DatabaseFault) {
        guard accepted == 1 else { throw broken() }
        hasNews = true
    }

    // MARK: Waiting

    /// The next reply, in the order of what was queued.
    mutating func next(
        before deadline: Deadline, wanting wanted: Reply.Wanted = .rows
    ) throws(DatabaseFault) -> Reply {
        guard unsafe connection != nil else { throw DatabaseFault(.poisoned) }
        if hasNews {
            hasNews = false
            isUnflushed = true
            roundTrips &+= 1
        }
        try awaitResult(before: deadline)
        guard let result = unsafe PQgetResult(connection) else { return .done }
        let reply = unsafe Reply(taking: result, wanting: wanted)
        if unsafe PQstatus(connection) == CONNECTION_BAD {
            // What the server said before it hung up tells more than that it did.
            if case .failed(let failure) = reply, failure.isFatal, failure.state != nil {
                return reply
            }
            throw broken()
        }
        return reply
    }

    /// The next reply inside a pipeline, where each reply but a Sync's ends with "done".
    mutating func nextInPipeline(
        before deadline: Deadline, wanting wanted: Reply.Wanted
    ) throws(DatabaseFault) -> Reply {
        let reply = try next(before: deadline, wanting: wanted)
        if case .synced = reply { return reply }
        // After it there is no "done" to wait for.
        if case .failed(let failure) = reply, failure.isFatal { return reply }
        guard case .done = try next(before: deadline) else { return .unexpected }
        return reply
    }

    /// Returns when libpq can answer without blocking.
    private mutating func awaitResult(before deadline: Deadline) throws(DatabaseFault) {
        while true {
            if isUnflushed {
                let flushed = unsafe PQflush(connection)
                guard flushed >= 0 else { throw broken() }
                isUnflushed = flushed > 0
            }
            if unsafe PQisBusy(connection) == 0 { return }
            try wait(for: isUnflushed ? POLLIN | POLLOUT : POLLIN, before: deadline)
            guard unsafe PQconsumeInput(connection) == 1 else { throw broken() }
        }
    }

    /// Waits for the socket; when the deadline passes first the connection is closed.
    private mutating func wait(for events: Int32, before deadline: Deadline) throws(DatabaseFault) {
        repeat {
            switch isReady(for: events, withinMilliseconds: deadline.remainingMilliseconds) {
            case .some(true): return
            case .some(false): break
            case .none: throw broken()
            }
        } while !deadline.hasPassed
        close()
        throw DatabaseFault(.timedOut)
    }

    /// Whether the socket became ready in time; `nil` when it cannot be polled.
    private func isReady(for events: Int32, withinMilliseconds wait: Int32) -> Bool? {
        var entry = pollfd(fd: unsafe PQsocket(connection), events: Int16(events), revents: 0)
        guard entry.fd >= 0 else { return nil }
        let count = unsafe poll(&entry, 1, wait)
        let code = errno
        if count < 0 { return code == EINTR ? false : nil }
        return count > 0
    }

    /// Whether an idle connection still stands. What the server sent unasked is read first: it is
    /// either a notice or its farewell.
    func standsIdle() -> Bool {
        guard unsafe connection != nil, isIdle else { return false }
        for _ in 0..<Self.unaskedReadsMax {
            switch isReady(for: POLLIN, withinMilliseconds: 0) {
            case .some(false): return true
            case .none: return false
            case .some(true):
                guard unsafe PQconsumeInput(connection) == 1, unsafe PQisBusy(connection) == 0,
                    unsafe PQstatus(connection) == CONNECTION_OK
                else { return false }
            }
        }
        return false
    }

    private static let unaskedReadsMax = 8

    /// libpq can no longer use this connection.
    private mutating func broken() -> DatabaseFault {
        close()
        return DatabaseFault(.unreachable)
    }

    // MARK: Connecting

    /// Logs in. Only looking up a host name in DNS is beyond the deadline: libpq does that in one
    /// blocking call, so a connection string that must not wait names an address or a socket.
    mutating func open(
        _ address: ConnectionString, before deadline: Deadline
    ) throws(DatabaseFault) {
        close()
        guard address.isUsable else { throw DatabaseFault(.invalidConnectionString) }
        unsafe connection = Self.start(address)
        guard unsafe connection != nil, unsafe PQstatus(connection) != CONNECTION_BAD else {
            throw loginFault(serverAnswered: false)
        }
        // Verbose, because that is the one way to learn the SQLSTATE of a refused login.
        _ = unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        _ = unsafe PQsetNoticeReceiver(connection, { _, _ in }, nil)
        try completeLogin(before: deadline)
        guard unsafe PQsetnonblocking(connection, 1) == 0 else { throw broken() }
        _ = unsafe PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
    }

    private mutating func completeLogin(before deadline: Deadline) throws(DatabaseFault) {
        var serverAnswered = false
        var events = POLLOUT
        while true {
            try wait(for: events, before: deadline)
            let progress = unsafe PQconnectPoll(connection)
            if unsafe PQstatus(connection) == CONNECTION_AUTH_OK { serverAnswered = true }
            switch progress {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: events = POLLIN
            case PGRES_POLLING_WRITING: events = POLLOUT
            default: throw loginFault(serverAnswered: serverAnswered)
            }
        }
    }

    /// What the server keeps of a password (RFC 5802), so that none is ever sent in a statement;
    /// `nil` when libpq cannot make it.
    func verifier(of password: String, for role: String) -> String? {
        guard
            let made = unsafe PQencryptPasswordConn(connection, password, role, "scram-sha-256")
        else { return nil }
        defer { unsafe PQfreemem(made) }
        return unsafe String(cString: made)
    }

    /// Keywords after the connection string override what it says.
    private static func start(_ address: ConnectionString) -> OpaquePointer? {
        let keywords: [StaticString] = [
            "dbname", "options", "client_encoding", "application_name",
        ]
        return unsafe address.text.withCString { text in
            let values = unsafe [
                text, ConnectionString.sessionOptions.cString,
                ("UTF8" as StaticString).cString, ("ringfence" as StaticString).cString, nil,
            ]
            let names = unsafe keywords.map { unsafe Optional($0.cString) } + [nil]
            return unsafe PQconnectStartParams(names, values, 1)
        }
    }

    /// What the server or the operating system said about a login that failed.
    private mutating func loginFault(serverAnswered: Bool) -> DatabaseFault {
        var said = unsafe connection == nil ? "" : String(cString: PQerrorMessage(connection))
        close()
        let state = Self.stateInMessage(said)
        said = String(said.prefix { $0 != "\n" })
        guard let state else {
            return DatabaseFault(serverAnswered ? .refused : .unreachable, message: said)
        }
        let isPassing = state == .cannotConnectNow || state == .adminShutdown
        return DatabaseFault(isPassing ? .unreachable : .refused, message: said)
    }

    /// The SQLSTATE in `…: FATAL:  28P01: password …`: after a colon with two spaces, which holds
    /// whatever language the severity is in.
    static func stateInMessage(_ message: String) -> SQLState? {
        let bytes = Array(message.utf8)
        let mark: [UInt8] = Array(":  ".utf8)
        for start in bytes.indices.dropLast(mark.count + 5)
        where bytes[start...].starts(with: mark) {
            let state = String(decoding: bytes[(start + 3)..<(start + 8)], as: UTF8.self)
            if bytes[start + 8] == UInt8(ascii: ":") { return SQLState(state) }
        }
        return nil
    }
}
