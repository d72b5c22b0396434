import JSON

extension ScalarForm {
    /// Why `text` does not fit; `nil` when it does. References are only checked for being there:
    /// what they refer to is the compiler's matter.
    func misfit(of text: String) -> Misfit? {
        do {
            try check(text)
            return nil
        } catch {
            return error
        }
    }

    private func check(_ text: String) throws(Misfit) {
        switch self {
        case .version:
            guard text == "1" else {
                throw Misfit(.unsupportedVersion, "version `\(text.shortened)` is not supported")
            }
        case .word(let words, let notYet): try checkWord(text, words, notYet)
        case .boolean: try checkBoolean(text)
        case .name(let reserved): try checkName(text, reserved)
        case .integer(let range, let words):
            guard !words.contains(text) else { return }
            try checkRange(Quantity.integer(text), range, text, among: words)
        case .duration(let range, let isWhole):
            let value = Quantity.milliseconds(text)
            try checkRange(value, range, text)
            if isWhole, let value, value % 1_000 != 0 { throw invalid(text) }
        case .size(let range): try checkRange(Quantity.bytes(text), range, text)
        case .rate(let words):
            guard !words.contains(text) else { return }
            let range = 0...Int(RateLimit.perMinuteMax)
            try checkRange(Quantity.perMinute(text), range, text, among: words)
        case .perMinute(let range): try checkRange(Quantity.perMinute(text), range, text)
        case .perSecond(let range, let words):
            guard !words.contains(text) else { return }
            try checkRange(Quantity.perSecond(text), range, text, among: words)
        case .pathPattern: _ = try PathPattern.read(text)
        case .secret: try checkSecret(text)
        case .reference(_, _, let notYet):
            guard !notYet.contains(text) else { throw unavailable(text) }
        case .keySet:
            guard text == "discover" || fits(text) else {
                throw invalid(text, Suggestion.label(for: text, among: ["discover"]))
            }
        case .tenantSource:
            guard fits(text) else {
                throw invalid(text, Suggestion.label(for: text, among: ["claims", "directory"]))
            }
        case .text, .listenAddress, .target, .block, .host, .hostPattern, .uriPattern, .origin,
            .material, .accessLog,
            .include, .headerName, .queryName, .jsonPointer, .claim, .tenantName, .externalID,
            .tenantID, .folder, .tenantPattern, .filePath, .domain:
            guard fits(text) else { throw invalid(text) }
        }
    }

    /// The forms that are right or wrong with nothing more to say.
    private func fits(_ text: String) -> Bool {
        let bytes = text.utf8
        switch self {
        case .text:
            return bytes.count <= Self.textBytesMax && !bytes.contains { $0 < 0x20 }
        case .listenAddress: return NetworkText.listenAddress(text, folder: "") != nil
        case .target: return NetworkText.target(text, folder: "") != nil
        case .block: return NetworkText.block(text) != nil
        case .host: return NetworkText.host(text[...]) != nil || Self.hostPattern(text) != nil
        case .hostPattern: return Self.hostPattern(text) != nil
        case .uriPattern: return Self.uriPattern(text) != nil
        case .origin: return NetworkText.origin(text) != nil
        case .material: return Self.reference(text) != nil
        case .keySet: return Self.path(text) != nil || Self.isURL(text)
        case .tenantSource:
            return text == "claims" || text == "directory" || Self.path(text) != nil
        case .filePath: return Self.path(text) != nil
        case .domain: return DirectoryDomain.canonical(text.utf8Span.span) != nil
        case .accessLog: return text == "stdout" || text == "none" || Self.path(text) != nil
        case .include: return IncludePattern(text) != nil
        case .headerName:
            return (1...Self.nameBytesMax).contains(bytes.count)
                && bytes.allSatisfy(NetworkText.isToken)
        case .queryName:
            return isWord(text, marks: "._~-")
        case .jsonPointer: return Self.isPointerToMember(text)
        case .claim: return Self.isClaim(text)
        case .tenantName:
            let hasLetter = bytes.contains {
                NetworkText.isAlphanumeric($0) && !NetworkText.isDigit($0)
            }
            return hasLetter && isWord(text, marks: "._-")
                && SkeletonSet.skeleton(of: text) != nil
        case .externalID: return ExternalID(text, format: .opaque) != nil
        case .folder: return Self.path(text) != nil
        case .tenantPattern:
            let name = bytes.last == UInt8(ascii: "*") ? String(text.dropLast()) : text
            return ExternalID(name, format: .opaque) != nil
        case .tenantID: return TenantID(canonical: Array(bytes).span) != nil
        case .version, .name, .word, .boolean, .integer, .duration, .size, .rate, .perMinute,
            .perSecond, .pathPattern, .secret, .reference:
            return false
        }
    }

    /// A host name that is one with any label in the place of `{tenant}`, in lower case.
    static func hostPattern(_ text: String) -> TenantPattern? {
        let lower = text.lowercased()
        guard let pattern = TenantPattern(lower, separator: "."), !pattern.suffix.isEmpty else {
            return nil
        }
        let name = String(decoding: pattern.prefix + [0x61] + pattern.suffix, as: UTF8.self)
        return NetworkText.host(name[...]) == name ? pattern : nil
    }

    static func uriPattern(_ text: String) -> TenantPattern? {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), text.contains("://"),
            let pattern = TenantPattern(text, separator: "/"), !pattern.prefix.isEmpty
        else { return nil }
        return pattern
    }

    /// Members only: no empty key, whose fate differs among readers, and a name at its end.
    private static func isPointerToMember(_ text: String) -> Bool {
        guard (2...nameBytesMax).contains(text.utf8.count), isJSONPointer(text.utf8Span.span),
            !text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f })
        else { return false }
        let tokens = JSONBodyRule.tokens(of: text)
        guard let last = tokens.last else { return false }
        return tokens.allSatisfy { !$0.isEmpty }
            && SkeletonSet.skeleton(of: String(decoding: last, as: UTF8.self)) != nil
    }

    private func isWord(_ text: String, marks: String) -> Bool {
        (1...Self.nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { NetworkText.isAlphanumeric($0) || marks.utf8.contains($0) }
    }

    private func checkName(_ text: String, _ reserved: [String]) throws(Misfit) {
        guard isWord(text, marks: "._-"), let first = text.utf8.first,
            NetworkText.isAlphanumeric(first)
        else { throw invalid(text) }
        guard !reserved.contains(text) else {
            throw Misfit(.reservedName, "the name `\(text)` is reserved")
        }
    }

    private func checkWord(
        _ text: String, _ words: [String], _ notYet: [String]
    ) throws(Misfit) {
        guard !words.contains(text) else { return }
        guard !notYet.contains(text) else { throw unavailable(text) }
        throw Misfit(
            .unknownWord, "`\(text.shortened)` is not \(expectation)",
            Suggestion.label(for: text, among: words))
    }

    private func checkBoolean(_ text: String) throws(Misfit) {
        guard text != "true", text != "false" else { return }
        let meanings = [
            "yes": "true", "on": "true", "y": "true", "1": "true", "no": "false", "off": "false",
            "n": "false", "0": "false",
        ]
        let meant = meanings[text.lowercased()] ?? text.lowercased()
        let isClear = meant == "true" || meant == "false"
        throw invalid(text, isClear ? "did you mean `\(meant)`?" : "")
    }

    private func checkRange(
        _ value: Int?, _ range: ClosedRange<Int>, _ text: String, among words: [String] = []
    ) throws(Misfit) {
        guard let value else {
            throw invalid(text, Suggestion.label(for: text, among: words))
        }
        guard range.contains(value) else {
            throw Misfit(.outOfRange, "`\(text.shortened)` is not \(expectation)")
        }
    }

    private func checkSecret(_ text: String) throws(Misfit) {
        guard Self.reference(text) == nil else { return }
        throw Misfit(
            .literalSecret, "a secret must not be written into a policy", "write \(expectation)")
    }

    private func invalid(_ text: String, _ label: String = "") -> Misfit {
        Misfit(.invalidValue, "`\(text.shortened)` is not \(expectation)", label)
    }

    private func unavailable(_ text: String) -> Misfit {
        Misfit(.notAvailable, "`\(text)` is not available in this version")
    }
}

extension ScalarForm {
    /// The path of `file:PATH`.
    static func path(_ text: String) -> String? {
        guard text.hasPrefix("file:"), !text.hasPrefix("file://") else { return nil }
        let path = String(text.dropFirst(5))
        return path.isEmpty || path.utf8.contains { $0 < 0x20 } ? nil : path
    }

    /// `file:PATH`, `env:NAME` or `cred:NAME`, taken apart.
    static func reference(_ text: String) -> (kind: SecretReference.Kind, name: String)? {
        if let path = path(text) { return (.file, path) }
        for kind in [SecretReference.Kind.env, .cred] where text.hasPrefix(kind.rawValue + ":") {
            let name = String(text.dropFirst(kind.rawValue.count + 1))
            let marks = kind == .env ? "_" : "._-"
            let isWord = name.utf8.allSatisfy {
                NetworkText.isAlphanumeric($0) || marks.utf8.contains($0)
            }
            guard isWord, let first = name.utf8.first, first != UInt8(ascii: ".") else {
                return nil
            }
            guard kind == .cred || !NetworkText.isDigit(first) else { return nil }
            return (kind, name)
        }
        return nil
    }

    /// An https URL of a key set: host, optional port, path; no user, no fragment.
    static func isURL(_ text: String) -> Bool {
        guard text.hasPrefix("https://"), text.utf8.count <= textBytesMax else { return false }
        let rest = text.dropFirst(8)
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        guard let (_, port) = NetworkText.hostAndPort(rest[..<(end ?? rest.endIndex)]) else {
            return false
        }
        guard port != 0, end.map({ rest.utf8[$0] }) != UInt8(ascii: "?") else { return false }
        return rest.utf8.allSatisfy {
            NetworkText.isGraphic($0) && !"\"#<>\\^`{|}".utf8.contains($0)
        }
    }

    /// The host of such a URL, without brackets.
    static func host(ofURL text: String) -> String? {
        let rest = text.dropFirst(8)
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        return NetworkText.hostAndPort(rest[..<(end ?? rest.endIndex)])?.host
    }

    /// A literal claim name, or a JSON Pointer whose escapes are `~0` and `~1` (RFC 6901 §3).
    static func isClaim(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= textBytesMax else { return false }
        guard text.utf8.allSatisfy({ $0 >= 0x20 }) else { return false }
        guard text.utf8.first == UInt8(ascii: "/") else { return true }
        let bytes = Array(text.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "~") {
            guard index + 1 < bytes.count else { return false }
            let next = bytes[index + 1]
            guard next == UInt8(ascii: "0") || next == UInt8(ascii: "1") else { return false }
        }
        return true
    }
}
