import Testing

/// One row of the attack catalogue: bytes a client sends, and everything that has to be true
/// afterwards. The invariants of `Invariants` hold for every row and are not repeated in any.
///
/// In every request the credential speaks for the tenant `acme`, and the attacker wants the
/// upstream to act for `evil`.
struct Case: Sendable, CustomTestStringConvertible {
    /// The vector of the catalogue with a letter: `H5b`.
    let id: String
    /// What is sent, one scalar a byte (U+00FF is 0xff). `{host}`, `{auth}` and the names of tokens
    /// stand for what `Wire` says.
    let wire: String
    let verdict: Verdict
    /// What else holds.
    let facts: [Fact]
    /// Whom an upstream request is for; `nil` where a route asks for no credential.
    var tenant: String? = "acme"
    /// How the connection is tried afterwards.
    var canary = Canary.pipelined
    /// A token of this row's own, named by its id in the wire.
    var recipe: TokenRecipe?
    /// Why the product cannot do this yet; such a row has to fail.
    var pending: String?
    /// Such rows are begun first.
    var waitsForDeadline = false
    /// Whether the row means the same under TLS.
    var isForTLS = true
    /// The request reached the upstream, and it is the answer that is refused.
    var isAnswerRefused = false

    var testDescription: String { id }

    /// The vector without the letter.
    var vector: String { Vector.part(of: id) }

    init(_ id: String, _ wire: String, _ verdict: Verdict, _ facts: [Fact] = []) {
        self.id = id
        self.wire = wire
        self.verdict = verdict
        self.facts = facts
    }

    /// The same row for another tenant, or for none.
    func tenant(_ tenant: String?) -> Case { changed { $0.tenant = tenant } }

    /// The same row with another way to try the connection.
    func canary(_ canary: Canary) -> Case { changed { $0.canary = canary } }

    /// The same row, which the product cannot do yet.
    func pending(_ reason: String) -> Case { changed { $0.pending = reason } }

    /// The same row, of which more holds.
    func and(_ more: Fact...) -> Case {
        let row = Case(id, wire, verdict, facts + more)
        return row.changed { copy in
            (copy.tenant, copy.canary, copy.recipe) = (tenant, canary, recipe)
            (copy.pending, copy.waitsForDeadline) = (pending, waitsForDeadline)
            (copy.isForTLS, copy.isAnswerRefused) = (isForTLS, isAnswerRefused)
        }
    }

    /// The same row for a listener in the clear only.
    var inTheClear: Case { changed { $0.isForTLS = false } }

    /// The same row, of which the upstream's answer is what is refused.
    var answeredElsewhere: Case { changed { $0.isAnswerRefused = true } }

    /// Whether the upstream has to see the request.
    var reachesUpstream: Bool { verdict.reachesUpstream || isAnswerRefused }

    func runs(underTLS isSecure: Bool) -> Bool { !isSecure || isForTLS }

    /// Whether so much is sent that the connection may be gone before the answer is read: the
    /// gateway reads on for a while after it has refused, not for ever.
    var mayLoseAnswer: Bool {
        guard case .refused = verdict else { return false }
        return wire.utf8.count > 200_000 || Wire.repeats(wire) || recipe?.isHuge == true
    }

    /// The same row, which takes as long as the gateway waits for bytes.
    var slow: Case { changed { $0.waitsForDeadline = true } }

    func changed(_ change: (inout Case) -> Void) -> Case {
        var copy = self
        change(&copy)
        return copy
    }
}

/// What became of a request.
enum Verdict: Sendable {
    /// Answered 200 by the upstream, which saw exactly one request; the connection goes on.
    case forwarded
    /// The same, and the connection is closed.
    case forwardedLast
    /// Answered by the upstream with another status than 200.
    case forwardedAs(Int)
    /// Answered by the gateway with this status; nothing reached the upstream, not one byte; the
    /// connection goes on. The code is that of the refusal, or of its cause in the access log.
    case declined(Int, String)
    /// The same, and the connection is closed: what follows is not taken for a request.
    case refused(Int, String)
    /// The head went on and the body turned out wrong: the client is answered with this status, the
    /// upstream is cut off and never sees a whole request, and the connection is closed.
    case cut(Int, String)
    /// Answered by the gateway, without a fault, with this status; the connection goes on.
    case answered(Int)

    var status: Int {
        switch self {
        case .forwarded, .forwardedLast: 200
        case .forwardedAs(let status): status
        case .declined(let status, _), .refused(let status, _), .cut(let status, _),
            .answered(let status):
            status
        }
    }

    var code: String? {
        switch self {
        case .forwarded, .forwardedLast, .forwardedAs, .answered: nil
        case .declined(_, let code), .refused(_, let code), .cut(_, let code): code
        }
    }

    var reachesUpstream: Bool {
        switch self {
        case .forwarded, .forwardedLast, .forwardedAs: true
        case .declined, .refused, .cut, .answered: false
        }
    }

    /// Whether the status is the upstream's own, so that an error has no code of ours.
    var isUpstreams: Bool { if case .forwardedAs = self { true } else { false } }

    var keepsConnection: Bool {
        switch self {
        case .forwarded, .forwardedAs, .declined, .answered: true
        case .forwardedLast, .refused, .cut: false
        }
    }
}

/// One more thing that holds for a row.
enum Fact: Sendable {
    /// The target of the upstream's request, byte for byte.
    case target(String)
    case method(String)
    /// Exactly one such field in the upstream's request, with this value. `{client}` is the
    /// client's address, `{upstream}` the upstream's with its port.
    case field(String, String)
    /// Exactly one such field in the upstream's request, whatever it says.
    case once(String)
    /// No such field in the upstream's request.
    case lacks(String)
    /// The upstream saw these bytes nowhere.
    case never(String)
    /// The body of the upstream's request, without its framing.
    case body(String)
    /// Exactly these carriers are named as stripped in the access log.
    case stripped([String])
    /// Exactly one such field in the answer, with this value.
    case reply(String, String)
    /// No such field in the answer.
    case replyLacks(String)
    /// The answer has these words in it.
    case says(String)
    /// The attack was in a part that is dropped without being looked at, so no audit names it.
    case unaudited
    /// The upstream may see the credential: the route says so.
    case credentialPasses
}

/// How the connection is tried after the request of a row.
enum Canary: Sendable {
    /// A second request in the same write: seen exactly once where the connection goes on, never
    /// where it does not.
    case pipelined
    /// A second request after the answer, because it would become part of the row's request.
    case following
}
