extension VerificationReport {
    /// For people, in the form of all our diagnostics: findings first, the worst at the end, where
    /// a terminal leaves off; then the tables, then one line that says it all.
    public func text(colour: Bool) -> String {
        let paint = ReportPaint(isOn: colour)
        var text = ""
        for finding in findings.reversed() where finding.waiver == nil {
            text += render(finding, paint)
        }
        for finding in findings where finding.waiver != nil { text += render(finding, paint) }
        text += tables(paint)
        return text + summary + "\n"
    }

    private func render(_ finding: Finding, _ paint: ReportPaint) -> String {
        let word = finding.waiver == nil ? finding.severity.rawValue : "waived"
        let head = paint.severity("\(word)[\(finding.rule.rawValue)]", finding)
        var text = "\(head)\(paint.bold(": " + finding.rule.title.shown))\n"
        text += "  \(paint.frame("-->")) \(finding.object.shown)\n"
        var notes = [("because", finding.message)]
        if let waiver = finding.waiver {
            let until = "\(waiver.reason) (\(waiver.owner), until \(waiver.expires))"
            notes.append(("waived", until))
        } else {
            if let sql = finding.reproducer { notes.append(("shows it", sql)) }
            if let sql = finding.fix { notes.append(("mends it", sql)) }
        }
        if let pin = finding.pin { notes.append(("hash", pin)) }
        for (word, words) in notes {
            let lines = words.split(separator: "\n", omittingEmptySubsequences: true)
            for (index, line) in lines.enumerated() {
                let lead =
                    index == 0 ? "= \(word): " : String(repeating: " ", count: word.count + 4)
                text += "   \(paint.frame(lead))\(String(line).shown)\n"
            }
        }
        return text + "\n"
    }

    private func tables(_ paint: ReportPaint) -> String {
        guard !relations.isEmpty else { return "" }
        let width = min(relations.map(\.relation.count).max() ?? 0, 60)
        var text = ""
        for relation in relations {
            let name = relation.relation.shown
            let pad = String(repeating: " ", count: max(0, width - name.count))
            let verdict = paint.verdict(relation)
            var what = relation.privileges.joined(separator: ", ")
            if relation.isGlobal { what += ", declared global" }
            text += "\(verdict) \(name)\(pad)  \(what.shown)\n"
        }
        return text + "\n"
    }

    /// `verified 12 relations of app as app_rw on PostgreSQL 15.18, sealed: 11 proven, 1 waived`
    public var summary: String {
        let counts = counts
        var parts: [String] = []
        for (count, word) in [
            (counts.proven, "proven"), (counts.waived, "waived"),
            (counts.unproven, "unproven"), (counts.leak, "leaking"),
        ] where count > 0 {
            parts.append("\(count) \(word)")
        }
        if parts.isEmpty { parts = ["nothing of any tenant"] }
        let probes =
            "\(counts.probes) probes, \(counts.probesFailed) failed, "
            + "\(counts.probesSkipped) skipped"
        let version = subject.serverVersion.prefix { $0 != " " }
        return "verified \(relations.count) relations of \(subject.database.shown) as "
            + "\(subject.login.shown) on PostgreSQL \(version), \(subject.mode.rawValue) mode: "
            + "\(parts.joined(separator: ", ")); \(probes)"
    }

    /// The SQL of all findings, for an operator to read and run; nothing here runs it.
    public var fixScript: String {
        var text = "-- What `db verify` would change. Read it, then run it as whom it names.\n"
        var seen: Set<String> = []
        for finding in findings where finding.counts {
            text += "\n-- \(finding.rule.rawValue) \(finding.object.shown)\n"
            text += "-- \(finding.message.shown)\n"
            guard let fix = finding.fix else {
                text += "-- no statement mends this: see docs/verify.md\n"
                continue
            }
            guard seen.insert(fix).inserted else {
                text += "-- mended above\n"
                continue
            }
            text += fix + (fix.hasSuffix(";") ? "\n" : ";\n")
        }
        if seen.isEmpty, findings.allSatisfy({ !$0.counts }) { text += "\n-- Nothing.\n" }
        return text
    }
}

/// Colours of a terminal, or none (`NO_COLOR`).
struct ReportPaint {
    let isOn: Bool

    func severity(_ text: String, _ finding: Finding) -> String {
        if finding.waiver != nil { return wrap(text, "36") }
        return switch finding.severity {
        case .leak: wrap(text, "1;31")
        case .unproven: wrap(text, "1;33")
        case .notice: wrap(text, "1;34")
        }
    }

    func verdict(_ relation: RelationVerdict) -> String {
        let word = relation.verdict.rawValue
        let text = word + String(repeating: " ", count: max(0, 8 - word.count))
        return switch relation.verdict {
        case .proven: wrap(text, "32")
        case .waived: wrap(text, "36")
        case .unproven: wrap(text, "1;33")
        case .leak: wrap(text, "1;31")
        }
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func frame(_ text: String) -> String { wrap(text, "34") }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// Names of objects are data: nothing in them may reach a terminal as a command.
    var shown: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
