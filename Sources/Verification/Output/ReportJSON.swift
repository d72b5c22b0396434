import JSON

extension VerificationReport {
    /// One JSON document: `v` is 1 as long as no member is removed or changes its meaning.
    public func json() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        writer.endLine()
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("v", 1)
        writer.member("verdict", verdictWord)
        writer.member("exit", Int(exitCode))
        writeSubject(to: &writer)
        writeCounts(to: &writer)
        writer.key("relations")
        writer.beginArray()
        for relation in relations { relation.write(to: &writer) }
        writer.endArray()
        writer.key("findings")
        writer.beginArray()
        for finding in findings { finding.write(to: &writer) }
        writer.endArray()
        writer.key("probes")
        writer.beginArray()
        for probe in probes { probe.write(to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    /// Of the whole database.
    public var verdictWord: String {
        switch exitCode {
        case 0: findings.contains { $0.waiver != nil } ? "WAIVED" : "PROVEN"
        case 5: "LEAK"
        default: "UNPROVEN"
        }
    }

    private func writeSubject(to writer: inout JSONWriter) {
        writer.key("subject")
        writer.beginObject()
        writer.member("program", subject.programVersion)
        writer.member("server", subject.serverVersion)
        writer.member("server_number", subject.serverVersionNumber)
        writer.member("database", subject.database)
        writer.member("login", subject.login)
        writer.member("session_user", subject.sessionUser)
        writer.member("mode", subject.mode.rawValue)
        writer.member("profile", subject.profile)
        writer.strings("schemas", subject.schemas)
        writer.strings("tenant_columns", subject.tenantColumns)
        writer.member("through_pooler", subject.usedPooler)
        writer.member("with_administrator", subject.usedAdministrator)
        writer.member("catalog", subject.catalogFingerprint)
        writer.member("started_at", subject.startedAt)
        writer.member("milliseconds", subject.milliseconds)
        writer.endObject()
    }

    private func writeCounts(to writer: inout JSONWriter) {
        let counts = counts
        writer.key("counts")
        writer.beginObject()
        writer.member("proven", counts.proven)
        writer.member("waived", counts.waived)
        writer.member("unproven", counts.unproven)
        writer.member("leak", counts.leak)
        writer.member("global", counts.global)
        writer.member("policies", counts.policies)
        writer.member("cells", counts.cells)
        writer.member("probes", counts.probes)
        writer.member("probes_failed", counts.probesFailed)
        writer.member("probes_skipped", counts.probesSkipped)
        writer.endObject()
    }
}

extension RelationVerdict {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("relation", relation)
        writer.member("kind", kind.rawValue)
        writer.member("verdict", verdict.rawValue)
        writer.member("global", isGlobal)
        writer.strings("tenant_columns", tenantColumns)
        writer.strings("privileges", privileges)
        writer.member("cells", cells)
        writer.key("policies")
        writer.beginArray()
        for policy in policies {
            writer.beginObject()
            writer.member("name", policy.name)
            writer.member("command", policy.command)
            writer.member("permissive", policy.isPermissive)
            writer.strings("roles", policy.roles)
            writer.text("using", policy.using)
            writer.text("check", policy.check)
            writer.member("canonical", policy.isCanonical)
            writer.member("hash", policy.hash)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension Finding {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("rule", rule.rawValue)
        writer.member("severity", severity.rawValue)
        writer.member("title", rule.title)
        writer.member("object", object)
        writer.text("relation", relation)
        writer.member("message", message)
        writer.text("reproducer", reproducer)
        writer.text("fix", fix)
        writer.text("hash", pin)
        writer.key("waiver")
        if let waiver {
            writer.beginObject()
            writer.member("reason", waiver.reason)
            writer.member("owner", waiver.owner)
            writer.member("expires", waiver.expires)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.endObject()
    }
}

extension ProbeOutcome {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("probe", probe.rawValue)
        writer.text("relation", relation)
        writer.member("attempt", attempt)
        writer.member("expected", expected)
        writer.member("observed", observed)
        writer.member("result", result.rawValue)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func strings(_ name: String, _ values: [String]) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// `null` without a value.
    mutating func text(_ name: String, _ value: String?) {
        if let value { member(name, value) } else { memberNull(name) }
    }
}
