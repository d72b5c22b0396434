/// One thing wrong, or doubtful, in a policy file, with the place to look at.
public struct Diagnostic: Equatable, Sendable {
    public enum Severity: String, Sendable { case error, warning }

    public var code: DiagnosticCode
    /// Lower case, one sentence, the user's own words in backticks; never a secret.
    public var message: String
    /// `nil` when no line can be shown, as for a file that cannot be read.
    public var mark: SourceMark?
    /// Beside the underline: what to write instead.
    public var label: String
    /// Why it matters, or where the other half of a conflict is.
    public var notes: [String]

    public init(
        _ code: DiagnosticCode, _ message: String, at mark: SourceMark?, label: String = "",
        notes: [String] = []
    ) {
        self.code = code
        self.message = message
        self.mark = mark
        self.label = label
        self.notes = notes
    }

    public var severity: Severity { code.severity }
}

/// Diagnostics of one run, bounded: a broken file must not produce a million lines.
struct DiagnosticList {
    /// Beyond this many the rest is dropped: the file is broken, and the first ones say how.
    static let kept = 1_000
    /// Beyond this many nothing near is looked for any more, which costs more than all the rest.
    static let suggestedMax = 100

    private(set) var items: [Diagnostic] = []
    private(set) var hasErrors = false
    var wantsSuggestions: Bool { items.count < Self.suggestedMax }

    mutating func add(_ diagnostic: Diagnostic) {
        // The first error is always kept: a policy is never withheld without a reason shown.
        let isFirstError = diagnostic.severity == .error && !hasErrors
        if isFirstError || items.count < Self.kept { items.append(diagnostic) }
        hasErrors = hasErrors || isFirstError
    }

    mutating func add(
        _ code: DiagnosticCode, _ message: String, at mark: SourceMark?, label: String = "",
        notes: [String] = []
    ) {
        add(Diagnostic(code, message, at: mark, label: label, notes: notes))
    }
}
