/// One HTML page for a reviewer: everything a verification looked at and what came of it. It loads
/// nothing, runs nothing, and prints on paper; the same report as JSON is at its end.
struct EvidencePage {
    let report: VerificationReport
    private var page = HTMLText()

    static func render(_ report: VerificationReport) -> [UInt8] {
        var page = EvidencePage(report: report)
        page.write()
        return Array(page.page.text.utf8)
    }

    private init(report: VerificationReport) { self.report = report }

    private mutating func write() {
        page.raw(Self.head)
        page.element("title", "Tenant isolation of \(report.subject.database)")
        page.raw("<style>\(Self.style)</style>\n</head>\n<body>\n")
        writeVerdict()
        writeSubject()
        writeCoverage()
        writeRelations()
        writeFindings()
        writeWaivers()
        writeProbes()
        writeRules()
        page.raw("<h2>The same report for programs</h2>\n<pre class=\"json\">")
        page.text(String(decoding: report.json(), as: UTF8.self))
        page.raw("</pre>\n</body>\n</html>\n")
    }

    private mutating func writeVerdict() {
        let counts = report.counts
        page.element("h1", "Tenant isolation of \(report.subject.database)")
        let words: String
        switch report.exitCode {
        case 0:
            words =
                "Isolation is proven for every relation the login can reach"
                + (counts.waived > 0 ? ", but for the risks accepted below." : ".")
        case 5: words = "Rows, or knowledge of them, reach another tenant."
        default: words = "Isolation is not proven."
        }
        page.raw("<p class=\"verdict \(report.verdictWord.lowercased())\"><strong>")
        page.text(report.verdictWord)
        page.raw("</strong> ")
        page.text(words)
        page.raw("</p>\n")
        page.element("p", report.summary)
    }

    private mutating func writeSubject() {
        let subject = report.subject
        page.element("h2", "What was verified")
        page.table(
            ["", ""],
            [
                ["Database", subject.database],
                ["Login judged", "\(subject.login) (logged in as \(subject.sessionUser))"],
                ["Server", "PostgreSQL \(subject.serverVersion)"],
                ["Program", "ringfence \(subject.programVersion)"],
                ["Mode of the context", Self.words(of: subject.mode)],
                ["Profile", subject.profile],
                ["Schemas", subject.schemas.joined(separator: ", ")],
                ["Tenant columns", subject.tenantColumns.joined(separator: ", ")],
                ["Begun", UTCTime.text(subject.startedAt)],
                ["Took", "\(subject.milliseconds) ms"],
                ["Catalogs (SHA-256)", subject.catalogFingerprint],
            ], headed: false)
    }

    private static func words(of mode: VerificationReport.Mode) -> String {
        switch mode {
        case .sealed:
            "sealed: a seal is verified once a transaction; the context is kept where the login "
                + "cannot write"
        case .statement:
            "statement: a seal is verified by every statement; the login can read it but make none"
        case .plain:
            "plain: a setting that every statement can change; bugs are stopped, injection is not"
        }
    }

    /// What the verdict does not say is as much part of it.
    private mutating func writeCoverage() {
        let subject = report.subject
        page.element("h2", "What is covered, and what is not")
        var covered = [
            "identity and privileges of the login, policies, ways around them, keys, functions, "
                + "settings and extensions, from the catalogs",
            "\(report.counts.cells) cells of truth tables: the policies evaluated on made-up rows",
            "\(report.counts.probes) attempts made as the login, each rolled back",
        ]
        var missing = [
            "volume: sizes, row counts and times of all tenants can be measured",
            "row estimates of EXPLAIN, for who can send SQL of their own",
            "the application itself: what it does with rows it may read",
            "changes after the moment named above; the hash of the catalogs tells whether there "
                + "were any",
        ]
        if subject.mode == .plain {
            missing.append("SQL injection: in plain mode an injected expression changes the tenant")
        }
        if subject.usedPooler {
            covered.append("two clients through the pooler")
        } else {
            missing.append("a connection pooler: none was given")
        }
        if !subject.usedAdministrator {
            missing.append("statistics, which only an administrator can read: none was given")
        }
        page.element("h3", "Covered")
        page.list(covered)
        page.element("h3", "Not covered")
        page.list(missing)
    }

    private mutating func writeRelations() {
        page.element("h2", "Relations the login can reach")
        page.table(
            ["Relation", "Verdict", "Kind", "Tenant column", "Privileges", "Cells"],
            report.relations.map {
                [
                    $0.relation, $0.verdict.rawValue, $0.kind.rawValue,
                    $0.isGlobal
                        ? "none (declared global)" : $0.tenantColumns.joined(separator: ", "),
                    $0.privileges.joined(separator: ", "), String($0.cells),
                ]
            })
        page.element("h3", "Policies")
        page.table(
            ["Relation", "Policy", "For", "Kind", "Condition", "SHA-256"],
            report.relations.flatMap { relation in
                relation.policies.map { policy in
                    [
                        relation.relation, policy.name, policy.command,
                        policy.isPermissive ? "permissive" : "restrictive",
                        (policy.using ?? policy.check ?? "")
                            + (policy.isCanonical ? "" : " (not canonical)"),
                        policy.hash,
                    ]
                }
            })
    }

    private mutating func writeFindings() {
        let open = report.findings.filter { $0.waiver == nil }
        page.element("h2", "Findings")
        guard !open.isEmpty else { return page.element("p", "None.") }
        for finding in open {
            page.raw("<section class=\"finding \(finding.severity.rawValue)\">\n")
            page.element(
                "h3", "\(finding.rule.rawValue) \(finding.rule.title): \(finding.object)")
            page.element("p", "\(finding.severity.rawValue): \(finding.message)")
            for (label, sql) in [("Shows it", finding.reproducer), ("Mends it", finding.fix)] {
                guard let sql else { continue }
                page.element("p", label)
                page.element("pre", sql)
            }
            if let pin = finding.pin { page.element("p", "SHA-256 of what was judged: \(pin)") }
            page.raw("</section>\n")
        }
    }

    private mutating func writeWaivers() {
        page.element("h2", "Accepted risks")
        let waived = report.findings.filter { $0.waiver != nil }
        guard !waived.isEmpty else { return page.element("p", "None.") }
        page.table(
            ["Rule", "Object", "Finding", "Reason", "Owner", "Until", "SHA-256"],
            waived.map {
                [
                    $0.rule.rawValue, $0.object, $0.message, $0.waiver?.reason ?? "",
                    $0.waiver?.owner ?? "", $0.waiver?.expires ?? "", $0.pin ?? "",
                ]
            })
    }

    private mutating func writeProbes() {
        page.element("h2", "Attempts made as the login")
        page.table(
            ["Probe", "Relation", "Attempt", "Expected", "Observed", "Outcome"],
            report.probes.map {
                [
                    $0.probe.rawValue, $0.relation ?? "", $0.attempt, $0.expected, $0.observed,
                    $0.result.rawValue,
                ]
            })
    }

    private mutating func writeRules() {
        page.element("h2", "What was looked for")
        page.table(
            ["Rule", "Finding", "Found"],
            Rule.allCases.map { rule in
                let count = report.findings.count { $0.rule == rule }
                return [rule.rawValue, rule.title, count == 0 ? "no" : "\(count)"]
            })
    }

    private static let head = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
        style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width">

        """

    private static let style = """
        body{font:15px/1.45 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;
        color:#111;background:#fff}
        h1{font-size:1.6em}h2{margin-top:2em;border-bottom:1px solid #999}
        table{border-collapse:collapse;width:100%;font-size:.9em}
        th,td{border:1px solid #bbb;padding:.3em .5em;text-align:left;vertical-align:top;
        overflow-wrap:anywhere}
        th{background:#eee}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;
        padding:.5em}
        .verdict{font-size:1.2em;padding:.6em;border:2px solid #555}
        .proven{border-color:#177a2b}.waived{border-color:#0b6e8a}
        .unproven{border-color:#a86400}.leak{border-color:#b00020}
        .finding{border-left:.4em solid #999;padding-left:1em;break-inside:avoid}
        .json{font-size:.75em}
        @media print{body{max-width:none;margin:0}tr{break-inside:avoid}}
        """
}

/// Text of a page, in which data can never become markup.
struct HTMLText {
    private(set) var text = ""

    /// Markup of ours.
    mutating func raw(_ markup: String) { text += markup }

    mutating func text(_ data: String) {
        for scalar in data.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\n", "\t": text.unicodeScalars.append(scalar)
            default: text += String(scalar).shown
            }
        }
    }

    mutating func element(_ name: String, _ data: String) {
        raw("<\(name)>")
        text(data)
        raw("</\(name)>\n")
    }

    mutating func list(_ items: [String]) {
        raw("<ul>\n")
        for item in items { element("li", item) }
        raw("</ul>\n")
    }

    mutating func table(_ heads: [String], _ rows: [[String]], headed: Bool = true) {
        guard !rows.isEmpty else { return element("p", "None.") }
        raw("<table>\n")
        if headed {
            raw("<tr>")
            for head in heads { element("th", head) }
            raw("</tr>\n")
        }
        for row in rows {
            raw("<tr>")
            for (index, cell) in row.enumerated() {
                element(!headed && index == 0 ? "th" : "td", cell)
            }
            raw("</tr>\n")
        }
        raw("</table>\n")
    }
}
