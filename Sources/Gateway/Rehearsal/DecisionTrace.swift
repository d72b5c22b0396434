import HTTP1
import JSON
import Policy
import Reactor

/// Something of a request that is not passed on.
struct StrippedItem: Equatable {
    enum Carrier: String {
        case header, cookie, query, path, body
    }

    var carrier: Carrier
    /// As it came; empty where only the number is known.
    var name: String
    var value: String
    /// Why a header goes; everything else goes because it names a tenant.
    var reason = StripReason.tenant
}

/// What a worker decided about one request, as it knew it when the request was over.
struct Decision {
    enum Outcome: String {
        /// Handed to an upstream.
        case forward
        case refuse
        /// Answered by the gateway itself: a preflight, `OPTIONS *`.
        case answer
    }

    var outcome: Outcome
    var refusal: Refusal?
    var status: UInt16
    /// Index into the policy's routes.
    var route: Int?
    var caller: Caller?
    var standings: LimitStandings
    /// Index into the policy's upstreams, and into the snapshot's targets.
    var upstream: Int
    var target: Int
    var defect: String?
    var violation: String?
    var stripped: [StrippedItem]
    var report: CleaningReport
    var shadow: ShadowReport?
}

/// Watches one worker decide, for `explain` and `test`. It is told at three places of the request
/// path and asks nothing of it; in traffic there is none. Names are found by the rules that
/// removed them, one item at a time.
final class DecisionTrace {
    private(set) var decisions: [Decision] = []
    private var stripped: [StrippedItem] = []

    /// Forgets what was decided before.
    func begin() {
        decisions = []
        stripped = []
    }

    /// A head was judged, or refused while it was.
    func noteHead(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on route: RouteRule) {
        stripped = []
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            let fate = route.fields.fate(
                of: field.known, name: bytes[field.name], isHopByHop: field.isHopByHop)
            switch fate {
            case .keep where route.dropsCharset(head, bytes, at: index):
                stripped.append(
                    StrippedItem(
                        carrier: .header, name: text(bytes[field.name]),
                        value: text(bytes[field.value]), reason: .charset))
            case .keep, .replaced: break
            case .cleanCookies: noteCookies(bytes[field.value], route.cookies)
            case .drop(let reason):
                stripped.append(
                    StrippedItem(
                        carrier: .header, name: text(bytes[field.name]),
                        value: reason == .credential ? "" : text(bytes[field.value]),
                        reason: reason))
            }
        }
        if let query = head.target.query { noteQuery(bytes[query], route.query) }
        notePath(bytes[head.target.path], route.policy.path)
    }

    /// A body was cleaned.
    func noteBody(
        _ whole: borrowing ByteBuffer, as type: ContentType, removed: Int, _ rule: RouteRule
    ) {
        guard removed > 0 else { return }
        let body = whole.readable
        var names: [String] = []
        switch type.form {
        case .json, .jsonPatch: names = members(of: body, rule.tenantNames)
        case .urlEncoded:
            forEachPart(of: body, splitAt: UInt8(ascii: "&")) { pair in
                if isRemoved(pair, by: rule.query) { names.append(split(pair).name) }
            }
        case .multipart, .jsonLines, .graphQL, .other: break
        }
        if names.count != removed { names = ["\(removed) name\(removed == 1 ? "" : "s")"] }
        stripped += names.map { StrippedItem(carrier: .body, name: $0, value: "") }
    }

    /// The exchange is over.
    func noteEnd(of exchange: Exchange) {
        let seen = exchange.observation
        let outcome: Decision.Outcome =
            seen.refusal != nil ? .refuse : seen.forwarded != nil ? .forward : .answer
        decisions.append(
            Decision(
                outcome: outcome, refusal: seen.refusal, status: seen.status,
                route: exchange.route, caller: exchange.caller, standings: exchange.standings,
                upstream: exchange.upstream, target: exchange.attempts.target,
                defect: seen.defect.map { "\($0)" }, violation: seen.violation.map { "\($0)" },
                stripped: stripped, report: seen.stripped, shadow: seen.shadow))
        stripped = []
    }

    // MARK: - Names

    private func noteCookies(_ value: Span<UInt8>, _ rule: CookieRule) {
        forEachPart(of: value, splitAt: UInt8(ascii: ";")) { pair in
            do throws(Refusal) {
                guard try rule.count(pair, tenant: nil) > 0 else { return }
            } catch {
                // A route that refuses them has found one.
            }
            let (name, value) = split(pair)
            stripped.append(StrippedItem(carrier: .cookie, name: name, value: value))
        }
    }

    private func noteQuery(_ query: Span<UInt8>, _ rule: QueryRule) {
        forEachPart(of: query, splitAt: UInt8(ascii: "&")) { pair in
            guard isRemoved(pair, by: rule) else { return }
            let (name, value) = split(pair)
            stripped.append(StrippedItem(carrier: .query, name: name, value: value))
        }
    }

    private func isRemoved(_ pair: Span<UInt8>, by rule: QueryRule) -> Bool {
        var scrap = ByteBuffer(capacityMax: pair.count + 4_096)
        do throws(Refusal) {
            let report = try rule.clean(pair, tenant: nil, into: &scrap)
            return report.removed > 0 || report.overridesRemoved > 0
        } catch {
            return error == .tenantConflict
        }
    }

    /// The segment at the place of `{tenant}`; whether it was another's, the report says.
    private func notePath(_ path: Span<UInt8>, _ pattern: PathPattern) {
        guard let place = pattern.segments.firstIndex(of: .tenant) else { return }
        var number = -1
        forEachPart(of: path, splitAt: UInt8(ascii: "/")) { segment in
            number += 1
            // The path begins with a slash: its first part is empty.
            guard number == place + 1 else { return }
            stripped.append(
                StrippedItem(carrier: .path, name: "{tenant}", value: text(segment)))
        }
    }

    /// Names of members that mean the tenant, wherever they are.
    private func members(of body: Span<UInt8>, _ names: SkeletonSet) -> [String] {
        var document = JSONDocument()
        do throws(JSONDefect) {
            try document.parse(body)
        } catch {
            return []
        }
        let view = document.view(of: body)
        var found: [String] = []
        var index = 0
        while let node = view.node(index) {
            index += 1
            guard let key = view.key(of: node), names.judge(key.span) == .listed else { continue }
            found.append(String(decoding: key, as: UTF8.self))
            // What is inside went with it.
            index = view.indexAfter(node)
        }
        return found
    }

    private func forEachPart(
        of bytes: Span<UInt8>, splitAt separator: UInt8, _ body: (Span<UInt8>) -> Void
    ) {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == separator {
            body(bytes.extracting(start..<index))
            start = index + 1
        }
    }

    private func split(_ pair: Span<UInt8>) -> (name: String, value: String) {
        var end = 0
        while end < pair.count, pair[end] != UInt8(ascii: "=") { end += 1 }
        let name = pair.extracting(0..<end)
        let value = pair.extracting(min(end + 1, pair.count)..<pair.count)
        return (text(name).trimmed, text(value))
    }

    private func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

extension String {
    /// Without the spaces and tabs around it.
    fileprivate var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
