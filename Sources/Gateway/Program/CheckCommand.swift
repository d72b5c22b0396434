import Policy
import Reactor
import YAML

/// `check`: what is wrong with the policies of a folder, in one run.
struct CheckCommand {
    private var path = "policies/"
    private var overlay: String?
    private var isStrict = false
    private var isJSON = false
    private var isPlain = false

    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            return try CheckCommand(&words).run()
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private init(_ words: inout Words) throws(Misuse) {
        isStrict = words.flag("--strict")
        isJSON = words.flag("--json")
        isPlain = words.flag("--no-color") || ProcessContext.variable("NO_COLOR") != nil
        overlay = try words.overlay()
        path = words.next() ?? path
        try words.end()
    }

    private func run() -> Int32 {
        let report: PolicyReport
        do throws(SystemFault) {
            report = try self.report()
        } catch {
            return GatewayProgram.complain("\(error)", GatewayProgram.Exit.bug)
        }
        if isJSON {
            write(report.json() + "\n", to: .output)
        } else {
            write(report.text(colour: !isPlain && isTerminal(.error)) + "\n", to: .error)
        }
        return report.exitCode(strict: isStrict)
    }

    /// A folder is gateway.yaml, backend.yaml, or both; a file is the one of the two that its name
    /// says.
    private func report() throws(SystemFault) -> PolicyReport {
        let isFile = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
        if isFile, path.hasSuffix("backend.yaml") || path.hasSuffix("backend.yml") {
            return Self.backend(path).report
        }
        let beside = String(path.trimmingSlash) + "/backend.yaml"
        guard !isFile, Self.isThere(beside) else { return try gateway().report }
        guard Self.isThere(SnapshotLoader.file(at: path)) else {
            return Self.backend(beside).report
        }
        let gateway = try gateway()
        let backend = Self.backend(beside)
        let finding = gateway.snapshot.flatMap { Self.mismatch($0.policy, backend) }
        return gateway.report.followed(by: backend.report, and: finding)
    }

    private func gateway() throws(SystemFault) -> LoadedSnapshot {
        let loader = SnapshotLoader(path: path, resolver: try Resolver(), overlay: overlay)
        return loader.load(version: 1, toleratesMissing: true)
    }

    private static func backend(_ path: String) -> LoadedPolicy<BackendPolicy> {
        loadBackendPolicy(path: path) { (file: String) throws(UnreadableFile) in
            try SnapshotLoader.read(file)
        }
    }

    private static func isThere(_ path: String) -> Bool { (try? fileMode(path)) != nil }

    /// The backend takes assertions made out to its own name only, which is that of an upstream.
    private static func mismatch(
        _ gateway: GatewayPolicy, _ backend: LoadedPolicy<BackendPolicy>
    ) -> Diagnostic? {
        guard let policy = backend.policy else { return nil }
        let audience = policy.assertion.audience
        let names = (gateway.assertion?.upstreams ?? []).map { gateway.upstreams[$0].name }
        guard !names.contains(audience) else { return unsealed(gateway, backend, audience) }
        return Diagnostic(
            .audienceUnknown, "no upstream `\(audience)` gets assertions of the gateway beside",
            at: backend.document?.root["assertion"]?["audience"]?.mark,
            label: names.isEmpty
                ? "" : "`assertion.to` has \(names.sorted().joined(separator: ", "))")
    }

    /// A database that goes by seals opens for nobody without them.
    private static func unsealed(
        _ gateway: GatewayPolicy, _ backend: LoadedPolicy<BackendPolicy>, _ audience: String
    ) -> Diagnostic? {
        let sealed = (gateway.assertion?.seal?.upstreams ?? []).map { gateway.upstreams[$0].name }
        guard let context = backend.policy?.database.context, context != .plain,
            !sealed.contains(audience)
        else { return nil }
        let root = backend.document?.root
        return Diagnostic(
            .sealMissing,
            "the gateway beside mints no seal for `\(audience)`, and the database "
                + "asks for one",
            at: (root?["database"]?["context"] ?? root?["database"])?.mark,
            label: "add `assertion.seal` to gateway.yaml")
    }
}
