import Policy
import Reactor
import YAML

/// The requests of a policy's tests, decided by an older policy and by a newer one: what of the
/// difference is felt.
struct PolicyReplay {
    struct Change {
        var place: String
        var name: String
        var old: String
        var new: String
        /// Refused before, and not any more.
        var widens: Bool
    }

    private(set) var changes: [Change] = []
    private(set) var cases = 0
    /// Test files that one of the two policies cannot be tried with, because it has not what they
    /// name.
    private(set) var leftOut: [String] = []

    var widenings: Int { changes.count { $0.widens } }

    /// - Parameter tests: beside the newer policy.
    init(
        old: String, new: String, overlay: String?, tests: [String]
    ) throws(ToolFault) {
        let before = try Side(old, overlay)
        let after = try Side(new, overlay)
        for path in tests {
            guard let one = try before.run(of: path), let other = try after.run(of: path) else {
                leftOut.append(path)
                continue
            }
            for (testCase, same) in zip(one.file.cases, other.file.cases) {
                cases += 1
                compare(try one.run(testCase), try other.run(same), path)
            }
        }
    }

    private mutating func compare(_ old: TestOutcome, _ new: TestOutcome, _ path: String) {
        guard old.verdict != new.verdict || old.sent != new.sent else { return }
        var texts = (old.verdict, new.verdict)
        if old.verdict == new.verdict, let one = old.sent, let other = new.sent {
            texts = Self.difference(one, other)
        }
        changes.append(
            Change(
                place: "\(path):\(new.testCase.mark.line)", name: new.testCase.name,
                old: texts.0, new: texts.1, widens: old.sent == nil && new.sent != nil))
    }

    /// The first line of what is sent that is another.
    private static func difference(_ old: String, _ new: String) -> (String, String) {
        let lines = old.split(separator: "\n", omittingEmptySubsequences: false)
        let others = new.split(separator: "\n", omittingEmptySubsequences: false)
        for index in 0..<max(lines.count, others.count) {
            let one = index < lines.count ? String(lines[index]) : "not sent"
            let other = index < others.count ? String(others[index]) : "not sent"
            if one != other { return ("sends \(one)", "sends \(other)") }
        }
        return ("", "")
    }

    /// One of the two policies, ready to be tried.
    private struct Side {
        let loaded: LoadedPolicy<GatewayPolicy>
        let loader: SnapshotLoader
        let upstream: RecordingUpstream
        let credentials: TestCredentials
        let coverage: PolicyCoverage

        init(_ path: String, _ overlay: String?) throws(ToolFault) {
            do throws(RehearsalFault) {
                upstream = try RecordingUpstream.start()
                loader = SnapshotLoader(
                    path: path, resolver: try ToolResolver.make(), overlay: overlay)
            } catch {
                throw ToolFault(message: error.description)
            }
            loaded = loader.loadPolicy()
            guard let policy = loaded.policy else {
                throw ToolFault(message: "`\(path)` has errors")
            }
            credentials = try TestCredentials(for: policy)
            coverage = PolicyCoverage(policy)
        }

        /// `nil` where the file names what this policy has not.
        func run(of path: String) throws(ToolFault) -> PolicyTestRun? {
            let (file, _) = loadPolicyTests(path: path, for: loaded) {
                (file: String) throws(UnreadableFile) in try SnapshotLoader.read(file)
            }
            guard let file else { return nil }
            return try PolicyTestRun.make(file, loader, upstream, credentials, coverage).run
        }
    }

    // MARK: - Output

    func text() -> String {
        var out = ""
        for change in changes {
            out += "~ \(change.place)  \(change.name.printableText)\n"
            out += "    old  \(change.old.printableText)\n"
            out += "    new  \(change.new.printableText)\n"
            if change.widens { out += "        WIDENS: it was refused\n" }
        }
        for path in leftOut { out += "left out: `\(path)` names what one of the two has not\n" }
        let count = cases == 1 ? "1 request" : "\(cases) requests"
        let changed = changes.isEmpty ? "none is decided otherwise" : "\(changes.count) otherwise"
        return out + "replayed \(count): \(changed)\n"
    }
}
