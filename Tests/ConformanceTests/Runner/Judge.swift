/// Compares what was seen of a row with what the row says.
struct Judge {
    var invariants = Invariants()

    /// Everything that is not as it should be; empty when the row holds.
    func defects(of row: Case, _ seen: Evidence) -> [String] {
        var found = invariants.defects(of: row, seen)
        if let surprise = seen.surprise { found.append(surprise) }
        found += answerDefects(row, seen)
        found += connectionDefects(row, seen)
        found += auditDefects(row, seen)
        for fact in row.facts {
            if let defect = defect(fact, seen) { found.append(defect) }
        }
        return found
    }

    private func answerDefects(_ row: Case, _ seen: Evidence) -> [String] {
        guard let reply = seen.reply else {
            return row.mayLoseAnswer && seen.isClosed ? [] : ["there was no answer"]
        }
        var found: [String] = []
        if reply.status != row.verdict.status {
            found.append("answered \(reply.status) \(reply.code ?? ""), not \(row.verdict.status)")
        }
        let logged = seen.logged.first
        if let code = row.verdict.code, reply.code != code, logged?.cause != code {
            let cause = logged?.cause ?? "no cause"
            found.append("refused for \(reply.code ?? "nothing") (\(cause)), not \(code)")
        }
        return found
    }

    private func connectionDefects(_ row: Case, _ seen: Evidence) -> [String] {
        var found: [String] = []
        let canaries = row.verdict.keepsConnection ? 1 : 0
        if seen.canaries != canaries {
            found.append("the canary was seen \(seen.canaries) times, not \(canaries)")
        }
        if row.verdict.keepsConnection {
            if seen.canaryReply?.status != 200 {
                found.append("the connection did not go on: \(seen.canaryReply?.status ?? 0)")
            }
        } else if !seen.isClosed {
            found.append("the connection was not closed")
        }
        return found
    }

    /// INV-7: every request has its line, what was taken out and every refusal is on record.
    private func auditDefects(_ row: Case, _ seen: Evidence) -> [String] {
        var found: [String] = []
        let answers = row.mayLoseAnswer ? 1 : seen.replies
        if seen.logged.count != answers {
            found.append("INV-7: \(seen.logged.count) log lines for \(answers) answers")
        }
        guard let logged = seen.logged.first else { return found }
        guard let reply = seen.reply else {
            let isAsSaid = logged.status == row.verdict.status && logged.cause == row.verdict.code
            return isAsSaid ? found : found + ["INV-7: logged as \(logged.status) \(logged.code)"]
        }
        let code = reply.status < 400 || row.verdict.isUpstreams ? "forwarded" : reply.code
        if logged.status != row.verdict.status || logged.code != code {
            found.append("INV-7: logged as \(logged.status) \(logged.code)")
        }
        if logged.requestID != reply.requestID {
            found.append("INV-7: the log and the answer have different request ids")
        }
        let isAttack = row.wire.lowercased().contains(Invariants.attacker)
        if row.verdict.reachesUpstream, isAttack, row.isAudited,
            logged.stripped.subtracting(["credential"]).isEmpty
        {
            found.append("INV-7: nothing says that an override was taken out")
        }
        return found
    }

    private func defect(_ fact: Fact, _ seen: Evidence) -> String? {
        let sent = seen.requests.first
        switch fact {
        case .target(let target):
            return sent?.target == target ? nil : "target is \(sent?.target ?? "-"), not \(target)"
        case .method(let method):
            return sent?.method == method ? nil : "method is \(sent?.method ?? "-"), not \(method)"
        case .field(let name, let value):
            let values = sent?.all(name) ?? []
            let value =
                value.replacing("{client}", with: seen.source)
                .replacing("{upstream}", with: invariants.upstreamSecrets.first ?? "")
            return values == [value] ? nil : "\(name) is \(values), not \(value)"
        case .once(let name):
            let count = sent?.all(name).count ?? 0
            return count == 1 ? nil : "\(name) is there \(count) times"
        case .lacks(let name):
            let values = sent?.all(name) ?? []
            return values.isEmpty ? nil : "\(name) is \(values) and should not be"
        case .never(let text):
            let isThere = sent.map { $0.readable.contains(text) } ?? false
            return isThere ? "the upstream saw `\(text)`" : nil
        case .body(let body):
            let content = Sighting.text(sent?.content ?? [])
            return content == body ? nil : "body is `\(content)`, not `\(body)`"
        case .stripped(let names):
            let stripped = (seen.logged.first?.stripped ?? []).subtracting(["credential"])
            return stripped == Set(names) ? nil : "stripped \(stripped), not \(names)"
        case .reply(let name, let value):
            let values = seen.reply?.all(name) ?? []
            return values == [value] ? nil : "the answer's \(name) is \(values), not \(value)"
        case .replyLacks(let name):
            let values = seen.reply?.all(name) ?? []
            return values.isEmpty ? nil : "the answer's \(name) is \(values) and should not be"
        case .says(let text):
            let isThere = seen.reply?.text.contains(text) ?? false
            return isThere ? nil : "the answer does not say `\(text)`"
        case .unaudited, .credentialPasses: return nil
        }
    }
}
