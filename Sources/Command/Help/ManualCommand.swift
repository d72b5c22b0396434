import ArgumentParser
import Foundation
import Release

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page: ringfence man | man -l -")

    func run() throws {
        Message.output(try ManualPage().text())
    }
}

/// The manual page of the whole program, made from the declarations that help is made from.
struct ManualPage {
    /// What argument parsing tells of the commands; only what is shown.
    private struct Help: Decodable {
        var command: Command
    }

    private struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Command]?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: String
        var isOptional: Bool
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var shouldDisplay: Bool?
    }

    private let root: Command

    init() throws {
        let json = Data(RingfenceCommand._dumpHelp().utf8)
        root = try JSONDecoder().decode(Help.self, from: json).command
    }

    func text() -> String {
        var out = ".TH RINGFENCE 1 \"\" \"ringfence \(Release.version)\" \"Ringfence\"\n"
        out += ".SH NAME\nringfence \\- \(Self.escaped(root.abstract ?? ""))\n"
        out += ".SH SYNOPSIS\n.B ringfence\n.I command\n[\\fIoptions\\fR]\n"
        out += ".SH DESCRIPTION\n\(Self.escaped(root.discussion ?? ""))\n"
        out += ".SH COMMANDS\n"
        for command in root.subcommands ?? [] { out += section(command, under: "") }
        out += ".SH FILES\n.TP\n.I policies/gateway.yaml\nThe policy, where no other is named.\n"
        return out + ".SH SEE ALSO\nringfence help CODE explains a code.\n"
    }

    private func section(_ command: Command, under parent: String) -> String {
        guard command.commandName != "help" else { return "" }
        let name = parent.isEmpty ? command.commandName : "\(parent) \(command.commandName)"
        let children = (command.subcommands ?? []).filter { $0.commandName != "help" }
        var out = ".SS ringfence \(Self.escaped(name))\n"
        out += "\(Self.escaped(command.abstract ?? ""))\n"
        for argument in command.arguments ?? [] where argument.shouldDisplay ?? true {
            let names = (argument.names ?? []).map {
                $0.kind == "short" ? "-\($0.name)" : "--\($0.name)"
            }
            guard !names.contains("--help"), !names.contains("--version") else { continue }
            var title = names.map { "\\fB\(Self.escaped($0))\\fR" }.joined(separator: ", ")
            if argument.kind != "flag" {
                title +=
                    (title.isEmpty ? "" : " ") + "\\fI\(Self.escaped(argument.valueName ?? ""))\\fR"
            }
            out += ".TP\n\(title)\n\(Self.escaped(argument.abstract ?? ""))\n"
        }
        for child in children { out += section(child, under: name) }
        return out
    }

    /// Text that means itself to troff.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let plain = line.replacingOccurrences(of: "\\", with: "\\e")
                .replacingOccurrences(of: "-", with: "\\-")
            return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
        }.joined(separator: "\n")
    }
}
