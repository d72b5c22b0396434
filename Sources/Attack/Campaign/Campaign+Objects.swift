import Reactor

/// Ids of B's objects, asked for as A.
extension Campaign {
    /// Ids that are tried on each request.
    static let idsMax = 4

    func attackObjects(of subject: Subject, _ ids: [String]) {
        do throws(Unreachable) {
            for (index, id) in ids.prefix(Self.idsMax).enumerated() {
                guard !isOutOfTime else { return }
                if isWanted("object.foreign") { try compareWithMissing(subject, id) }
                guard index == 0 else { continue }
                if isWanted("object.timing"), plan.samples > 0 { try compareTimes(subject, id) }
                try spoofWithObject(subject, id)
            }
        } catch {
            record(object("foreign", subject, .unproven, error.reason))
        }
    }

    private func object(
        _ name: String, _ subject: Subject, _ verdict: Verdict, _ reason: String
    ) -> Finding {
        let id = "object.\(name)"
        return Finding(
            vector: id, family: "object",
            title: Catalogue.objects.first { $0.0 == id }?.1 ?? "", precedents: "",
            endpoint: subject.endpoint.name, verdict: verdict, reason: reason)
    }

    private func record(_ finding: Finding, _ exchange: Exchange) {
        var out = finding
        out.status = exchange.status
        out.request = exchange.request
        out.reproducer = Reproducer.text(exchange.request, secrets: plan.secrets)
        record(out)
    }

    /// What an id that is nobody's is answered with, byte for byte, B's has to be answered with.
    private func compareWithMissing(_ subject: Subject, _ id: String) throws(Unreachable) {
        guard let other = try ask(draft(subject.endpoint, id: id), as: plan.foreign).answer,
            Self.succeeded(other.status)
        else {
            // One that was found in a list may be an id of something else.
            let verdict = plan.foreignIDs.isEmpty ? Verdict.skipped : .unproven
            record(object("foreign", subject, verdict, "B itself does not get `\(id)`"))
            return
        }
        var difference: String?
        var exchange = try ask(draft(subject.endpoint, id: id), as: plan.own)
        // Twice, for what differs once may be a cache that is filling.
        for round in 0..<2 {
            exchange = try ask(draft(subject.endpoint, id: id), as: plan.own)
            if let mark = marks.found(in: exchange.received, request: exchange.request) {
                record(object("foreign", subject, .leak, "B's data: `\(mark)`"), exchange)
                return
            }
            guard let answer = exchange.answer else { break }
            if Self.succeeded(answer.status), answer.body == other.body {
                record(object("foreign", subject, .leak, "B's object"), exchange)
                return
            }
            guard let nobody = try missing(subject, id, variant: 2 * round),
                let nobodyElse = try missing(subject, id, variant: 2 * round + 1)
            else {
                record(object("foreign", subject, .unproven, "no id is nobody's"), exchange)
                return
            }
            difference = Self.difference((answer, id), nobody, nobodyElse)
            guard difference != nil else { break }
        }
        guard let answer = exchange.answer, answer.status != 429, answer.status < 500 else {
            let reason = "answered \(exchange.status): it cannot be told why"
            record(object("foreign", subject, .unproven, reason), exchange)
            return
        }
        if let difference {
            let reason = "it tells that the object exists: other than for nobody's id at "
            record(object("foreign", subject, .leak, reason + "`\(difference)`"), exchange)
        } else if Self.isRefusal(answer.status) {
            let reason = "answered \(answer.status), as for nobody's id"
            record(object("foreign", subject, .refused, reason), exchange)
        } else {
            record(object("foreign", subject, .isolated, "as for nobody's id"), exchange)
        }
    }

    /// The answer for an id that neither tenant has.
    private func missing(
        _ subject: Subject, _ id: String, variant: Int
    ) throws(Unreachable) -> (Answer, String)? {
        for step in 0..<3 {
            let other = ObjectID.missing(like: id, variant: variant + 5 * step)
            let request = draft(subject.endpoint, id: other)
            if let answer = try ask(request, as: plan.foreign).answer,
                Self.succeeded(answer.status)
            {
                continue
            }
            return try ask(request, as: plan.own).answer.map { ($0, other) }
        }
        return nil
    }

    /// The first place where an answer differs from both of those for ids that are nobody's, which
    /// agree there.
    static func difference(
        _ one: (Answer, String), _ nobody: (Answer, String), _ nobodyElse: (Answer, String)
    ) -> String? {
        func neutral(_ text: String, _ id: String) -> String {
            text.replacing(id, with: "{id}").replacing(id.percentEncoded, with: "{id}")
        }
        func leaves(_ pair: (Answer, String)) -> Leaves {
            var out = pair.0.leaves.mapValues { neutral($0, pair.1) }
            out["whole body"] = neutral(String(decoding: pair.0.body, as: UTF8.self), pair.1)
            return out
        }
        let (mine, first, second) = (leaves(one), leaves(nobody), leaves(nobodyElse))
        for place in Set(mine.keys).union(first.keys).sorted()
        where first[place] == second[place] && mine[place] != first[place] {
            return place
        }
        return nil
    }

    /// Spoofs beside B's id: the object's owner may be looked for where the attacker says.
    private func spoofWithObject(_ subject: Subject, _ id: String) throws(Unreachable) {
        guard let crossed = try calibrate(subject.endpoint, ids: (id, id)),
            !Self.succeeded(crossed.profile.ownStatus)
        else { return }
        var named = crossed
        named.endpoint = subject.endpoint
        let before = findings.count
        attack(named, Catalogue.spoofs.filter { Catalogue.withObjects.contains($0.id) }, id: id)
        note(findingsFrom: before, "with B's id")
    }

    // MARK: - By time

    /// Measures B's id and two ids that are nobody's in turn, in changing order.
    private func compareTimes(_ subject: Subject, _ id: String) throws(Unreachable) {
        guard let first = try measure(subject, id) else {
            record(object("timing", subject, .unproven, "too few answers to compare"))
            return
        }
        var estimate = first
        // What is suspicious once may be this machine; twice is the target.
        if first.isSuspicious, let second = try measure(subject, id) { estimate = second }
        var out = object("timing", subject, .isolated, "as long as for nobody's id")
        if estimate.isSuspicious {
            out.verdict = .unproven
            out.reason = "suspicious: B's id takes longer or shorter than nobody's"
        }
        out.reason += ": \(estimate.text)"
        out.timing = estimate
        record(out)
    }

    private func measure(
        _ subject: Subject, _ id: String
    ) throws(Unreachable) -> TimingEstimate? {
        let nobody = [0, 1].map { ObjectID.missing(like: id, variant: 11 + $0) }
        let ids = [id] + nobody
        var differences: [Int64] = []
        var noise: [Int64] = []
        var times: [UInt64] = []
        // The first rounds fill caches.
        for round in -2..<plan.samples where !isOutOfTime {
            var order = [0, 1, 2]
            order.shuffle()
            var taken = [UInt64?](repeating: nil, count: 3)
            var statuses = Set<UInt16>()
            for index in order {
                let answer = try ask(draft(subject.endpoint, id: ids[index]), as: plan.own).answer
                taken[index] = answer?.nanoseconds
                statuses.insert(answer?.status ?? 0)
            }
            guard round >= 0, !statuses.contains(429), let mine = taken[0], let one = taken[1],
                let two = taken[2]
            else { continue }
            differences.append(Int64(clamping: mine) - Int64(clamping: one))
            noise.append(Int64(clamping: two) - Int64(clamping: one))
            times.append(one)
        }
        let median = TimingEstimate.median(of: times)
        guard let estimate = TimingEstimate(differences: differences, median: median),
            let null = TimingEstimate(differences: noise, median: median)
        else { return nil }
        // Two ids that are nobody's differ too: then the difference is not the object's.
        let isNoise = null.isSuspicious && abs(null.shift) > abs(estimate.shift) / 2
        return isNoise ? estimate.widenedToZero : estimate
    }
}
