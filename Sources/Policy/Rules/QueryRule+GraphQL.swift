import HTTP1

// GraphQL over GET, and over forms: `?query=...&variables=...`.
extension QueryRule {
    /// Looks into a parameter that stays and was just appended, and writes it anew where something
    /// of its JSON goes.
    ///
    /// - Parameter room: bytes that have to be free for what comes behind it.
    func cleanGraphQL(
        _ query: Span<UInt8>, _ pair: Pair, _ json: JSONBodyRule, _ tenant: ExternalID?,
        room: Int, into out: inout ByteBuffer, _ report: inout QueryReport
    ) throws(Refusal) {
        let name = query.extracting(pair.start..<pair.nameEnd)
        guard let graphQL = json.graphQL else { return }
        let value = query.extracting(min(pair.nameEnd + 1, pair.end)..<pair.end)
        guard pair.parts == 1 else { return try refuseParts(pair, query, graphQL) }
        guard let part = graphQL.part(named: name), value.count > 0 else { return }
        var text = ByteBuffer(capacityMax: value.count)
        Self.decode(value, into: &text)
        do throws(Refusal) {
            switch part {
            case .document: return try graphQL.check(text.readable)
            // Of forms with files, which are no queries.
            case .map: return
            case .inputs, .operations: break
            }
            var cleaned = ByteBuffer(capacityMax: text.count)
            let rule = part == .inputs ? json.forInputs : json
            var found = BodyReport()
            defer {
                report.removed += found.removed
                report.different += found.different
                report.overridesRemoved += found.overridesRemoved
            }
            var scratch = BodyScratch()
            try rule.clean(
                text.readable, as: .json, tenant: tenant, &scratch, into: &cleaned, &found)
            guard found.isChanged else { return }
            out.truncate(to: out.count - value.count)
            guard out.freeCapacityMax >= 3 * cleaned.count + room else {
                throw .requestTargetTooLong
            }
            Self.encode(cleaned.readable, into: &out)
        } catch {
            switch error {
            case .requestBodyMalformed: throw .requestQueryMalformed
            case .requestBodyTooLarge: throw .requestTargetTooLong
            default: throw error
            }
        }
    }

    /// A server that splits at `;` reads another document than one that does not.
    private func refuseParts(
        _ pair: Pair, _ query: Span<UInt8>, _ graphQL: GraphQLRule
    ) throws(Refusal) {
        var start = pair.start
        var nameEnd = -1
        for index in pair.start...pair.end {
            let isEnd = index == pair.end || query[index] == UInt8(ascii: ";")
            if !isEnd {
                if nameEnd < 0, query[index] == UInt8(ascii: "=") { nameEnd = index }
                continue
            }
            let name = query.extracting(start..<(nameEnd < 0 ? index : nameEnd))
            guard graphQL.part(named: name) == nil else { throw .requestQueryMalformed }
            (start, nameEnd) = (index + 1, -1)
        }
    }

    /// As forms are decoded: `+` is a space.
    private static func decode(_ value: Span<UInt8>, into text: inout ByteBuffer) {
        var index = 0
        while index < value.count {
            let (byte, next) = PercentCoding.decode(value, at: index)
            text.append(value[index] == UInt8(ascii: "+") ? 0x20 : byte)
            index = next
        }
    }

    private static func encode(_ text: Span<UInt8>, into out: inout ByteBuffer) {
        for index in text.indices {
            let byte = text[index]
            if isUnreserved(byte) {
                out.append(byte)
            } else {
                let digits: StaticString = "0123456789ABCDEF"
                out.append(UInt8(ascii: "%"))
                out.append(digits.bytes[Int(byte >> 4)])
                out.append(digits.bytes[Int(byte & 15)])
            }
        }
    }

    /// RFC 3986 section 2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
    }
}
