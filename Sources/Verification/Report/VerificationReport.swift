/// Everything one verification came to.
public struct VerificationReport: Equatable, Sendable {
    /// How the database keeps the context (docs/verify.md).
    public enum Mode: String, CaseIterable, Sendable {
        case sealed, statement, plain
    }

    /// Who was asked, and when.
    public struct Subject: Equatable, Sendable {
        /// Of this program.
        public var programVersion = ""
        /// As in `15.18 (Debian 15.18-0+deb12u1)`, and as a number, such as 150018.
        public var serverVersion = ""
        public var serverVersionNumber = 0
        public var database = ""
        /// The role the session acts as, and the one that logged in.
        public var login = ""
        public var sessionUser = ""
        public var mode = Mode.plain
        /// `generic`, or the name of a built-in profile.
        public var profile = "generic"
        public var schemas: [String] = []
        public var tenantColumns: [String] = []
        /// Whether probes ran through a pooler, and with an administrator's help.
        public var usedPooler = false
        public var usedAdministrator = false
        /// SHA-256 (hex) of the catalogs that were judged; `--watch` compares it.
        public var catalogFingerprint = ""
        /// Seconds since 1970, by the clock of this machine.
        public var startedAt: Int64 = 0
        public var milliseconds: Int64 = 0

        public init() {}
    }

    public struct Counts: Equatable, Sendable {
        public var proven = 0
        public var waived = 0
        public var unproven = 0
        public var leak = 0
        public var global = 0
        public var policies = 0
        public var cells = 0
        public var probes = 0
        public var probesFailed = 0
        public var probesSkipped = 0
    }

    public var subject: Subject
    public var findings: [Finding]
    public var relations: [RelationVerdict]
    public var probes: [ProbeOutcome]

    public init(
        subject: Subject, findings: [Finding], relations: [RelationVerdict],
        probes: [ProbeOutcome]
    ) {
        self.subject = subject
        self.findings = findings
        self.relations = relations
        self.probes = probes
        settle()
    }

    /// Derives the verdicts from the findings; to be called when waivers were put on some.
    public mutating func settle() {
        findings.sort {
            ($1.severity, $0.rule.order, $0.object) < ($0.severity, $1.rule.order, $1.object)
        }
        let everywhere = findings.contains { $0.relation == nil && $0.counts }
        for index in relations.indices {
            let own = findings.filter { $0.relation == relations[index].relation }
            if own.contains(where: { $0.counts && $0.severity == .leak }) {
                relations[index].verdict = .leak
            } else if everywhere || own.contains(where: \.counts) {
                relations[index].verdict = .unproven
            } else if own.contains(where: { $0.waiver != nil }) {
                relations[index].verdict = .waived
            } else {
                relations[index].verdict = .proven
            }
        }
        relations.sort { $0.relation < $1.relation }
    }

    public var counts: Counts {
        var counts = Counts()
        for relation in relations {
            if relation.isGlobal { counts.global += 1 }
            switch relation.verdict {
            case .proven: counts.proven += 1
            case .waived: counts.waived += 1
            case .unproven: counts.unproven += 1
            case .leak: counts.leak += 1
            }
            counts.policies += relation.policies.count
            counts.cells += relation.cells
        }
        counts.probes = probes.count
        counts.probesFailed = probes.count { $0.result == .failed }
        counts.probesSkipped = probes.count { $0.result == .skipped }
        return counts
    }

    /// The worst finding that counts; `nil` when isolation is proven.
    public var worst: Severity? { findings.filter(\.counts).map(\.severity).max() }

    /// 0 proven, 1 unproven, 5 leak. A database without any relation of a tenant proves nothing.
    public var exitCode: Int32 {
        switch worst {
        case .leak: return 5
        case .unproven: return 1
        case .notice, nil:
            return relations.contains { !$0.tenantColumns.isEmpty } ? 0 : 1
        }
    }
}

extension Rule {
    /// Where it stands in the list of rules.
    var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
