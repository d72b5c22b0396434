import HTTP1
import HTTPTransport
import Policy
import Reactor
import TLS
import Telemetry

/// Why a policy could not be rehearsed; never the fault of the policy.
enum RehearsalFault: Error {
    case start(StartFault)
    case socket(SocketFault)
    case tls(TLSFault)
    /// The gateway ended the connection before there was a request.
    case cutOff
    /// Neither answered nor ended.
    case stuck

    var description: String {
        switch self {
        case .start(let fault): fault.description
        case .socket(let fault): "no socket: \(fault)"
        case .tls(let fault): "TLS: \(fault)"
        case .cutOff:
            "the gateway ended the connection before there was a request: it does not believe the "
                + "certificate"
        case .stuck: "the gateway did not answer"
        }
    }
}

/// What came of one request.
struct RehearsedRequest {
    var decision: Decision
    /// What the client was answered; empty where the connection was cut.
    var status: UInt16
    var fields: [(name: String, value: String)]
    var body: [UInt8]
    /// What the upstream saw; `nil` where nothing was forwarded.
    var sent: SentRequest?
}

/// The gateway in this process, on this thread: a worker of its own with real connections on both
/// sides, so that `explain` and `test` run what traffic runs. Only the upstreams are played, and in
/// tests the time.
final class Rehearsal {
    /// How long one request may take of real time.
    static let patienceMilliseconds: UInt64 = 10_000

    private static let turnsAfterEnd = 1_000

    let snapshot: Snapshot
    let clock: RehearsalClock?
    private let upstream: RecordingUpstream
    private let gateway: GatewayProcess
    private let worker: GatewayWorker
    private let trace = DecisionTrace()
    private let presents: PresentedCertificate?
    private var client: RehearsalClient?
    private var shown: ShownCertificate?

    /// - Parameters:
    ///   - snapshot: made with `Substitutes` that name `upstream`.
    ///   - clock: `nil` for the machine's.
    ///   - authorities: whose certificates clients may show.
    init(
        snapshot: Snapshot, upstream: RecordingUpstream, clock: RehearsalClock? = nil,
        authorities: TLSClientAuthorities? = nil
    ) throws(RehearsalFault) {
        self.snapshot = snapshot
        self.upstream = upstream
        self.clock = clock
        presents = snapshot.policy.listen.tls == nil ? nil : try PresentedCertificate(authorities)
        do throws(StartFault) {
            gateway = try GatewayProcess(workers: 1, tls: presents?.server)
            gateway.directory.rehearse(snapshot.policy)
            worker = try GatewayWorker(
                index: 0, gateway: gateway, listener: nil, snapshot: snapshot)
        } catch {
            throw .start(error)
        }
        worker.trace = trace
        worker.rehearsalClock = clock
    }

    /// Sends one request and waits for its end. The connection is kept for the next as a client
    /// would keep it.
    ///
    /// - Parameters:
    ///   - bytes: the whole request as it goes over the wire.
    ///   - serverName: what a TLS client asks for; a change of it takes another connection.
    ///   - certificate: what a TLS client shows.
    func send(
        _ bytes: [UInt8], from peer: PeerAddress, serverName: String, isHead: Bool = false,
        showing certificate: ShownCertificate? = nil
    ) throws(RehearsalFault) -> RehearsedRequest {
        trace.begin()
        _ = upstream.takeSent()
        let end = Monotonic.now().advanced(byMilliseconds: Self.patienceMilliseconds)
        // What is due by now is over before anything new begins.
        worker.turn(until: worker.now)
        let client = try connection(from: peer, serverName: serverName, showing: certificate)
        client.begin(bytes, isHead: isHead)
        var turnsSinceEnd = 0
        while true {
            let hasMoved = client.step()
            upstream.step()
            let now = worker.now
            worker.turn(until: hasMoved ? now : now.advanced(byMilliseconds: 1))
            upstream.step()
            if client.isAnswered || client.isEnded, let decision = trace.decisions.last {
                return RehearsedRequest(
                    decision: decision, status: client.status, fields: client.fields,
                    body: client.body, sent: upstream.takeSent().last)
            }
            // A decision that is made of the end follows at the next turns.
            turnsSinceEnd += client.isEnded ? 1 : 0
            guard turnsSinceEnd < Self.turnsAfterEnd else { throw .cutOff }
            guard Monotonic.now() < end else { throw .stuck }
        }
    }

    /// Ends the connection of the client, as after a pause that is longer than it is kept.
    func disconnect() { client = nil }

    /// The kept connection, or a new one.
    private func connection(
        from peer: PeerAddress, serverName: String, showing certificate: ShownCertificate?
    ) throws(RehearsalFault) -> RehearsalClient {
        if let client, certificate === shown, client.isUsable(for: serverName, peer) {
            return client
        }
        client = nil
        let made = try connect(from: peer, serverName: serverName, showing: certificate)
        client = made
        shown = certificate
        return made
    }

    private func connect(
        from peer: PeerAddress, serverName: String, showing certificate: ShownCertificate?
    ) throws(RehearsalFault) -> RehearsalClient {
        let context = try presents?.trusted(for: serverName, showing: certificate?.certificate)
        let worker = worker
        let make = { (near: consuming Socket, far: consuming Socket) throws(RehearsalFault) in
            worker.adopt(far, peer: peer)
            return try RehearsalClient(
                near, context: context, serverName: serverName, peer: peer)
        }
        return try Socket.withPair(make)
    }
}

/// What a client of a rehearsal shows of itself; the same for all requests that share a connection.
final class ShownCertificate {
    let certificate: TLSCertificate
    init(_ certificate: TLSCertificate) { self.certificate = certificate }
}

/// The certificate a rehearsal's listener presents: made for whatever name is asked for, because
/// what is rehearsed is what follows a handshake.
private final class PresentedCertificate {
    let server: TLSServerContext

    init(_ authorities: TLSClientAuthorities?) throws(RehearsalFault) {
        do throws(TLSFault) {
            let keys = try TLSTicketKeys(nowSeconds: UInt64(max(WallClock.now().seconds, 0)))
            let made = try Self.make(for: "localhost")
            server = try TLSServerContext(
                certificates: [made.certificate], ticketKeys: keys, identity: "rehearsal",
                clientAuthorities: authorities)
        } catch {
            throw .tls(error)
        }
    }

    func trusted(
        for name: String, showing certificate: TLSCertificate?
    ) throws(RehearsalFault) -> TLSClientContext {
        do throws(TLSFault) {
            // Always anew: only one name is presented at a time.
            let made = try Self.make(for: name)
            try server.replaceCertificates([made.certificate])
            return try TLSClientContext(
                trust: .authorities(pem: made.pem), resumesSessions: false,
                certificate: certificate)
        } catch {
            throw .tls(error)
        }
    }

    private static func make(
        for name: String
    ) throws(TLSFault) -> (certificate: TLSCertificate, pem: [UInt8]) {
        let now = WallClock.now().seconds
        let made = try SelfSignedCertificate(hosts: [name], notBeforeSeconds: now - 60, days: 1)
        let certificate = try TLSCertificate(
            chainPEM: made.certificatePEM.span, keyPEM: made.keyPEM.span, nowSeconds: now)
        return (certificate, made.certificatePEM)
    }
}
