import Backend
import Glibc

@main struct Program {
    static func main() { exit(BackendProgram.run(CommandLine.arguments)) }
}
