import ArgumentParser
import Foundation

/// Finds out whose words these are. What belongs to a sibling is handed over before anything is
/// parsed, so that nothing in between can have an opinion about it.
@main enum Program {
    static func main() {
        let words = CommandLine.arguments
        // Before the command it speaks for whatever runs; NO_COLOR is how siblings hear of it.
        var first = 1
        while first < words.count, words[first] == "--no-color" {
            System.setEnvironment("NO_COLOR", "1")
            first += 1
        }
        let own = Array(words[min(first, words.count)...])
        do throws(CommandFault) {
            switch Errand(own) {
            case .handOver(let handOver): try handOver.perform(wordIndex: first)
            case .unavailable(let word):
                Message.error("`ringfence \(word)` is not available in this version")
                Message.plain("See `ringfence --help` for the commands that are.")
                exit(64)
            case .help(let words):
                Message.output(RingfenceCommand.helpMessage(for: Self.command(words)) + "\n")
            case .own: RingfenceCommand.main(own)
            }
        } catch {
            Message.error("\(error)")
            exit(error.exitCode)
        }
    }
}

extension Program {
    /// What the first of `words` name.
    private static func command(_ words: [String]) -> any ParsableCommand.Type {
        var command: any ParsableCommand.Type = RingfenceCommand.self
        for word in words {
            let next = command.configuration.subcommands.first { $0._commandName == word }
            guard let next else { break }
            command = next
        }
        return command
    }
}

/// What the words of a command line ask for.
enum Errand: Equatable {
    case own
    /// Our own words about a command of a sibling's, with those that name it first.
    case help([String])
    case handOver(HandOver)
    /// A command that is planned and not there yet: its name must not look like a typing error.
    case unavailable(String)

    /// Commands of versions to come.
    static let planned: Set<String> = [
        "session", "events", "destination", "top", "logs", "doctor",
    ]

    init(_ words: [String]) {
        guard let word = words.first else {
            self = .own
            return
        }
        if let handOver = HandOver.words[word] {
            // What a command is for and what it takes is known here. `attack` says more itself.
            let wantsHelp = words.contains("--help") || words.contains("-h")
            self = wantsHelp && word != "attack" ? .help(words) : .handOver(handOver)
        } else if Self.planned.contains(word) {
            self = .unavailable(word)
        } else if word == "help", words.count > 1 {
            self = Self.help(about: words[1])
        } else {
            self = .own
        }
    }

    /// `help dev` is about a command; `help E1204` and `help rate.limited` are about codes, which
    /// the gateway knows, wrong ones included.
    private static func help(about word: String) -> Errand {
        if word.hasPrefix("-") || RingfenceCommand.commandNames.contains(word) { return .own }
        if planned.contains(word) { return .unavailable(word) }
        return .handOver(HandOver(sibling: .gateway, keepsWord: true))
    }
}
