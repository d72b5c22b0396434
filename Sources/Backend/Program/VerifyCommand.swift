import Glibc
import Policy
import Postgres
import Reactor
import Tokens
import Verification

/// `db verify`: proves isolation of a database, ours or another, as its deployed login.
struct VerifyCommand: Equatable {
    /// Files with connection strings; nil: those of backend.yaml.
    var loginFile: String?
    var poolerFile: String?
    var administratorFile: String?
    var sealKeyFile: String?
    var config: String?
    /// Options that may be given once, and those that may be repeated.
    private var values: [String: String] = [:]
    private var lists: [String: [String]] = [:]
    private var switches: Set<String> = []
    var watchMilliseconds: Int?

    private static let single: Set = [
        "--config", "--login-file", "--pooler-file", "--admin-file", "--seal-key", "--setting",
        "--guard", "--profile", "--tenants", "--timeout", "--watch", "--waivers", "--sarif",
        "--evidence", "--sign-key",
    ]
    private static let repeated: Set = [
        "--schema", "--tenant-column", "--global", "--sensitive", "--allow-function",
    ]
    private static let flags: Set = ["--fire-triggers", "--self-test", "--json", "--fix"]
    private static let bytesMax = 65_536
    /// Milliseconds.
    private static let watchRange = 100...3_600_000

    /// - Parameter words: behind `db verify`.
    init(_ words: ArraySlice<String>) throws(BackendCommand.UsageFault) {
        var rest = words
        while let word = rest.popFirst() {
            if Self.flags.contains(word) {
                switches.insert(word)
                continue
            }
            guard Self.single.contains(word) || Self.repeated.contains(word) else {
                throw BackendCommand.UsageFault(message: "unknown option `\(word)`")
            }
            guard let value = rest.popFirst(), !value.isEmpty else {
                throw BackendCommand.UsageFault(message: "`\(word)` needs a value")
            }
            if Self.repeated.contains(word) {
                lists[word, default: []].append(value)
            } else if values.updateValue(value, forKey: word) != nil {
                throw BackendCommand.UsageFault(message: "`\(word)` is given twice")
            }
        }
        config = values["--config"]
        loginFile = values["--login-file"]
        poolerFile = values["--pooler-file"]
        administratorFile = values["--admin-file"]
        sealKeyFile = values["--seal-key"]
        try checkTogether()
    }

    private mutating func checkTogether() throws(BackendCommand.UsageFault) {
        if config != nil, loginFile != nil {
            throw BackendCommand.UsageFault(
                message: "`--config` and `--login-file` both say where the database is")
        }
        if values["--setting"] != nil, values["--guard"] != nil {
            throw BackendCommand.UsageFault(
                message: "`--setting` and `--guard` both say what the context is")
        }
        if switches.contains("--self-test"), administratorFile == nil {
            throw BackendCommand.UsageFault(
                message: "`--self-test` needs `--admin-file`, a superuser's connection string: it "
                    + "makes scratch databases")
        }
        if (values["--evidence"] == nil) != (values["--sign-key"] == nil) {
            throw BackendCommand.UsageFault(message: "`--evidence` and `--sign-key` go together")
        }
        if let text = values["--watch"] {
            let isFine = text.hasSuffix("ms")
            let number = Int(isFine ? String(text.dropLast(2)) : text)
                .map { isFine ? $0 : $0.multipliedReportingOverflow(by: 1_000).partialValue }
            guard let number, Self.watchRange.contains(number) else {
                throw BackendCommand.UsageFault(
                    message: "`--watch` takes 1 to 3600 seconds, or 100ms and more")
            }
            watchMilliseconds = number
        }
        if let text = values["--timeout"], Int(text).map({ (100...600_000).contains($0) }) != true {
            throw BackendCommand.UsageFault(message: "`--timeout` takes 100 to 600000 ms")
        }
        if let name = values["--profile"], !["generic", "ringfence"].contains(name) {
            throw BackendCommand.UsageFault(message: "`--profile` takes `generic` or `ringfence`")
        }
        if let text = values["--tenants"] {
            // A UUID has two spellings.
            let pair = text.split(separator: ",").map {
                $0.utf8.count == 36 ? $0.lowercased() : String($0)
            }
            guard pair.count == 2, pair[0] != pair[1] else {
                throw BackendCommand.UsageFault(
                    message: "`--tenants` takes two different ones, as in A,B")
            }
        }
        for entry in lists["--allow-function"] ?? [] where Self.allowed(entry) == nil {
            throw BackendCommand.UsageFault(
                message: "`--allow-function` takes `schema.name(types)=SHA-256`, not `\(entry)`")
        }
    }

    private static func allowed(_ entry: String) -> (signature: String, hash: String)? {
        guard let place = entry.lastIndex(of: "="), place > entry.startIndex else { return nil }
        let hash = String(entry[entry.index(after: place)...])
        guard hash.utf8.count == 64 else { return nil }
        return (String(entry[..<place]), hash)
    }

    // MARK: Doing it

    func perform() throws(StartupFault) -> ExitCode {
        if switches.contains("--self-test") { return try testItself() }
        Interruption.listen()
        let proof = try proof()
        var report = try Self.verify(proof)
        try tell(report)
        guard let watchMilliseconds else { return Self.exit(report) }
        var day = Verifier.today
        while true {
            usleep(UInt32(watchMilliseconds) * 1_000)
            let today = Verifier.today
            // A database that is away has no catalogs to drift; it is asked again.
            guard let now = try? CatalogFingerprint.read(proof.options) else { continue }
            let hasDrifted = now != report.subject.catalogFingerprint
            let isOverdue = today != day && proof.waiverFile != nil
            guard hasDrifted || isOverdue, let next = try? Self.verify(proof) else { continue }
            StandardStream.output.write(
                hasDrifted
                    ? "drift: the catalogs are not those that were verified\n"
                    : "a new day: accepted risks are judged again\n")
            day = today
            report = next
            try tell(report)
        }
    }

    static func exit(_ report: VerificationReport) -> ExitCode {
        switch report.exitCode {
        case 0: .fine
        case 5: .unsafeIsolation
        default: .failed
        }
    }

    static func verify(_ proof: DatabaseProof) throws(StartupFault) -> VerificationReport {
        // Before anything is tried: a file that is no good is not worth waiting for.
        let waivers = try proof.readWaivers()
        var report: VerificationReport
        do throws(ProbeFault) {
            report = try proof.verify()
        } catch {
            throw fault(error)
        }
        report.apply(waivers, today: Verifier.today)
        return report
    }

    private static func fault(_ fault: ProbeFault) -> StartupFault {
        let exit: ExitCode =
            switch fault {
            case .unreachable, .timedOut: .outOfReach
            case .refused, .unexpectedShape: .failed
            }
        return StartupFault(exit: exit, message: "error: \(fault.words)\n")
    }

    /// Every rule has to notice what is done for it, in one mode or another.
    private func testItself() throws(StartupFault) -> ExitCode {
        guard let administratorFile else { return .usage }
        let text = try connectionLine(in: administratorFile)
        let address = ConnectionString(text)
        let schemas = [
            CleanSchema.plain, .guarded(.sealed, by: address), .guarded(.statement, by: address),
        ]
        var results: [SelfTest.Result] = []
        for schema in schemas {
            do throws(ProbeFault) {
                let result = try SelfTest.run(
                    administrator: DatabaseAddress(text), schema: schema,
                    each: { Self.tell($0, schema.mode) })
                Self.tell(result)
                results.append(result)
            } catch {
                throw Self.fault(error)
            }
        }
        let unshown = SelfTest.unshown(results)
        let count = Rule.allCases.count
        StandardStream.output.write(
            unshown.isEmpty
                ? "all \(count) rules noticed what was done for them to notice\n"
                : "\(unshown.count) of \(count) rules noticed nothing: "
                    + unshown.map(\.rawValue).joined(separator: " ") + "\n")
        return unshown.isEmpty && results.allSatisfy(\.isFine) ? .fine : .failed
    }

    private static func tell(_ outcome: SelfTest.Outcome, _ mode: VerificationReport.Mode) {
        let sabotage = outcome.sabotage
        let rules = ([sabotage.rule] + sabotage.others).map(\.rawValue).joined(separator: " ")
        var line =
            "\(mode.rawValue): \(outcome.isCaught ? "noticed" : "MISSED") by \(rules): "
            + sabotage.name
        if !outcome.isCaught {
            let fired = outcome.rules.map(\.rawValue).joined(separator: " ")
            line +=
                "; exit \(outcome.exitCode) and not \(sabotage.exitCode), "
                + (outcome.fault ?? "rules: \(fired)")
        }
        StandardStream.output.write(line + "\n")
    }

    private static func tell(_ result: SelfTest.Result) {
        let mode = result.mode.rawValue
        for finding in result.clean {
            StandardStream.output.write(
                "\(mode): WRONG about a clean schema: \(finding.rule.rawValue) "
                    + "\(finding.message)\n")
        }
        let missed = result.outcomes.count { !$0.isCaught }
        let rules = result.shown.map(\.rawValue).joined(separator: " ")
        StandardStream.output.write(
            "\(mode): \(result.outcomes.count) sabotages, \(missed) missed; a clean schema gives "
                + "\(result.clean.count) findings; rules that noticed: \(rules)\n")
    }

    private func tell(_ report: VerificationReport) throws(StartupFault) {
        if let file = values["--sarif"] { try Self.write(report.sarif(), to: file) }
        if let file = values["--evidence"], let keyFile = values["--sign-key"] {
            try Self.write(try Self.evidence(report, keyFile), to: file)
        }
        if switches.contains("--json") {
            StandardStream.output.write(String(decoding: report.json(), as: UTF8.self) + "\n")
        } else if switches.contains("--fix") {
            StandardStream.output.write(report.fixScript)
        } else {
            StandardStream.output.write(report.text(colour: Self.paints))
        }
    }

    /// A person sits there, who has not asked for plain text (no-color.org).
    private static var paints: Bool {
        isatty(1) == 1 && (ProcessContext.variable("NO_COLOR") ?? "").isEmpty
    }

    private static func evidence(
        _ report: VerificationReport, _ keyFile: String
    ) throws(StartupFault) -> [UInt8] {
        let key = try read(keyFile)
        do throws(KeyDefect) {
            return try Evidence.write(report, privatePEM: key)
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: \(keyFile) is no private Ed25519 key in PEM\n")
        }
    }

    // MARK: Options

    private func proof() throws(StartupFault) -> DatabaseProof {
        var proof: DatabaseProof
        if let loginFile {
            proof = DatabaseProof(login: DatabaseAddress(try connectionLine(in: loginFile)))
        } else {
            let (setup, warnings) = try BackendSetup.load(config ?? BackendCommand.configDefault)
            StandardStream.error.write(warnings)
            proof = DatabaseProof(setup)
        }
        try apply(to: &proof.options)
        if let file = values["--waivers"] { proof.waiverFile = file }
        return proof
    }

    private func apply(to options: inout VerificationOptions) throws(StartupFault) {
        if let poolerFile { options.pooler = DatabaseAddress(try connectionLine(in: poolerFile)) }
        if let administratorFile {
            options.administrator = DatabaseAddress(try connectionLine(in: administratorFile))
        }
        if let sealKeyFile {
            let line = String(decoding: try Self.read(sealKeyFile), as: UTF8.self)
            guard let key = SealKey(line: line) else {
                throw StartupFault(
                    exit: .invalidConfiguration, message: "error: `\(sealKeyFile)` is no seal key\n"
                )
            }
            options.sealKey = key
        }
        options.schemas = lists["--schema"] ?? []
        options.tenantColumns = lists["--tenant-column"] ?? options.tenantColumns
        options.globals = lists["--global"] ?? []
        if loginFile != nil, !options.schemas.isEmpty, let column = options.tenantColumns.first {
            // A guard that another program installed watches the schemas it was given.
            options.trustGuard(
                ContextMode.allCases, schemas: options.schemas, tenantColumn: column)
        }
        options.sensitiveColumns = lists["--sensitive"] ?? []
        for (signature, hash) in (lists["--allow-function"] ?? []).compactMap(Self.allowed) {
            options.allowedFunctions[signature, default: []].insert(hash)
        }
        if let name = values["--setting"] { options.context = .setting(name) }
        if let schema = values["--guard"] { options.context = .guarded(schema: schema) }
        if let name = values["--profile"] { options.profile = name }
        if let pair = values["--tenants"]?.split(separator: ","), pair.count == 2 {
            options.tenants = (String(pair[0]), String(pair[1]))
        }
        if let text = values["--timeout"], let limit = Int(text) {
            options.timeoutMilliseconds = limit
        }
        options.firesTriggers = switches.contains("--fire-triggers")
        options.watches = watchMilliseconds != nil
    }

    private static func read(_ file: String) throws(StartupFault) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(file, bytesMax: bytesMax)
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: cannot read `\(file)`: \(error.words)\n")
        }
    }

    private static func write(_ bytes: [UInt8], to file: String) throws(StartupFault) {
        do throws(FileFault) {
            try writeFileAtomically(file, bytes.span)
        } catch {
            throw StartupFault(
                exit: .failed, message: "error: cannot write `\(file)`: \(error.words)\n")
        }
    }
}
