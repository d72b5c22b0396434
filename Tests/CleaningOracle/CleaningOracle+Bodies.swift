import HTTP1
import NaiveReading
import Policy

// Bodies.
extension CleaningOracle {
    /// - Parameter type: one of JSON, JSON Patch or lines.
    public func checkJSON(_ bytes: [UInt8], as type: String) -> String? {
        let (outcome, failure) = judge(bytes) { body($0, as: type, $1) }
        if let failure { return failure }
        let injected = body(bytes, as: type, .inject)
        guard let cleaned = outcome.bytes else {
            return injected == outcome ? nil : "not refused where ours is added"
        }
        if type == "application/x-ndjson" {
            return checkLines(bytes, cleaned) ?? checkAddedLines(cleaned, injected)
        }
        let isPatch = type == "application/json-patch+json"
        if let failure = checkDocument(bytes, cleaned, isPatch: isPatch) { return failure }
        guard !isPatch, let document = NaiveDocument(cleaned) else {
            return injected == outcome ? nil : "a patch is added to"
        }
        return checkAdded(document, injected)
    }

    /// Whether ours is in the document at its pointer, and nothing else changed.
    private func checkAdded(_ document: NaiveDocument, _ injected: Outcome) -> String? {
        let tenant = [UInt8]("acme".utf8)
        let ours = NaiveDocument.string(tenant, meaning: tenant)
        guard let expected = document.adding(ours, at: Self.pointer[...]) else {
            return injected == .refused(.requestBodyMalformed) ? nil : "no place, and not refused"
        }
        guard let bytes = injected.bytes, let found = NaiveDocument(bytes) else {
            return "where ours is added, the body is refused or broken"
        }
        return found == expected ? nil : "ours is not added once"
    }

    private func checkAddedLines(_ cleaned: [UInt8], _ injected: Outcome) -> String? {
        let documents = cleaned.split(separator: 10).compactMap { NaiveDocument(Array($0)) }
        let tenant = [UInt8]("acme".utf8)
        let ours = NaiveDocument.string(tenant, meaning: tenant)
        let expected = documents.map { $0.adding(ours, at: Self.pointer[...]) }
        guard let bytes = injected.bytes else {
            let isRight = injected == .refused(.requestBodyMalformed) && expected.contains(nil)
            return isRight ? nil : "where ours is added, the lines are refused"
        }
        let found = bytes.split(separator: 10).compactMap { NaiveDocument(Array($0)) }
        return found == expected ? nil : "ours is not added once to each line"
    }

    private func checkDocument(
        _ bytes: [UInt8], _ cleaned: [UInt8], isPatch: Bool
    ) -> String? {
        guard let before = NaiveDocument(bytes) else { return "no document was accepted" }
        guard let after = NaiveDocument(cleaned) else { return "what is sent is no document" }
        guard after.without(names, isPatch: isPatch) == after else { return "a spelling is left" }
        guard !after.hasTwofoldOperation(isPatch: isPatch) else { return "an operation is two" }
        if before.hasLongName { return nil }
        return before.without(names, isPatch: isPatch) == after ? nil : "another value is gone"
    }

    private func checkLines(_ bytes: [UInt8], _ cleaned: [UInt8]) -> String? {
        let before = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let after = cleaned.split(separator: 10, omittingEmptySubsequences: false)
        guard before.count == after.count else { return "lines are missing" }
        for (one, other) in zip(before, after) {
            if one.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) {
                guard one == other else { return "a blank line is changed" }
                continue
            }
            if let failure = checkDocument(Array(one), Array(other), isPatch: false) {
                return failure
            }
        }
        return nil
    }

    /// - Parameter boundary: of letters, digits and `-`.
    public func checkMultipart(_ bytes: [UInt8], boundary: String) -> String? {
        let type = "multipart/form-data; boundary=\(boundary)"
        let (outcome, failure) = judge(bytes) { body($0, as: type, $1) }
        if let failure { return failure }
        let injected = body(bytes, as: type, .inject)
        guard let cleaned = outcome.bytes else {
            return injected == outcome ? nil : "not refused where ours is added"
        }
        guard let before = NaiveParts(bytes, boundary: boundary),
            let after = NaiveParts(cleaned, boundary: boundary),
            let added = injected.bytes.flatMap({ NaiveParts($0, boundary: boundary) })
        else { return "what is sent is no form" }
        if let failure = checkParts(before.parts, after.parts) { return failure }
        guard added.parts.dropFirst().elementsEqual(after.parts), let ours = added.parts.first,
            ours.names.allSatisfy({ $0 == [UInt8](Self.parameter.utf8) }), !ours.names.isEmpty,
            ours.content == [UInt8]("acme".utf8)
        else { return "ours is not added once, and first" }
        return nil
    }

    private func checkParts(
        _ before: [NaiveParts.Part], _ after: [NaiveParts.Part]
    ) -> String? {
        var rest = after[...]
        for part in before {
            let gone = part.names.contains {
                names.mustGo($0) || NaivePairs.isMethodOverride($0)
            }
            if gone { continue }
            if part.names.contains(where: names.mayGo) { return nil }
            guard let other = rest.popFirst(), part.head == other.head else {
                return "another part is gone"
            }
            let failure: String? =
                switch Self.form(part.contentType) {
                case .json: checkDocument(part.content, other.content, isPatch: false)
                case .jsonPatch: checkDocument(part.content, other.content, isPatch: true)
                case .jsonLines: checkLines(part.content, other.content)
                default: part.content == other.content ? nil : "what stays is changed"
                }
            if let failure { return failure }
        }
        return rest.isEmpty ? nil : "a part is too many"
    }

    private static func form(_ type: String) -> ContentType.Form {
        let words = type.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 2 else { return .other }
        switch (words[0], words[1]) {
        case (_, "json-patch+json"): return .jsonPatch
        case ("text", "json"), ("application", "json"): return .json
        case ("text", _): return .other
        case ("application", "x-ndjson"), ("application", "ndjson"), ("application", "jsonl"),
            ("application", "x-jsonlines"), ("application", "jsonlines"):
            return .jsonLines
        default: return words[1].hasSuffix("+json") && words[1].count > 5 ? .json : .other
        }
    }

    /// Whether what is passed on of a `Content-Type` has one reading.
    public func checkContentType(_ bytes: [UInt8]) -> String? {
        guard let type = try? ContentType(bytes.span) else { return nil }
        var out = ByteBuffer(capacityMax: bytes.count + 64)
        type.write(bytes.span, into: &out)
        let written = out.bytes
        guard let again = try? ContentType(written.span) else { return "what is sent is refused" }
        var second = ByteBuffer(capacityMax: written.count + 64)
        again.write(written.span, into: &second)
        guard second.bytes == written else { return "written again, it differs" }
        guard again.form == type.form else { return "another form" }
        let text = String(
            decoding: written.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        let charsets = NaiveContentType.charsets(text)
        guard charsets.allSatisfy({ ["utf-8", "us-ascii"].contains($0) }) || type.form == .other
        else { return "a character set is left: \(text)" }
        if [.json, .jsonPatch, .jsonLines].contains(type.form), NaiveContentType.isForm(text) {
            return "a form to who looks for the word: \(text)"
        }
        guard let place = type.boundary else { return nil }
        let boundary = String(
            decoding: bytes[Int(place.start)..<Int(place.end)], as: UTF8.self)
        guard NaiveContentType.boundary(text) == boundary else {
            return "another boundary: \(text)"
        }
        return nil
    }

    /// Cleans `bytes` as a body of `type`; what is not changed goes as it came.
    func body(_ bytes: [UInt8], as type: String, _ variant: Variant) -> Outcome {
        guard let rule = route(variant).bodies else { return .refused(.internalError) }
        let typeText = [UInt8](type.utf8)
        var scratch = BodyScratch()
        do throws(Refusal) {
            let type = try ContentType(typeText.span)
            let growth = rule.growthMax(of: bytes.span, as: type)
            var out = ByteBuffer(capacityMax: bytes.count + growth)
            let report = try rule.clean(
                bytes.span, as: type, typeText.span, tenant: tenant, &scratch, into: &out)
            let sent = report.isChanged ? out.bytes : bytes
            return .cleaned(sent, removed: report.removed, isChanged: report.isChanged)
        } catch {
            return .refused(error)
        }
    }
}
