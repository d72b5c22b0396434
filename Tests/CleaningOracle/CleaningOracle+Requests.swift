import HTTP1
import NaiveReading
import Policy

// Whole requests: the invariants INV-1 to INV-5 on the bytes that would be sent.
extension CleaningOracle {
    /// What became of one generated request.
    public enum Verdict: Equatable, Sendable {
        case sent
        case refused
        /// The promise that is broken, with the request.
        case broken(String)
    }

    /// Generates one request, sends it through route, plan, cleaning and writing as the gateway
    /// would, and judges the bytes by the naive readers.
    public func judgeRequest(_ choices: inout Choices) -> Verdict {
        let request = GeneratedRequest(&choices)
        var out = ByteBuffer(capacityMax: 1 << 20)
        let body: [UInt8]
        do {
            body = try send(request, into: &out)
        } catch {
            // INV-3: whatever the reason, not a byte. A second reading that stops us is no such
            // reason: the rules must not need it.
            if let refusal = error as? Refusal, [.internalScan, .internalError].contains(refusal) {
                return broken("\(refusal)", request, out.bytes)
            }
            return out.isEmpty ? .refused : broken("INV-3", request, out.bytes)
        }
        if let failure = judgeHead(out.bytes, request, body.count) {
            return broken(failure, request, out.bytes)
        }
        if let failure = judgeBody(body, request) {
            return broken(failure, request, body)
        }
        return .sent
    }

    private func broken(
        _ failure: String, _ request: GeneratedRequest, _ sent: [UInt8]
    ) -> Verdict {
        let texts = [request.head, request.body, sent].map { String(decoding: $0, as: UTF8.self) }
        return .broken("\(failure)\n" + texts.joined(separator: "\n===\n"))
    }

    private enum Fault: Error { case incomplete, notMatched }

    /// - Returns: the body to send.
    private func send(
        _ request: GeneratedRequest, into out: inout ByteBuffer
    ) throws -> [UInt8] {
        var head = RequestHead()
        let bytes = request.head
        guard case .complete = try head.parse(bytes.span, limits: .request) else {
            throw Fault.incomplete
        }
        guard case .matched(let route) = try rules.route(head, bytes.span) else {
            throw Fault.notMatched
        }
        var plan = RewritePlan()
        var target = ByteBuffer(capacityMax: 65_536)
        try route.plan(head, bytes.span, principal: principal, target: &target, plan: &plan)
        var body: [UInt8] = []
        var type = ByteBuffer(capacityMax: 1_024)
        if !request.contentType.isEmpty, !request.body.isEmpty {
            switch self.body(request.body, as: request.contentType, request.variant) {
            case .cleaned(let cleaned, _, _): body = cleaned
            case .refused(let refusal): throw refusal
            }
            let text = [UInt8](request.contentType.utf8)
            try ContentType(text.span).write(text.span, into: &type)
        }
        let (address, id) = ([UInt8]("192.0.2.7".utf8), [UInt8]("request-1".utf8))
        let (none, upstream) = ([UInt8](), [UInt8]("10.0.0.5:8080".utf8))
        let (typeBytes, targetBytes) = (type.bytes, target.bytes)
        let facts = RequestFacts(
            clientAddress: address.span, isSecure: true, isTrustedProxy: false,
            requestID: id.span, traceparent: none.span, assertion: none.span,
            upstreamAuthority: upstream.span, contentType: typeBytes.span)
        try route.write(
            plan, head, bytes.span, principal: principal, target: targetBytes.span,
            framing: body.isEmpty ? .none : .length(UInt64(body.count)), facts: facts, into: &out)
        return body
    }

    private func judgeHead(
        _ head: [UInt8], _ request: GeneratedRequest, _ bodyCount: Int
    ) -> String? {
        let names = namesByRoute[request.variant.rawValue]
        let lines = head.split(separator: 10, omittingEmptySubsequences: false)
        guard head.suffix(4) == [13, 10, 13, 10], lines.dropLast().allSatisfy({ $0.last == 13 }),
            lines.dropLast(2).allSatisfy({ $0.count > 1 })
        else { return "INV-2 INV-4: not one head" }
        let header = request.variant == .otherField ? Self.otherField : "X-Tenant-ID"
        var tenants = 0
        var lengths = 0
        for line in lines.dropFirst().dropLast(2).map({ Array($0.dropLast()) }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return "no field" }
            let name = Array(line[..<colon])
            let value = NaivePairs.trimmed(Array(line[(colon + 1)...]))
            if name == [UInt8](header.utf8), value == tenant.bytes {
                tenants += 1
            } else if names.isField(name) {
                return "INV-1: a spelling is left"
            }
            let text = String(decoding: name, as: UTF8.self).lowercased()
            if text.contains(where: { !"abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) }) {
                return "INV-1: an irregular name"
            }
            if text == "content-length" {
                lengths += Int(String(decoding: value, as: UTF8.self)) ?? -1
            }
            if text == "content-type" {
                let charsets = NaiveContentType.charsets(String(decoding: value, as: UTF8.self))
                guard charsets.allSatisfy({ $0 == "utf-8" }) else {
                    return "INV-1: a query in another character set"
                }
            }
            if text == "cookie", let failure = judgeCookies(value, names) { return failure }
            if ["connection", "trailer", "te", "transfer-encoding"].contains(text) {
                return "INV-2: a hop-by-hop field"
            }
        }
        guard tenants == 1 else { return "INV-1: \(tenants) tenants" }
        guard lengths == bodyCount else { return "INV-2: another length" }
        return judgeTarget(Array(lines[0].dropLast()), request, names)
    }

    private func judgeCookies(_ value: [UInt8], _ names: NaiveNames) -> String? {
        let found = NaivePairs.cookies(value).flatMap { NaivePairs.names(ofCookie: $0) }
        return found.contains(where: names.mustGo) ? "INV-1: a cookie is left" : nil
    }

    private func judgeTarget(
        _ line: [UInt8], _ request: GeneratedRequest, _ names: NaiveNames
    ) -> String? {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3 else { return "INV-2: not one request line" }
        let parts = words[1].split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let segments = parts[0].split(separator: UInt8(ascii: "/"))
        if request.variant == .template {
            guard segments.count > 1,
                segments[1].prefix(while: { $0 != UInt8(ascii: ";") }).elementsEqual(tenant.bytes)
            else { return "INV-1: another tenant's path" }
        }
        for segment in segments {
            for parameter in segment.split(separator: UInt8(ascii: ";")).dropFirst()
            where names.mustGo(NaivePairs.name(Array(parameter))) {
                return "INV-1: a matrix parameter is left"
            }
        }
        var pairs = parts.count > 1 ? NaivePairs.query(Array(parts[1])) : []
        if request.variant == .inject {
            guard pairs.first == [UInt8]("\(Self.parameter)=acme".utf8),
                parts[1].first != UInt8(ascii: "&")
            else {
                return "INV-1: ours is not first in the query"
            }
            pairs.removeFirst()
        }
        let found = pairs.flatMap { NaivePairs.names(ofParameter: $0) }
        return found.contains(where: names.mustGo) ? "INV-1: a parameter is left" : nil
    }

    /// The carrier's own checks, and that the bytes of the body are those they judged.
    private func judgeBody(_ body: [UInt8], _ request: GeneratedRequest) -> String? {
        guard !request.body.isEmpty else {
            return body.isEmpty ? nil : "INV-2: a body from nowhere"
        }
        let failure: String?
        let type = request.contentType
        if type.hasPrefix("application/x-www-form") {
            failure = checkQuery(request.body, isForm: true)
        } else if type.hasPrefix("multipart/") {
            let boundary = NaiveContentType.boundary(
                type.hasSuffix("\"") ? String(type.drop { $0 != ";" }.dropFirst(16)) : type)
            failure = boundary.flatMap { checkMultipart(request.body, boundary: $0) }
        } else {
            failure = checkJSON(request.body, as: String(type.prefix { $0 != ";" }))
        }
        return failure.map { "body: \($0)" }
    }
}
