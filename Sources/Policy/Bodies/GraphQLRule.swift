import HTTP1

/// What a route does about GraphQL (`body: {graphql: ...}`): which parts of a request a GraphQL
/// server reads, and whether a document names a tenant. A document is not rewritten: a name can
/// not be taken out of one without changing what it asks for.
struct GraphQLRule: Sendable {
    /// What a member, parameter or part of a form is to a GraphQL server.
    enum Part: Equatable {
        case document
        /// `variables` and `extensions`: JSON, by itself or as text.
        case inputs
        /// Whole requests, in forms with files and where Absinthe takes parameters from anywhere.
        case operations
        /// Which variables the files of a form become.
        case map
    }

    /// Operations of one batch.
    static let operationsMax = 1_000

    private let handling: BodyPolicy.GraphQL
    private let names: SkeletonSet
    // Spelled loosely: Go's and .NET's readers take `Query` for `query`.
    private let documents = SkeletonSet(names: ["query"])
    private let inputs = SkeletonSet(names: ["variables", "extensions"])
    private let operations = SkeletonSet(names: ["operations"])
    private let map = SkeletonSet(names: ["map"])

    init(_ handling: BodyPolicy.GraphQL, names: SkeletonSet) {
        self.handling = handling
        self.names = names
    }

    func part(named name: Span<UInt8>) -> Part? {
        if documents.contains(name) { return .document }
        if inputs.contains(name) { return .inputs }
        if operations.contains(name) { return .operations }
        return map.contains(name) ? .map : nil
    }

    /// - Throws: `tenant.conflict` where a name in the document means the tenant,
    ///   `request.body.malformed` where it cannot be read, `request.body.too_large` past a bound.
    func check(_ document: Span<UInt8>) throws(Refusal) {
        guard handling != .opaque else { return }
        guard (try? UTF8Span(validating: document)) != nil else { throw .requestBodyMalformed }
        var lexer = GraphQLLexer(document)
        // Variables have directives, so parentheses stand in parentheses.
        var depth = 0
        // What the token before was.
        var isNamed = false
        var isTenant = false
        while true {
            let token = try lexer.next()
            switch token {
            case .end:
                guard depth == 0 else { throw .requestBodyMalformed }
                return
            case .name(let range):
                isNamed = true
                isTenant = names.judge(document.extracting(range)) == .listed
                guard !isTenant || handling == .rejectArguments && depth == 0 else {
                    throw .tenantConflict
                }
            case .value: (isNamed, isTenant) = (false, false)
            case .punctuator(let byte):
                if byte == UInt8(ascii: "(") {
                    // A field of this name without arguments only asks; with some it may choose.
                    guard !isTenant else { throw .tenantConflict }
                    depth += 1
                } else if byte == UInt8(ascii: ")") {
                    guard depth > 0 else { throw .requestBodyMalformed }
                    depth -= 1
                } else if byte == UInt8(ascii: ":"), !isNamed {
                    // A string for a name is JSON, and some reader may take it.
                    throw .requestBodyMalformed
                }
                isNamed = byte == UInt8(ascii: ")")
                isTenant = false
            }
        }
    }
}
