import HTTP1
import JSON

// What is cut out of one document, and where ours goes in.
extension JSONBodyRule {
    /// The children of one open container that have been passed.
    private struct Siblings: BitwiseCopyable {
        /// Where the last of them ended.
        var end: UInt32 = 0
        /// Whether any of them stays.
        var hasKept = false
    }

    /// Appends the edits of a document in ascending order, and counts the values that go.
    func plan(
        _ view: borrowing JSONView, _ tenant: ExternalID?, isPatch: Bool,
        _ edits: inout [BodyEdit], _ name: inout [UInt8], _ cleanNames: inout CleanNames,
        _ report: inout BodyReport
    ) throws(Refusal) {
        if isPatch, view.kind(of: view.root) != .array { throw .requestBodyMalformed }
        let target = tenant == nil || isPatch ? nil : try injectionTarget(in: view, &name)
        let entries = view.entries
        let hasPlace = place != nil
        var doubt =
            hasPlace || isPatch
            ? Doubt(first: 0, last: entries.count)
            : nextDoubt(in: entries, view.source, from: 0, &cleanNames)
        if doubt.first == entries.count, target == nil { return }
        // The edit that puts the tenant in, until a member that stays is found behind it.
        var injection: Int?
        var siblings = InlineArray<66, Siblings>(repeating: Siblings())
        var way = TenantPlace.Way()
        var index = 0
        while index < entries.count {
            if index > doubt.last {
                doubt = nextDoubt(in: entries, view.source, from: index, &cleanNames)
            }
            let entry = entries[index]
            let depth = Int(entry.depth)
            guard
                index >= doubt.first,
                hasPlace || !isPlain(index, of: entries, view.source, &cleanNames),
                try goes(
                    JSONNode(at: index), in: view, tenant, isPatch: isPatch && depth == 1, &way,
                    &name, &report)
            else {
                siblings[depth] = Siblings(end: entry.end, hasKept: true)
                if entry.kind == .object || entry.kind == .array {
                    siblings[depth + 1] = Siblings()
                }
                if let target {
                    if target.node.index == index {
                        injection = edits.count
                        edits.append(Self.injection(target, in: view))
                    } else if let edit = injection, Int(entry.parent) == target.node.index {
                        edits[edit].injection?.isFollowed = true
                        injection = nil
                    }
                }
                index += 1
                continue
            }
            let place = Int(entry.memberStart)..<Int(entry.end)
            edits.append(cut(JSONNode(at: index), place, in: view, siblings[depth]))
            siblings[depth].end = entry.end
            index = Int(entry.after)
        }
    }

    /// A value that may have to go, `last`, and the first one that may have to because of it; both
    /// are the number of values where there is none.
    private struct Doubt {
        var first: Int
        var last: Int
    }

    /// The next one from `start` on: all values between stay, as in most documents all do. Not for
    /// patches, nor where a place is the tenant's.
    private func nextDoubt(
        in entries: Span<JSONEntry>, _ source: Span<UInt8>, from start: Int,
        _ cleanNames: inout CleanNames
    ) -> Doubt {
        var index = start
        while index < entries.count {
            // Elements go only as operations, which have a key that is in doubt: `op`.
            if entries[index].keyEnd > 0, !isClean(index, of: entries, source, &cleanNames) {
                break
            }
            index &+= 1
        }
        guard index < entries.count else { return Doubt(first: index, last: index) }
        // It may make an operation of each element around it. Those before `start` were judged:
        // what was in doubt there is inside of them too.
        var first = index
        var around = Int(entries[index].parent)
        while around < entries.count {
            if entries[around].keyEnd == 0 { first = around }
            around = Int(entries[around].parent)
        }
        return Doubt(first: first, last: index)
    }

    /// Whether a value stays, told at a glance: a member whose key is a clean one, or an element
    /// that is no object.
    @inline(__always)
    private func isPlain(
        _ index: Int, of entries: Span<JSONEntry>, _ source: Span<UInt8>,
        _ cleanNames: inout CleanNames
    ) -> Bool {
        let entry = entries[index]
        guard entry.keyEnd > 0 else { return entry.kind != .object && entry.depth != 1 }
        return isClean(index, of: entries, source, &cleanNames)
    }

    /// Whether a member stays, whatever its value is. False decides nothing.
    @inline(__always)
    private func isClean(
        _ index: Int, of entries: Span<JSONEntry>, _ source: Span<UInt8>,
        _ cleanNames: inout CleanNames
    ) -> Bool {
        let entry = entries[index]
        let start = Int(entry.keyStart) &+ 1
        let count = Int(entry.keyEnd) &- 1 &- start
        // At the top a method may be overridden, by a name that begins with something else than a
        // letter. Behind a key are a quote, a colon and a value.
        if count > 0, count <= CleanNames.bytesMax, source.count &- start >= 16,
            !entry.isKeyEscaped
        {
            let block = source.block(at: start)
            if entry.depth != 1 || (block[0] | 0x20) &- UInt8(ascii: "a") < 26 {
                if !cleanNames.isFutile,
                    cleanNames.holds(
                        block, first: count, hash: entry.keyHash, judge: names.identity)
                {
                    return true
                }
                // Of a document with many different keys; `op` has two letters.
                if cleanNames.isSated, count > 2, names.excludes(source, start, count) {
                    return true
                }
            }
        }
        return isJudgedClean(index, of: entries, source, &cleanNames)
    }

    /// The same of a key that is met for the first time.
    @inline(never)
    private func isJudgedClean(
        _ index: Int, of entries: Span<JSONEntry>, _ source: Span<UInt8>,
        _ cleanNames: inout CleanNames
    ) -> Bool {
        let entry = entries[index]
        let start = Int(entry.keyStart) &+ 1
        let count = Int(entry.keyEnd) &- 1 &- start
        // What an escaped or an empty key means is told elsewhere; `op` makes an operation, and
        // `Op` does.
        guard count > 0, count < Self.keyBytesMax - 1, !entry.isKeyEscaped else { return false }
        let key = source.extracting(start..<start + count)
        guard !key.equalsIgnoringCase("op"),
            names.excludes(source, start, count) || names.judgeSlowly(key) == .clean,
            entry.depth != 1 || (key[0] | 0x20) &- UInt8(ascii: "a") < 26
                || !QueryRule.isMethodOverride(key)
        else { return false }
        if count <= CleanNames.bytesMax, source.count - start >= 16 {
            cleanNames.learn(
                source.block(at: start), first: count, hash: entry.keyHash, judge: names.identity)
        }
        return true
    }

    /// A value and the one comma that goes with it: the one before it where something before it
    /// stays, else the one behind it.
    private func cut(
        _ node: JSONNode, _ place: Range<Int>, in view: borrowing JSONView, _ before: Siblings
    ) -> BodyEdit {
        if before.hasKept { return BodyEdit(start: Int(before.end), end: place.upperBound) }
        guard let next = view.node(view.indexAfter(node)), view.parent(of: next) != nil,
            view.parent(of: next) == view.parent(of: node)
        else { return BodyEdit(start: place.lowerBound, end: place.upperBound) }
        let behind = view.memberRange(of: next) ?? view.range(of: next)
        return BodyEdit(start: place.lowerBound, end: behind.lowerBound)
    }

    /// Whether a value goes: a member whose key names a tenant, or an operation of a patch that
    /// leads to one. Laravel reads `_method` from JSON as others do from forms.
    private func goes(
        _ node: JSONNode, in view: borrowing JSONView, _ tenant: ExternalID?, isPatch: Bool,
        _ way: inout TenantPlace.Way, _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        guard view.keyRange(of: node)?.count ?? 0 <= Self.keyBytesMax else {
            throw .requestBodyTooLarge
        }
        if let key = view.plainKey(of: node) {
            let isPlace = place?.isReached(by: node, in: view, key, &way) ?? false
            return try memberGoes(node, key, isPlace: isPlace, in: view, tenant, &report)
        }
        name.removeAll(keepingCapacity: true)
        let hasKey = view.appendKey(of: node, to: &name)
        let isPlace = place?.isReached(by: node, in: view, name.span, &way) ?? false
        guard hasKey else {
            guard let operation = try operation(node, in: view, isPatch: isPatch, &name) else {
                return false
            }
            return try operationGoes(operation, in: view, tenant, isPatch: isPatch, &name, &report)
        }
        return try memberGoes(node, name.span, isPlace: isPlace, in: view, tenant, &report)
    }

    /// - Parameter key: what it means.
    @inline(__always)
    private func memberGoes(
        _ node: JSONNode, _ key: Span<UInt8>, isPlace: Bool, in view: borrowing JSONView,
        _ tenant: ExternalID?, _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        // An empty name is dropped, renamed or kept, as readers please (attack B5).
        guard !key.isEmpty else { throw .requestBodyMalformed }
        switch names.judge(key) {
        case .clean where isPlace: try note(node, in: view, tenant, &report)
        case .clean:
            guard view.depth(of: node) == 1, QueryRule.isMethodOverride(key) else {
                return false
            }
            report.overridesRemoved += 1
        case .control: throw .requestBodyMalformed
        case .listed: try note(node, in: view, tenant, &report)
        }
        return true
    }

    /// Every element of a patch, and what looks like an operation in any other array: patches are
    /// also sent as `application/json`, and SCIM's come inside of an object.
    ///
    /// - Throws: `request.body.malformed` for an element of a patch that is no operation to
    ///   readers that know one spelling, and for an operation with two readings.
    private func operation(
        _ node: JSONNode, in view: borrowing JSONView, isPatch: Bool, _ name: inout [UInt8]
    ) throws(Refusal) -> PatchOperation? {
        guard view.kind(of: node) == .object, view.depth(of: node) > 0 else {
            guard !isPatch else { throw .requestBodyMalformed }
            return nil
        }
        let operation = PatchOperation(node, in: view, &name)
        guard isPatch || operation.isOperation else { return nil }
        guard !operation.isTwofold, operation.isExact || !isPatch else {
            throw .requestBodyMalformed
        }
        return operation
    }

    /// Whether an operation leads to a tenant.
    private func operationGoes(
        _ operation: PatchOperation, in view: borrowing JSONView, _ tenant: ExternalID?,
        isPatch: Bool, _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        for isSource in [false, true] {
            guard let pointer = isSource ? operation.from : operation.path else { continue }
            guard view.range(of: pointer).count <= Self.keyBytesMax else {
                throw .requestBodyTooLarge
            }
            name.removeAll(keepingCapacity: true)
            let isString = view.appendString(at: pointer, to: &name)
            // SCIM's paths (RFC 7644 section 3.5.2) are no pointers.
            guard isString && isJSONPointer(name.span) || !isPatch else {
                throw .requestBodyMalformed
            }
            guard isString else { continue }
            let isListed = try leadsToTenant(name.span)
            let isPlace = place?.isReached(
                by: operation, path: name.span, isSource: isSource, in: view)
            guard isListed || isPlace == true else { continue }
            // What is removed, moved or copied there is no value that could be compared.
            try note(operation.value, in: view, tenant, &report)
            return true
        }
        return false
    }

    /// Whether a token of the pointer names a tenant, `~1` and `~0` undone.
    private func leadsToTenant(_ pointer: Span<UInt8>) throws(Refusal) -> Bool {
        var token: [UInt8] = []
        var index = 0
        var isListed = false
        while index <= pointer.count {
            let byte = index < pointer.count ? pointer[index] : UInt8(ascii: "/")
            if byte == UInt8(ascii: "/") {
                switch names.judge(token.span) {
                case .clean: break
                case .control: throw .requestBodyMalformed
                case .listed: isListed = true
                }
                token.removeAll(keepingCapacity: true)
            } else if byte == UInt8(ascii: "~"), index + 1 < pointer.count,
                pointer[index + 1] | 1 == UInt8(ascii: "1")
            {
                index += 1
                token.append(UInt8(ascii: pointer[index] == UInt8(ascii: "1") ? "/" : "~"))
            } else {
                token.append(byte)
            }
            index += 1
        }
        return isListed
    }

    /// Counts a value that goes. An operation without one gives no other tenant.
    private func note(
        _ node: JSONNode?, in view: borrowing JSONView, _ tenant: ExternalID?,
        _ report: inout BodyReport
    ) throws(Refusal) {
        var isSame = false
        if let node, let tenant { isSame = view.string(at: node, equals: tenant.bytes.span) }
        report.add(isSame: isSame)
        guard !clientValue.refuses(isSame: isSame) else { throw .tenantConflict }
    }
}
