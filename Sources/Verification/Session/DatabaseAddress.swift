/// Where a database is and who logs in: what libpq calls a connection string or URI.
public struct DatabaseAddress: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    /// Nothing is checked before connecting.
    public init(_ text: String) { self.text = text }

    /// It holds a password, so it never prints itself.
    public var description: String { "connection string" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why the database gave no answer.
public enum ProbeFault: Error, Equatable, Sendable {
    /// No login, or the connection broke; in the words of libpq or the server.
    case unreachable(String)
    /// The server did not answer in time; the connection is closed.
    case timedOut
    /// A statement that must work did not.
    case refused(state: String, message: String)
    /// The answer is not of the shape that was asked for.
    case unexpectedShape(String)

    /// For the operator.
    public var words: String {
        switch self {
        case .unreachable(let message): message
        case .timedOut: "the database did not answer in time"
        case .refused(let state, let message): "\(message) (\(state))"
        case .unexpectedShape(let what): "unexpected answer to \(what)"
        }
    }
}
