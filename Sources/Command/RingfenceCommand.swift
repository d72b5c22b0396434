import ArgumentParser
import Foundation
import Release

struct RingfenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringfence",
        abstract: "Tenant scope that cannot be forgotten, forged or lost.",
        discussion: """
            `ringfence help CODE` explains a code, such as E1204 or rate.limited. Colour is left \
            out with --no-color, or when NO_COLOR is set.

            Exit codes: 0 fine; 1 a check found something, or an operation was refused; 2 \
            configuration invalid; 3 warnings under --strict; 4 backend or database out of \
            reach; 5 unsafe; 64 usage; 70 our bug.
            """,
        subcommands: [
            DevCommand.self, InitWord.self, CheckWord.self, SchemaWord.self, GatewayWord.self,
            BackendWord.self,
            DatabaseWord.self, TokenWord.self, KeyWord.self, CertificateWord.self,
            VersionCommand.self,
        ])

    static let commandNames: Set<String> = Set(
        configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this build.")

    @Flag(help: "Print JSON.") var json = false

    func run() {
        Message.output(
            json
                ? "{\"version\":\"\(Release.version)\"}\n"
                : "ringfence \(Release.version)\n")
    }
}

// MARK: - Commands of the siblings

// Declared so that help lists them. They never run: `Program` hands their words over unparsed.

private func describe(
    _ word: String, _ abstract: String, synopsis: String
) -> CommandConfiguration {
    CommandConfiguration(
        commandName: word, abstract: abstract, usage: "ringfence \(synopsis)",
        discussion: "`ringfence \(word) --help` says more.")
}

struct CheckWord: ParsableCommand {
    static let configuration = describe(
        "check", "Check policy files: all that is wrong with them, in one run.",
        synopsis: "check [PATH] [--env NAME] [--strict] [--json] [--no-color]")
}

struct InitWord: ParsableCommand {
    static let configuration = describe(
        "init", "Write a folder of policies to begin with, with tests.",
        synopsis: "init [PATH] [--template api|tiers|portal|full]")
}

struct SchemaWord: ParsableCommand {
    static let configuration = describe(
        "schema", "Print the JSON Schema of a policy file, for editors.",
        synopsis: "schema [gateway|include|overlay|tenants|backend|test]")
}

struct GatewayWord: ParsableCommand {
    static let configuration = describe(
        "gateway", "Run the gateway.",
        synopsis: "gateway run [--config PATH] [--env NAME]")
}

struct BackendWord: ParsableCommand {
    static let configuration = describe(
        "backend", "Run the delivery backend.",
        synopsis: "backend run [--config PATH]")
}

struct DatabaseWord: ParsableCommand {
    static let configuration = describe(
        "db", "Migrate the database, or check what its roles may do.",
        synopsis: "db migrate|posture [--config PATH]")
}

struct TokenWord: ParsableCommand {
    static let configuration = describe(
        "token", "Mint tokens for tests.",
        synopsis: "token mint --key FILE --algorithm A --claims JSON [--ttl 1h]")
}

struct KeyWord: ParsableCommand {
    static let configuration = describe(
        "key", "Create keys of issuers and of assertions.",
        synopsis: "key create --algorithm A --private FILE [--public FILE]")
}

struct CertificateWord: ParsableCommand {
    static let configuration = describe(
        "certificate", "Create a self-signed certificate for tests.",
        synopsis: "certificate create --hosts A,B --certificate FILE --key FILE")
}
