import Attack

@main struct Program {
    static func main() { AttackProgram.main(CommandLine.arguments) }
}
