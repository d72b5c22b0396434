import Policy

/// Which outcomes of which routes a run of tests has seen.
final class PolicyCoverage {
    /// What every route that can have it should be seen to do.
    enum Outcome: String, CaseIterable {
        case forwarded
        /// Forwarded for each kind of credential that a route of several takes.
        case token = "by token"
        case key = "by key"
        case session = "by session"
        case certificate = "by certificate"
        /// Nobody, or somebody with a bad credential, is turned away.
        case unauthenticated = "401"
        /// Who lacks the role or the feature is turned away.
        case forbidden = "403"
        /// A client that names a tenant itself gets nothing by it.
        case spoofed
        /// The limit holds.
        case limited = "429"
    }

    private let policy: GatewayPolicy
    private var seen: [[Outcome: Int]]

    init(_ policy: GatewayPolicy) {
        self.policy = policy
        seen = Array(repeating: [:], count: policy.routes.count)
    }

    func note(_ decision: Decision) {
        guard let route = decision.route, seen.indices.contains(route) else { return }
        if decision.outcome == .forward {
            seen[route][.forwarded, default: 0] += 1
            if let kind = Self.kind(of: decision) { seen[route][kind, default: 0] += 1 }
        }
        if decision.status == 401 { seen[route][.unauthenticated, default: 0] += 1 }
        switch decision.refusal {
        case .roleMissing, .featureMissing, .scopeInsufficient:
            seen[route][.forbidden, default: 0] += 1
        default: break
        }
        if decision.status == 429 { seen[route][.limited, default: 0] += 1 }
        if decision.report.namedTenant || decision.refusal == .tenantConflict
            || decision.refusal == .tenantHost
        {
            seen[route][.spoofed, default: 0] += 1
        }
    }

    private static func kind(of decision: Decision) -> Outcome? {
        switch decision.caller?.claims.credential {
        case .token: .token
        case .apiKey: .key
        case .session: .session
        case .certificate: .certificate
        case .internalToken, .place, nil: nil
        }
    }

    func count(_ outcome: Outcome, route: Int) -> Int { seen[route][outcome] ?? 0 }

    /// Whether the route can have the outcome.
    func applies(_ outcome: Outcome, to route: RoutePolicy) -> Bool {
        switch (outcome, route.authentication) {
        case (.forwarded, _): true
        case (.token, .credentials(let kinds)): kinds.issuer != nil && kinds.count > 1
        case (.key, .credentials(let kinds)): kinds.apiKey && kinds.count > 1
        case (.session, .credentials(let kinds)): kinds.session && kinds.count > 1
        case (.certificate, .credentials(let kinds)): kinds.certificate && kinds.count > 1
        case (.token, _), (.key, _), (.session, _), (.certificate, _): false
        case (.forbidden, _):
            // Keys ask their tenant's tier for a feature.
            route.feature != nil || !route.roles.isEmpty || !route.scopes.isEmpty
                || route.takesAPIKeys
        case (.unauthenticated, .none): false
        case (.unauthenticated, _): true
        case (.spoofed, _), (.limited, _): route.actsForTenant
        }
    }

    /// How many of those that can be were seen.
    var sum: (seen: Int, possible: Int) {
        var sum = (seen: 0, possible: 0)
        for (index, route) in policy.routes.enumerated() {
            for outcome in Outcome.allCases where applies(outcome, to: route) {
                sum.possible += 1
                if count(outcome, route: index) > 0 { sum.seen += 1 }
            }
        }
        return sum
    }

    func text() -> String {
        let sum = sum
        let shown = Outcome.allCases.filter { outcome in
            policy.routes.contains { applies(outcome, to: $0) }
        }
        var rows = [["route"] + shown.map(\.rawValue)]
        for (index, route) in policy.routes.enumerated() {
            rows.append(
                [route.name]
                    + shown.map { outcome in
                        guard applies(outcome, to: route) else { return "" }
                        let count = count(outcome, route: index)
                        return count == 0 ? "-" : "\(count)"
                    })
        }
        return "coverage: \(sum.seen) of \(sum.possible) outcomes\n" + TextTable.text(rows)
    }
}

/// Columns side by side, as wide as their widest cell.
enum TextTable {
    static func text(_ rows: [[String]], indent: String = "  ") -> String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        var out = ""
        for row in rows {
            var line = indent
            for (index, cell) in row.enumerated() {
                line += cell + String(repeating: " ", count: widths[index] - cell.count + 2)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            out += line + "\n"
        }
        return out
    }
}
