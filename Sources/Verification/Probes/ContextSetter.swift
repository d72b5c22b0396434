/// Puts a session's open transaction into a context, in the way the mode asks for.
struct ContextSetter {
    let axes: [Scope.Axis?]
    let key: SealKey?
    /// Schema of the function `enter`.
    let guardSchema: String

    init(_ scope: Scope, _ options: VerificationOptions) {
        axes = scope.axes
        key = options.sealKey
        guardSchema = options.guardSchema
    }

    var enterQuery: String { "SELECT \(quoted(guardSchema)).enter($1)" }

    /// Whether contexts can be set at all.
    func canEnter(_ axis: Int) -> Bool {
        switch axes[axis]?.source {
        case .setting: true
        case .slot, .verifying: key != nil
        case nil: false
        }
    }

    func isPlain(_ axis: Int) -> Bool {
        if case .setting = axes[axis]?.source { true } else { false }
    }

    /// Names the subject for the open transaction; in plain mode any text will do.
    func enter(
        _ session: inout ProbeSession, _ axis: Int, _ subject: String
    ) throws(ProbeFault) -> ProbeSession.Answer {
        guard let target = axes[axis] else { return .failed(state: "XX000", message: "no context") }
        switch target.source {
        case .setting(let name):
            return try session.run("SELECT pg_catalog.set_config($1, $2, true)", [name, subject])
        case .slot, .verifying:
            guard let key else { return .failed(state: "XX000", message: "no seal key") }
            let seal = key.seal(
                scope: target.scope, subject: subject, expires: wallSeconds() + 30)
            return try session.run(enterQuery, [seal])
        }
    }

    /// How a person does the same.
    func words(_ axis: Int, _ subject: String) -> String {
        if case .setting(let name) = axes[axis]?.source {
            return "SELECT set_config(\(literal(name)), \(literal(subject)), true);"
        }
        return "SELECT \(guardSchema).enter('<seal for \(subject)>');"
    }
}
