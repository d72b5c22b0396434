import Policy
import Reactor
import Release
import YAML

/// `ringfence-gateway`: which command its words ask for.
public enum GatewayProgram {
    static let usage = """
        usage: ringfence-gateway run [--config PATH] [--env NAME] [--announce FILE]
                                            [--die-with-parent]
               ringfence-gateway check [PATH] [--env NAME] [--strict] [--json] [--no-color]
               ringfence-gateway status|reload|drain [--config PATH] [--admin unix:PATH] [--json]
               ringfence-gateway test [PATH] [--env NAME] [--run REGEX] [--coverage] [--junit FILE]
                                            [--verbose] [--json]
               ringfence-gateway explain --request 'GET /v1/orders' [--token-file FILE]
                                            [-H 'Name: value'] [--body-file FILE]
                                            [--from ADDRESS] [--config PATH] [--env NAME] [--json]
               ringfence-gateway diff OLD NEW [--env NAME] [--replay] [--fail-on-widening]
                                            [--json]
               ringfence-gateway routes [PATH] [--env NAME] [--overlaps] [--json]
               ringfence-gateway config show [PATH] [--env NAME] [--origin] [--json]
               ringfence-gateway token inspect [--token-file FILE] [--json]
               ringfence-gateway token verify [--token-file FILE] [--issuer NAME]
                                            [--config PATH] [--env NAME] [--json]
               ringfence-gateway init [PATH] [--template api|tiers|portal|full]
               ringfence-gateway schema [gateway|include|overlay|tenants|backend|test]
               ringfence-gateway help CODE
               ringfence-gateway token mint --key FILE --algorithm A --claims JSON
                                            [--kid K] [--type T] [--ttl 1h]
               ringfence-gateway certificate create --hosts NAMES --certificate FILE --key FILE
                                            [--days N] [--force]
               ringfence-gateway key create --algorithm A --private FILE [--public FILE]
                                            [--force]
               ringfence-gateway tenant create ID --tier T [--name NAME] [--requests N/min]
               ringfence-gateway tenant list | show ID | suspend ID | resume ID
               ringfence-gateway tenant tier ID TIER [--requests N/min|none]
               ringfence-gateway tenant domain add|remove ID DOMAIN
               ringfence-gateway key create ID [--name NAME] [--scope S] [--expires TIME]
               ringfence-gateway key list ID | revoke ID KEY
                                            (tenant, key: [--url URL] [--ca FILE]
                                            [--vendor-key-file FILE] [--json])
               ringfence-gateway version [--json]

        """

    /// Exit codes, the same for all programs.
    enum Exit {
        static let fine: Int32 = 0
        static let found: Int32 = 1
        static let invalid: Int32 = 2
        static let unreachable: Int32 = 4
        static let usage: Int32 = 64
        static let bug: Int32 = 70
    }

    /// The whole life of the process.
    ///
    /// - Parameter arguments: the program's name first.
    public static func main(_ arguments: [String]) -> Never {
        ProcessContext.run("ringfence-gateway") { run(Array(arguments.dropFirst())) }
    }

    /// Runs one command.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        if let expected = ProcessContext.variable("RINGFENCE_EXPECT_VERSION"),
            expected != Release.version
        {
            return complain(
                "this is \(Release.version), but it was started by \(expected); "
                    + "install both from one build",
                Exit.bug)
        }
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) {
            write(usage, to: .output)
            return Exit.fine
        }
        var words = Words(arguments)
        let command = words.next()
        switch command {
        case "run": return run(&words)
        case "status": return AdminCommand.run(.status, &words)
        case "reload": return AdminCommand.run(.reload, &words)
        case "drain": return AdminCommand.run(.drain, &words)
        case "check": return CheckCommand.run(&words)
        case "diff": return DiffCommand.run(&words)
        case "config": return ConfigCommand.run(&words)
        case "routes": return RoutesCommand.run(&words)
        case "test": return TestCommand.run(&words)
        case "explain": return ExplainCommand.run(&words)
        case "init": return InitCommand.run(&words)
        case "schema": return SchemaCommand.run(&words)
        case "help": return help(&words)
        case "token":
            switch words.next() {
            case "mint": return MintCommand.run(&words)
            case "inspect": return TokenCommand.inspect(&words)
            case "verify": return TokenCommand.verify(&words)
            default: return misuse("token has the commands mint, inspect and verify")
            }
        case "certificate":
            guard words.next() == "create" else {
                return misuse("certificate has one command: create")
            }
            return MaterialCommand.createCertificate(&words)
        case "key":
            return key(&words)
        case "tenant": return VendorCommand.tenant(&words)
        case "version", "--version":
            let json = words.flag("--json")
            let text = "ringfence-gateway \(Release.version)\n"
            write(json ? "{\"version\":\"\(Release.version)\"}\n" : text, to: .output)
            return Exit.fine
        case let other?: return misuse("unknown command `\(other)`")
        case nil: return misuse("a command is missing")
        }
    }

    /// Keys of issuers and of assertions are made here; tenants' API keys where tenants are kept.
    private static func key(_ words: inout Words) -> Int32 {
        guard words.has("--algorithm") else { return VendorCommand.key(&words) }
        guard words.next() == "create" else { return misuse("--algorithm belongs to `key create`") }
        return MaterialCommand.createKey(&words)
    }

    private static func run(_ words: inout Words) -> Int32 {
        var run = GatewayRun()
        do throws(Misuse) {
            run.path = try words.option("--config") ?? "policies/"
            run.overlay = try words.overlay()
            run.announceFile = try words.option("--announce")
            let dies = words.flag("--die-with-parent")
            try words.end()
            if dies, !ProcessContext.endWithParent() {
                return complain("the parent is gone", Exit.found)
            }
        } catch {
            return misuse(error)
        }
        return run.run()
    }

    private static func help(_ words: inout Words) -> Int32 {
        guard let code = words.next() else { return misuse("help needs a code, such as E1204") }
        if let text = CodeReference.help(for: code) {
            write(text + "\n", to: .output)
            return Exit.fine
        }
        if code.wholeMatch(of: /[A-Z][0-9]{1,2}/) != nil {
            return complain(
                "`\(code)` is a rule of `ringfence db verify`: its report explains it, and "
                    + "docs/verify.md", Exit.found)
        }
        let near = CodeReference.nearest(to: code).map { "; did you mean `\($0)`?" } ?? ""
        return complain("there is no code `\(code)`\(near)", Exit.found)
    }

    static func misuse(_ message: String) -> Int32 { misuse(Misuse(message: message)) }

    static func misuse(_ misuse: Misuse) -> Int32 {
        let hint = "`ringfence help` shows the commands, `ringfence help COMMAND` one of them\n"
        let isAboutWords = misuse.exit == Exit.usage
        write(
            "ringfence-gateway: \(misuse.message)\n\(isAboutWords ? hint : "")", to: .error)
        return misuse.exit
    }

    static func complain(_ message: String, _ code: Int32) -> Int32 {
        write("ringfence-gateway: \(message)\n", to: .error)
        return code
    }
}

/// A word that does not belong where it stands.
struct Misuse: Error {
    let message: String
    /// Another than `usage` where the words are right and what they name is not.
    var exit: Int32 = GatewayProgram.Exit.usage

    static func unreadable(_ file: String, _ fault: FileFault) -> Misuse {
        Misuse(
            message: "cannot read `\(file)`: \(fault.description)",
            exit: GatewayProgram.Exit.invalid)
    }
}

/// The words of a command line, taken one by one.
struct Words {
    private var rest: [String]

    init(_ words: [String]) { rest = words }

    /// The next word that is no option.
    mutating func next() -> String? {
        guard let first = rest.first, !first.hasPrefix("--") || isCommandless(first) else {
            return nil
        }
        return rest.removeFirst()
    }

    private func isCommandless(_ word: String) -> Bool { word == "--version" }

    /// Whether the flag was given; each counts once.
    mutating func flag(_ name: String) -> Bool {
        guard let place = rest.firstIndex(of: name) else { return false }
        rest.remove(at: place)
        return true
    }

    /// Whether an option was given, with whatever value.
    func has(_ name: String) -> Bool {
        rest.contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    /// The value behind `--name` or `--name=`.
    mutating func option(_ name: String) throws(Misuse) -> String? {
        if let place = rest.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            return String(rest.remove(at: place).dropFirst(name.count + 1))
        }
        guard let place = rest.firstIndex(of: name) else { return nil }
        guard place + 1 < rest.count else { throw Misuse(message: "\(name) needs a value") }
        let value = rest.remove(at: place + 1)
        rest.remove(at: place)
        return value
    }

    /// `--env NAME`.
    mutating func overlay() throws(Misuse) -> String? {
        guard let name = try option("--env") else { return nil }
        guard PolicySettings.isOverlayName(name) else {
            throw Misuse(message: "--env takes a name, NAME of env/NAME.yaml")
        }
        return name
    }

    mutating func required(_ name: String) throws(Misuse) -> String {
        guard let value = try option(name) else { throw Misuse(message: "\(name) is missing") }
        return value
    }

    func end() throws(Misuse) {
        guard let word = rest.first else { return }
        throw Misuse(message: "unexpected `\(word)`")
    }
}
