import HTTP1

/// Takes the parts that name a tenant out of `multipart/form-data` (RFC 7578, RFC 2046 section
/// 5.1). Read strictly: where lax readers see another delimiter, another header or another name
/// than strict ones, the body is refused.
struct MultipartBodyRule: Sendable {
    /// Ours included: PHP reads so many.
    static let partsMax = 1_000
    static let partHeadBytesMax = 8_192
    static let partFieldsMax = 16

    let json: JSONBodyRule
    private let names: SkeletonSet
    private let clientValue: RoutePolicy.ClientValue
    /// The field the tenant is put into as the first part: no reader stops before it.
    private let field: [UInt8]?

    init(
        json: JSONBodyRule, names: SkeletonSet, clientValue: RoutePolicy.ClientValue,
        inject field: String?
    ) {
        self.json = json
        self.names = names
        self.clientValue = clientValue
        self.field = field.map { [UInt8]($0.utf8) }
    }

    func clean(
        _ bytes: Span<UInt8>, boundary: Span<UInt8>, tenant: ExternalID?,
        _ scratch: inout BodyScratch, into out: inout ByteBuffer, _ report: inout BodyReport
    ) throws(Refusal) {
        guard out.freeCapacityMax >= bytes.count + BodyRule.injectedBytesMax else {
            throw .requestBodyTooLarge
        }
        var reader = try Delimiters(bytes, boundary: boundary)
        var parts = 0
        if let tenant, let field {
            writeTenant(tenant, field, boundary, &report, into: &out)
            parts = 1
        }
        while let part = try reader.nextPart() {
            parts += 1
            guard parts <= Self.partsMax else { throw .requestBodyTooLarge }
            let text = bytes.extracting(part)
            let head = try PartHead(text)
            if try goes(head, text, tenant, &report) {
                report.isChanged = true
                continue
            }
            out.append("--")
            out.append(boundary)
            out.append("\r\n")
            try writePart(head, text, tenant, &scratch, &report, into: &out)
            out.append("\r\n")
        }
        out.append("--")
        out.append(boundary)
        out.append("--\r\n")
    }

    /// JSON inside a part is JSON to whoever reads the form, named as a file or not.
    private func writePart(
        _ head: PartHead, _ part: Span<UInt8>, _ tenant: ExternalID?,
        _ scratch: inout BodyScratch, _ report: inout BodyReport, into out: inout ByteBuffer
    ) throws(Refusal) {
        let content = part.extracting(head.length..<part.count)
        let typeText = part.extracting(head.contentType ?? 0..<0)
        let type =
            head.contentType == nil ? nil : try ContentType(typeText, allowingCharsets: true)
        let name = part.extracting(head.name)
        if let kind = json.graphQL?.part(named: name) {
            return try writeGraphQL(
                kind, part, headLength: head.length, type: type, tenant, &scratch, &report,
                into: &out)
        }
        // Readers decode the other fields as this one says (HTML section 4.10.21.6).
        if FormBodyRule.isCharset(name), !FormBodyRule.isUTF8(content) { throw .requestBodyType }
        guard let type else { return out.append(part) }
        switch type.form {
        case .json, .jsonPatch, .jsonLines:
            guard !type.hasForeignCharset else { throw .requestBodyType }
            out.append(part.extracting(0..<head.length))
            try json.clean(
                content, as: type.form, tenant: tenant, &scratch, into: &out, &report)
        case .multipart: throw .requestBodyType
        case .urlEncoded, .graphQL, .other:
            // A form in a form: nobody reads it, and nobody should begin to.
            guard type.form == .other, !type.isMultipart(typeText), !type.isObject(typeText) else {
                throw .requestBodyType
            }
            out.append(part)
        }
    }

    private func goes(
        _ head: PartHead, _ part: Span<UInt8>, _ tenant: ExternalID?, _ report: inout BodyReport
    ) throws(Refusal) -> Bool {
        let name = part.extracting(head.name)
        switch names.judge(name) {
        case .clean:
            // Frameworks read it from any form (attack U5).
            guard QueryRule.isMethodOverride(name) else { return false }
            report.overridesRemoved += 1
            return true
        case .control: throw .requestBodyMalformed
        case .listed: break
        }
        let content = part.extracting(head.length..<part.count)
        var isSame = false
        if let tenant { isSame = content.equals(tenant.bytes.span) }
        report.add(isSame: isSame)
        guard !clientValue.refuses(isSame: isSame) else { throw .tenantConflict }
        return true
    }

    private func writeTenant(
        _ tenant: ExternalID, _ field: [UInt8], _ boundary: Span<UInt8>,
        _ report: inout BodyReport, into out: inout ByteBuffer
    ) {
        out.append("--")
        out.append(boundary)
        out.append("\r\nContent-Disposition: form-data; name=\"")
        out.append(field)
        out.append("\"\r\n\r\n")
        out.append(tenant.bytes)
        out.append("\r\n")
        report.isChanged = true
    }
}

/// Finds the parts between delimiter lines.
private struct Delimiters: ~Escapable {
    private let bytes: Span<UInt8>
    private let boundary: Span<UInt8>
    /// Behind the line that begins the next part; `nil` behind the last delimiter.
    private var start: Int?
    /// For each byte of a delimiter, how many bytes up to it are its beginning once more (Knuth,
    /// Morris, Pratt): so a search looks at each byte of a body twice at most, whatever the
    /// boundary is. Clients choose it.
    private var repeats = InlineArray<72, UInt8>(repeating: 0)

    /// - Parameter boundary: of 1 to 70 bytes (`ContentType.boundary`).
    /// - Throws: `request.body.malformed` unless the body begins with its first delimiter: what
    ///   stands before it is a preamble to some and the first part to others.
    @_lifetime(copy bytes, copy boundary)
    init(_ bytes: Span<UInt8>, boundary: Span<UInt8>) throws(Refusal) {
        guard boundary.count + 2 <= repeats.count else { throw .requestBodyMalformed }
        self.bytes = bytes
        self.boundary = boundary
        start = nil
        var position = 0
        if bytes.count > 1, bytes[0] == 0x0d, bytes[1] == 0x0a { position = 2 }
        guard bytes.count - position >= length else { throw .requestBodyMalformed }
        for index in 0..<length where bytes[position + index] != delimiter(index) {
            throw .requestBodyMalformed
        }
        start = try Self.lineEnd(bytes, behind: position + length)
        var matched = 0
        for index in 1..<length {
            while matched > 0, delimiter(index) != delimiter(matched) {
                matched = Int(repeats[matched - 1])
            }
            if delimiter(index) == delimiter(matched) { matched += 1 }
            repeats[index] = UInt8(matched)
        }
    }

    /// The next part, without the line breaks around it; `nil` behind the last one.
    @_lifetime(self: copy self)
    mutating func nextPart() throws(Refusal) -> Range<Int>? {
        guard let begin = start else { return nil }
        // In the middle of a line too, where Django and Rack find one.
        guard let index = nextDelimiter(from: begin) else { throw .requestBodyMalformed }
        // A part without head and content has no line break but that of its delimiter.
        guard index - begin >= 2, bytes[index - 2] == 0x0d, bytes[index - 1] == 0x0a else {
            throw .requestBodyMalformed
        }
        start = try Self.lineEnd(bytes, behind: index + length)
        return begin..<index - 2
    }

    /// Where the first delimiter begins, at `begin` or behind it.
    private func nextDelimiter(from begin: Int) -> Int? {
        var matched = 0
        for index in begin..<bytes.count {
            let byte = bytes[index]
            // Most bytes are in no delimiter.
            guard matched > 0 || byte == UInt8(ascii: "-") else { continue }
            while matched > 0, byte != delimiter(matched) { matched = Int(repeats[matched - 1]) }
            if byte == delimiter(matched) { matched += 1 }
            if matched == length { return index + 1 - length }
        }
        return nil
    }

    /// Bytes of a delimiter: `--` and the boundary.
    private var length: Int { boundary.count + 2 }

    private func delimiter(_ index: Int) -> UInt8 {
        index < 2 ? UInt8(ascii: "-") : boundary[index - 2]
    }

    /// Behind the delimiter's line; `nil` when it is the last one, with nothing behind it.
    private static func lineEnd(_ bytes: Span<UInt8>, behind end: Int) throws(Refusal) -> Int? {
        let rest = bytes.extracting(end..<bytes.count)
        if rest.count >= 2, rest[0] == 0x0d, rest[1] == 0x0a { return end + 2 }
        // An epilogue is what one reader skips and another reads.
        guard rest.count == 2 || rest.count == 4, rest[0] == UInt8(ascii: "-"),
            rest[1] == UInt8(ascii: "-"),
            rest.count == 2 || rest[2] == 0x0d && rest[3] == 0x0a
        else { throw .requestBodyMalformed }
        return nil
    }
}

/// The fields before a part's content.
private struct PartHead {
    /// The part's name, without quotes.
    let name: Range<Int>
    let contentType: Range<Int>?
    /// Bytes of the head, its empty line included.
    let length: Int

    /// - Throws: `request.body.malformed` for a head with two readings, `request.body.too_large`
    ///   past a bound.
    init(_ part: Span<UInt8>) throws(Refusal) {
        var name: Range<Int>?
        var type: Range<Int>?
        var fields = 0
        var start = 0
        while true {
            let end = try Self.lineEnd(part, start)
            if end == start {
                start = end + 2
                break
            }
            fields += 1
            guard fields <= MultipartBodyRule.partFieldsMax else { throw .requestBodyTooLarge }
            var colon = start
            while colon < end, Self.isName(part[colon]) { colon += 1 }
            guard colon > start, colon < end, part[colon] == UInt8(ascii: ":") else {
                throw .requestBodyMalformed
            }
            let field = part.extracting(start..<colon)
            let value = Self.trimmed(part, colon + 1, end)
            let isDisposition = field.equalsIgnoringCase("Content-Disposition")
            // Rack looks for the field's name anywhere in the head, in other names and values too.
            let line = part.extracting(start..<end)
            guard isDisposition || line.index(ofWord: "content-disposition") == nil else {
                throw .requestBodyMalformed
            }
            if isDisposition {
                guard name == nil else { throw .requestBodyMalformed }
                name = try Self.partName(part, value)
            } else if field.equalsIgnoringCase("Content-Type") {
                guard type == nil else { throw .requestBodyMalformed }
                type = value
            } else if field.equalsIgnoringCase("Content-Transfer-Encoding") {
                try Self.requirePlain(part.extracting(value))
            }
            start = end + 2
        }
        guard let name else { throw .requestBodyMalformed }
        self.name = name
        contentType = type
        length = start
    }

    /// The CRLF that ends the line at `start`; no other control byte but HTAB stands in one.
    private static func lineEnd(_ part: Span<UInt8>, _ start: Int) throws(Refusal) -> Int {
        var index = start
        while index + 1 < part.count {
            guard index < MultipartBodyRule.partHeadBytesMax else { throw .requestBodyTooLarge }
            let byte = part[index]
            if byte == 0x0d {
                guard part[index + 1] == 0x0a else { throw .requestBodyMalformed }
                return index
            }
            guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else { throw .requestBodyMalformed }
            index += 1
        }
        throw .requestBodyMalformed
    }

    /// `form-data; name="a"; filename="b"`. What readers differ about is refused: a parameter
    /// twice, a name in the extended form of RFC 8187 (which RFC 7578 section 4.2 forbids) or in
    /// encoded words of RFC 2047 (which Commons FileUpload decodes), a backslash, a parameter
    /// without a value, a value with another `name=` in it (Rack takes the last, quoted or not),
    /// and a lone apostrophe (which begins a quoted string for PHP).
    private static func partName(
        _ part: Span<UInt8>, _ value: Range<Int>
    ) throws(Refusal) -> Range<Int> {
        let text = part.extracting(value)
        var cursor = ContentType.Cursor(text)
        let type = cursor.token()
        guard text.extracting(type).equalsIgnoringCase("form-data") else {
            throw .requestBodyMalformed
        }
        var name: Range<Int>?
        var seen = 0
        while cursor.skipToParameter() {
            let key = cursor.token()
            guard !key.isEmpty, cursor.take(UInt8(ascii: "=")), let found = cursor.value(),
                !Self.holdsName(text.extracting(found)),
                found.upperBound < cursor.position || !Self.opensQuote(text.extracting(found))
            else { throw .requestBodyMalformed }
            let keyText = text.extracting(key)
            let bit: Int
            if keyText.equalsIgnoringCase("name") {
                bit = 1
                name = value.lowerBound + found.lowerBound..<value.lowerBound + found.upperBound
            } else if keyText.equalsIgnoringCase("filename") {
                bit = 2
            } else if keyText.equalsIgnoringCase("filename*") {
                bit = 4
            } else {
                throw .requestBodyMalformed
            }
            guard seen & bit == 0 else { throw .requestBodyMalformed }
            seen |= bit
        }
        guard cursor.isAtEnd, let name, !name.isEmpty, !hasEncodedWord(part.extracting(name))
        else { throw .requestBodyMalformed }
        return name
    }

    /// Whether PHP would look for the end of a string behind this token; `utf-8''a` closes what it
    /// opens.
    private static func opensQuote(_ token: Span<UInt8>) -> Bool {
        var apostrophes = 0
        for index in token.indices where token[index] == UInt8(ascii: "'") { apostrophes += 1 }
        return apostrophes % 2 == 1
    }

    /// Whether a word `name` is in the value, with `=` or `*` behind it.
    private static func holdsName(_ value: Span<UInt8>) -> Bool {
        let word: StaticString = "name"
        let count = word.utf8CodeUnitCount
        guard value.count > count else { return false }
        for index in 0..<value.count - count
        where value.extracting(index..<index + count).equalsIgnoringCase(word) {
            var end = index + count
            while end < value.count, value[end] == 0x20 || value[end] == 0x09 { end += 1 }
            let isWord = index == 0 || !isName(value[index - 1])
            if isWord, end < value.count,
                value[end] == UInt8(ascii: "=") || value[end] == UInt8(ascii: "*")
            {
                return true
            }
        }
        return false
    }

    /// Whether `=?` is in a name: with it every encoded word begins.
    private static func hasEncodedWord(_ name: Span<UInt8>) -> Bool {
        for index in name.indices.dropLast()
        where name[index] == UInt8(ascii: "=") && name[index + 1] == UInt8(ascii: "?") {
            return true
        }
        return false
    }

    /// RFC 7578 section 4.7: encodings are not used; a reader that undoes one sees other bytes.
    private static func requirePlain(_ coding: Span<UInt8>) throws(Refusal) {
        for plain: StaticString in ["7bit", "8bit", "binary"]
        where coding.equalsIgnoringCase(plain) { return }
        throw .requestBodyMalformed
    }

    private static func trimmed(_ part: Span<UInt8>, _ from: Int, _ to: Int) -> Range<Int> {
        var (start, end) = (from, to)
        while start < end, part[start] == 0x20 || part[start] == 0x09 { start += 1 }
        while end > start, part[end - 1] == 0x20 || part[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
