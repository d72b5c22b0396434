/// L9 and L10: whether the context can be forged, and whether bad seals are refused alike.
struct ForgeProbe {
    let scope: Scope
    let setter: ContextSetter
    let options: VerificationOptions
    private(set) var findings: [Finding] = []
    private(set) var probes: [ProbeOutcome] = []

    init(_ scope: Scope, _ options: VerificationOptions) {
        self.scope = scope
        self.options = options
        setter = ContextSetter(scope, options)
    }

    mutating func run(_ session: inout ProbeSession) throws(ProbeFault) {
        guard scope.mode != .plain else {
            probes.append(
                ProbeOutcome(
                    .l10, "forging the context", expected: "",
                    observed: "plain mode: every statement may set it (B9)", .skipped))
            return
        }
        guard let axis = scope.axes.first ?? nil, let key = setter.key, setter.canEnter(0) else {
            probes.append(
                ProbeOutcome(
                    .l10, "forging the context", expected: "", observed: "no seal key was given",
                    .skipped))
            return
        }
        try tryBadSeals(axis, key, &session)
        try tryForging(axis, &session)
        try tryStartup(axis)
        try lookForSeal(axis, key, &session)
    }

    private mutating func tryBadSeals(
        _ axis: Scope.Axis, _ key: SealKey, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        let now = wallSeconds()
        let good = key.seal(scope: axis.scope, subject: axis.a, expires: now + 30)
        let flipped = good.dropLast() + (good.hasSuffix("0") ? "1" : "0")
        let bad: [(String, String)] = [
            ("forged", String(flipped)),
            ("expired", key.seal(scope: axis.scope, subject: axis.a, expires: now - 60)),
            (
                "of too long a life",
                key.seal(scope: axis.scope, subject: axis.a, expires: now + 3600)
            ),
            (
                "of another database",
                key.seal(scope: axis.scope, subject: axis.a, expires: now + 30, database: "another")
            ),
            ("truncated", String(good.dropLast(8))), ("lengthened", good + "0"),
            ("of another tenant", String(good.prefix(7)) + axis.b + String(good.dropFirst(43))),
            ("of an unknown key", "s1zzzz" + String(good.dropFirst(6))),
            (
                "with letters for digits",
                String(good.prefix(53)) + String(repeating: "z", count: 64)
            ),
            ("empty", ""), ("in capitals", good.uppercased()), ("with a NUL-like escape", "\\000"),
        ]
        for (name, seal) in bad {
            _ = try session.rows("BEGIN")
            let answer = try session.run(setter.enterQuery, [seal])
            _ = try session.rows("ROLLBACK")
            note(
                "a seal that is \(name)", "28000", answer, isFine: answer.state == "28000",
                isOpen: answer.state == nil)
        }
        _ = try session.rows("BEGIN")
        _ = try setter.enter(&session, 0, axis.a)
        let second = try setter.enter(&session, 0, axis.b)
        _ = try session.rows("ROLLBACK")
        note(
            "a second tenant in one transaction", "28000", second,
            isFine: second.state == "28000", isOpen: second.state == nil)
    }

    /// What a statement can do to the context it runs in.
    private mutating func tryForging(
        _ axis: Scope.Axis, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        guard let reader = reader(axis) else { return }
        let slot = ContextSource.slotName
        let value = axis.b.filter { $0 != "-" }
        let attempts = [
            "SET \(slot) = '\(value)'", "SET LOCAL \(slot) = '\(value)'",
            "SELECT pg_catalog.set_config('\(slot)', '\(value)', true)",
            "SELECT pg_catalog.set_config('\(slot)', '\(value),', false)",
            "ALTER ROLE CURRENT_USER SET \(slot) = '\(value)'",
            "SELECT pg_catalog.set_config('app.current_tenant', \(literal(axis.b)), true)",
            "SELECT x FROM (SELECT pg_catalog.set_config('app.current_tenant', "
                + "\(literal(axis.b)), false)) AS flip (x)",
            "DO $$ BEGIN PERFORM pg_catalog.set_config('\(slot)', '\(value)', true); END $$",
            "SELECT pg_catalog.query_to_xml($$SELECT pg_catalog.set_config('\(slot)', "
                + "'\(value)', true)$$, true, false, '')",
        ]
        _ = try session.rows("BEGIN")
        guard try setter.enter(&session, 0, axis.a).state == nil else {
            _ = try session.rows("ROLLBACK")
            return
        }
        for sql in attempts {
            _ = try session.rows("SAVEPOINT forging")
            let answer = try session.run(sql)
            var seen: String?
            if answer.state == nil {
                // Read before the savepoint is rolled back: that would undo the setting.
                seen = try session.run(reader).first ?? ""
            }
            _ = try session.rows("ROLLBACK TO forging")
            let isFine = answer.state != nil || seen == axis.a
            note(sql, "refused, or the context stays", answer, isFine: isFine, isOpen: !isFine)
        }
        _ = try session.rows("ROLLBACK")
    }

    /// A query that answers the context as the policies see it.
    private func reader(_ axis: Scope.Axis) -> String? {
        scope.catalog.functions.first { axis.functions.contains($0.oid) }.map {
            "SELECT \($0.name)()::text"
        }
    }

    /// Sessions may bring settings with them when they log in.
    private mutating func tryStartup(_ axis: Scope.Axis) throws(ProbeFault) {
        let value = axis.b.filter { $0 != "-" }
        let option = "-c \(ContextSource.slotName)=\(value)"
        var answer = ProbeSession.Answer.changed(0)
        do throws(ProbeFault) {
            let session = try ProbeSession(
                options.login, options: option, timeoutMilliseconds: options.timeoutMilliseconds)
            answer = .rows([[String(session.processID)]])
        } catch {
            answer = .failed(state: "42501", message: error.words)
        }
        note(
            "logging in with \(option)", "refused", answer, isFine: answer.state != nil,
            isOpen: answer.state == nil)
    }

    /// L9: a seal that travels as a parameter is in no text that others can read.
    private mutating func lookForSeal(
        _ axis: Scope.Axis, _ key: SealKey, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        var other = try ProbeSession(
            options.login, timeoutMilliseconds: options.timeoutMilliseconds)
        _ = try session.rows("BEGIN")
        _ = try setter.enter(&session, 0, axis.a)
        let shown = try other.rows(
            "SELECT pg_catalog.concat_ws(' ', query, application_name) "
                + "FROM pg_catalog.pg_stat_activity WHERE pid = $1::int4",
            [String(session.processID)])
        _ = try session.rows("ROLLBACK")
        let text = (shown.first?.first ?? nil) ?? ""
        let isShown = text.contains("s1\(key.id)")
        probes.append(
            ProbeOutcome(
                .l9, "the statement in pg_stat_activity", expected: "$1, and no seal",
                observed: isShown ? "the seal" : "no seal", isShown ? .failed : .passed))
        if isShown {
            findings.append(
                Finding(.l9, .leak, object: "pg_stat_activity", "a seal shows in \(text)"))
        }
    }

    private mutating func note(
        _ name: String, _ expected: String, _ answer: ProbeSession.Answer, isFine: Bool,
        isOpen: Bool
    ) {
        let observed = answer.state ?? answer.words
        probes.append(
            ProbeOutcome(
                .l10, name, expected: expected, observed: observed, isFine ? .passed : .failed))
        guard !isFine else { return }
        findings.append(
            Finding(
                .l10, isOpen ? .leak : .unproven, object: name,
                "\(name): \(observed) where \(expected) is right"))
    }
}
