import HTTP1
import Policy
import Reactor
import TLS
import Tokens

/// `explain`: one request through the gateway's own code, upstreams played, with the reason for
/// every step.
struct ExplainCommand {
    static let tokenBytesMax = 65_536
    static let bodyBytesMax = 17 << 20

    private var path = "policies/"
    private var overlay: String?
    private var request: RequestDraft
    private var peer = PeerAddress.ip(IPAddress(v4: 0x7F00_0001), port: 0)
    private var certificate: ShownCertificate?
    /// The cookie's name is the policy's.
    private var session: String?
    private var isJSON = false

    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let command = try ExplainCommand(&words)
            return command.run()
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private init(_ words: inout Words) throws(Misuse) {
        isJSON = words.flag("--json")
        path = try words.option("--config") ?? path
        overlay = try words.overlay()
        let text = try words.required("--request")
        guard let request = RequestDraft(text) else {
            throw Misuse(message: "--request takes a method and a target: 'GET /v1/orders?x=1'")
        }
        self.request = request
        for name in ["-H", "--header"] {
            while let header = try words.option(name) {
                guard let field = RequestDraft.field(header) else {
                    throw Misuse(message: "\(name) takes 'Name: value'")
                }
                self.request.fields.append(field)
            }
        }
        if let file = try words.option("--token-file") {
            let token = try Self.token(file)
            self.request.fields.append(("Authorization", "Bearer \(token)"))
        }
        if let file = try words.option("--key-file") {
            self.request.fields.append(("X-API-Key", try Self.token(file)))
        }
        if let file = try words.option("--session-file") { session = try Self.token(file) }
        if let file = try words.option("--certificate") {
            certificate = try Self.certificate(file)
        }
        if let file = try words.option("--body-file") {
            self.request.body = try Self.read(file, bytesMax: Self.bodyBytesMax)
        }
        if let address = try words.option("--from") {
            guard let parsed = IPAddress(address) else {
                throw Misuse(message: "--from takes an address without port")
            }
            peer = .ip(parsed, port: 0)
        }
        try words.end()
    }

    /// The token in a file, or on standard input for `-`; never among the words, where `ps` shows
    /// it.
    static func token(_ file: String) throws(Misuse) -> String {
        let text = String(decoding: try read(file, bytesMax: tokenBytesMax), as: UTF8.self)
        guard let first = text.split(whereSeparator: { $0.isNewline || $0 == " " }).first else {
            throw Misuse(message: "`\(file)` is empty", exit: GatewayProgram.Exit.invalid)
        }
        return String(first)
    }

    static func read(_ file: String, bytesMax: Int) throws(Misuse) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(file == "-" ? "/dev/stdin" : file, bytesMax: bytesMax)
        } catch {
            throw .unreadable(file, error)
        }
    }

    /// A certificate and its private key, in one file.
    private static func certificate(_ file: String) throws(Misuse) -> ShownCertificate {
        let pem = try read(file, bytesMax: SnapshotLoader.secretBytesMax)
        do throws(TLSFault) {
            return ShownCertificate(
                try TLSCertificate(
                    chainPEM: pem.span, keyPEM: pem.span, nowSeconds: WallClock.now().seconds))
        } catch {
            throw Misuse(
                message: "--certificate takes a PEM file with a certificate and its key: \(error)")
        }
    }

    /// The request with what the policy has the name of.
    private func complete(for policy: GatewayPolicy) -> RequestDraft {
        var request = request
        if let session {
            let name = policy.sessions?.cookie ?? SessionPolicy.cookieDefault
            request.fields.append(("Cookie", "\(name)=\(session)"))
        }
        return request
    }

    private func run() -> Int32 {
        do throws(RehearsalFault) {
            let upstream = try RecordingUpstream.start()
            let resolver = try ToolResolver.make()
            var loader = SnapshotLoader(path: path, resolver: resolver, overlay: overlay)
            loader.substitutes = Substitutes(upstream: upstream.address)
            let loaded = loader.load(version: 1, toleratesMissing: true)
            guard let snapshot = loaded.snapshot else {
                write(loaded.report.text(colour: isTerminal(.error)), to: .error)
                return GatewayProgram.Exit.invalid
            }
            let faults = FetchedKeys.fetch(for: snapshot, resolver)
            let rehearsal = try Rehearsal(
                snapshot: snapshot, upstream: upstream, authorities: loaded.clientAuthorities)
            let request = complete(for: snapshot.policy)
            let host = request.host(in: snapshot.policy)
            let result = try rehearsal.send(
                request.bytes(host: host), from: peer,
                serverName: RequestDraft.serverName(of: host), isHead: request.method == "HEAD",
                showing: certificate)
            let explanation = Explanation(
                request, host: host, snapshot: snapshot, places: PolicyPlaces(loaded),
                result: result, now: WallClock.now().seconds)
            if explanation.steps.contains(where: { $0.name == .token && $0.isRefused }) {
                // A key that this machine does not have may be why.
                let missing = loaded.report.diagnostics.filter { $0.code == .materialMissing }
                for line in missing.map(\.message) + faults {
                    write("ringfence-gateway: \(line)\n", to: .error)
                }
            }
            write(isJSON ? explanation.json() + "\n" : explanation.text(), to: .output)
            let isRefused = result.decision.outcome == .refuse
            return isRefused ? GatewayProgram.Exit.found : GatewayProgram.Exit.fine
        } catch {
            var code = GatewayProgram.Exit.bug
            if case .cutOff = error { code = GatewayProgram.Exit.found }
            return GatewayProgram.complain(error.description, code)
        }
    }
}

extension RecordingUpstream {
    static func start() throws(RehearsalFault) -> RecordingUpstream {
        do throws(SocketFault) { return try RecordingUpstream() } catch { throw .socket(error) }
    }
}

enum ToolResolver {
    static func make() throws(RehearsalFault) -> Resolver {
        do throws(SystemFault) {
            return try Resolver()
        } catch {
            throw .start(.system(error))
        }
    }
}
