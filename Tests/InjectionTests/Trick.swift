@testable import Postgres

/// One way to use a hole in a statement, and what an attacker would call success.
struct Trick: Sendable {
    /// What besides another tenant's rows counts.
    enum Aim: Sendable {
        /// Another's rows, read or written, or something left for the next tenant. Always counts.
        case rows
        /// Being answered at all.
        case answer
        /// Two questions answered differently, by what another tenant has.
        case difference
        /// Running on beyond the deadline, which is a second here.
        case time
        /// Ending another session.
        case disturbance
    }

    /// One transaction of the attacker.
    struct Request: Sendable {
        let position: Position
        let texts: [String]
    }

    let id: String
    let name: String
    /// Where it is published.
    let source: String
    let requests: [Request]
    /// Asked by the attacker after the next tenant has used the connection.
    let collect: String?
    let aim: Aim
    /// What stops it, or why it is left.
    let stop: String
    /// The words of `db posture` it belongs to.
    let threat: Threat?
    /// It succeeds in every mode and does not touch another's rows: said so in the documents.
    let isAccepted: Bool

    enum Threat: String, Sendable, CaseIterable {
        case setting = "a forged setting (SET, RESET, startup options, ALTER ROLE)"
        case expression = "injected SQL that changes the tenant (set_config in an expression)"
        case secondSeal = "a second tenant's valid seal within one statement"
        case password = "the runtime role's password in the wrong hands"
        case temporary = "a poisoned session: temporary objects in the place of tables"
        case largeObjects = "large objects, which know no tenants"
        case estimates = "estimates and sizes (EXPLAIN, catalogs)"
        case ownLogin =
            "an injected statement that changes the login's own settings or password"
        case otherSessions = "ending or cancelling other sessions of the same login"

        /// Whether it succeeds where any SQL can write the context.
        var isOfContext: Bool {
            switch self {
            case .setting, .expression, .secondSeal, .password: true
            case .temporary, .largeObjects, .estimates, .ownLogin, .otherSessions: false
            }
        }
    }

    init(
        _ id: String, _ name: String, _ source: String, _ position: Position, _ texts: String...,
        then more: [Request] = [], collect: String? = nil, aim: Aim = .rows, by stop: String,
        threat: Threat? = nil, isAccepted: Bool = false
    ) {
        self.id = id
        self.name = name
        self.source = source
        requests = [Request(position: position, texts: texts)] + more
        self.collect = collect
        self.aim = aim
        self.stop = stop
        self.threat = threat
        self.isAccepted = isAccepted
    }
}

extension Trick.Request {
    static func statement(_ texts: String...) -> Self { Self(position: .statement, texts: texts) }
    static func text(_ text: String) -> Self { Self(position: .text, texts: [text]) }
}

/// What came of one trick.
struct Outcome: Sendable, Equatable {
    enum Effect: String, Sendable, CaseIterable {
        case read = "reads foreign rows"
        case wrote = "changes what is not its own"
        case relogged = "changes its own login"
        case left = "leaves something for the next tenant"
        case answered = "is answered"
        case told = "tells apart"
        case outlasted = "runs on"
        case disturbed = "ends another session"
    }

    var effects: Set<Effect> = []
    var refusal: String?

    /// What no trick may do where the context cannot be forged.
    static let forbidden: Set<Effect> = [.read, .wrote, .left, .outlasted]

    var words: String {
        let found = Effect.allCases.filter(effects.contains).map(\.rawValue)
        if !found.isEmpty { return "**\(found.joined(separator: ", "))**" }
        return switch refusal {
        case "scopeLost"?: "undone"
        case "timedOut"?: "cut off"
        case "protocolViolation"?: "cut off"
        case let word?: "`\(word)`"
        case nil: "nothing"
        }
    }
}
