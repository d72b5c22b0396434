import Attack
import Glibc

@main struct Program {
    static func main() {
        exit(AttackProgram.run(Array(CommandLine.arguments.dropFirst())))
    }
}
