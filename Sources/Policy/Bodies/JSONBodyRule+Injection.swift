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
    /// - Parameter name: overwritten.
    /// - Throws: `request.body.malformed` where something else than an object is in the way, and
    ///   where a member beside the way is called like it (`{"Meta":null}` beside `meta`): readers
    ///   that take no notice of case would put it in the place of what ours is in.
    func injectionTarget(
        in view: borrowing JSONView, _ name: inout [UInt8]
    ) throws(Refusal) -> Target? {
        guard !pointer.isEmpty else { return nil }
        var node = view.root
        for (index, token) in pointer.enumerated() {
            guard view.kind(of: node) == .object else { throw .requestBodyMalformed }
            // What the client sent under a name of the tenant goes, with all that is in it.
            guard index + 1 < pointer.count, names.judge(token.span) == .clean,
                let next = try member(of: node, named: token.span, in: view, &name)
            else { return Target(node: node, firstToken: index) }
            node = next
        }
        return nil
    }

    /// The one member that has this name to anybody.
    private func member(
        of node: JSONNode, named token: Span<UInt8>, in view: borrowing JSONView,
        _ name: inout [UInt8]
    ) throws(Refusal) -> JSONNode? {
        var found: JSONNode?
        var members = view.children(of: node)
        while let member = members.next() {
            // Longer keys are refused elsewhere.
            guard view.keyRange(of: member)?.count ?? 0 <= Self.keyBytesMax else { continue }
            if view.key(of: member, equals: token) {
                found = member
            } else if let key = view.plainKey(of: member) {
                guard !Self.isSpelling(key, of: token) else { throw .requestBodyMalformed }
            } else {
                name.removeAll(keepingCapacity: true)
                _ = view.appendKey(of: member, to: &name)
                guard !Self.isSpelling(name.span, of: token) else { throw .requestBodyMalformed }
            }
        }
        return found
    }

    /// Whether two names have the same letters and digits in the same order, in any case: Go takes
    /// them for one without regard to case, Rails to underscores.
    private static func isSpelling(_ key: Span<UInt8>, of token: Span<UInt8>) -> Bool {
        var place = 0
        var index = 0
        var letters = 0
        while let letter = nextLetter(key, &index) {
            guard nextLetter(token, &place) == letter else { return false }
            letters += 1
        }
        return letters > 0 && nextLetter(token, &place) == nil
    }

    /// The next letter or digit, in lower case; U+017F and U+212A are letters too (`Skeleton`).
    private static func nextLetter(_ text: Span<UInt8>, _ index: inout Int) -> UInt8? {
        while index < text.count {
            let byte = text[index]
            index += 1
            let lower = byte | 0x20
            if lower &- UInt8(ascii: "a") < 26 { return lower }
            if byte &- UInt8(ascii: "0") < 10 { return byte }
            if byte == 0xc5, index < text.count, text[index] == 0xbf { return UInt8(ascii: "s") }
            if byte == 0xe2, text.count - index > 1, text[index] == 0x84, text[index + 1] == 0xaa {
                return UInt8(ascii: "k")
            }
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
