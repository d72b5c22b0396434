@testable @_spi(Probing) @_spi(TenantBinding) import Postgres

/// Where a careless service puts a client's text.
enum Position: String, Sendable {
    /// Between the quotes of `note = '…'`.
    case text
    /// Behind `id =`.
    case number
    /// Behind `ORDER BY`.
    case order
    /// The client's text is the statement: a report builder, or whatever a second hole leads to.
    case statement

    func statement(with text: String) -> String {
        let list = "SELECT id::text, note FROM ringfence.invoices"
        return switch self {
        case .text: "\(list) WHERE note = '\(text)' ORDER BY id"
        case .number: "\(list) WHERE id = \(text)"
        case .order: "\(list) ORDER BY \(text)"
        case .statement: text
        }
    }

    /// The same where one text may hold several statements.
    func stacked(_ text: String) -> String {
        self == .statement
            ? Position.text.statement(with: "'; \(text); --") : statement(with: text)
    }
}

/// What a client of the endpoint learns.
enum Answer: Equatable {
    case cells([String])
    /// An SQLSTATE, or the library's word for what happened.
    case refused(String, message: String)

    var refusal: String? {
        guard case .refused(let word, _) = self else { return nil }
        return word
    }

    /// All there is to read in it.
    var text: String {
        switch self {
        case .cells(let cells): cells.joined(separator: "\n")
        case .refused(_, let message): message
        }
    }
}

/// A service that makes SQL out of a client's text, in a connection that several tenants share.
protocol VulnerableEndpoint: ~Copyable {
    /// Runs the texts in one transaction of the tenant and answers what they answered.
    mutating func ask(_ texts: [String], for tenant: TenantScope, seconds: Int) -> Answer
    /// What an honest request does, by a statement prepared once.
    mutating func list(for tenant: TenantScope) -> Answer
}

// MARK: - The product's way

/// The product's own connection, whose one sin is that a statement's text is not from the
/// registry: everything else is what every request of the product goes through. The extended
/// protocol, the seal or the settings first, the proof last, the scrub between tenants.
struct PipelineEndpoint: ~Copyable, VulnerableEndpoint {
    var connection: Connection

    init(_ url: String, _ mode: ContextMode, scrubs: Bool) {
        connection = Connection(to: ConnectionString(url), context: mode)
        connection.scrubsBetweenScopes = scrubs
    }

    mutating func ask(_ texts: [String], for tenant: TenantScope, seconds: Int) -> Answer {
        run(texts.map { Statement(careless: $0) }, for: tenant, seconds: seconds)
    }

    mutating func list(for tenant: TenantScope) -> Answer {
        let answer = run([.list], for: tenant, seconds: 60)
        // The backend runs such a transaction again, on a new login: nothing of it was done.
        return answer.refusal == "unclean" ? run([.list], for: tenant, seconds: 60) : answer
    }

    private mutating func run(
        _ statements: [Statement], for tenant: TenantScope, seconds: Int
    ) -> Answer {
        do throws(DatabaseFault) {
            let deadline = Deadline.after(milliseconds: seconds * 1_000)
            let cells = try connection.withTransaction(for: tenant, deadline: deadline) {
                transaction throws(DatabaseFault) in
                var tickets: [Ticket] = []
                for statement in statements { tickets.append(try transaction.queue(statement)) }
                try transaction.commit()
                var cells: [String] = []
                for ticket in tickets { cells += try transaction.rows(ticket).cells }
                return cells
            }
            return .cells(cells)
        } catch {
            return .refused(error.sqlState?.description ?? "\(error.kind)", message: "")
        }
    }
}

extension Statement {
    static let list = Statement(
        "list", "SELECT note FROM ringfence.invoices ORDER BY id LIMIT 5", parameters: 0)

    /// What the library makes impossible: a statement out of a `String`. A `StaticString` is a
    /// pointer, a count and flags; the memory is never given back, as a literal's is not.
    init(careless text: String) {
        let bytes = Array(text.utf8) + [0]
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        unsafe memory.initialize(from: bytes, count: bytes.count)
        // Bit 1 of the flags is "ASCII"; bit 0 would be "a scalar, not a pointer".
        let parts = (UInt(bitPattern: memory), UInt(bytes.count - 1), UInt8(0))
        let literal = unsafe unsafeBitCast(parts, to: StaticString.self)
        self.init("careless", unchecked: literal, parameters: 0)
    }
}

extension Rows {
    /// The values of all columns, in their output form.
    fileprivate var cells: [String] {
        flatMap { row in
            var values: [String] = []
            for column in 0..<64 {
                if let text = try? row.textIfPresent(column) {
                    values.append(text)
                } else if let bytes = try? row.bytes(column) {
                    values.append(String(decoding: bytes, as: UTF8.self))
                } else if (try? row.isNull(column)) == nil {
                    break
                }
            }
            return values
        }
    }
}

// MARK: - The way the product does not go

/// A service as many are: simple query protocol, the tenant bound by a statement of its own, a
/// prepared statement by SQL, no proof at the end and nothing cleared between tenants.
struct SimpleEndpoint: ~Copyable, VulnerableEndpoint {
    private var wire = Wire()
    private let address: ConnectionString
    private let mode: ContextMode

    init(_ url: String, _ mode: ContextMode) {
        address = ConnectionString(url)
        self.mode = mode
    }

    mutating func list(for tenant: TenantScope) -> Answer {
        ask(["EXECUTE list"], for: tenant, seconds: 60)
    }

    private mutating func connect() {
        guard !wire.isOpen else { return }
        let deadline = Deadline.after(milliseconds: 60_000)
        guard (try? wire.open(address, before: deadline)) != nil else { return }
        _ = run("PREPARE list AS \(Statement.list.text)", deadline)
    }

    mutating func ask(_ texts: [String], for tenant: TenantScope, seconds: Int) -> Answer {
        connect()
        let deadline = Deadline.after(milliseconds: seconds * 1_000)
        let bind =
            mode == .plain
            ? "SELECT set_config('app.current_tenant', '\(tenant.text)', true)"
            : "SELECT ringfence_guard.enter('\(tenant.seal?.text ?? "")')"
        _ = run("BEGIN", deadline)
        if case .refused(let word, let message) = run(bind, deadline) {
            _ = run("ROLLBACK", deadline)
            return .refused(word, message: message)
        }
        var cells: [String] = []
        for text in texts {
            switch run(text, deadline) {
            case .cells(let found): cells += found
            case .refused(let word, let message):
                _ = run("ROLLBACK", deadline)
                return .refused(word, message: message)
            }
        }
        _ = run("COMMIT", deadline)
        return .cells(cells)
    }

    /// One message, which may be several statements, and all that is answered.
    private mutating func run(_ text: String, _ deadline: Deadline) -> Answer {
        var cells: [String] = []
        var refusal: Answer?
        do throws(DatabaseFault) {
            try wire.queueScript(text)
            while true {
                switch try wire.next(before: deadline) {
                case .done: return refusal ?? .cells(cells)
                case .rows(let rows): cells += rows.cells
                case .failed(let failure):
                    let state = failure.state?.description ?? "failed"
                    refusal = .refused(state, message: failure.message)
                case .unexpected:
                    // The start of a COPY, which this client does not speak either.
                    wire.close()
                    return .refused("protocolViolation", message: "")
                default: continue
                }
            }
        } catch {
            return refusal ?? .refused("\(error.kind)", message: "")
        }
    }
}
