/// A statement of the registry: text that exists at compile time, whose values travel as
/// parameters. It is prepared on first use and again after every reconnect.
///
/// Declare statements as `static let`; one is identified by the address of its text.
public struct Statement: Sendable {
    /// How faults and logs call it.
    public let name: StaticString
    public let text: StaticString
    /// How many of `$1, $2 …` the text uses.
    public let parameters: Int

    /// A statement that is not one query or change of rows, that would end the transaction or move
    /// it to another tenant, or whose parameters are counted wrongly is our bug: it stops the
    /// program where it is declared. Names in the text are schema-qualified, because sessions
    /// search `pg_catalog` only.
    public init(_ name: StaticString, _ text: StaticString, parameters: Int) {
        let shape = StatementShape(of: text.description)
        precondition(shape.changesOnlyRows, "\(name): not SELECT, INSERT, UPDATE, DELETE or WITH")
        precondition(!shape.mentionsSettings, "\(name): only a transaction may bind its scope")
        precondition(
            shape.parametersUsed == parameters,
            "\(name): \(parameters) parameters declared, \(shape.parametersUsed) used")
        self.init(name, unchecked: text, parameters: parameters)
    }

    init(_ name: StaticString, unchecked text: StaticString, parameters: Int) {
        self.name = name
        self.text = text
        self.parameters = parameters
    }

    /// The address of the text: constant while the program runs, and cheaper to look up than text.
    var identity: UInt { unsafe UInt(bitPattern: text.utf8Start) }
}

/// What can be told about a statement's text without a parser for SQL.
struct StatementShape {
    /// Begins with a word after which neither transaction control nor DDL can follow.
    let changesOnlyRows: Bool
    /// Names a function or setting that carries the scope.
    let mentionsSettings: Bool
    /// The highest `n` of `$n`.
    let parametersUsed: Int

    init(of text: String) {
        let firstWord = text.drop(while: \.isWhitespace).prefix(while: \.isLetter).uppercased()
        changesOnlyRows = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"]
            .contains(firstWord)
        let folded = text.lowercased()
        mentionsSettings = Self.scopeCarriers.contains { folded.contains($0) }
        var highest = 0
        for piece in text.split(separator: "$", omittingEmptySubsequences: false).dropFirst() {
            highest = max(highest, Int(piece.prefix(while: \.isWholeNumber)) ?? 0)
        }
        parametersUsed = highest
    }

    private static let scopeCarriers = [
        "set_config", "app.current_tenant", "app.current_vendor", "app.seal",
        "ringfence_guard.enter", "ringfence_guard.act_as", "ringfence_guard.leave",
    ]
}
