import Backend

@main struct Program {
    static func main() { BackendProgram.main(CommandLine.arguments) }
}
