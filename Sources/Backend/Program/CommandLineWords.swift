/// What the command line asks for.
enum BackendCommand: Equatable {
    case help
    case version(asJSON: Bool)
    case run(RunOptions)
    case migrate(config: String)
    case adminSQL(config: String)
    case posture(config: String, asJSON: Bool)
    case createKey(config: String, out: String)
    case listKeys(config: String)
    case retireKey(config: String, kid: String)
    case verify(VerifyCommand)
    case protect(ProtectCommand)
    case evidence(EvidenceCommand)

    struct RunOptions: Equatable {
        var config = BackendCommand.configDefault
        var announce: String?
        var diesWithParent = false
    }

    static let configDefault = "policies/backend.yaml"

    /// Words that make no sense together, with what to say about them.
    struct UsageFault: Error, Equatable {
        let message: String
    }

    /// - Parameter words: without the program's name.
    init(_ words: [String]) throws(UsageFault) {
        if words.contains(where: { $0 == "--help" || $0 == "-h" }) {
            self = .help
            return
        }
        var rest = words[...]
        let first = rest.popFirst()
        switch first {
        case nil: throw UsageFault(message: "a command is missing")
        case "help": self = .help
        case "version", "--version":
            let flags = try Self.flags(&rest, ["--json"], [])
            self = .version(asJSON: flags["--json"] != nil)
        case "run":
            let flags = try Self.flags(
                &rest, ["--die-with-parent"], ["--config", "--announce"])
            var options = RunOptions()
            if let path = flags["--config"] { options.config = path }
            options.announce = flags["--announce"]
            options.diesWithParent = flags["--die-with-parent"] != nil
            self = .run(options)
        case "db": self = try Self.database(&rest)
        case .some(let word): throw UsageFault(message: "unknown command `\(word)`")
        }
    }

    private static func database(
        _ words: inout ArraySlice<String>
    ) throws(UsageFault) -> BackendCommand {
        switch words.popFirst() {
        case "migrate":
            let flags = try flags(&words, ["--print-admin-sql"], ["--config"])
            let config = flags["--config"] ?? configDefault
            return flags["--print-admin-sql"] == nil
                ? .migrate(config: config) : .adminSQL(config: config)
        case "posture":
            let flags = try flags(&words, ["--json"], ["--config"])
            return .posture(
                config: flags["--config"] ?? configDefault, asJSON: flags["--json"] != nil)
        case "seal-key": return try sealKey(&words)
        case "verify": return .verify(try VerifyCommand(words))
        case "protect": return .protect(try ProtectCommand(words))
        case "evidence": return .evidence(try EvidenceCommand(words))
        default:
            throw UsageFault(
                message: "`db` is followed by `migrate`, `posture`, `seal-key`, `verify`, "
                    + "`protect` or `evidence`")
        }
    }

    private static func sealKey(
        _ words: inout ArraySlice<String>
    ) throws(UsageFault) -> BackendCommand {
        switch words.popFirst() {
        case "create":
            let flags = try flags(&words, [], ["--config", "--out"])
            guard let out = flags["--out"] else {
                throw UsageFault(message: "`db seal-key create` needs `--out FILE`")
            }
            return .createKey(config: flags["--config"] ?? configDefault, out: out)
        case "list":
            let flags = try flags(&words, [], ["--config"])
            return .listKeys(config: flags["--config"] ?? configDefault)
        case "retire":
            guard let kid = words.popFirst(), !kid.hasPrefix("-") else {
                throw UsageFault(message: "`db seal-key retire` needs the key's id")
            }
            let flags = try flags(&words, [], ["--config"])
            return .retireKey(config: flags["--config"] ?? configDefault, kid: kid)
        default:
            throw UsageFault(
                message: "`db seal-key` is followed by `create`, `list` or `retire KID`")
        }
    }

    /// Reads `--switch` and `--option VALUE`, each at most once.
    static func flags(
        _ words: inout ArraySlice<String>, _ switches: [String], _ options: [String]
    ) throws(UsageFault) -> [String: String] {
        var found: [String: String] = [:]
        while let word = words.popFirst() {
            guard found[word] == nil else { throw UsageFault(message: "`\(word)` is given twice") }
            if switches.contains(word) {
                found[word] = ""
            } else if options.contains(word) {
                guard let value = words.popFirst(), !value.isEmpty else {
                    throw UsageFault(message: "`\(word)` needs a value")
                }
                found[word] = value
            } else {
                throw UsageFault(message: "unknown option `\(word)`")
            }
        }
        return found
    }

    static let usage = """
        usage: ringfence-backend COMMAND

          run [--config PATH] [--announce FILE] [--die-with-parent]
              serve; PATH is a folder with backend.yaml in it, or a file (default \(configDefault))
          db migrate [--config PATH] [--print-admin-sql]
              bring roles, schema, guard and grants up to date, or print the part of it that needs a
              superuser
          db posture [--config PATH] [--json]
              examine the runtime role and the schema for ways around row-level security, and say
              what the database's context stops
          db seal-key create --out FILE [--config PATH]
              make a key for the gateway's seals, which the database knows from then on
          db seal-key list [--config PATH]
          db seal-key retire KID [--config PATH]
          db verify [--config PATH | --login-file FILE] [--pooler-file FILE] [--admin-file FILE]
              [--setting NAME | --guard SCHEMA] [--seal-key FILE] [--profile generic|ringfence]
              [--schema NAME]... [--tenant-column NAME]... [--global TABLE]...
              [--sensitive TABLE.COLUMN]... [--allow-function NAME(TYPES)=SHA256]...
              [--tenants A,B] [--fire-triggers] [--timeout MS] [--waivers FILE]
              [--json | --fix] [--sarif FILE] [--evidence FILE --sign-key FILE]
              [--watch SECONDS|MSms | --self-test]
              prove as the deployed login that no tenant reaches another one's rows
          db protect TABLE... [--backfill TABLE=EXPRESSION]... [--mode sealed|statement|plain]
              [--until expand|guard|force] [--column NAME] [--type uuid|text|bigint]
              [--config PATH | --owner-file FILE [--role LOGIN]] [--setting NAME]
              [--lock-timeout MS] [--attempts N] [--pages N] [--apply]
              print the migration that brings tables under the guard, or run it
          db evidence keygen --private FILE --public FILE
          db evidence check FILE --public-key FILE
              make a key for signed reports; check one, without a database
          version [--json]

        exit codes: 0 fine, 1 refused or failed, 2 configuration invalid, 4 database out of reach,
        5 unsafe, 64 usage, 70 a bug of ours

        """
}
