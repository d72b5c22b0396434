import ArgumentParser

struct BackendWord: ParsableCommand {
    static let configuration = describe(
        "backend", "Run the delivery backend.", synopsis: "backend run [--config PATH]",
        subcommands: [Run.self])

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serve until SIGTERM.")
        @Option(help: "The policy.", completion: .file()) var config: String?
    }
}

struct DatabaseWord: ParsableCommand {
    static let configuration = describe(
        "db", "Migrate the database, or check what its roles may do.",
        synopsis: "db migrate|posture [--config PATH]", subcommands: [Migrate.self, Posture.self])

    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bring the tables up to date.")
        @Option(help: "The policy.", completion: .file()) var config: String?
    }

    struct Posture: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check what the runtime role may do.")
        @Option(help: "The policy.", completion: .file()) var config: String?
    }
}

struct TokenWord: ParsableCommand {
    static let configuration = describe(
        "token", "Mint tokens for tests, and look at tokens.",
        synopsis: "token mint|inspect|verify [OPTIONS]",
        subcommands: [Mint.self, Inspect.self, Verify.self])

    struct Mint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a token signed by a key you have.")
        @Option(help: "The private key.", completion: .file()) var key: String
        @Option(help: "Its algorithm.") var algorithm: String
        @Option(help: "One JSON object.") var claims: String
        @Option(help: "Its `kid`.") var kid: String?
        @Option(help: "Its `typ`.") var type: String?
        @Option(help: "How long it lives.") var ttl: String?
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a token says, believed or not.")
        @Option(help: "The token; - is standard input.", completion: .file())
        var tokenFile: String?
        @Flag(help: "Print JSON.") var json = false
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whether the policy believes a token, and which check fails.")
        @Option(help: "The token; - is standard input.", completion: .file())
        var tokenFile: String?
        @Option(help: "One of the policy's issuers.") var issuer: String?
        @Option(help: "An overlay: NAME of env/NAME.yaml.") var env: String?
        @Option(help: "The policy.", completion: .file()) var config: String?
        @Flag(help: "Print JSON.") var json = false
    }
}

struct CertificateWord: ParsableCommand {
    static let configuration = describe(
        "certificate", "Create a self-signed certificate for tests.",
        synopsis: "certificate create --hosts A,B --certificate FILE --key FILE",
        subcommands: [Create.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a new certificate.")
        @Option(help: "Names, with commas between them.") var hosts: String
        @Option(help: "The certificate.", completion: .file()) var certificate: String
        @Option(help: "Its key.", completion: .file()) var key: String
        @Option(help: "How long it is valid.") var days: Int?
    }
}
