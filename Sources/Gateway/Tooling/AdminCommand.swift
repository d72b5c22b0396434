import JSON
import Policy
import Reactor
import YAML

/// `status`, `reload` and `drain` of a running gateway, through its admin socket.
struct AdminCommand {
    enum Verb: String { case status, reload, drain }

    private let verb: Verb
    private let isJSON: Bool
    private let socket: String

    static func run(_ verb: Verb, _ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let path = try words.option("--config") ?? "policies/"
            var socket = try words.option("--admin")
            let overlay = try words.overlay()
            try words.end()
            if socket == nil {
                let file = SnapshotLoader.file(at: path)
                do throws(FileFault) {
                    _ = try fileMode(file)
                } catch {
                    throw .unreadable(file, error)
                }
                socket = address(in: path, overlay)
            }
            guard let socket else {
                return GatewayProgram.complain(
                    "`\(SnapshotLoader.file(at: path))` has no `listen.admin`; name the socket "
                        + "with --admin unix:PATH",
                    GatewayProgram.Exit.invalid)
            }
            guard socket.hasPrefix("unix:"), socket.utf8.count > 5 else {
                throw Misuse(message: "--admin takes unix:PATH")
            }
            let plain = String(socket.dropFirst(5))
            return AdminCommand(verb: verb, isJSON: isJSON, socket: plain).run()
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    /// Where the policy has it listen, even if the policy has errors by now.
    private static func address(in path: String, _ overlay: String?) -> String? {
        guard let resolver = try? Resolver() else { return nil }
        let loaded = SnapshotLoader(path: path, resolver: resolver, overlay: overlay)
            .loadPolicy()
        let listen = loaded.document?.root["listen"]
        guard let text = listen?["admin"]?["address"]?.text, text.hasPrefix("unix:") else {
            return nil
        }
        let folder = loaded.document?.folder ?? ""
        return "unix:" + PolicyDocument.join(folder, String(text.dropFirst(5)))
    }

    private func run() -> Int32 {
        do throws(ToolFault) {
            var call = try ToolCall(
                to: ToolCall.Place(address: .unix(path: socket), name: "unix:\(socket)"))
            let method = verb == .status ? "GET" : "POST"
            let answer = try call.send(method, "/\(verb.rawValue)")
            return show(answer.body)
        } catch {
            return GatewayProgram.complain(error.message, GatewayProgram.Exit.unreachable)
        }
    }

    private func show(_ body: [UInt8]) -> Int32 {
        var document = JSONDocument()
        guard (try? document.parse(body.span)) != nil else {
            return GatewayProgram.complain(
                "the gateway's answer is no JSON", GatewayProgram.Exit.bug)
        }
        let status = AdminAnswer(document.view(of: body.span))
        if isJSON {
            write(String(decoding: body, as: UTF8.self), to: .output)
        } else {
            switch verb {
            case .status: write(status.text(), to: .output)
            case .reload:
                if let text = status.reloadText { write(text, to: .error) }
                let verdict = status.reloadVerdict
                write(verdict + "\n", to: status.isRefused ? .error : .output)
            case .drain: write("draining: what is open gets to its end\n", to: .output)
            }
        }
        let isWell = !status.isRefused && status.isReady
        return isWell ? GatewayProgram.Exit.fine : GatewayProgram.Exit.found
    }
}

/// An answer of the admin socket, for people.
struct AdminAnswer: ~Escapable {
    private let view: JSONView

    @_lifetime(copy view)
    init(_ view: JSONView) { self.view = view }

    private func text(_ path: String) -> String? {
        guard let node = view.node(at: path.utf8Span.span) else { return nil }
        switch view.kind(of: node) {
        case .string: return view.string(at: node).map { String(decoding: $0, as: UTF8.self) }
        case .number, .boolean:
            let lexeme = copy(view.rawLexeme(of: node))
            return String(decoding: lexeme, as: UTF8.self)
        case .null, .object, .array: return nil
        }
    }

    /// Whether the last reload, or the one this answers, was refused.
    var isRefused: Bool {
        text("/accepted") == "false" || text("/last_reload/accepted") == "false"
    }

    /// As `/readyz` says, in an answer that tells of it.
    var isReady: Bool { text("/ready") != "false" }

    var reloadText: String? { text("/text") }

    var reloadVerdict: String {
        let snapshot = text("/snapshot") ?? "?"
        guard text("/accepted") == "true" else {
            return "reload refused, snapshot \(snapshot) stays: \(text("/reason") ?? "")"
        }
        return "reloaded: snapshot \(snapshot) is in force"
    }

    func text() -> String {
        var rows: [[String]] = []
        let ready = isReady ? "ready" : "NOT READY (\(text("/reason") ?? "?"))"
        rows.append([
            "gateway", "\(text("/version") ?? "?"), \(ready), up \(duration("/uptime_seconds"))",
        ])
        rows.append(["public", text("/public") ?? "-"])
        rows.append(["health", text("/health") ?? "-"])
        rows.append([
            "snapshot",
            "\(text("/snapshot/version") ?? "?"), \(text("/snapshot/routes") ?? "?") routes, "
                + "in force for \(duration("/snapshot/age_seconds"))",
        ])
        rows.append(["last reload", lastReload])
        rows.append(["connections", connections])
        rows.append(["issuers", issuers])
        if let directory { rows.append(["directory", directory]) }
        var out = TextTable.text(rows, indent: "")
        if let text = text("/last_reload/text"), isRefused { out += text }
        return out
    }

    private func duration(_ path: String) -> String {
        Explanation.duration(text(path).flatMap { Int64($0) } ?? 0)
    }

    private var lastReload: String {
        switch text("/last_reload/accepted") {
        case "true": "accepted"
        case "false": "REFUSED: \(text("/last_reload/reason") ?? "")"
        default: "none since the start"
        }
    }

    private var connections: String {
        var parts: [String] = []
        if let workers = view.member(of: view.root, named: "workers") {
            for index in 0..<view.childCount(of: workers) {
                parts.append(text("/workers/\(index)/connections") ?? "?")
            }
        }
        return "\(text("/connections") ?? "?") (by worker: \(parts.joined(separator: " ")))"
    }

    private var directory: String? {
        guard let tenants = text("/directory/tenants") else { return nil }
        guard text("/directory/age_seconds") != nil else { return "NOTHING IS KNOWN" }
        let state = text("/directory/fresh") == "true" ? "" : ", TOO OLD"
        let link = text("/directory/connected") == "true" ? "" : ", the backend is away"
        return "\(tenants) tenants, as of \(duration("/directory/age_seconds")) ago"
            + "\(state)\(link)"
    }

    private var issuers: String {
        guard let list = view.member(of: view.root, named: "issuers") else { return "-" }
        var parts: [String] = []
        for index in 0..<view.childCount(of: list) {
            let name = text("/issuers/\(index)/name") ?? "?"
            let keys = text("/issuers/\(index)/keys")
            parts.append(keys.map { "\(name) (\($0) keys)" } ?? "\(name) (NO KEYS)")
        }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
