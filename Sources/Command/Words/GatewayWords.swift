import ArgumentParser

// Commands of the siblings, declared so that help, completion and the manual know them. They never
// run: `Program` hands their words over unparsed.

/// - Parameter synopsis: without the program's name.
func describe(
    _ word: String, _ abstract: String, synopsis: String,
    subcommands: [any ParsableCommand.Type] = []
) -> CommandConfiguration {
    CommandConfiguration(
        commandName: word, abstract: abstract, usage: "ringfence \(synopsis)",
        subcommands: subcommands)
}

struct CheckWord: ParsableCommand {
    static let configuration = describe(
        "check", "Check policy files: all that is wrong with them, in one run.",
        synopsis: "check [PATH] [--env NAME] [--strict] [--json] [--no-color]")

    @Argument(help: "A policy folder or its gateway.yaml.", completion: .file()) var path: String?
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Flag(help: "Warnings fail too.") var strict = false
    @Flag(help: "Print JSON.") var json = false
}

struct InitWord: ParsableCommand {
    static let configuration = describe(
        "init", "Write a folder of policies to begin with, with tests.",
        synopsis: "init [PATH] [--template api|tiers|portal|full]")

    @Argument(help: "The folder; policies/ unless said otherwise.", completion: .directory)
    var path: String?
    @Option(help: "What to begin with.", completion: .list(["api", "tiers", "portal", "full"]))
    var template: String?
}

struct SchemaWord: ParsableCommand {
    static let configuration = describe(
        "schema", "Print the JSON Schema of a policy file, for editors.",
        synopsis: "schema [gateway|include|overlay|tenants|backend|test]")

    @Argument(
        help: "Which kind of file.",
        completion: .list(["gateway", "include", "overlay", "tenants", "backend", "test"]))
    var kind: String?
}

struct TestWord: ParsableCommand {
    static let configuration = describe(
        "test", "Run the tests beside a policy.",
        synopsis: "test [PATH] [--run REGEX] [--coverage] [--junit FILE] [--verbose] [--json]")

    @Argument(help: "A policy folder, or one test file.", completion: .file()) var path: String?
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Option(name: .customLong("run"), help: "Only cases whose name matches.") var pattern: String?
    @Flag(help: "Which routes were seen to do what.") var coverage = false
    @Option(help: "Where to write the report CI systems read.", completion: .file())
    var junit: String?
    @Flag(name: .shortAndLong, help: "Show what passed too.") var verbose = false
    @Flag(help: "Print JSON.") var json = false
}

struct ExplainWord: ParsableCommand {
    static let configuration = describe(
        "explain", "Explain how a request would be decided, with file and line.",
        synopsis: "explain --request 'GET /v1/orders' [--token-file FILE] [--key-file FILE] "
            + "[--session-file FILE] [--certificate FILE] [-H 'Name: value']")

    @Option(help: "Method and target, as in 'GET /v1/orders?x=1'.") var request: String
    @Option(name: [.customShort("H"), .long], help: "A field, as in 'Name: value'.")
    var header: [String] = []
    @Option(help: "A bearer token; - is standard input.", completion: .file())
    var tokenFile: String?
    @Option(help: "An API key; - is standard input.", completion: .file())
    var keyFile: String?
    @Option(help: "A session, sent as cookie; - is standard input.", completion: .file())
    var sessionFile: String?
    @Option(help: "A client certificate and its key, PEM.", completion: .file())
    var certificate: String?
    @Option(help: "The body.", completion: .file()) var bodyFile: String?
    @Option(help: "The address it comes from.") var from: String?
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Option(help: "The policy.", completion: .file()) var config: String?
    @Flag(help: "Print JSON.") var json = false
}

struct DiffWord: ParsableCommand {
    static let configuration = describe(
        "diff", "Compare what two policies mean; what widens access is flagged.",
        synopsis: "diff OLD NEW [--replay] [--fail-on-widening] [--json]")

    @Argument(help: "The policy as it was.", completion: .file()) var old: String
    @Argument(help: "The policy as it will be.", completion: .file()) var new: String
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Flag(help: "Decide the requests of NEW's tests by both.") var replay = false
    @Flag(help: "Exit 1 when something widens access.") var failOnWidening = false
    @Flag(help: "Print JSON.") var json = false
}

struct RoutesWord: ParsableCommand {
    static let configuration = describe(
        "routes", "List the routes, and those that share requests.",
        synopsis: "routes [PATH] [--overlaps] [--json]")

    @Argument(help: "A policy folder or its gateway.yaml.", completion: .file()) var path: String?
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Flag(help: "Only routes that share requests.") var overlaps = false
    @Flag(help: "Print JSON.") var json = false
}

struct ConfigWord: ParsableCommand {
    static let configuration = describe(
        "config", "Show what a policy comes to.",
        synopsis: "config show [PATH] [--origin] [--json]",
        subcommands: [Show.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every value with its default; secrets by reference.")

        @Argument(help: "A policy folder or its gateway.yaml.", completion: .file())
        var path: String?
        @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
        @Flag(help: "Where each value is from.") var origin = false
        @Flag(help: "Print JSON.") var json = false
    }
}

struct GatewayWord: ParsableCommand {
    static let configuration = describe(
        "gateway", "Run the gateway, or ask a running one.",
        synopsis: "gateway run|status|reload|drain [--config PATH]",
        subcommands: [Run.self, Status.self, Reload.self, Drain.self])

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serve until SIGTERM.")

        @Option(help: "The policy.", completion: .file()) var config: String?
        @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
        @Option(help: "Written when ready, with addresses.", completion: .file())
        var announce: String?
        @Flag(help: "End with the process that started it.") var dieWithParent = false
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How a running gateway is; 1 when its last reload was refused.")
        @OptionGroup var admin: AdminOptions
    }

    struct Reload: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the policy again and wait for the verdict.")
        @OptionGroup var admin: AdminOptions
    }

    struct Drain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finish what is open, then end.")
        @OptionGroup var admin: AdminOptions
    }
}

/// How a running gateway is found.
struct AdminOptions: ParsableArguments {
    @Option(help: "The policy, whose `listen.admin` is asked.", completion: .file())
    var config: String?
    @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
    @Option(help: "The admin socket, as in unix:/run/ringfence/admin.sock.") var admin: String?
    @Flag(help: "Print JSON.") var json = false
}

struct StatusWord: ParsableCommand {
    static let configuration = describe(
        "status", "How a running gateway is; 1 when its last reload was refused.",
        synopsis: "status [--config PATH] [--admin unix:PATH] [--json]")
    @OptionGroup var admin: AdminOptions
}
