import JSON
import Policy
import Postgres

/// `db posture`, which `run` asks too.
extension DatabaseCommands {
    /// What an examination of role and schema came to.
    enum Verdict {
        case fit
        /// Ways in which a row could reach somebody else, one sentence each.
        case unsafe([String])
        /// There is no schema of ours to examine.
        case unproven(String)
    }

    struct Posture {
        var verdict: Verdict
        /// What is wrong, by the words programs go by.
        var findings: [(kind: String, subject: String, text: String)] = []
        var facts: ContextFacts?
        /// What the database stops and what not, given all of that; empty where it was not asked.
        var threats: [ContextFacts.Threat] = []
    }

    /// Throws when the examination itself is impossible.
    static func examine(_ setup: BackendSetup) throws(StartupFault) -> Verdict {
        try posture(setup).verdict
    }

    /// Throws when the examination itself is impossible.
    static func posture(_ setup: BackendSetup) throws(StartupFault) -> Posture {
        let script = try plan(setup).script
        var connection = Connection(to: setup.runtime, context: setup.context)
        let deadline = Deadline.after(milliseconds: checkMilliseconds)
        do throws(DatabaseFault) {
            // The schema is not asked about by a role that could lie to itself about it.
            let roles = try RolePosture.check(&connection, deadline: deadline)
            guard roles.isEmpty else {
                return Posture(
                    verdict: .unsafe(roles.map(\.description)),
                    findings: roles.map { ($0.kind.rawValue, $0.subject, $0.description) })
            }
            // A schema that is not there yet, or not ours any more, would be found unsafe in every
            // detail, and the one thing to do about it would go under.
            let progress = try SchemaPosture.progress(&connection, deadline: deadline)
            if let words = progress.words { return Posture(verdict: .unproven(words)) }
            let facts = try ContextFacts.read(&connection, deadline: deadline)
            guard facts.hasGuard else {
                return Posture(
                    verdict: .unproven(
                        "the guard is not installed; run `ringfence-backend db migrate`"),
                    facts: facts)
            }
            let findings =
                try SchemaPosture.check(
                    &connection, against: GuardScript(mode: facts.mode ?? script.mode) ?? script,
                    deadline: deadline) + modeFinding(facts, wanted: script.mode)
            return Posture(
                verdict: findings.isEmpty ? .fit : .unsafe(findings.map(\.description)),
                findings: findings.map { ($0.kind.rawValue, $0.subject, $0.description) },
                facts: facts, threats: facts.threats(given: findings))
        } catch {
            throw fault("the runtime role's login failed", error)
        }
    }

    /// A database in another mode than the one asked for is examined by its own, and this is said.
    private static func modeFinding(
        _ facts: ContextFacts, wanted: ContextMode
    ) -> [SchemaPosture.Finding] {
        guard let mode = facts.mode, mode != wanted else { return [] }
        return [
            SchemaPosture.Finding(
                kind: .mode,
                subject: "\(mode.rawValue), `database.context` says \(wanted.rawValue); "
                    + "`ringfence-backend db migrate` brings it about")
        ]
    }
}

extension DatabaseCommands.Posture {
    var exit: ExitCode {
        switch verdict {
        case .fit: .fine
        case .unproven: .failed
        case .unsafe: .unsafeIsolation
        }
    }

    /// For people.
    var text: String {
        var text = ""
        switch verdict {
        case .fit: text += "the runtime role and the schema are fit for use\n"
        case .unproven(let words): text += "unproven: \(words)\n"
        case .unsafe(let findings):
            for finding in findings { text += "unsafe: \(finding)\n" }
        }
        guard let facts, facts.hasGuard else { return text }
        text += "\ncontext: \(facts.mode?.rawValue ?? "none of ours")\n"
        for threat in threats {
            text +=
                "  \(threat.isStopped ? "stops" : "does not stop"): \(threat.name); "
                + "\(threat.why)\n"
        }
        return text
    }

    /// For programs: one object on one line.
    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        switch verdict {
        case .fit: writer.member("verdict", "fit")
        case .unsafe: writer.member("verdict", "unsafe")
        case .unproven(let words):
            writer.member("verdict", "unproven")
            writer.member("reason", words)
        }
        if let mode = facts?.mode { writer.member("context", mode.rawValue) }
        writer.key("findings")
        writer.beginArray()
        for finding in findings {
            writer.beginObject()
            writer.member("kind", finding.kind)
            writer.member("subject", finding.subject)
            writer.member("text", finding.text)
            writer.endObject()
        }
        writer.endArray()
        writer.key("threats")
        writer.beginArray()
        for threat in threats {
            writer.beginObject()
            writer.member("threat", threat.name)
            writer.member("stopped", threat.isStopped)
            writer.member("why", threat.why)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}
