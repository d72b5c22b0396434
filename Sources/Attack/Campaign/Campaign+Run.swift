import Reactor

/// The attacks in their order.
extension Campaign {
    /// So many attacks lie between two looks at whether the attacker still gets what it got.
    static let checkEvery = 12

    func run() throws(Unreachable) {
        let subjects = try calibrateAll()
        guard !subjects.isEmpty else {
            notes.append("no request tells A from B: nothing was attacked")
            return
        }
        notes.append(
            "\(subjects.count) of \(plan.endpoints.count) requests tell A from B; "
                + "\(marks.texts.count) texts are B's alone")
        if let first = subjects.first {
            let forge = Forge(
                own: plan.own, foreign: plan.foreign, concept: concept,
                named: plan.foreignName, publicKey: plan.publicKey, expired: plan.expired)
            attack(first, Vector.tokens(forge))
        }
        let ids = discoverIDs(subjects).foreign
        // Those that write come last: they change what the others answer.
        for subject in subjects {
            attack(subject, Catalogue.spoofs)
            guard subject.endpoint.takesID, !subject.endpoint.writes else { continue }
            attackObjects(of: subject, ids)
        }
    }

    func isWanted(_ id: String) -> Bool {
        plan.only.isEmpty || plan.only.contains { id.hasPrefix($0) }
    }

    /// Tries vectors on one request, and looks now and then whether the ground still holds.
    func attack(_ given: Subject, _ vectors: [Vector], id: String? = nil) {
        var subject = given
        let id = id ?? subject.ownID
        var rest = vectors.filter {
            isWanted($0.id) && (!$0.writes || plan.allowsWrites && subject.endpoint.writes)
        }[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.checkEvery))
            rest = rest.dropFirst(Self.checkEvery)
            var found = batch.map { attempt($0, subject, id: id) }
            switch ground(of: subject, id: id) {
            case .holds: break
            case .moves(let profile):
                // What could not be told may have been told by what moves.
                subject.profile = profile
                for index in found.indices where found[index].verdict == .unproven {
                    found[index] = attempt(batch[index], subject, id: id)
                }
            case .lost:
                for index in found.indices
                where found[index].verdict == .isolated || found[index].verdict == .refused {
                    found[index].verdict = .unproven
                    found[index].reason = "A's own request no longer has the answer it had"
                }
            }
            for finding in found { record(finding) }
        }
    }

    private enum Ground {
        case holds
        /// Some of what seemed steady changes by itself.
        case moves(Profile)
        case lost
    }

    /// A refusal proves nothing where the attacker's own request is refused as well: its token may
    /// have ended, or the target may have locked it out.
    private func ground(of subject: Subject, id: String?) -> Ground {
        var moving: Profile?
        for _ in 0..<2 where !isOutOfTime {
            let exchange = try? ask(draft(subject.endpoint, id: id), as: plan.own)
            guard let leaves = exchange?.answer?.leaves else { continue }
            if subject.profile.difference(of: leaves) == nil { return .holds }
            moving = (moving ?? subject.profile).relaxed(by: leaves)
        }
        return moving.map { .moves($0) } ?? .lost
    }

    private func attempt(_ vector: Vector, _ subject: Subject, id: String?) -> Finding {
        guard !isOutOfTime else { return finding(vector, subject, .unproven, "out of time") }
        do throws(Unreachable) {
            return try attack(vector, subject, id: id)
        } catch {
            return finding(vector, subject, .unproven, error.reason)
        }
    }

    private func attack(
        _ vector: Vector, _ subject: Subject, id: String?
    ) throws(Unreachable) -> Finding {
        let canary = nextCanary()
        var request = draft(subject.endpoint, id: id, canary: canary)
        // Claims that differ in the tenant alone make B's own token out of A's: no forgery.
        let isForeign = { $0 == RequestDraft.Credential.text(self.plan.foreign.token) }
        guard vector.apply(&request, spoof), !isForeign(request.credential) else {
            // Public keys and old tokens are given or not; everything else has a meaning only
            // for some requests.
            return finding(vector, subject, .skipped, "it has no meaning for this request")
        }
        let start = Monotonic.now()
        let exchange = try ask(request, as: plan.own)
        var (verdict, reason) = judge(exchange, vector, subject)
        let isMarked = marks.found(in: exchange.received, request: exchange.request) != nil
        let status = exchange.status
        if verdict == .leak, !isMarked, !vector.isForgery || !Self.succeeded(status) {
            (verdict, reason) = try confirm(request, subject, id: id, reason)
        }
        if verdict == .unproven, let answer = exchange.answer, !vector.isForgery, status < 400 {
            (verdict, reason) = try compareWithOwn(vector, subject, answer, id: id, reason)
        }
        if subject.endpoint.writes, verdict == .isolated {
            (verdict, reason) = try trace(canary, subject, reason)
        }
        var out = finding(vector, subject, verdict, reason)
        out.status = status
        out.request = exchange.request
        out.reproducer = Reproducer.text(
            exchange.request,
            secrets: plan.secrets + request.secrets.map { ($0, "$FORGED") })
        out.milliseconds = Monotonic.now().nanoseconds(since: start) / 1_000_000
        return out
    }

    func finding(
        _ vector: Vector, _ subject: Subject, _ verdict: Verdict, _ reason: String
    ) -> Finding {
        Finding(
            vector: vector.id, family: vector.family.rawValue, title: vector.title,
            precedents: vector.precedents, endpoint: subject.endpoint.name, verdict: verdict,
            reason: reason)
    }
}

/// What an answer means.
extension Campaign {
    /// Statuses by which a target refuses; 5xx but these two are accidents, not decisions.
    static func isRefusal(_ status: UInt16) -> Bool {
        (400..<500).contains(status) && status != 429 && status != 408 || status == 501
            || status == 505
    }

    func judge(
        _ exchange: Exchange, _ vector: Vector, _ subject: Subject
    ) -> (Verdict, String) {
        if let mark = marks.found(in: exchange.received, request: exchange.request) {
            return (.leak, "B's data: `\(mark)`")
        }
        let answer: Answer
        switch exchange.outcome {
        case .answer(let found): answer = found
        case .closed: return (.refused, "the connection is closed without an answer")
        case .silent: return (.unproven, "no answer in time")
        case .unreadable: return (.unproven, "the answer is not HTTP")
        }
        let leaves = answer.leaves
        let followed = subject.profile.followed(by: leaves)
        if let place = followed.first {
            return (.leak, "the answer is B's at `\(place)`")
        }
        if Self.isRefusal(answer.status), answer.status != subject.profile.ownStatus {
            return (.refused, "answered \(answer.status)")
        }
        if vector.isForgery {
            guard answer.status < 400 else {
                return (.unproven, "answered \(answer.status): it cannot be told why")
            }
            return judgeForgery(vector, subject, answer, leaves)
        }
        guard let place = subject.profile.difference(of: leaves) else {
            return (.isolated, "A's own answer")
        }
        return (.unproven, "answered \(answer.status), other than A's own at `\(place)`")
    }

    /// An answer to a request without a good credential.
    private func judgeForgery(
        _ vector: Vector, _ subject: Subject, _ answer: Answer, _ leaves: Leaves
    ) -> (Verdict, String) {
        // Only what the target tells nobody without a credential is worth a token.
        if subject.profile.difference(of: leaves) == nil {
            return (.leak, "a request without a good credential gets A's answer")
        }
        if Self.succeeded(answer.status) {
            return (.unproven, "answered \(answer.status) without a good credential")
        }
        return (.refused, "answered \(answer.status)")
    }

    /// Whether an answer follows the name each time, and goes back when the name is gone.
    private func confirm(
        _ request: RequestDraft, _ subject: Subject, id: String?, _ reason: String
    ) throws(Unreachable) -> (Verdict, String) {
        for _ in 0..<2 {
            let plain = try ask(draft(subject.endpoint, id: id), as: plan.own)
            let again = try ask(request, as: plan.own)
            guard let own = plain.answer?.leaves, let other = again.answer?.leaves else {
                return (.unproven, reason + ", but not each time")
            }
            if !subject.profile.followed(by: own).isEmpty
                || subject.profile.followed(by: other).isEmpty
            {
                return (.unproven, reason + ", but not each time")
            }
        }
        return (.leak, reason)
    }

    /// An answer that is neither A's nor a refusal may come from the form of the request alone:
    /// then it is the same when the request names A.
    private func compareWithOwn(
        _ vector: Vector, _ subject: Subject, _ answer: Answer, id: String?, _ reason: String
    ) throws(Unreachable) -> (Verdict, String) {
        var own = spoof
        own.named = own.own
        var request = draft(subject.endpoint, id: id)
        guard vector.apply(&request, own) else { return (.unproven, reason) }
        guard let control = try ask(request, as: plan.own).answer else {
            return (.unproven, reason)
        }
        let seen = answer.leaves.mapValues {
            $0.replacing(plan.foreignName, with: plan.ownName)
        }
        let expected = control.leaves
        let places = Set(seen.keys).union(expected.keys)
        let unstable = places.filter { subject.profile.isUnstable($0) }
        guard places.subtracting(unstable).allSatisfy({ seen[$0] == expected[$0] }) else {
            return (.unproven, reason + ", and other than for A's own name")
        }
        return (.isolated, "the same for A's own name")
    }

    /// Where something was written to.
    private func trace(
        _ canary: String, _ subject: Subject, _ reason: String
    ) throws(Unreachable) -> (Verdict, String) {
        guard subject.endpoint.takesCanary else {
            return (.unproven, "written, and no {canary} in the body tells where")
        }
        var isMine = false
        for endpoint in plan.endpoints where !endpoint.writes && !endpoint.takesID {
            let request = draft(endpoint, id: nil)
            let text = [UInt8](canary.utf8)
            if try ask(request, as: plan.foreign).received.contains(text) {
                return (.leak, "written among B's data")
            }
            if try ask(request, as: plan.own).received.contains(text) { isMine = true }
        }
        return isMine
            ? (.isolated, "written among A's data") : (.unproven, "written where nobody sees it")
    }
}
