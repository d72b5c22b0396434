import HTTP1
import Policy
import Reactor
import Telemetry
import Tokens

/// What a head needs to know about the hop it came over.
struct Hop {
    var isSecure: Bool
    var isTrustedProxy: Bool
}

/// The places one request is worked out in; reused by the next, so that none allocates.
struct RequestScratch: ~Copyable {
    private(set) var plan = RewritePlan()
    /// The target as it will be sent.
    private var target = ByteBuffer(capacityMax: 131_072)
    private var requestID = ByteBuffer(capacityMax: 36)
    /// The client's, which often is that of the request before, and its text.
    private var address: IPAddress?
    private var clientAddress = ByteBuffer(capacityMax: 64)
    private var traceparent = ByteBuffer(capacityMax: 64)
    private var assertion = ByteBuffer(capacityMax: AssertionSigner.bytesMax)
    private var seal = ByteBuffer(capacityMax: SealMinter.byteCount)
    private var bodyDigestText = ByteBuffer(capacityMax: BodyDigest.textBytes)
    private var bodyDigest: BodyDigest

    init() throws(KeyDefect) {
        let bodyDigest = try BodyDigest()
        self.bodyDigest = bodyDigest
    }

    /// Step 7: what is kept of the head, and the target that will be sent.
    mutating func plan(
        _ route: RouteRule, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        principal: Principal?
    ) throws(Refusal) {
        target.removeAll()
        try route.plan(head, bytes, principal: principal, target: &target, plan: &plan)
    }

    /// Fills in what is new with every request. A new trace begins here: a client's own is not
    /// continued, because whoever guesses an id would write into it (W3C Trace Context §3.2).
    mutating func begin(requestID id: UUIDv7, peer: PeerAddress, random: inout RandomSource) {
        requestID.removeAll()
        requestID.append(id)
        if peer.address != address {
            address = peer.address
            clientAddress.removeAll()
            if address != nil { peer.append(to: &clientAddress) }
        }
        assertion.removeAll()
        seal.removeAll()
        traceparent.removeAll()
        traceparent.append("00-")
        traceparent.append(sixteenDigits: random.take())
        traceparent.append(sixteenDigits: random.take() | 1)
        traceparent.append("-")
        traceparent.append(sixteenDigits: random.take() | 1)
        traceparent.append("-00")
    }

    /// Makes the seal that the next assertion carries to its upstream's database, for exactly whom
    /// the assertion speaks.
    mutating func mintSeal(
        _ caller: Caller, snapshot: Snapshot, now: Int64, with minter: inout SealMinter?
    ) throws(Refusal) {
        seal.removeAll()
        let lifetime = snapshot.sealSeconds
        let isMinted: Bool?
        if let tenant = caller.principal?.tenant {
            isMinted = minter?.mint(
                forTenant: tenant, now: now, lifetimeSeconds: lifetime, into: &seal)
        } else {
            let vendor = snapshot.vendorIDs[caller.claims.vendor]
            isMinted = minter?.mint(
                forVendor: vendor.span, now: now, lifetimeSeconds: lifetime, into: &seal)
        }
        // Without a seal the database would open for nobody.
        guard isMinted == true else { throw .internalError }
    }

    /// Makes the assertion for the target `plan` wrote, with the seal made before it.
    mutating func sign(
        _ caller: Caller, snapshot: Snapshot, audience: [UInt8], method: Span<UInt8>,
        body: borrowing ByteBuffer, isStreamed: Bool, now: Int64,
        with signer: inout AssertionSigner?
    ) throws(Refusal) {
        bodyDigestText.removeAll()
        if !isStreamed {
            // An absent body has a digest too: its upstream must see none.
            bodyDigest.update(body.readable)
            bodyDigest.finish(into: &bodyDigestText)
        }
        let principal = AssertionPrincipal(
            claims: caller.claims, tenant: caller.principal?.tenant,
            vendor: snapshot.vendorNames[caller.claims.vendor],
            tier: caller.principal?.tierName)
        do throws(AssertionDefect) {
            try Self.sign(
                audience: audience, requestID: requestID, method: method, target: target,
                bodyDigest: bodyDigestText, seal: seal, for: principal, now: now,
                lifetimeSeconds: snapshot.assertionSeconds, with: &signer, into: &assertion)
        } catch {
            // Without an assertion the upstream could not tell whose request this is.
            throw .internalError
        }
    }

    private static func sign(
        audience: [UInt8], requestID: borrowing ByteBuffer, method: Span<UInt8>,
        target: borrowing ByteBuffer, bodyDigest: borrowing ByteBuffer,
        seal: borrowing ByteBuffer, for principal: AssertionPrincipal, now: Int64,
        lifetimeSeconds: Int64,
        with signer: inout AssertionSigner?, into out: inout ByteBuffer
    ) throws(AssertionDefect) {
        guard signer != nil else { throw .signature }
        let request = AssertionRequest(
            audience: audience.span, requestID: requestID.readable, method: method,
            target: target.readable, bodyDigest: bodyDigest.readable, seal: seal.readable)
        try signer?.sign(
            request, for: principal, now: now, lifetimeSeconds: lifetimeSeconds, into: &out)
    }

    /// Step 10: writes the head for the upstream and has it read again.
    ///
    /// - Parameters:
    ///   - authority: of the upstream, for routes with `host: upstream`.
    ///   - contentType: of a body that was cleaned, else empty.
    borrowing func write(
        _ route: RouteRule, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        principal: Principal?, framing: BodyFraming, hop: Hop, authority: [UInt8],
        contentType: borrowing ByteBuffer, into out: inout ByteBuffer
    ) throws(Refusal) {
        let facts = RequestFacts(
            clientAddress: clientAddress.readable, isSecure: hop.isSecure,
            isTrustedProxy: hop.isTrustedProxy, requestID: requestID.readable,
            traceparent: traceparent.readable, assertion: assertion.readable,
            upstreamAuthority: authority.span,
            contentType: contentType.readable)
        try route.write(
            plan, head, bytes, principal: principal, target: target.readable, framing: framing,
            facts: facts, into: &out)
    }

}
