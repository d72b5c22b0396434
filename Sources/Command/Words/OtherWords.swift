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
        synopsis: "db migrate|posture|seal-key|verify|protect|evidence [OPTIONS]",
        subcommands: [
            Migrate.self, Posture.self, SealKeyWord.self, Verify.self, Protect.self,
            EvidenceWord.self,
        ])

    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bring the tables up to date.")
        @Option(help: "The policy.", completion: .file()) var config: String?
        @Flag(name: .customLong("print-admin-sql"), help: "Print the part for a superuser.")
        var printsAdminSQL = false
    }

    struct Posture: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check what the runtime role may do.")
        @Option(help: "The policy.", completion: .file()) var config: String?
        @Flag(help: "Print JSON.") var json = false
    }

    struct SealKeyWord: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "seal-key", abstract: "The keys by which a database knows the seals.",
            subcommands: [Create.self, List.self, Retire.self])

        struct Create: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Make a key for the gateway; the database knows it from then on.")
            @Option(help: "Where the key is written.", completion: .file()) var out: String
            @Option(help: "The policy.", completion: .file()) var config: String?
        }

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Which keys there are, and until when.")
            @Option(help: "The policy.", completion: .file()) var config: String?
        }

        struct Retire: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Refuse seals made with a key, from now on.")
            @Argument(help: "The key's id.") var key: String
            @Option(help: "The policy.", completion: .file()) var config: String?
        }
    }
}

extension DatabaseWord {
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove as the deployed login that no tenant reaches another one's rows.")
        @Option(help: "The policy.", completion: .file()) var config: String?
        @Option(help: "The login's connection string.", completion: .file())
        var loginFile: String?
        @Option(help: "The same login through the pooler.", completion: .file())
        var poolerFile: String?
        @Option(help: "A superuser's connection string.", completion: .file())
        var adminFile: String?
        @Option(help: "The setting that holds the tenant (plain mode).") var setting: String?
        @Option(help: "The schema of the guard (sealed mode).") var `guard`: String?
        @Option(help: "The key seals are made with.", completion: .file()) var sealKey: String?
        @Option(help: "What is known of the schema.", completion: .list(["generic", "ringfence"]))
        var profile: String?
        @Option(help: "A schema to look at; all unless given.") var schema: [String] = []
        @Option(help: "The tenant column; tenant_id unless given.") var tenantColumn: [String] = []
        @Option(help: "A table that holds nothing of any tenant.") var global: [String] = []
        @Option(help: "A column whose values statistics must not hold.")
        var sensitive: [String] = []
        @Option(help: "A definer function that was read, as NAME(TYPES)=SHA256.")
        var allowFunction: [String] = []
        @Option(help: "Two tenants to probe as.") var tenants: String?
        @Option(help: "How long a statement may take, in ms.") var timeout: Int?
        @Option(help: "Accepted risks.", completion: .file()) var waivers: String?
        @Option(help: "Where to write SARIF.", completion: .file()) var sarif: String?
        @Option(help: "Where to write the signed report.", completion: .file())
        var evidence: String?
        @Option(help: "The key it is signed with.", completion: .file()) var signKey: String?
        @Option(help: "Look again when the catalogs change, every so many seconds.")
        var watch: Int?
        @Flag(help: "Write to tables with triggers, too; all is rolled back.")
        var fireTriggers = false
        @Flag(help: "Break scratch databases and see that each rule notices.") var selfTest = false
        @Flag(help: "Print JSON.") var json = false
        @Flag(help: "Print the SQL that mends it.") var fix = false
    }

    struct Protect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the migration that brings tables under the guard, or run it.")
        @Argument(help: "The tables, as SQL spells them.") var tables: [String]
        @Option(help: "TABLE=EXPRESSION: how a row tells its tenant.") var backfill: [String] = []
        @Option(
            help: "How the database knows the tenant.",
            completion: .list(["sealed", "statement", "plain"])) var mode: String?
        @Option(
            help: "How far to go.", completion: .list(["expand", "guard", "force"]))
        var until: String?
        @Option(help: "The tenant column.") var column: String?
        @Option(help: "Its type.", completion: .list(["uuid", "text", "bigint"])) var type: String?
        @Option(help: "The setting of plain mode.") var setting: String?
        @Option(help: "The application's login.") var role: String?
        @Option(help: "The policy.", completion: .file()) var config: String?
        @Option(help: "The owner's connection string.", completion: .file())
        var ownerFile: String?
        @Option(help: "How long a step waits for its lock, in ms.") var lockTimeout: Int?
        @Option(help: "How often it tries.") var attempts: Int?
        @Option(help: "Pages one transaction of the backfill changes.") var pages: Int?
        @Flag(help: "Run it.") var apply = false
    }

    struct EvidenceWord: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evidence", abstract: "Make keys for signed reports, and check a report.",
            subcommands: [Keygen.self, Check.self])

        struct Keygen: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Make a pair of keys.")
            @Option(name: .customLong("private"), help: "The private key.", completion: .file())
            var privateFile: String
            @Option(name: .customLong("public"), help: "The public key.", completion: .file())
            var publicFile: String
        }

        struct Check: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Whether a report is as it was signed; needs no database.")
            @Argument(help: "The report.", completion: .file()) var file: String
            @Option(help: "The public key.", completion: .file()) var publicKey: String
        }
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
        @Flag(help: "Replace a key that is there.") var force = false
    }
}
