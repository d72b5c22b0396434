import Gateway
import Glibc

@main struct Program {
    static func main() {
        exit(GatewayProgram.run(Array(CommandLine.arguments.dropFirst())))
    }
}
