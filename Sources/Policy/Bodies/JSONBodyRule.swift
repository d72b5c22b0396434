import HTTP1
import JSON

/// Takes the members that name a tenant out of JSON, at every depth. What stays keeps its bytes:
/// numbers their lexemes, strings their escapes, the space between them.
struct JSONBodyRule: Sendable {
    /// Values of one document; a value takes 28 bytes while it is looked at.
    static let valuesMax = 1_048_576
    static let keysMax = 262_144
    static let depthMax = 64
    /// Documents of one body of lines.
    static let linesMax = 65_536

    let names: SkeletonSet
    let clientValue: RoutePolicy.ClientValue
    /// The tokens of the pointer the tenant is put at, decoded; empty for none.
    let pointer: [[UInt8]]

    /// Bytes one document grows by at most: each token quoted, with its bytes escaped, `:{` and `}`
    /// around it, then the tenant in quotes and a comma.
    let growthMax: Int

    init(names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject pointer: String?) {
        self.names = names
        self.clientValue = clientValue
        self.pointer = pointer.map { Self.tokens(of: $0) } ?? []
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
        JSONBodyRule(names: names, clientValue: clientValue, inject: nil)
    }

    func clean(
        _ bytes: Span<UInt8>, as form: ContentType.Form, tenant: ExternalID?,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        switch form {
        case .json:
            try clean(bytes, tenant: tenant, isPatch: false, &scratch, into: &out, &report)
        case .jsonPatch:
            try clean(bytes, tenant: tenant, isPatch: true, &scratch, into: &out, &report)
        case .jsonLines: try cleanLines(bytes, tenant: tenant, &scratch, into: &out, &report)
        case .urlEncoded, .multipart, .graphQL, .other: throw .requestBodyType
        }
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
        _ bytes: Span<UInt8>, tenant: ExternalID?, isPatch: Bool,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        scratch.edits.removeAll(keepingCapacity: true)
        try plan(
            bytes, tenant, isPatch: isPatch, &scratch.document, &scratch.edits, &scratch.name,
            &report)
        try write(bytes, scratch.edits, tenant, into: &out)
        report.isChanged = report.isChanged || !scratch.edits.isEmpty
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
        /// Whether any of them stays.
        var hasKept = false
        /// Where the last of them ended.
        var end = 0
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
        var index = 0
        while let node = view.node(index) {
            let depth = view.depth(of: node)
            let place = view.memberRange(of: node) ?? view.range(of: node)
            guard
                try goes(node, in: view, tenant, isPatch: isPatch && depth == 1, &name, &report)
            else {
                siblings[depth].hasKept = true
                siblings[depth].end = place.upperBound
                siblings[depth + 1] = Siblings()
                if let target, target.node == node {
                    injection = edits.count
                    edits.append(Self.injection(target, in: view))
                } else if let edit = injection, view.parent(of: node) == target?.node {
                    edits[edit].injection?.isFollowed = true
                    injection = nil
                }
                index += 1
                continue
            }
            edits.append(cut(node, place, in: view, siblings[depth]))
            siblings[depth].end = place.upperBound
            index = view.indexAfter(node)
        }
    }

    /// A value and the one comma that goes with it: the one before it where something before it
    /// stays, else the one behind it.
    private func cut(
        _ node: JSONNode, _ place: Range<Int>, in view: borrowing JSONView, _ before: Siblings
    ) -> BodyEdit {
        if before.hasKept { return BodyEdit(start: before.end, end: place.upperBound) }
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
        _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        name.removeAll(keepingCapacity: true)
        guard view.appendKey(of: node, to: &name) else {
            guard try isOperation(node, in: view, isPatch: isPatch) else { return false }
            return try operationGoes(node, in: view, tenant, isPatch: isPatch, &name, &report)
        }
        // An empty name is dropped, renamed or kept, as readers please (attack B5).
        guard !name.isEmpty else { throw .requestBodyMalformed }
        switch names.judge(name.span) {
        case .clean:
            guard view.depth(of: node) == 1, QueryRule.isMethodOverride(name.span) else {
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
        return isObject && view.depth(of: node) > 0 && view.member(of: node, named: "op") != nil
    }

    /// Whether an operation leads to a tenant.
    private func operationGoes(
        _ node: JSONNode, in view: borrowing JSONView, _ tenant: ExternalID?, isPatch: Bool,
        _ name: inout [UInt8], _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        for member in ["path", "from"] {
            guard let pointer = view.member(of: node, named: member) else { continue }
            name.removeAll(keepingCapacity: true)
            let isString = view.appendString(at: pointer, to: &name)
            // SCIM's paths (RFC 7644 section 3.5.2) are no pointers.
            guard isString && isJSONPointer(name.span) || !isPatch else {
                throw .requestBodyMalformed
            }
            guard isString, try leadsToTenant(name.span) else { continue }
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

// Injection.
extension JSONBodyRule {
    private struct Target {
        let node: JSONNode
        /// The first token of the pointer that has to be written.
        let firstToken: Int
    }

    /// The innermost object on the pointer's way.
    ///
    /// - Throws: `request.body.malformed` where something else than an object is in the way.
    private func injectionTarget(in view: borrowing JSONView) throws(Refusal) -> Target? {
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
    private static func injection(
        _ target: Target, in view: borrowing JSONView
    ) -> BodyEdit {
        let place = view.range(of: target.node).lowerBound + 1
        return BodyEdit(
            start: place, end: place,
            injection: BodyEdit.Injection(firstToken: target.firstToken, isFollowed: false))
    }
}
