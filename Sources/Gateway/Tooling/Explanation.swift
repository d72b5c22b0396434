import HTTP1
import Policy
import Reactor

/// Why a request was decided as it was, step by step in the order of the decision, each with the
/// place in the policy that decided it.
struct Explanation {
    struct Step {
        enum Name: String {
            case route, token, tenant, stripped, limit, body, forward, answer
        }

        var name: Name
        var text: String
        /// Where the policy says so.
        var mark: SourceMark?
        var isRefused = false
    }

    let request: RequestDraft
    let host: String
    let snapshot: Snapshot
    let places: PolicyPlaces
    let result: RehearsedRequest
    /// Wall-clock seconds at which it was decided.
    let now: Int64
    private(set) var steps: [Step] = []

    init(
        _ request: RequestDraft, host: String, snapshot: Snapshot, places: PolicyPlaces,
        result: RehearsedRequest, now: Int64
    ) {
        self.request = request
        self.host = host
        self.snapshot = snapshot
        self.places = places
        self.result = result
        self.now = now
        explain()
    }

    var decision: Decision { result.decision }
    var policy: GatewayPolicy { snapshot.policy }
    var route: RoutePolicy? { decision.route.map { policy.routes[$0] } }

    private mutating func explain() {
        let refused = refusedStep
        for name in [Step.Name.route, .token, .tenant, .stripped, .limit, .body] {
            if var step = step(name) {
                if name == refused, let refusal = decision.refusal {
                    step.text = refusalText(refusal, instead: step.text)
                    step.mark = refusedMark(name) ?? step.mark
                    step.isRefused = true
                }
                steps.append(step)
            } else if name == refused, let refusal = decision.refusal {
                steps.append(
                    Step(
                        name: name, text: refusalText(refusal, instead: ""),
                        mark: refusedMark(name), isRefused: true))
            }
            if name == refused { return }
        }
        guard let refusal = decision.refusal else { return steps.append(lastStep()) }
        steps.append(
            Step(
                name: .forward, text: refusalText(refusal, instead: ""),
                mark: refusedMark(.forward), isRefused: true))
    }

    private func step(_ name: Step.Name) -> Step? {
        switch name {
        case .route: routeStep()
        case .token: tokenStep()
        case .tenant: tenantStep()
        case .stripped: strippedStep()
        case .limit: limitStep()
        case .body, .forward, .answer: nil
        }
    }

    private func routeStep() -> Step? {
        guard let route else { return nil }
        var text = "\(route.name): "
        if let host = route.host { text += "host \(host), " }
        text += "path \(route.path.text)"
        if let methods = route.methods { text += ", \(methods.joined(separator: " "))" }
        if route.mode == .shadow { text += ", in shadow" }
        return Step(name: .route, text: text, mark: route.mark)
    }

    private func tenantStep() -> Step? {
        guard let route, let caller = decision.caller else { return nil }
        guard let principal = caller.principal else {
            return Step(name: .tenant, text: "none: the vendor speaks for itself", mark: nil)
        }
        var text = "\(principal.externalID.text) (\(principal.tenant.text))"
        var mark: SourceMark?
        if principal.credential == .token, let index = route.issuer {
            let issuer = policy.issuers[index]
            text += ", claim \(issuer.tenant.text)"
            mark = places.mark(of: "issuers", issuer.name, "tenant", "claim") ?? issuer.mark
        } else if let (words, place) = whereNamed(caller.claims) {
            text += ", \(words)"
            mark = place
        }
        if principal.vendor != 0 {
            text += ", vendor \(String(decoding: principal.vendorName, as: UTF8.self))"
        }
        return Step(name: .tenant, text: text, mark: mark)
    }

    private func strippedStep() -> Step? {
        guard let route, decision.caller != nil || decision.refusal == nil else { return nil }
        let shown = shownStripped
        guard !shown.isEmpty || decision.outcome == .forward else { return nil }
        var text = shown.isEmpty ? "nothing" : shown.joined(separator: ", ")
        if route.mode == .shadow, !shown.isEmpty { text = "in shadow, passed on: " + text }
        return Step(
            name: .stripped, text: text,
            mark: shown.isEmpty ? nil : places.routeMark(route.name, "tenant"))
    }

    /// What was taken out, in words; the credential that was used is no news.
    var shownStripped: [String] {
        var isUsed = decision.caller != nil
        return decision.stripped.compactMap { item -> String? in
            if item.reason == .credential, isUsed {
                isUsed = false
                return nil
            }
            var text = "\(item.carrier.rawValue) \(item.name.printableText)"
            if !item.value.isEmpty { text += "=\(item.value.printableText)" }
            if item.reason != .tenant { text += " (\(Self.words(item.reason)))" }
            return text
        }
    }

    private static func words(_ reason: StripReason) -> String {
        switch reason {
        case .tenant: "names the tenant"
        case .hopByHop: "for one hop only"
        case .identity: "says who the client is"
        case .gatewayOwn: "a name of the gateway's own"
        case .credential: "the credential"
        case .irregularName: "a name with two readings"
        case .charset: "says in which character set the query is read"
        }
    }

    private func limitStep() -> Step? {
        guard let principal = decision.caller?.principal else { return nil }
        let tier = String(decoding: principal.tierName, as: UTF8.self)
        let mark = places.mark(of: "tiers", tier)
        let standings = decision.standings
        var texts = (0..<standings.count).map { limitText(standings[$0], tier) }
        if let concurrency = standings.concurrency {
            texts.append("\(tier) \(concurrency.limit) at once: \(concurrency.remaining) left")
        }
        if texts.isEmpty {
            guard case .perMinute(let limit) = principal.limit else {
                return Step(name: .limit, text: "\(tier): unlimited", mark: mark)
            }
            texts = ["\(tier) \(limit)/min"]
        } else {
            texts[texts.count - 1] += " of a minute that begins with this request"
        }
        return Step(name: .limit, text: texts.joined(separator: ", "), mark: mark)
    }

    private func limitText(_ standing: LimitStanding, _ tier: String) -> String {
        let whose: String
        switch standing.kind {
        case .tier: whose = tier
        case .tierUser: whose = "\(tier) for the user"
        case .route: whose = "route \(route?.name ?? "")"
        case .routeUser: whose = "route \(route?.name ?? "") for the user"
        }
        return "\(whose) \(standing.limitPerMinute)/min: \(standing.remaining) left"
    }

    private func lastStep() -> Step {
        guard decision.outcome == .forward, let sent = result.sent else {
            let fields = result.fields.filter { !$0.name.isEmpty }.count
            return Step(
                name: .answer, text: "answered here with \(result.status), \(fields) fields",
                mark: route.flatMap { places.routeMark($0.name, "cors") })
        }
        let upstream = policy.upstreams[decision.upstream]
        var text = "\(upstream.name) at \(targetText): \(sent.method) \(sent.target)"
        if sent.values("ringfence-assertion").count == 1 { text += " + ringfence-assertion" }
        return Step(name: .forward, text: text, mark: upstream.mark)
    }

    /// The first address that would be tried.
    var targetText: String {
        let target = snapshot.targets[decision.target]
        let upstream = policy.upstreams[decision.upstream]
        let place = decision.target - snapshot.upstreams[decision.upstream].targets.lowerBound
        if upstream.targets.indices.contains(place), upstream.targets[place].scheme == .unix {
            return "unix:" + upstream.targets[place].host
        }
        return String(decoding: target.authority, as: UTF8.self)
    }

    /// `4m12s`
    static func duration(_ seconds: Int64) -> String {
        guard seconds > 0 else { return "0s" }
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2)
        // `1h`, not `1h0m`.
        return shown.enumerated().filter { $0.offset == 0 || $0.element.0 > 0 }
            .map { "\($0.element.0)\($0.element.1)" }.joined()
    }
}

extension String {
    /// Without anything that could move a terminal's cursor.
    var printableText: String {
        var out = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                out.append("\u{FFFD}")
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    var startingSmall: String {
        guard let first, !dropFirst().prefix(1).allSatisfy(\.isUppercase) else { return self }
        return first.lowercased() + dropFirst()
    }
}
