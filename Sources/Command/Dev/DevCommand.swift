import ArgumentParser
import Foundation

struct DevCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Start a playground: PostgreSQL, backend, gateway and demo tenants.",
        discussion: """
            Listens on 127.0.0.1 only. State lies in .ringfence of the current folder; for \
            scripts, .ringfence/dev.env appears when everything is ready. ^C stops everything.
            """)

    @Option(
        help: ArgumentHelp(
            "Put the gateway in front of this API, without a backend and PostgreSQL.",
            valueName: "url"))
    var upstream: UpstreamURL?

    @Flag(help: "Keep keys and data for the next run.") var keep = false

    @Option(
        help: ArgumentHelp(
            "Port of the gateway; 0 lets the system choose. Without it 8443, or the next free.",
            valueName: "port"))
    var port: UInt16?

    // `--no-color` turns it off; colour is no promise, so there is no `--color`.
    @Flag(name: .customLong("no-color"), help: "Print without colour.") var isPlain = false

    func run() throws {
        let signals = SignalQueue()
        let paint = Paint(
            isWanted: !isPlain, environment: ProcessInfo.processInfo.environment)
        let options = PlaygroundOptions(upstream: upstream, keepsData: keep, port: port)
        let code: Int32
        do throws(CommandFault) {
            let state = try PlaygroundState.open(
                in: FileManager.default.currentDirectoryPath, keepsData: keep)
            let playground = Playground(
                options, state: state, installation: try .own(), signals: signals)
            // It serves on where nobody can read that it does.
            code = playground.run { _ = Message.write(playground.instructions(paint)) }
        } catch {
            Message.error("dev: \(error)")
            code = error.exitCode
        }
        if code != 0 { throw ExitCode(code) }
    }
}

/// What was asked of a playground.
struct PlaygroundOptions {
    var upstream: UpstreamURL?
    var keepsData = false
    var port: UInt16?
}

/// The address of an existing API, as a policy's `targets` takes it: scheme, host and port.
struct UpstreamURL: ExpressibleByArgument, Equatable {
    let text: String
    /// Whether it is on this machine.
    let isLocal: Bool

    init?(argument: String) {
        var text = argument
        if text.hasSuffix("/") { text.removeLast() }
        let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
        guard let scheme else { return nil }
        let authority = text.dropFirst(scheme.count)
        // The policy's own reader decides what a host is; this keeps out of its quotes whatever
        // could end them, and paths and users, which a target has not.
        let isPlain = authority.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_:[]".utf8.contains(byte)
            }
        }
        guard !authority.isEmpty, isPlain else { return nil }
        self.text = text
        let local = ["localhost", "127.0.0.1", "[::1]"]
        isLocal = local.contains { authority == $0 || authority.hasPrefix($0 + ":") }
    }
}
