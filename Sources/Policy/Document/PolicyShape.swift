/// What may stand at one place of a policy file. The declarations (`GatewayShape`, `BackendShape`)
/// are data: the check, the suggestions and the reference in docs/policy.md walk the same values.
indirect enum PolicyShape: Sendable {
    case scalar(ScalarForm)
    case list(PolicyShape, minimum: Int)
    /// One text, or a list of them.
    case oneOrList(ScalarForm)
    /// A mapping with declared keys.
    case record(PolicyRecord)
    /// A mapping whose keys the user chooses; `x-` is no exception there.
    case table(PolicyShape, names: ScalarForm, noun: String)
    /// A word in place of what is described otherwise (`tls: none`).
    case word(String, or: PolicyShape)
    /// Whatever YAML can say: the claims of a test's token, the JSON it expects.
    case anything
}

/// A mapping with declared keys; keys that begin with `x-` are free in each.
struct PolicyRecord: Sendable {
    /// What messages call it: "an issuer".
    let noun: String
    let keys: [PolicyKey]
    /// Keys of later versions: refused by name instead of as unknown.
    let notYet: [String]

    init(_ noun: String, _ keys: [PolicyKey], notYet: [String] = []) {
        self.noun = noun
        self.keys = keys
        self.notYet = notYet
    }
}

struct PolicyKey: Sendable {
    let name: String
    let shape: PolicyShape
    let isRequired: Bool
    /// The default as it would be written.
    let fallback: String?
    let help: String
    /// Why its absence matters; shown where it is missing or misspelt.
    let absence: String?

    init(
        _ name: String, _ shape: PolicyShape, required: Bool = false,
        default fallback: String? = nil,
        _ help: String, absence: String? = nil
    ) {
        self.name = name
        self.shape = shape
        isRequired = required
        self.fallback = fallback
        self.help = help
        self.absence = absence
    }
}

extension PolicyShape {
    /// For "takes ..." in messages and for the reference.
    var expectation: String {
        switch self {
        case .scalar(let form): form.expectation
        case .list(.scalar(let form), _): "a list, each item \(form.expectation)"
        case .list: "a list"
        case .oneOrList(let form): "\(form.expectation), or a list of them"
        case .record: "a mapping"
        case .table(_, _, let noun): "a mapping of \(noun)"
        case .word(let word, let other): "`\(word)` or \(other.expectation)"
        case .anything: "any value"
        }
    }
}

/// Why a text is not what its key takes.
struct Misfit: Error, Equatable {
    var code: DiagnosticCode
    var message: String
    var label: String

    init(_ code: DiagnosticCode, _ message: String, _ label: String = "") {
        self.code = code
        self.message = message
        self.label = label
    }
}
