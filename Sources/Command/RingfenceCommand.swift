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
        version: "ringfence \(Release.version)",
        subcommands: [
            DevCommand.self, InitWord.self, CheckWord.self, SchemaWord.self, TestWord.self,
            ExplainWord.self, DiffWord.self, RoutesWord.self, ConfigWord.self, GatewayWord.self,
            StatusWord.self, BackendWord.self, DatabaseWord.self, TenantWord.self, KeyWord.self,
            TokenWord.self,
            CertificateWord.self, AttackWord.self, CompletionCommand.self, ManualCommand.self,
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
