import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for your shell.",
        discussion: """
            bash: ringfence completion bash >/etc/bash_completion.d/ringfence
            zsh:  ringfence completion zsh >"${fpath[1]}/_ringfence"
            fish: ringfence completion fish >~/.config/fish/completions/ringfence.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Message.output(RingfenceCommand.completionScript(for: known) + "\n")
    }
}
