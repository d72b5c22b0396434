import Compression
import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// One request and its response on their way through a worker. It owns no socket: a client
/// connection carries it, an upstream connection serves it, and it pins the snapshot it began with.
///
/// A class with reused memory: a worker keeps finished ones, so that a request allocates none.
final class Exchange {
    /// How far the request has come.
    enum RequestPhase {
        /// A body that must be whole before anything is sent is being collected.
        case collecting
        /// Waiting for a turn at the upstream.
        case queued
        /// Waiting for a connection to the upstream.
        case connecting
        /// The head is on its way, a collected body follows as there is room.
        case sending
        /// The head is on its way, the body follows as it comes.
        case streaming
        /// Every byte has been handed to the upstream connection.
        case sent
        /// The upstream takes no more of it; what it answers is still read.
        case stopped
        /// Answered without an upstream; what remains of the body is read and dropped.
        case discarding
    }

    enum ResponsePhase {
        case awaitingHead
        case streaming
        /// Everything is in the client's output.
        case done
    }

    /// Bytes of a path kept for the access log.
    static let loggedPathBytesMax = 1_024
    /// The rewritten head. `RouteRule.write` asks for room before it writes: cleaned cookies may
    /// take twice their bytes, earlier hops once more, a cleaned target grows by encoding, and we
    /// add our own fields.
    static let headBytesMax = 3 * 65_535 + 131_072 + 32_768
    /// What is sent at most: it has to fit the output of an upstream connection whole.
    static let sentHeadBytesMax = ByteStream.outputBytesMax
    /// Fields of an answer of our own: a preflight repeats names the client sent.
    static let answerFieldsBytesMax = 2 * 16_384 + 2_048
    /// A body as large as a policy may allow, and what one more read may add to it.
    static let bodyRoomMax = BodyPolicy.bytesMaxCeiling + 2 * BodyReader.pieceBytesMax
    /// Memory one request needed and the next will not.
    static let bytesKept = 16_384

    var key = SlotKey.fixed(0)
    var clientKey = SlotKey.fixed(0)
    var upstreamKey: SlotKey?
    /// The connections to the upstreams of the snapshot it began with.
    var upstreams: UpstreamSet?
    var snapshot: Snapshot? { upstreams?.snapshot }
    /// Index into the policy's routes; `nil` before a route matched.
    var route: Int?
    /// Index into the policy's upstreams.
    var upstream = 0
    var caller: Caller?
    var standings = LimitStandings()
    /// Where the request counts as open, until it is over.
    var openPlace = LimiterHandle()
    /// Whether `openPlace` or `share` is something to give back.
    var holdsPlaces = false
    /// What a client's address has to wait.
    var retrySeconds: UInt32?
    var share = UpstreamShare()
    var requestID = UUIDv7(milliseconds: 0, random: [10 of UInt8](repeating: 0))

    var requestPhase = RequestPhase.sent
    /// Whether a streamed body's first byte, or its end, was taken from the client: it cannot be
    /// taken again.
    var bodyHasMoved = false
    var responsePhase = ResponsePhase.awaitingHead
    var method = KnownMethod.get
    /// Whether there was a head to learn the method from.
    var isParsed = false
    /// The client speaks HTTP/1.0: no chunked coding, no interim responses.
    var clientIsOld = false
    /// How the request body goes to the upstream, and how the response body goes to the client.
    var requestTarget = BodyTarget.plain
    var responseTarget = BodyTarget.plain
    /// The request head as it will be sent; kept until an answer comes, so that it can be sent to
    /// another address while nothing has left.
    var head: ByteBuffer
    /// Fields that belong to an answer of our own, each with its line end.
    var answerFields: ByteBuffer
    /// A collected body.
    var body: ByteBuffer
    var bodyBytesMax = 0
    /// How a collected body is encoded; `nil` for not at all.
    var bodyCoding: ContentCoding?
    /// Whether the body of a route in shadow is to be judged when it is whole.
    var bodyIsJudged = false
    /// Whether a held body goes on framed as it came: in shadow nothing of it changes.
    var bodyKeepsFraming = false
    /// Whether an assertion says that nobody saw the whole body before it went on.
    var bodyIsStreamed = false
    /// What the collected body took of the process's memory for bodies.
    var bodyMemory = 0
    /// Bytes of the collected body handed to the upstream connection.
    var bodySent = 0
    /// Whether the response's first byte is on its way to the client: a fault can then only cut.
    var responseStarted = false
    /// The origin that asked, for CORS fields of the response; empty without.
    var origin: ByteBuffer
    var attempts = ConnectAttempts()

    var observation = Observation()
    var loggedPath: ByteBuffer
    var peer = PeerAddress.unix

    init() {
        head = ByteBuffer(capacityMax: Self.headBytesMax)
        answerFields = ByteBuffer(capacityMax: Self.answerFieldsBytesMax)
        body = ByteBuffer(capacityMax: Self.bodyRoomMax)
        origin = ByteBuffer(capacityMax: 512)
        loggedPath = ByteBuffer(capacityMax: Self.loggedPathBytesMax)
    }

    /// Makes the memory ready for another request.
    func reset() {
        upstreamKey = nil
        upstreams = nil
        route = nil
        caller = nil
        standings.removeAll()
        retrySeconds = nil
        requestPhase = .sent
        responsePhase = .awaitingHead
        requestTarget = .plain
        responseTarget = .plain
        clientIsOld = false
        method = .get
        isParsed = false
        bodyHasMoved = false
        head.removeAll()
        if head.allocated > Self.bytesKept { head.release() }
        answerFields.removeAll()
        if answerFields.allocated > Self.bytesKept { answerFields.release() }
        Self.settle(&body)
        bodyCoding = nil
        bodyIsJudged = false
        bodyKeepsFraming = false
        bodyIsStreamed = false
        bodyMemory = 0
        origin.removeAll()
        responseStarted = false
        bodySent = 0
        attempts = ConnectAttempts()
        observation = Observation()
        loggedPath.removeAll()
    }
}

extension Exchange {
    /// Empties a buffer for bodies; a large one, or one of another bound, is given back.
    static func settle(_ buffer: inout ByteBuffer) {
        if buffer.allocated > bytesKept || buffer.capacityMax != bodyRoomMax {
            buffer = ByteBuffer(capacityMax: bodyRoomMax)
        } else {
            buffer.removeAll()
        }
    }
}

/// Which addresses of an upstream have been tried for one exchange.
struct ConnectAttempts {
    /// Most addresses tried for one request.
    static let attemptsMax = 8
    /// Addresses tried.
    var count = 0
    /// Targets whose addresses are used up.
    var targetsTried = 0
    var target = 0
    var address = 0
    /// When connecting as a whole gives up.
    var deadline: Monotonic?
    /// A kept connection turned out dead before anything was sent: the next one is a new one.
    var mustBeNew = false
}

/// What an exchange says about itself when it is over: the log line and the counters.
struct Observation {
    var started = Monotonic(nanoseconds: 0)
    var startedWall = WallClock(seconds: 0)
    /// When the request was handed to the upstream, and when its response head came.
    var forwarded: Monotonic?
    var answered: Monotonic?
    var status: UInt16 = 0
    var refusal: Refusal?
    /// Which token check failed; only ever logged.
    var defect: StaticString?
    var violation: StaticString?
    /// The id of the API key that was shown, good or not.
    var apiKey: APIKeyID?
    var stripped = CleaningReport()
    var wasCleaned = false
    /// On routes in shadow, once a head was judged.
    var shadow: ShadowReport?
    var responseBytes: UInt64 = 0
    var requestBytes: UInt64 = 0
    var tokenWasCached = false
    /// The connection ended before the response was complete.
    var wasCut = false
}
