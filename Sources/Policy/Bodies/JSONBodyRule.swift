import HTTP1
import JSON

/// Takes the members that name a tenant out of JSON, at every depth. What stays keeps its bytes:
/// numbers their lexemes, strings their escapes, the space between them.
struct JSONBodyRule: Sendable {
    /// Values of one document; a value takes 32 bytes while it is looked at (`BodyRoom`).
    static let valuesMax = 1_048_576
    static let keysMax = 262_144
    static let depthMax = 64
    /// Bytes of a key, as it is written, and of an operation's `path` and `from`: both are decoded
    /// into memory that no budget counts.
    static let keyBytesMax = 65_536
    /// Documents of one body of lines.
    static let linesMax = 65_536

    let names: SkeletonSet
    let clientValue: RoutePolicy.ClientValue
    /// The tokens of the pointer the tenant is put at, decoded; empty for none.
    let pointer: [[UInt8]]
    /// The same as a place that is the tenant's, where its last token names no tenant anyway: then
    /// what clients send there goes, and its name means nothing elsewhere.
    let place: TenantPlace?

    /// Bytes one document grows by at most: each token quoted, with its bytes escaped, `:{` and `}`
    /// around it, then the tenant in quotes and a comma.
    let growthMax: Int

    /// Where documents of GraphQL are looked for; `nil` where nowhere.
    let graphQL: GraphQLRule?

    init(
        names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject pointer: String?,
        graphQL: GraphQLRule? = nil
    ) {
        self.names = names
        self.clientValue = clientValue
        self.graphQL = graphQL
        self.pointer = pointer.map { Self.tokens(of: $0) } ?? []
        place = TenantPlace(self.pointer, besides: names)
        let tokens = self.pointer.reduce(0) { $0 + 6 * $1.count + 5 }
        growthMax = tokens == 0 ? 0 : tokens + 2 * ExternalID.bytesMax + 3
    }

    /// RFC 6901 section 4.
    static func tokens(of pointer: String) -> [[UInt8]] {
        pointer.utf8.dropFirst()
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { token in
                var bytes: [UInt8] = []
                var isEscaped = false
                for byte in token {
                    if isEscaped {
                        bytes.append(UInt8(ascii: byte == UInt8(ascii: "1") ? "/" : "~"))
                    } else if byte != UInt8(ascii: "~") {
                        bytes.append(byte)
                    }
                    isEscaped = !isEscaped && byte == UInt8(ascii: "~")
                }
                return bytes
            }
    }

    /// The same rule for JSON that is a part of something else.
    var withoutInjection: JSONBodyRule {
        JSONBodyRule(names: names, clientValue: clientValue, inject: nil, graphQL: graphQL)
    }

    /// - Parameter textDepth: how deep in strings of other JSON this one stands.
    func clean(
        _ bytes: Span<UInt8>, as form: ContentType.Form, tenant: ExternalID?, textDepth: Int = 0,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        switch form {
        case .json, .jsonPatch:
            try clean(
                bytes, tenant: tenant, isPatch: form == .jsonPatch, textDepth: textDepth, &scratch,
                into: &out, &report)
        case .jsonLines: try cleanLines(bytes, tenant: tenant, &scratch, into: &out, &report)
        case .urlEncoded, .multipart, .graphQL, .other: throw .requestBodyType
        }
    }

    /// What a document with so many values and keys takes while it is looked at.
    static func scratchBytes(values: Int, keys: Int) -> Int {
        JSONDocument.scratchBytesMax(values: values, keys: keys)
    }

    static func limits(_ bytes: Int) -> JSONLimits {
        JSONLimits(
            bytesMax: bytes, depthMax: depthMax, keysMax: keysMax, nodesMax: valuesMax,
            digitsMax: 64)
    }

    /// A document a line; lines end with LF, which JSON never holds raw.
    private func cleanLines(
        _ bytes: Span<UInt8>, tenant: ExternalID?, _ scratch: inout BodyScratch,
        into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        var lines = 0
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            let line = bytes.extracting(start..<end)
            lines += 1
            guard lines <= Self.linesMax else { throw .requestBodyTooLarge }
            if Self.isBlank(line) {
                out.append(line)
            } else {
                try clean(line, tenant: tenant, isPatch: false, &scratch, into: &out, &report)
            }
            if end < bytes.count { out.append(UInt8(ascii: "\n")) }
            start = end + 1
        }
    }

    private static func isBlank(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] != 0x20 && line[index] != 0x0d {
            if line[index] != 0x09 { return false }
        }
        return true
    }

    private func clean(
        _ bytes: Span<UInt8>, tenant: ExternalID?, isPatch: Bool, textDepth: Int = 0,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        scratch.edits.removeAll(keepingCapacity: true)
        try plan(
            bytes, tenant, isPatch: isPatch, &scratch.document, &scratch.edits, &scratch.name,
            &report)
        try write(bytes, scratch.edits, tenant, into: &out)
        report.isChanged = report.isChanged || !scratch.edits.isEmpty
        guard let graphQL else { return }
        try checkOperations(
            bytes, scratch.document, graphQL, textDepth: textDepth, &scratch.name)
    }

    private func plan(
        _ bytes: Span<UInt8>, _ tenant: ExternalID?, isPatch: Bool,
        _ document: inout JSONDocument, _ edits: inout [BodyEdit], _ name: inout [UInt8],
        _ report: inout BodyReport
    ) throws(Refusal) {
        do throws(JSONDefect) {
            try document.parse(bytes, limits: Self.limits(bytes.count))
        } catch {
            switch error.kind {
            case .tooManyKeys, .tooManyNodes, .tooLong: throw .requestBodyTooLarge
            default: throw .requestBodyMalformed
            }
        }
        try plan(document.view(of: bytes), tenant, isPatch: isPatch, &edits, &name, &report)
    }

    /// Copies what lies between the edits.
    private func write(
        _ bytes: Span<UInt8>, _ edits: [BodyEdit], _ tenant: ExternalID?,
        into out: inout ByteBuffer
    ) throws(Refusal) {
        guard out.freeCapacityMax >= bytes.count + growthMax else { throw .requestBodyTooLarge }
        var copied = 0
        for edit in edits {
            out.append(bytes.extracting(copied..<edit.start))
            copied = edit.end
            if let injection = edit.injection, let tenant {
                writeTenant(tenant, injection, into: &out)
            }
        }
        out.append(bytes.extracting(copied..<bytes.count))
    }

    /// `"a":{"tenant_id":"acme"}` for what of the pointer is not there, and a comma before members
    /// that stay.
    private func writeTenant(
        _ tenant: ExternalID, _ injection: BodyEdit.Injection, into out: inout ByteBuffer
    ) {
        for index in injection.firstToken..<pointer.count {
            Self.write(string: pointer[index], into: &out)
            out.append(UInt8(ascii: ":"))
            if index + 1 < pointer.count { out.append(UInt8(ascii: "{")) }
        }
        Self.write(string: tenant.bytes, into: &out)
        for _ in injection.firstToken + 1..<max(pointer.count, injection.firstToken + 1) {
            out.append(UInt8(ascii: "}"))
        }
        if injection.isFollowed { out.append(UInt8(ascii: ",")) }
    }

    /// A JSON string; what JSON wants escaped is no part of an external id, but may be of a key.
    private static func write(string: [UInt8], into out: inout ByteBuffer) {
        out.append(UInt8(ascii: "\""))
        for byte in string {
            if byte < 0x20 {
                out.append("\\u00")
                out.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                out.append(hexadecimal: UInt64(byte & 15))
            } else {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    out.append(UInt8(ascii: "\\"))
                }
                out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

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
    private func plan(
        _ view: borrowing JSONView, _ tenant: ExternalID?, isPatch: Bool,
        _ edits: inout [BodyEdit], _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) {
        if isPatch, view.kind(of: view.root) != .array { throw .requestBodyMalformed }
        let target = tenant == nil || isPatch ? nil : try injectionTarget(in: view)
        // The edit that puts the tenant in, until a member that stays is found behind it.
        var injection: Int?
        var siblings = InlineArray<66, Siblings>(repeating: Siblings())
        let entries = view.entries
        let hasPlace = place != nil
        var way = TenantPlace.Way()
        var index = 0
        while index < entries.count {
            let entry = entries[index]
            let depth = Int(entry.depth)
            guard
                hasPlace || !isPlain(entry, view.source),
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

    /// Whether a value stays, told at a glance: a member whose key has no escapes and lacks a
    /// letter of every name, or an element that is no object.
    @inline(__always)
    private func isPlain(_ entry: JSONEntry, _ source: Span<UInt8>) -> Bool {
        guard entry.keyEnd > 0 else { return entry.kind != .object && entry.depth != 1 }
        let start = Int(entry.keyStart) &+ 1
        let count = Int(entry.keyEnd) &- 1 &- start
        // At the top a method may be overridden, by a name that begins with something else than a
        // letter; what an empty key means is told elsewhere.
        guard count > 0, count < Self.keyBytesMax - 1, !entry.isKeyEscaped,
            entry.depth != 1 || (source[start] | 0x20) &- UInt8(ascii: "a") < 26
        else { return false }
        return names.excludes(source, start, count)
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
            guard try isOperation(node, in: view, isPatch: isPatch) else { return false }
            return try operationGoes(node, in: view, tenant, isPatch: isPatch, &name, &report)
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
    private func isOperation(
        _ node: JSONNode, in view: borrowing JSONView, isPatch: Bool
    ) throws(Refusal) -> Bool {
        let isObject = view.kind(of: node) == .object
        guard !isPatch else {
            guard isObject else { throw .requestBodyMalformed }
            return true
        }
        let name: StaticString = "op"
        return isObject && view.depth(of: node) > 0
            && view.member(of: node, named: name.bytes) != nil
    }

    /// Whether an operation leads to a tenant.
    private func operationGoes(
        _ node: JSONNode, in view: borrowing JSONView, _ tenant: ExternalID?, isPatch: Bool,
        _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        for member in ["path", "from"] {
            guard let pointer = view.member(of: node, named: member) else { continue }
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
                by: node, path: name.span, isSource: member == "from", in: view)
            guard isListed || isPlace == true else { continue }
            // What is removed, moved or copied there is no value that could be compared.
            try note(view.member(of: node, named: "value"), in: view, tenant, &report)
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
