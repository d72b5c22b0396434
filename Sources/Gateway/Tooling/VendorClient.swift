import HTTP1
import Reactor
import TLS

/// The vendor's way to the backend's API: through the gateway, with the vendor's key. Where the
/// gateway is and which key, flags say, or the environment as `ringfence dev` writes it.
struct VendorClient {
    static let keyBytesMax = 4_096
    static let authoritiesBytesMax = 1 << 20

    private let place: ToolCall.Place
    private let key: String

    struct Answer {
        var status: UInt16
        var body: [UInt8]
        var isSuccess: Bool { (200..<300).contains(status) }
    }

    /// Takes its words: `--url`, `--ca`, `--vendor-key-file`.
    init(_ words: inout Words) throws(Misuse) {
        let url = try words.option("--url") ?? ProcessContext.variable("RINGFENCE_URL") ?? ""
        let ca = try words.option("--ca") ?? ProcessContext.variable("RINGFENCE_CA")
        if let file = try words.option("--vendor-key-file") {
            key = try ExplainCommand.token(file)
        } else {
            key = ProcessContext.variable("VENDOR_KEY") ?? ""
        }
        guard !url.isEmpty else {
            throw Misuse(message: "say where the gateway is with --url, or in RINGFENCE_URL")
        }
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Misuse(
                message: "the vendor's key is read with --vendor-key-file, or from VENDOR_KEY")
        }
        place = try Self.place(url, authorities: ca)
    }

    private static func place(
        _ url: String, authorities: String?
    ) throws(Misuse) -> ToolCall.Place {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else {
            throw Misuse(message: "--url takes https://HOST:PORT")
        }
        var authority = url.dropFirst(isSecure ? 8 : 7)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        let bytes = [UInt8](authority.utf8)
        guard let name = HostName(bytes.span) else {
            throw Misuse(message: "--url takes https://HOST:PORT, without a path")
        }
        var host = String(authority)
        if host.hasPrefix("[") {
            host = String(host.dropFirst().prefix { $0 != "]" })
        } else if name.port != nil, let colon = host.lastIndex(of: ":") {
            host = String(host[..<colon])
        }
        let address = try resolve(host, name.port ?? (isSecure ? 443 : 80))
        guard isSecure || address.isLoopback else {
            throw Misuse(message: "the vendor's key is not sent in the clear: use https")
        }
        return ToolCall.Place(
            address: address, context: isSecure ? try context(authorities) : nil,
            serverName: host, authority: String(authority), name: url)
    }

    private static func context(_ authorities: String?) throws(Misuse) -> TLSClientContext {
        var pem: [UInt8]?
        if let authorities, !authorities.isEmpty {
            do throws(FileFault) {
                pem = try readFile(authorities, bytesMax: authoritiesBytesMax)
            } catch {
                throw .unreadable(authorities, error)
            }
        }
        do throws(TLSFault) {
            guard let pem else { return try TLSClientContext() }
            return try TLSClientContext(trust: .authorities(pem: pem))
        } catch {
            throw Misuse(
                message: "`\(authorities ?? "the system's store")` holds no certificates that can "
                    + "be used", exit: GatewayProgram.Exit.invalid)
        }
    }

    private static func resolve(
        _ host: String, _ port: UInt16
    ) throws(Misuse) -> SocketAddress {
        if let address = IPAddress(host) { return .ip(address, port: port) }
        let deadline = Monotonic.now().advanced(byMilliseconds: 10_000)
        if let resolver = try? Resolver(), let answers = try? Mailbox<NameAnswer>(capacity: 4),
            (try? resolver.resolve(host, token: 1, replyTo: answers)) != nil
        {
            var batch: [NameAnswer] = []
            answers.wait(until: deadline, into: &batch)
            if let first = try? batch.first?.result.get().first {
                return .ip(first, port: port)
            }
        }
        throw Misuse(
            message: "`\(host)` cannot be resolved", exit: GatewayProgram.Exit.unreachable)
    }

    func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil
    ) throws(ToolFault) -> Answer {
        var call = try ToolCall(to: place)
        var fields = ["Authorization: Bearer \(key)", "Accept: application/json"]
        if body != nil { fields.append("Content-Type: application/json") }
        let answer = try call.send(method, path, fields: fields, body: body ?? [])
        return Answer(status: answer.status, body: answer.body)
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        switch self {
        case .ip(let address, _): address.isLoopback
        case .unix: true
        }
    }
}
