import Foundation

/// A token issuer's documents by https, served by a program that shares no code with ours. What it
/// answers can be changed at any time; it can be slow, stop, and come back on the same port.
public final class HTTPSIssuer: @unchecked Sendable {
    public let port: UInt16
    private let folder: TemporaryFolder
    private let certificate: String
    private let key: String
    private let lock = NSLock()
    private var process: ChildProcess?

    /// - Parameters: PEM files for 127.0.0.1.
    public init(certificate: String, key: String) throws {
        port = try ReservedPort.choose()
        folder = try TemporaryFolder()
        self.certificate = certificate
        self.key = key
        try folder.write(Self.program, to: "issuer.py")
        try folder.write("", to: "log")
        try start()
    }

    public var origin: String { "https://127.0.0.1:\(port)" }

    /// From now on `path` is answered so; a file is replaced whole, so no answer is half of each.
    public func serve(
        _ body: String, at path: String, status: Int = 200, fields: [String] = []
    ) throws {
        let name = path.replacingOccurrences(of: "/", with: "_")
        let text = "\(status)\n" + fields.map { $0 + "\n" }.joined() + "\n" + body
        try folder.write(text, to: name + ".new")
        let target = "\(folder.path)/\(name).answer"
        guard unsafe rename("\(folder.path)/\(name).new", target) == 0 else {
            throw TestSupportError.socket("rename", errno)
        }
    }

    /// Keeps every answer back from now on.
    public func hold() throws {
        try? FileManager.default.removeItem(atPath: "\(folder.path)/held")
        try folder.write("", to: "hold")
    }

    /// Whether it has kept one back since then.
    public var isHolding: Bool { FileManager.default.fileExists(atPath: "\(folder.path)/held") }

    /// Gives the answers that were kept back.
    public func release() throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/hold")
    }

    /// The most requests it has had at the same time.
    public var mostAtOnce: Int {
        let text = (try? String(contentsOfFile: "\(folder.path)/most", encoding: .utf8)) ?? ""
        return Int(text) ?? 0
    }

    /// The paths it was asked for.
    public var requests: [String] {
        let text = (try? String(contentsOfFile: "\(folder.path)/log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    public func requestCount(of path: String) -> Int { requests.filter { $0 == path }.count }

    /// Nobody listens any more.
    public func stop() {
        let process = lock.withLock { self.process.take() }
        process?.signal(SIGKILL)
        _ = try? process?.wait()
    }

    /// Listens (again), on the same port.
    public func start() throws {
        let ready = "\(folder.path)/ready"
        try? FileManager.default.removeItem(atPath: ready)
        let process = try ChildProcess(
            "python3", ["-I", "\(folder.path)/issuer.py", "\(port)", folder.path, certificate, key])
        lock.withLock { self.process = process }
        try eventually("the issuer: \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return FileManager.default.fileExists(atPath: ready)
        }
    }

    private static let program = """
        import http.server, os, select, ssl, sys, threading

        port, folder, certificate, key = int(sys.argv[1]), *sys.argv[2:]
        lock = threading.Lock()

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            now = most = 0

            def do_GET(self):
                with open(folder + "/log", "a") as log:
                    log.write(self.path + "\\n")
                with lock:
                    Answer.now += 1
                    if Answer.now > Answer.most:
                        Answer.most = Answer.now
                        with open(folder + "/most", "w") as most:
                            most.write(str(Answer.most))
                if os.path.exists(folder + "/hold"):
                    open(folder + "/held", "w").close()
                # A client that has given up is no client any more.
                while os.path.exists(folder + "/hold"):
                    if select.select([self.connection], [], [], 0.02)[0]:
                        break
                with lock:
                    Answer.now -= 1
                try:
                    name = self.path.replace("/", "_")
                    head, body = open(f"{folder}/{name}.answer").read().split("\\n\\n", 1)
                except OSError:
                    head, body = "404", ""
                status, *fields = head.split("\\n")
                self.send_response(int(status))
                for field in fields:
                    self.send_header(*field.split(": ", 1))
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def finish_request(self, request, address):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)
                try:
                    with context.wrap_socket(request, server_side=True) as secure:
                        self.RequestHandlerClass(secure, address, self)
                except OSError:
                    pass

        server = Server(("127.0.0.1", port), Answer)
        open(folder + "/ready", "w").close()
        server.serve_forever()
        """
}
