internal import HTTP1
internal import JSON
@_spi(TenantDirectory) internal import Policy

/// Verifies the gateway's assertions on the side of an upstream. One per worker.
///
/// It accepts exactly what `AssertionSigner` writes: one header, one set of members, no more.
/// Whoever uses the result compares it with the request it came with (`Assertion.covers`) and asks
/// a `RequestIDCache` once.
public struct AssertionVerifier: ~Copyable {
    /// Clocks of gateway and upstream may differ by so much.
    public static let leewaySeconds: Int64 = 5
    public static let lifetimeSecondsMax: Int64 = 300

    private var mac: HMACContext
    private var header = ByteBuffer(capacityMax: 128)
    private var payload = ByteBuffer(capacityMax: AssertionSigner.bytesMax)
    private var signature = ByteBuffer(capacityMax: 64)
    private var document = JSONDocument()

    /// - Parameter keyFile: the same file the gateway signs with.
    public init(keyFile: Span<UInt8>) throws(KeyDefect) {
        let mac = try assertionMAC(keyFile)
        self.mac = mac
        AssertionForm.appendHeader(to: &header)
    }

    /// - Parameters:
    ///   - bytes: the whole value of the field.
    ///   - audience: the name this upstream has in the gateway's policy.
    ///   - now: wall-clock seconds.
    public mutating func verify(
        _ bytes: Span<UInt8>, audience: Span<UInt8>, now: Int64
    ) throws(AssertionDefect) -> Assertion {
        guard bytes.count <= AssertionSigner.bytesMax else { throw .length }
        guard let form = try? CompactToken(bytes, bytesMax: AssertionSigner.bytesMax) else {
            throw .form
        }
        guard areEqual(bytes.extracting(form.header), header.readable) else { throw .header }
        guard form.signature.count == Base64URL.encodedCount(32) else { throw .signature }
        signature.removeAll()
        guard Base64URL.decode(bytes.extracting(form.signature), into: &signature) else {
            throw .form
        }
        guard mac.verify(bytes.extracting(form.signed), mac: signature) else {
            throw .signature
        }
        payload.removeAll()
        guard Base64URL.decode(bytes.extracting(form.claims), into: &payload) else {
            throw .form
        }
        guard document.accepts(payload, limits: AssertionReader.limits) else { throw .claims }
        let reader = AssertionReader(view: document.view(of: payload.readable))
        return try reader.read(
            audience: audience, now: min(max(now, 0), TokenClaims.secondsMax))
    }
}

/// The members of one signed payload.
private struct AssertionReader: ~Escapable {
    static let limits = JSONLimits(
        bytesMax: AssertionSigner.bytesMax, depthMax: 1, keysMax: 16, nodesMax: 17)

    private let view: JSONView

    @_lifetime(copy view)
    init(view: JSONView) { self.view = view }

    func read(audience: Span<UInt8>, now: Int64) throws(AssertionDefect) -> Assertion {
        guard view.kind(of: view.root) == .object else { throw .claims }
        var assertion = Assertion()
        var known = 0
        try checkNames(audience, &known)
        try readTimes(into: &assertion, now: now, &known)
        try readScope(into: &assertion, &known)
        assertion.vendor = try required("vendor", &known)
        assertion.tier = try optional("tier", &known)
        assertion.subject = try optional("sub", &known)
        assertion.role = try optional("role", &known)
        assertion.requestID = try required("rid", &known)
        guard TenantID(canonical: assertion.requestID.span) != nil else { throw .claims }
        assertion.method = try required("m", &known)
        assertion.target = try required("p", &known)
        let digest = try required("bd", &known)
        if !Self.isStreamed(digest) {
            guard digest.count == AssertionForm.digestBytes else { throw .claims }
            assertion.bodyDigest = digest
        }
        assertion.seal = try optional("seal", &known)
        // A member nobody looked at would be a statement nobody understood.
        guard view.childCount(of: view.root) == known else { throw .claims }
        return assertion
    }

    private func checkNames(
        _ audience: Span<UInt8>, _ known: inout Int
    ) throws(AssertionDefect) {
        let issuer = try required("iss", &known)
        guard AssertionForm.issuer.withUTF8Buffer({ unsafe areEqual($0.span, issuer.span) })
        else { throw .issuer }
        let named = try required("aud", &known)
        guard areEqual(named.span, audience) else { throw .audience }
    }

    private func readTimes(
        into assertion: inout Assertion, now: Int64, _ known: inout Int
    ) throws(AssertionDefect) {
        let issued = try seconds("iat", &known)
        let expires = try seconds("exp", &known)
        guard issued <= expires, expires - issued <= AssertionVerifier.lifetimeSecondsMax else {
            throw .lifetime
        }
        guard issued <= now + AssertionVerifier.leewaySeconds else { throw .notYetValid }
        assertion.acceptedUntil = expires + AssertionVerifier.leewaySeconds
        guard now < assertion.acceptedUntil else { throw .expired }
        assertion.issuedAt = issued
        assertion.expires = expires
    }

    private func readScope(
        into assertion: inout Assertion, _ known: inout Int
    ) throws(AssertionDefect) {
        let scope = try required("scope", &known)
        switch String(decoding: scope, as: UTF8.self) {
        case "tenant":
            let tenant = try required("tid", &known)
            guard let id = TenantID(canonical: tenant.span) else { throw .claims }
            assertion.scope = .tenant(id, externalID: try required("ext", &known))
        case "vendor": assertion.scope = .vendor
        default: throw .claims
        }
    }

    private func required(
        _ name: String, _ known: inout Int
    ) throws(AssertionDefect) -> [UInt8] {
        guard let bytes = try optional(name, &known) else { throw .claims }
        return bytes
    }

    private func optional(
        _ name: String, _ known: inout Int
    ) throws(AssertionDefect) -> [UInt8]? {
        guard let node = view.member(of: view.root, named: name) else { return nil }
        guard let bytes = view.string(at: node), !bytes.isEmpty else { throw .claims }
        known += 1
        return bytes
    }

    private func seconds(_ name: String, _ known: inout Int) throws(AssertionDefect) -> Int64 {
        guard let node = view.member(of: view.root, named: name),
            let value = view.integer(at: node), value >= 0, value <= TokenClaims.secondsMax
        else { throw .claims }
        known += 1
        return value
    }

    private static func isStreamed(_ digest: [UInt8]) -> Bool {
        AssertionForm.streamed.withUTF8Buffer { unsafe areEqual($0.span, digest.span) }
    }
}
