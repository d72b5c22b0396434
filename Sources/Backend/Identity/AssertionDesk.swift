import HTTP1
import HTTPTransport
import Policy
import Postgres
import Reactor
import Tokens

/// Why a request is not taken for the gateway's. The client learns the refusal, the log the rest.
struct AssertionRefusal: Error, Equatable {
    let refusal: Refusal
    let defect: StaticString

    static func == (one: Self, other: Self) -> Bool {
        one.refusal == other.refusal && one.defect.description == other.defect.description
    }
}

/// The only door to a scope: what carries no valid assertion acts for nobody. It belongs to the
/// front's thread, because each request id may be accepted once in the whole process.
struct AssertionDesk: ~Copyable {
    static let field: StaticString = "Ringfence-Assertion"
    /// Ids remembered at once: at the gateway's default lifetime enough for 7,000 requests a
    /// second. Beyond it requests are refused.
    static let requestsMax = 262_144

    private var verifier: AssertionVerifier
    private var accepted: RequestIDCache
    private var digest: BodyDigest
    private var digestText = ByteBuffer(capacityMax: BodyDigest.textBytes)
    private var target = ByteBuffer(capacityMax: HeadLimits.headBytesCeiling + 1)
    private let audience: [UInt8]
    let context: ContextMode
    /// When this process began to remember ids, in wall-clock seconds.
    private let startedAt: Int64

    /// - Parameters:
    ///   - keyFile: the file the gateway signs with.
    ///   - context: what the database goes by: whether a scope needs a seal.
    init(
        keyFile: [UInt8], audience: String, context: ContextMode, now: WallClock,
        requestsMax: Int = Self.requestsMax
    ) throws(KeyDefect) {
        let verifier = try AssertionVerifier(keyFile: keyFile.span)
        let digest = try BodyDigest()
        self.verifier = verifier
        self.digest = digest
        accepted = RequestIDCache(capacity: requestsMax)
        self.audience = Array(audience.utf8)
        self.context = context
        startedAt = now.seconds
    }

    /// Checks signature, audience and times, that the assertion was made for exactly this request
    /// line and body, and last, so that only a whole request uses its id up, that it is new.
    mutating func admit(
        _ request: ServiceRequest, now: WallClock
    ) throws(AssertionRefusal) -> VouchedRequest {
        guard let value = request.only(Self.field) else {
            let isRepeated = request.fields.contains {
                $0.name.span.equalsIgnoringCase(Self.field)
            }
            throw isRepeated
                ? AssertionRefusal(refusal: .assertionInvalid, defect: "assertion.repeated")
                : AssertionRefusal(refusal: .assertionMissing, defect: "assertion.missing")
        }
        let assertion = try verify(value, now.seconds)
        // An id used before a restart is forgotten, so an assertion from before it counts as used.
        guard assertion.issuedAt >= startedAt else {
            throw AssertionRefusal(refusal: .assertionInvalid, defect: "assertion.before_start")
        }
        try compare(assertion, request)
        let caller = try caller(of: assertion)
        do throws(AssertionDefect) {
            try accepted.accept(assertion, now: now.seconds)
        } catch {
            throw AssertionRefusal(refusal: error.refusal, defect: error.code)
        }
        return VouchedRequest(
            caller: caller,
            id: String(decoding: assertion.requestID, as: UTF8.self))
    }

    private mutating func verify(
        _ value: [UInt8], _ now: Int64
    ) throws(AssertionRefusal) -> Assertion {
        // A copy: a span of a stored property would keep all of `self` borrowed.
        let audience = audience
        do throws(AssertionDefect) {
            return try verifier.verify(value.span, audience: audience.span, now: now)
        } catch {
            throw AssertionRefusal(refusal: error.refusal, defect: error.code)
        }
    }

    private mutating func compare(
        _ assertion: Assertion, _ request: ServiceRequest
    ) throws(AssertionRefusal) {
        target.removeAll()
        target.append(request.path)
        if let query = request.query {
            target.append(UInt8(ascii: "?"))
            target.append(query)
        }
        guard request.method != .other,
            assertion.covers(method: request.method.name.bytes, target: target.readable)
        else {
            throw AssertionRefusal(refusal: .assertionInvalid, defect: "assertion.request")
        }
        digestText.removeAll()
        digest.update(request.body.span)
        digest.finish(into: &digestText)
        // Never true for a body that was streamed past the gateway: nobody checked that one.
        guard assertion.covers(bodyDigest: digestText.readable) else {
            throw AssertionRefusal(refusal: .assertionInvalid, defect: "assertion.body")
        }
    }
}
