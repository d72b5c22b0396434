import Policy
import Reactor
import Release
import Verification

/// The program behind `ringfence-backend`.
public enum BackendProgram {
    /// The whole life of the process.
    ///
    /// - Parameter arguments: the program's name first.
    public static func main(_ arguments: [String]) -> Never {
        ProcessContext.run("ringfence-backend") { run(arguments) }
    }

    /// Does what `arguments` (the program's name first) ask for and answers the exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        if let expected = ProcessContext.variable("RINGFENCE_EXPECT_VERSION"),
            expected != Release.version
        {
            StandardStream.error.write(
                "error: ringfence-backend \(Release.version) was started by ringfence "
                    + "\(expected); install the programs of one build\n")
            return ExitCode.bug.rawValue
        }
        do throws(BackendCommand.UsageFault) {
            let command = try BackendCommand(Array(arguments.dropFirst()))
            do throws(StartupFault) {
                return try perform(command).rawValue
            } catch {
                StandardStream.error.write(error.message)
                return error.exit.rawValue
            }
        } catch {
            StandardStream.error.write(
                "error: \(error.message)\n`ringfence-backend --help` shows the commands\n")
            return ExitCode.usage.rawValue
        }
    }

    private static func perform(_ command: BackendCommand) throws(StartupFault) -> ExitCode {
        switch command {
        case .help: StandardStream.output.write(BackendCommand.usage)
        case .version(asJSON: false):
            StandardStream.output.write("ringfence-backend \(Release.version)\n")
        case .version(asJSON: true):
            StandardStream.output.write(
                "{\"program\":\"ringfence-backend\",\"version\":\"\(Release.version)\"}\n")
        case .migrate(let config):
            StandardStream.output.write(
                try DatabaseCommands.migrate(load(config, isMigration: true)))
        case .adminSQL(let config):
            StandardStream.output.write(
                try DatabaseCommands.adminSQL(load(config, isMigration: true)))
        case .posture(let config, let asJSON):
            let posture = try DatabaseCommands.posture(load(config))
            StandardStream.output.write(asJSON ? posture.json : posture.text)
            return posture.exit
        case .createKey(let config, let out):
            StandardStream.output.write(try SealKeyCommands.create(load(config), out: out))
        case .listKeys(let config):
            StandardStream.output.write(try SealKeyCommands.list(load(config)))
        case .retireKey(let config, let kid):
            StandardStream.output.write(try SealKeyCommands.retire(load(config), kid))
        case .verify(let command): return try command.perform()
        case .protect(let command): return try command.perform()
        case .evidence(let command): return try command.perform()
        case .run(let options): return try serve(options)
        }
        return .fine
    }

    private static func load(
        _ path: String, isMigration: Bool = false
    ) throws(StartupFault) -> BackendSetup {
        let (setup, warnings) = try BackendSetup.load(path, isMigration: isMigration)
        StandardStream.error.write(warnings)
        return setup
    }

    private static func serve(_ options: BackendCommand.RunOptions) throws(StartupFault) -> ExitCode
    {
        if options.diesWithParent, !ProcessContext.endWithParent() { return .fine }
        var control = try ControlThread()
        let setup = try load(options.config)
        guard try control.awaitDatabase(setup) else { return .fine }
        let proven = setup.policy.database.verify == .off ? nil : try prove(setup)
        let server = try BackendServer(setup, provenCatalogs: proven)
        if let path = options.announce { try server.announce(to: path) }
        try control.awaitEnd()
        server.stop()
        return .fine
    }

    /// Refuses to serve from a database whose isolation is not proven.
    ///
    /// - Returns: the fingerprint of the catalogs that were verified.
    private static func prove(_ setup: BackendSetup) throws(StartupFault) -> String {
        let report = try VerifyCommand.verify(DatabaseProof(setup))
        guard report.exitCode != 0 else { return report.subject.catalogFingerprint }
        throw StartupFault(
            exit: VerifyCommand.exit(report),
            message: report.text(colour: false) + "error: refusing to serve\n")
    }
}
