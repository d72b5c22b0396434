import COpenSSL
import Glibc
import HTTP1

@testable import TLS

/// Two connected stream sockets of this process; what one side sends is readable at once.
@safe struct SocketPair: ~Copyable {
    let server: Int32
    private(set) var client: Int32

    init(sendBufferBytes: Int32? = nil, overTCP: Bool = false) {
        var ends: [Int32] = [-1, -1]
        if overTCP {
            ends = Self.connectedOverTCP()
        } else {
            let made = unsafe socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
            precondition(made == 0)
        }
        server = ends[0]
        client = ends[1]
        guard var bytes = sendBufferBytes else { return }
        for end in ends {
            _ = unsafe setsockopt(
                end, SOL_SOCKET, SO_SNDBUF, &bytes, UInt32(MemoryLayout<Int32>.size))
        }
    }

    private static func connectedOverTCP() -> [Int32] {
        let kind = Int32(SOCK_STREAM.rawValue)
        let listener = socket(AF_INET, kind, 0)
        let client = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var results: [Int32] = []
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            let address = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            results.append(unsafe bind(listener, address, length))
            results.append(listen(listener, 1))
            results.append(unsafe getsockname(listener, address, &length))
            results.append(unsafe connect(client, address, length))
        }
        precondition(results == [0, 0, 0, 0])
        let server = accept(listener, nil, nil)
        precondition(server >= 0)
        _ = close(listener)
        for end in [server, client] {
            var yes: Int32 = 1
            _ = unsafe setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        return [server, client]
    }

    /// Segments with data in them that came to the client, from Linux's `struct tcp_info`.
    var segmentsAtClient: UInt32 {
        var facts = [UInt32](repeating: 0, count: 64)
        var bytes = socklen_t(256)
        let asked = unsafe getsockopt(client, Int32(IPPROTO_TCP), TCP_INFO, &facts, &bytes)
        precondition(asked == 0 && bytes >= 156)
        return facts[38]  // tcpi_data_segs_in
    }

    mutating func closeClient() {
        if client >= 0 { _ = close(client) }
        client = -1
    }

    func sendFromClient(_ bytes: [UInt8]) {
        let sent = unsafe send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        precondition(sent == bytes.count)
    }

    deinit {
        _ = close(server)
        if client >= 0 { _ = close(client) }
    }
}

/// A server session and a client session that talk over a socket pair, both on this thread.
struct Meeting: ~Copyable {
    var sockets: SocketPair
    var server: TLSSession
    var client: TLSSession

    init(
        _ serverContext: TLSServerContext, _ clientContext: TLSClientContext,
        host: String = "localhost", sendBufferBytes: Int32? = nil, overTCP: Bool = false
    ) throws {
        let sockets = SocketPair(sendBufferBytes: sendBufferBytes, overTCP: overTCP)
        let server = try serverContext.makeSession(descriptor: sockets.server)
        let client = try clientContext.makeSession(descriptor: sockets.client, host: host)
        self.sockets = sockets
        self.server = server
        self.client = client
    }

    /// Drives both handshakes to their end or failure; the number of turns is the deadline.
    mutating func shakeHands() -> (server: TLSFailure?, client: TLSFailure?) {
        var failures: (server: TLSFailure?, client: TLSFailure?) = (nil, nil)
        for _ in 0..<50 {
            do throws(TLSFailure) { _ = try client.handshake() } catch { failures.client = error }
            server.socketBecameReadable(endPending: false)
            do throws(TLSFailure) { _ = try server.handshake() } catch { failures.server = error }
            client.socketBecameReadable(endPending: false)
            let clientOver = client.isEstablished || failures.client != nil
            let serverOver = server.isEstablished || failures.server != nil
            if clientOver && serverOver { break }
        }
        return failures
    }

    /// The handshake, and one exchange so that the client has its ticket and both sides are quiet.
    mutating func settle() throws {
        let failures = shakeHands()
        if let failure = failures.server ?? failures.client { throw failure }
        try exchange()
    }

    mutating func exchange() throws {
        let request = [UInt8](repeating: 1, count: 100)
        guard try client.write(request.span) == .transferred(100) else { throw Unexpected() }
        server.socketBecameReadable(endPending: false)
        guard try drain(&server).count == 100 else { throw Unexpected() }
        let reply = [UInt8](repeating: 2, count: 200)
        guard try server.write(reply.span) == .transferred(200) else { throw Unexpected() }
        client.socketBecameReadable(endPending: false)
        guard try drain(&client).count == 200 else { throw Unexpected() }
    }
}

/// Reads while the session promises more without an event of the socket.
func drain(_ session: inout TLSSession, max: Int = 65_536) throws(TLSFailure) -> [UInt8] {
    var buffer = ByteBuffer(capacityMax: max)
    var bytes: [UInt8] = []
    while session.isReadable {
        guard case .transferred = try session.read(into: &buffer, max: max) else { break }
        bytes += buffer.bytes
        buffer.removeAll()
    }
    return bytes
}

struct Unexpected: Error {}

/// The real clock: OpenSSL compares certificates with it.
func wallClockSeconds() -> Int64 { Int64(time(nil)) }

/// Certificates made once for all tests.
enum Fixture {
    static let localhost = made { try makeSelfSigned(["localhost", "127.0.0.1", "::1"]) }
    static let example = made { try makeSelfSigned(["api.example.com", "*.tenants.example.com"]) }
    static let ticketKeys = made { try TLSTicketKeys(nowSeconds: 0) }

    /// Without these no test means anything.
    private static func made<Value>(_ make: () throws -> Value) -> Value {
        do { return try make() } catch { fatalError("no fixture: \(error)") }
    }

    static func makeSelfSigned(
        _ hosts: [String], startsSecondsAgo: Int64 = 3_600, days: Int = 30
    ) throws -> SelfSignedCertificate {
        try SelfSignedCertificate(
            hosts: hosts, notBeforeSeconds: wallClockSeconds() - startsSecondsAgo, days: days)
    }

    static func serverContext(
        _ made: [SelfSignedCertificate] = [localhost], profile: TLSProfile = .intermediate,
        protocols: [String] = ["http/1.1"], ticketKeys: TLSTicketKeys = ticketKeys,
        identity: String = "public"
    ) throws -> TLSServerContext {
        try TLSServerContext(
            certificates: try made.map { try $0.load() }, profile: profile,
            applicationProtocols: protocols, ticketKeys: ticketKeys, identity: identity)
    }

    static func clientContext(
        trusting made: [SelfSignedCertificate] = [localhost], protocols: [String] = ["http/1.1"]
    ) throws -> TLSClientContext {
        try TLSClientContext(
            trust: .authorities(pem: made.flatMap(\.certificatePEM)),
            applicationProtocols: protocols)
    }
}

extension SelfSignedCertificate {
    func load() throws(TLSFault) -> TLSCertificate {
        try TLSCertificate(
            chainPEM: certificatePEM.span, keyPEM: keyPEM.span, nowSeconds: wallClockSeconds())
    }
}

extension TLSClientContext {
    /// What the product has no setting for.
    func limit(to version: Int32) {
        precondition(unsafe rf_tls_set_versions(handle.pointer, version, version) == 1)
    }
}
