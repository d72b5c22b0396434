/// What is learnt before anything is attacked.
extension Campaign {
    /// How often each tenant asks for the same thing.
    static let samples = 3

    struct Subject {
        var endpoint: Endpoint
        var ownID: String?
        var foreignID: String?
        var own: [Answer]
        var foreign: [Answer]
        var profile: Profile
    }

    /// Asks as both tenants in turn, so that what changes by itself changes for both.
    ///
    /// - Parameter ids: the attacker's object and the other tenant's.
    /// - Returns: `nil` when no answer can be had.
    func calibrate(
        _ endpoint: Endpoint, ids: (own: String?, foreign: String?) = (nil, nil)
    ) throws(Unreachable) -> Subject? {
        var own: [Answer] = []
        var foreign: [Answer] = []
        for round in 0..<Self.samples {
            // A time in seconds stays the same for all of them otherwise.
            if round == Self.samples - 1 { pause(milliseconds: 1_100) }
            let mine = try ask(draft(endpoint, id: ids.own), as: plan.own)
            let other = try ask(draft(endpoint, id: ids.foreign), as: plan.foreign)
            guard let mine = mine.answer, let other = other.answer else { return nil }
            own.append(mine)
            foreign.append(other)
        }
        let hidden = ids.own == ids.foreign ? [] : [ids.foreign ?? ""]
        guard let profile = Profile(own: own, foreign: foreign, hidden: hidden) else { return nil }
        return Subject(
            endpoint: endpoint, ownID: ids.own, foreignID: ids.foreign, own: own,
            foreign: foreign, profile: profile)
    }

    /// All requests that can be asked, those that write behind the others, each with why not
    /// otherwise.
    func calibrateAll() throws(Unreachable) -> [Subject] {
        var subjects: [Subject] = []
        // What they write is then part of what the others answer.
        let endpoints = plan.endpoints.filter(\.writes) + plan.endpoints.filter { !$0.writes }
        for endpoint in endpoints where !endpoint.takesID {
            guard allows(endpoint) else { continue }
            if let subject = try examined(endpoint, (nil, nil)) { subjects.append(subject) }
        }
        let ids = discoverIDs(subjects)
        for endpoint in endpoints where endpoint.takesID {
            guard allows(endpoint) else { continue }
            let mine = try usable(ids.own, endpoint, plan.own)
            let other = try usable(ids.foreign, endpoint, plan.foreign)
            guard let mine, let other else {
                setAside(endpoint, "no object ids: give --own-id and --foreign-id")
                continue
            }
            if let subject = try examined(endpoint, (mine, other)) { subjects.append(subject) }
        }
        marks = Marks(
            given: plan.marks, foreign: subjects.map(\.profile.foreign),
            own: subjects.flatMap { $0.own.map(\.body) },
            sent: [plan.foreignName, String(decoding: plan.foreign.claims ?? [], as: UTF8.self)])
        let ordered =
            subjects.filter { !$0.endpoint.writes } + subjects.filter(\.endpoint.writes)
        return ordered.filter { subject in
            if subject.profile.isTelling || subject.endpoint.writes { return true }
            setAside(subject.endpoint, "A and B get the same answer here: nothing can be told")
            return false
        }
    }

    /// The first id that its own tenant gets an answer for; lists hold ids of other things too.
    private func usable(
        _ ids: [String], _ endpoint: Endpoint, _ identity: Identity
    ) throws(Unreachable) -> String? {
        guard !endpoint.writes else { return ids.first }
        for id in ids.prefix(Self.idsMax) {
            if let answer = try ask(draft(endpoint, id: id), as: identity).answer,
                Self.succeeded(answer.status)
            {
                return id
            }
        }
        return ids.first
    }

    private func allows(_ endpoint: Endpoint) -> Bool {
        guard endpoint.writes, !plan.allowsWrites else { return true }
        setAside(endpoint, "it writes: give --allow-writes", verdict: .skipped)
        return false
    }

    private func examined(
        _ endpoint: Endpoint, _ ids: (own: String?, foreign: String?)
    ) throws(Unreachable) -> Subject? {
        guard let subject = try calibrate(endpoint, ids: ids) else {
            setAside(endpoint, "no answer can be had")
            return nil
        }
        let (mine, other) = (subject.profile.ownStatus, subject.profile.foreignStatus)
        guard Self.succeeded(mine) else {
            setAside(endpoint, "A's own request is answered \(mine)")
            return nil
        }
        guard Self.succeeded(other) else {
            setAside(endpoint, "B's own request is answered \(other)")
            return nil
        }
        return subject
    }

    static func succeeded(_ status: UInt16) -> Bool { (200..<300).contains(status) }

    /// Ids that were given, or else those that show up in lists.
    func discoverIDs(_ subjects: [Subject]) -> (own: [String], foreign: [String]) {
        let own = subjects.map { $0.own.first?.leaves ?? [:] }
        let foreign = subjects.map { $0.foreign.first?.leaves ?? [:] }
        return (
            plan.ownIDs.isEmpty
                ? ObjectID.discovered(in: own, absentFrom: foreign) : plan.ownIDs,
            plan.foreignIDs.isEmpty
                ? ObjectID.discovered(in: foreign, absentFrom: own) : plan.foreignIDs
        )
    }

    func setAside(_ endpoint: Endpoint, _ reason: String, verdict: Verdict = .unproven) {
        record(
            Finding(
                vector: "calibration", family: "calibration", title: "telling A from B",
                precedents: "", endpoint: endpoint.name, verdict: verdict, reason: reason))
    }
}
