import JSON
import Policy
import Reactor
import YAML

/// `test`: the tests beside a policy, run by the gateway's own code.
struct TestCommand {
    private var path = "policies/"
    private var overlay: String?
    private var pattern: Regex<AnyRegexOutput>?
    private var wantsCoverage = false
    private var isVerbose = false
    private var isJSON = false
    private var junitFile: String?

    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            return try TestCommand(&words).run()
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private init(_ words: inout Words) throws(Misuse) {
        wantsCoverage = words.flag("--coverage")
        isVerbose = words.flag("-v") || words.flag("--verbose")
        isJSON = words.flag("--json")
        _ = words.flag("--no-color")
        overlay = try words.overlay()
        junitFile = try words.option("--junit")
        if let text = try words.option("--run") {
            do {
                pattern = try Regex(text)
            } catch {
                throw Misuse(message: "--run takes a regular expression: \(error)")
            }
        }
        path = words.next() ?? path
        try words.end()
    }

    private func run() throws(Misuse) -> Int32 {
        do throws(ToolFault) {
            let found = try PolicyTestFiles(at: path)
            let upstream = try Self.upstream()
            let loader = SnapshotLoader(
                path: found.policy, resolver: try Self.resolver(), overlay: overlay)
            let loaded = loader.loadPolicy()
            guard let policy = loaded.policy else {
                write(loaded.report.text(colour: isTerminal(.error)), to: .error)
                return GatewayProgram.Exit.invalid
            }
            let credentials = try TestCredentials(for: policy)
            var report = TestReport(coverage: PolicyCoverage(policy))
            for path in found.tests {
                let (file, reading) = loadPolicyTests(path: path, for: loaded) {
                    (file: String) throws(UnreadableFile) in try SnapshotLoader.read(file)
                }
                guard let file else {
                    write(reading.text(colour: isTerminal(.error)), to: .error)
                    return GatewayProgram.Exit.invalid
                }
                let (run, loading) = try PolicyTestRun.make(
                    file, loader, upstream, credentials, report.coverage)
                guard let run else {
                    write(loading.text(colour: isTerminal(.error)), to: .error)
                    return GatewayProgram.Exit.invalid
                }
                for testCase in file.cases where isChosen(testCase.name) {
                    report.add(try run.run(testCase), of: path)
                }
            }
            return try conclude(report)
        } catch {
            return GatewayProgram.complain(
                error.message, error.exit ?? GatewayProgram.Exit.found)
        }
    }

    private func isChosen(_ name: String) -> Bool {
        guard let pattern else { return true }
        return (try? pattern.firstMatch(in: name)) != nil
    }

    private func conclude(_ report: TestReport) throws(ToolFault) -> Int32 {
        if let junitFile {
            let bytes = [UInt8](report.junit().utf8)
            do throws(FileFault) {
                try writeFileAtomically(junitFile, bytes.span)
            } catch {
                throw ToolFault(message: "cannot write `\(junitFile)`: \(error.description)")
            }
        }
        if isJSON {
            write(report.json() + "\n", to: .output)
        } else {
            write(report.text(isVerbose: isVerbose), to: .output)
            if wantsCoverage { write(report.coverage.text(), to: .output) }
            write(report.summary + "\n", to: .output)
        }
        guard report.count > 0 else {
            throw ToolFault(message: "no case has a name that `--run` matches")
        }
        return report.failed == 0 ? GatewayProgram.Exit.fine : GatewayProgram.Exit.found
    }

    private static func upstream() throws(ToolFault) -> RecordingUpstream {
        do throws(RehearsalFault) {
            return try RecordingUpstream.start()
        } catch {
            throw ToolFault(message: error.description)
        }
    }

    private static func resolver() throws(ToolFault) -> Resolver {
        do throws(RehearsalFault) {
            return try ToolResolver.make()
        } catch {
            throw ToolFault(message: error.description)
        }
    }
}
