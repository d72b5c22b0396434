import HTTP1

// Members as most of them are.
extension JSONDocument {
    /// Reads members of the innermost object from the key at `place` on, as long as they are what
    /// most are: `JSONLexer.plainMember`. `place` is then where the reader of everything else finds
    /// it in a document whose next token is not one of them; that reader decides, for nothing is
    /// refused here, and what holds for a member holds for it however it was read.
    ///
    /// It is a function of its own, and calls none, because what it needs then stays in registers.
    ///
    /// - Returns: whether there was one.
    @inline(never)
    static func readPlainMembers(
        _ lexer: borrowing JSONLexer, _ limits: JSONLimits, _ secret: KeyTable.Secret,
        from place: inout Place, into tape: inout MutableSpan<JSONEntry>
    ) -> Bool {
        let first = place.nodeCount
        // One bound for all: entries there is room for, values and keys that may still come.
        let end =
            first
            &+ min(
                min(tape.count, limits.nodesMax) &- first, limits.keysMax &- place.keyCount)
        var index = first
        var position = place.position
        while index < end, let member = lexer.plainMember(from: position, secret) {
            tape[index] = JSONEntry(
                start: UInt32(truncatingIfNeeded: member.keyEnd &+ 1),
                end: UInt32(truncatingIfNeeded: member.end),
                keyStart: UInt32(truncatingIfNeeded: position),
                keyEnd: UInt32(truncatingIfNeeded: member.keyEnd),
                after: UInt32(truncatingIfNeeded: index &+ 1), parent: place.open,
                keyHash: member.hash, depth: place.depth, kind: member.kind, escapes: 0)
            if lexer.follows(UInt8(ascii: ","), at: member.end), !member.isContainer {
                index &+= 1
                position = member.end &+ 1
                continue
            }
            if member.isContainer {
                guard Int(place.depth) < limits.depthMax else { break }
                place.open = UInt32(truncatingIfNeeded: index)
                place.isInObject = member.kind == .object
                place.depth &+= 1
                place.expected = place.isInObject ? .keyOrEnd : .elementOrEnd
            } else {
                guard lexer.follows(UInt8(ascii: "}"), at: member.end) else { break }
                place.expected = .commaOrEnd
            }
            place.nodeCount = index &+ 1
            place.keyCount &+= index &+ 1 &- first
            place.position = member.end
            return true
        }
        guard index > first else { return false }
        place.nodeCount = index
        place.keyCount &+= index &- first
        place.position = position
        place.expected = .key
        return true
    }
}
