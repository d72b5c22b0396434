import Gateway

@main struct Program {
    static func main() { GatewayProgram.main(CommandLine.arguments) }
}
