import Foundation

/// What holds for every request, whatever a row is about (INV-1 to INV-6 of the catalogue). Written
/// without the project's own parsers, and fed with forged evidence by `InvariantTests`.
struct Invariants {
    /// What must not appear in an answer: where the upstream is and what it says of itself.
    var upstreamSecrets: [String] = []
    /// The header the tenant is written into.
    static let tenantField = "X-Tenant-ID"
    /// Whom the attacker wants to be.
    static let attacker = "evil"

    /// Names that mean a tenant, folded.
    private static let tenantNames: Set<String> = [
        "tenant", "tenantid", "orgid", "organizationid", "scopeorgid", "accountid", "workspaceid",
        "customerexternalid", "thanostenant",
    ]
    /// Fields that never go on.
    private static let forbiddenFields: Set<String> = [
        "connection", "keep-alive", "te", "trailer", "upgrade", "http2-settings", "max-forwards",
        "proxy-connection", "proxy-authorization", "expect", "x-http-method-override",
        "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url",
    ]

    /// Everything that is wrong with the evidence of one row.
    func defects(of row: Case, _ seen: Evidence) -> [String] {
        var found: [String] = []
        for sighting in seen.requests {
            found += defects(of: sighting, for: row.tenant, credential: row.credentialPasses)
        }
        for fragment in seen.fragments {
            found += defects(ofFragment: fragment, for: row.tenant)
        }
        found += count(row, seen)
        if let reply = seen.reply { found += defects(of: reply, isOurs: !row.verdict.isUpstreams) }
        if let reply = seen.canaryReply { found += defects(of: reply) }
        if row.verdict.reachesUpstream, row.tenant != nil, let reply = seen.reply {
            let control = reply.all("cache-control").joined(separator: ",").lowercased()
            if !control.contains("no-store") && !control.contains("private") {
                found.append("INV-6: a tenant's answer may be cached: \(control)")
            }
        }
        if !seen.gatewayIsAlive { found.append("INV-5: the gateway is gone") }
        return found
    }

    /// INV-3 and INV-4: one request for one, none for a refusal.
    private func count(_ row: Case, _ seen: Evidence) -> [String] {
        let expected = row.reachesUpstream ? 1 : 0
        var found: [String] = []
        if seen.requests.count != expected {
            let lines = seen.requests.map(\.requestLine)
            found.append("INV-4: \(seen.requests.count) requests, not \(expected): \(lines)")
        }
        if case .cut = row.verdict { return found }
        if !seen.fragments.isEmpty {
            let texts = seen.fragments.map { Sighting.text($0) }
            found.append("INV-3: the upstream saw the beginning of a request: \(texts)")
        }
        return found
    }

    /// INV-1 and INV-2 of one whole request.
    func defects(of sighting: Sighting, for tenant: String?, credential: Bool) -> [String] {
        var found = grammarDefects(of: sighting)
        let values = sighting.all(Self.tenantField)
        if let tenant {
            if values != [tenant] { found.append("INV-1: X-Tenant-ID is \(values), not \(tenant)") }
        } else if !values.isEmpty {
            found.append("INV-1: X-Tenant-ID is \(values) where there is no tenant")
        }
        for (name, _) in sighting.fields {
            if name.lowercased() == Self.tenantField.lowercased() { continue }
            if Self.namesTenant(name) {
                found.append("INV-1: another field names a tenant: \(name)")
            }
            if Self.forbiddenFields.contains(name.lowercased()) {
                found.append("INV-2: \(name) was passed on")
            }
        }
        found += queryDefects(of: sighting, tenant) + bodyDefects(of: sighting, tenant)
        if sighting.readable.lowercased().contains(Self.attacker) {
            found.append("INV-1: the upstream saw `\(Self.attacker)`")
        }
        if !credential, !sighting.all("authorization").isEmpty {
            found.append("A6: the credential was passed on")
        }
        return found
    }

    /// The beginning of a request is held to the same as far as it goes.
    private func defects(ofFragment bytes: [UInt8], for tenant: String?) -> [String] {
        guard let end = Sighting.text(bytes).range(of: "\r\n\r\n") else { return [] }
        let text = Sighting.text(bytes)
        let length = text[..<end.upperBound].unicodeScalars.count
        let sighting = Sighting(
            head: Array(bytes.prefix(length)), body: Array(bytes.dropFirst(length)))
        return defects(of: sighting, for: tenant, credential: false).filter {
            // Its body is cut off by intent.
            !$0.contains("chunked body")
        }
    }

    /// INV-2: what was sent has one reading. Stricter than RFC 9112 on purpose.
    private func grammarDefects(of sighting: Sighting) -> [String] {
        var found: [String] = []
        let words = sighting.requestLine.components(separatedBy: " ")
        if words.count != 3 || words.last != "HTTP/1.1" || !sighting.target.hasPrefix("/") {
            found.append("INV-2: request line `\(sighting.requestLine)`")
        }
        if sighting.target.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7f || $0 == 0x23 }) {
            found.append("INV-2: target `\(sighting.target)`")
        }
        for line in sighting.lines {
            if line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
                found.append("INV-2: control byte in `\(line)`")
            }
        }
        for (name, value) in sighting.fields {
            let isPlain = name.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2d
            }
            if name.isEmpty || !isPlain || !value.hasPrefix(" ") {
                found.append("INV-2: field `\(name):\(value)`")
            }
        }
        if sighting.all("host").count != 1 { found.append("INV-2: not one Host") }
        let framings = sighting.all("content-length") + sighting.all("transfer-encoding")
        if framings.count > 1 { found.append("INV-2: framed twice: \(framings)") }
        if !sighting.all("transfer-encoding").isEmpty,
            !Sighting.text(sighting.body).hasSuffix("0\r\n\r\n")
        {
            found.append("INV-2: the chunked body does not end, or has trailers")
        }
        return found
    }

    private func queryDefects(of sighting: Sighting, _ tenant: String?) -> [String] {
        guard let mark = sighting.target.firstIndex(of: "?") else { return [] }
        let query = sighting.target[sighting.target.index(after: mark)...]
        let named = query.split { $0 == "&" || $0 == ";" }.filter { pair in
            let name = String(pair.prefix { $0 != "=" })
            return name.split { "[].".contains($0) }.contains { Self.namesTenant(String($0)) }
                || Self.namesTenant(name)
        }
        if named.isEmpty { return [] }
        // Only ours may be there, once, and only on the routes that add it.
        let isAdded = ["/q", "/clean/own/"].contains { sighting.target.hasPrefix($0) }
        if isAdded, let tenant, named == ["tenant_id=\(tenant)"[...]] { return [] }
        return ["INV-1: the query names a tenant: \(named)"]
    }

    /// On routes that clean bodies, what went on is read again by readers that are not the
    /// project's own.
    private func bodyDefects(of sighting: Sighting, _ tenant: String?) -> [String] {
        let isAdded = sighting.target.hasPrefix("/into/")
        guard isAdded || sighting.target.hasPrefix("/clean/"), !sighting.content.isEmpty else {
            return []
        }
        var named: [String] = []
        let type = sighting.all("content-type").joined(separator: ",")
        if type.contains("json") {
            let isLines = ["ndjson", "jsonl"].contains { type.contains($0) }
            let texts = sighting.content.split { isLines && $0 == 10 }.filter { $0 != [13] }
            for text in texts {
                guard let document = Self.document(text) else {
                    return ["INV-2: a cleaned body is no JSON"]
                }
                Self.collect(document, into: &named)
            }
        } else if type.contains("urlencoded") {
            named = Sighting.text(sighting.content).split { "&;".contains($0) }.map(String.init)
                .filter { Self.namesTenant(String($0.prefix { $0 != "=" })) }
        }
        // Once in each document.
        if isAdded, let tenant, Set(named) == ["tenant_id=\(tenant)"] { return [] }
        return named.isEmpty ? [] : ["INV-1: the body names a tenant: \(named)"]
    }

    /// Foundation's reader knows no number as large as some rows send.
    private static func document(_ bytes: ArraySlice<UInt8>) -> Any? {
        let text = String(decoding: bytes, as: UTF8.self).replacing("e400", with: "")
            .replacing("E+400", with: "")
        return try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private static func collect(_ value: Any, into named: inout [String]) {
        if let object = value as? [String: Any] {
            for (key, value) in object {
                if namesTenant(key) { named.append("\(key)=\(value)") }
                collect(value, into: &named)
            }
        }
        for value in value as? [Any] ?? [] { collect(value, into: &named) }
    }

    /// Whether letters and digits of the name, decoded, are a tenant's name.
    private static func namesTenant(_ name: String) -> Bool {
        let decoded = name.removingPercentEncoding ?? name
        var folded = String(
            decoding: decoded.lowercased().utf8.filter {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
            }, as: UTF8.self)
        while folded.hasPrefix("x") { folded.removeFirst() }
        if folded.hasPrefix("http") { folded.removeFirst(4) }
        return tenantNames.contains(folded)
    }

    /// INV-6: nothing internal goes back.
    ///
    /// - Parameter isOurs: whether an error is a refusal of the gateway's.
    func defects(of reply: Reply, isOurs: Bool = true) -> [String] {
        var found: [String] = []
        for (name, _) in reply.fields
        where Self.namesTenant(name) || name.lowercased().hasPrefix("x-tenant") {
            found.append("INV-6: the answer has \(name)")
        }
        let text = reply.text.lowercased()
        for secret in upstreamSecrets + [Self.attacker, "bearer ey", "fatal error"]
        where text.contains(secret.lowercased()) {
            found.append("INV-6: the answer has `\(secret)`: \(reply.text)")
        }
        if reply.status >= 400, isOurs {
            if !reply.all("cache-control").joined().contains("no-store") {
                found.append("INV-6: a refusal may be cached")
            }
            if reply.all("content-type") != ["application/problem+json"] {
                found.append("a refusal is no problem document")
            }
        }
        return found
    }
}

extension Case {
    var credentialPasses: Bool {
        facts.contains { if case .credentialPasses = $0 { true } else { false } }
    }

    var isAudited: Bool {
        !facts.contains { if case .unaudited = $0 { true } else { false } }
    }
}
