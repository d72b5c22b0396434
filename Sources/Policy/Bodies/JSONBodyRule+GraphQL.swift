import HTTP1
import JSON

// GraphQL over HTTP: what of a JSON document is a document of the other kind, or JSON in a string.
extension JSONBodyRule {
    /// How deep JSON may stand in strings of JSON.
    static let textDepthMax = 2

    /// The same rule for `variables` and `extensions`, in which `query` is a name like any other.
    var forInputs: JSONBodyRule {
        JSONBodyRule(names: names, clientValue: clientValue, inject: nil)
    }

    /// Looks into the operation, or the operations of a batch, that a server would read from this
    /// document. Its own members were cleaned already.
    ///
    /// - Parameters:
    ///   - document: read from `bytes`.
    ///   - text: overwritten.
    func checkOperations(
        _ bytes: Span<UInt8>, _ document: borrowing JSONDocument, _ graphQL: GraphQLRule,
        textDepth: Int, _ text: inout [UInt8]
    ) throws(Refusal) {
        let view = document.view(of: bytes)
        guard view.kind(of: view.root) == .array else {
            return try checkOperation(view.root, in: view, graphQL, textDepth: textDepth, &text)
        }
        var elements = view.children(of: view.root)
        var count = 0
        while let element = elements.next() {
            count += 1
            guard count <= GraphQLRule.operationsMax else { throw .requestBodyTooLarge }
            try checkOperation(element, in: view, graphQL, textDepth: textDepth, &text)
        }
    }

    private func checkOperation(
        _ operation: JSONNode, in view: borrowing JSONView, _ graphQL: GraphQLRule,
        textDepth: Int, _ text: inout [UInt8]
    ) throws(Refusal) {
        guard view.kind(of: operation) == .object else { return }
        var members = view.children(of: operation)
        while let member = members.next() {
            text.removeAll(keepingCapacity: true)
            guard view.appendKey(of: member, to: &text),
                let part = graphQL.part(named: text.span), part != .map
            else { continue }
            text.removeAll(keepingCapacity: true)
            guard view.appendString(at: member, to: &text) else {
                // No server reads a document from anything but a string; no request has one that
                // names a stored document.
                guard part != .document || view.isNull(at: member) else {
                    throw .requestBodyMalformed
                }
                continue
            }
            switch part {
            case .document: try graphQL.check(text.span)
            case .inputs: try forInputs.checkText(text.span, textDepth: textDepth)
            case .operations: try checkText(text.span, textDepth: textDepth)
            case .map: break
            }
        }
    }

    /// JSON in a string, which some servers read as if it stood there by itself. It is looked at
    /// and not rewritten.
    ///
    /// - Throws: `tenant.conflict` where something would have to be taken out.
    private func checkText(_ text: Span<UInt8>, textDepth: Int) throws(Refusal) {
        guard text.count > 0 else { return }
        guard textDepth < Self.textDepthMax else { throw .requestBodyMalformed }
        var scratch = BodyScratch()
        var report = BodyReport()
        var cleaned = ByteBuffer(capacityMax: text.count)
        try withoutInjection.clean(
            text, as: .json, tenant: nil, textDepth: textDepth + 1, &scratch, into: &cleaned,
            &report)
        guard report.removed == 0 else { throw .tenantConflict }
    }

    /// The paths of a form's `map`, which say what variable a file becomes.
    ///
    /// - Throws: `tenant.conflict` where one leads to the tenant.
    func checkPaths(_ bytes: Span<UInt8>) throws(Refusal) {
        var document = JSONDocument()
        do throws(JSONDefect) {
            try document.parse(bytes, limits: Self.limits(bytes.count))
        } catch {
            throw .requestBodyMalformed
        }
        let view = document.view(of: bytes)
        var path: [UInt8] = []
        for index in 0..<view.count {
            path.removeAll(keepingCapacity: true)
            guard let node = view.node(index), view.appendString(at: node, to: &path) else {
                continue
            }
            switch names.judge(path.span) {
            case .clean: continue
            case .listed: throw .tenantConflict
            case .control: throw .requestBodyMalformed
            }
        }
    }
}
