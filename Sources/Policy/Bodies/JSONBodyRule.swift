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

    /// - Parameters:
    ///   - isWhole: whether it is all there is: then nothing is written where nothing changes.
    ///   - textDepth: how deep in strings of other JSON this one stands.
    func clean(
        _ bytes: Span<UInt8>, as form: ContentType.Form, tenant: ExternalID?,
        isWhole: Bool = false, textDepth: Int = 0,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        switch form {
        case .json, .jsonPatch:
            try clean(
                bytes, tenant: tenant, isPatch: form == .jsonPatch, isWhole: isWhole,
                textDepth: textDepth, &scratch, into: &out, &report)
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
        _ bytes: Span<UInt8>, tenant: ExternalID?, isPatch: Bool, isWhole: Bool = false,
        textDepth: Int = 0, _ scratch: inout BodyScratch, into out: inout ByteBuffer,
        _ report: inout BodyReport
    ) throws(Refusal) {
        scratch.edits.removeAll(keepingCapacity: true)
        try plan(
            bytes, tenant, isPatch: isPatch, &scratch.document, &scratch.edits, &scratch.name,
            &scratch.cleanNames, &report)
        guard out.freeCapacityMax >= bytes.count + growthMax else { throw .requestBodyTooLarge }
        if !isWhole || !scratch.edits.isEmpty { write(bytes, scratch.edits, tenant, into: &out) }
        report.isChanged = report.isChanged || !scratch.edits.isEmpty
        guard let graphQL else { return }
        try checkOperations(
            bytes, scratch.document, graphQL, textDepth: textDepth, &scratch.name)
    }

    private func plan(
        _ bytes: Span<UInt8>, _ tenant: ExternalID?, isPatch: Bool,
        _ document: inout JSONDocument, _ edits: inout [BodyEdit], _ name: inout [UInt8],
        _ cleanNames: inout CleanNames, _ report: inout BodyReport
    ) throws(Refusal) {
        do throws(JSONDefect) {
            try document.parse(bytes, limits: Self.limits(bytes.count))
        } catch {
            switch error.kind {
            case .tooManyKeys, .tooManyNodes, .tooLong: throw .requestBodyTooLarge
            default: throw .requestBodyMalformed
            }
        }
        cleanNames.begin()
        try plan(
            document.view(of: bytes), tenant, isPatch: isPatch, &edits, &name, &cleanNames,
            &report)
    }

    /// Copies what lies between the edits.
    private func write(
        _ bytes: Span<UInt8>, _ edits: [BodyEdit], _ tenant: ExternalID?,
        into out: inout ByteBuffer
    ) {
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
