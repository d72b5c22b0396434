import JSON

// Where the tenant is put.
extension JSONBodyRule {
    struct Target {
        let node: JSONNode
        /// The first token of the pointer that has to be written.
        let firstToken: Int
    }

    /// The innermost object on the pointer's way.
    ///
    /// - Throws: `request.body.malformed` where something else than an object is in the way.
    func injectionTarget(in view: borrowing JSONView) throws(Refusal) -> Target? {
        guard !pointer.isEmpty else { return nil }
        var node = view.root
        for (index, token) in pointer.enumerated() {
            guard view.kind(of: node) == .object else { throw .requestBodyMalformed }
            // What the client sent under a name of the tenant goes, with all that is in it.
            guard index + 1 < pointer.count, names.judge(token.span) == .clean,
                let next = view.member(of: node, named: token.span)
            else { return Target(node: node, firstToken: index) }
            node = next
        }
        return nil
    }

    /// The edit before the first member; none stays behind it as far as is known.
    static func injection(
        _ target: Target, in view: borrowing JSONView
    ) -> BodyEdit {
        let place = view.range(of: target.node).lowerBound + 1
        return BodyEdit(
            start: place, end: place,
            injection: BodyEdit.Injection(firstToken: target.firstToken, isFollowed: false))
    }
}
