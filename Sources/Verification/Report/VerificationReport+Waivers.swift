public import Policy

extension VerificationReport {
    /// Puts waivers on the findings they are about, and a finding in the place of each one that
    /// holds no longer: a file of waivers that nobody looks after must not stay quiet.
    ///
    /// - Parameter today: `YYYY-MM-DD`, in UTC.
    public mutating func apply(_ waivers: [WaiverFile.Waiver], today: String) {
        var stale: [Finding] = []
        for waiver in waivers {
            let matches = findings.indices.filter {
                findings[$0].rule.rawValue == waiver.rule && findings[$0].object == waiver.object
            }
            guard !matches.isEmpty else {
                stale.append(
                    waiver.finding(
                        .w2, "nothing of rule \(waiver.rule) was found there: take the waiver away")
                )
                continue
            }
            // Dates of this form are in order as texts.
            guard today <= waiver.expires else {
                stale.append(waiver.finding(.w1, "it held until \(waiver.expires)"))
                continue
            }
            for index in matches {
                if let reason = waiver.misfit(of: findings[index]) {
                    stale.append(reason)
                } else {
                    findings[index].waiver = Waiver(
                        reason: waiver.reason, owner: waiver.owner, expires: waiver.expires)
                }
            }
        }
        findings += stale
        settle()
    }
}

extension Finding {
    /// Rows were seen, and not only thought possible.
    public var isShown: Bool {
        severity == .leak && (rule.rawValue.hasPrefix("L") || rule.rawValue.hasPrefix("T"))
    }
}

extension WaiverFile.Waiver {
    fileprivate func finding(_ rule: Rule, _ message: String) -> Finding {
        Finding(
            rule, .unproven, object: "waiver of \(self.rule) for \(object)",
            "\(message) (owner: \(owner))")
    }

    /// Why it does not cover `finding`.
    fileprivate func misfit(of finding: Finding) -> Finding? {
        if finding.isShown {
            return self.finding(.w3, "rows of another tenant were seen: mend it")
        }
        guard finding.pin != hash else { return nil }
        return self.finding(
            .w4,
            finding.pin.map { "the text behind the finding has hash \($0) now: judge it again" }
                ?? "the finding has no hash: take `hash` away")
    }
}
