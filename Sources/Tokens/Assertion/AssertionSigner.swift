public import HTTP1
public import Policy

/// The request an assertion is made for; spans of the caller's buffers.
public struct AssertionRequest: ~Escapable {
    /// The upstream's name.
    let audience: Span<UInt8>
    let requestID: Span<UInt8>
    let method: Span<UInt8>
    let target: Span<UInt8>
    let bodyDigest: Span<UInt8>
    let seal: Span<UInt8>

    /// - Parameters:
    ///   - requestID: a canonical UUID, 36 bytes.
    ///   - target: path with query as they are sent to the upstream.
    ///   - bodyDigest: as `BodyDigest` writes it; empty for a streamed body.
    ///   - seal: as `SealMinter` writes it; empty where the upstream's database asks for none.
    @_lifetime(
        copy audience, copy requestID, copy method, copy target, copy bodyDigest, copy seal)
    public init(
        audience: Span<UInt8>, requestID: Span<UInt8>, method: Span<UInt8>,
        target: Span<UInt8>, bodyDigest: Span<UInt8>, seal: Span<UInt8>
    ) {
        self.audience = audience
        self.requestID = requestID
        self.method = method
        self.target = target
        self.bodyDigest = bodyDigest
        self.seal = seal
    }
}

/// For whom an assertion is made.
public struct AssertionPrincipal: Sendable {
    public var claims: VerifiedClaims
    /// The tenant the claims resolved to; nil exactly when they speak for none.
    public var tenant: TenantID?
    public var vendor: [UInt8]
    /// The tier in force, which the directory may have decided.
    public var tier: [UInt8]?

    public init(claims: VerifiedClaims, tenant: TenantID?, vendor: [UInt8], tier: [UInt8]?) {
        self.claims = claims
        self.tenant = tenant
        self.vendor = vendor
        self.tier = tier
    }
}

/// Signs `Ringfence-Assertion` with HS256. One per worker; it allocates nothing per request once
/// its buffer has grown.
public struct AssertionSigner: ~Copyable {
    /// Bytes of the longest assertion made: one line of a request head.
    public static let bytesMax = 16_384
    private static let payloadBytesMax = bytesMax / 4 * 3 - 128

    private var mac: HMACContext
    private var payload = ByteBuffer(capacityMax: AssertionSigner.payloadBytesMax)
    private var header = ByteBuffer(capacityMax: 128)

    /// - Parameter keyFile: the key file's bytes; less one trailing line end at least 32.
    public init(keyFile: Span<UInt8>) throws(KeyDefect) {
        let mac = try assertionMAC(keyFile)
        self.mac = mac
        AssertionForm.appendHeader(to: &header)
    }

    /// Appends the assertion to `out`, which then has at most `bytesMax` bytes more.
    ///
    /// - Parameters:
    ///   - now: wall-clock seconds.
    ///   - lifetimeSeconds: at most `AssertionVerifier.lifetimeSecondsMax`.
    public mutating func sign(
        _ request: AssertionRequest, for principal: AssertionPrincipal, now: Int64,
        lifetimeSeconds: Int64, into out: inout ByteBuffer
    ) throws(AssertionDefect) {
        // The two ways of saying "no tenant" must agree, or a tenant would be dropped silently.
        guard (principal.tenant == nil) == (principal.claims.tenant == nil) else {
            throw .claims
        }
        let bound = Self.sizeMax(request, principal)
        guard bound <= payload.capacityMax else { throw .length }
        payload.removeAll()
        Self.write(request, principal, now, lifetimeSeconds, into: &payload)
        let size =
            header.count + 1 + Base64URL.encodedCount(payload.count) + 1
            + Base64URL.encodedCount(32)
        guard size <= out.freeCapacityMax else { throw .length }
        let start = out.count
        out.append(header.readable)
        out.append(UInt8(ascii: "."))
        Base64URL.append(payload.readable, to: &out)
        var tag = [64 of UInt8](repeating: 0)
        guard mac.authenticate(out.readable.extracting(start..<out.count), into: &tag) else {
            out.truncate(to: start)
            throw .signature
        }
        out.append(UInt8(ascii: "."))
        Base64URL.append(tag.span.extracting(0..<32), to: &out)
    }

    /// What the payload cannot exceed: every byte of text may become six (`\u00XX`).
    private static func sizeMax(
        _ request: AssertionRequest, _ principal: AssertionPrincipal
    ) -> Int {
        let escaped =
            principal.claims.subject.count + (principal.claims.role?.count ?? 0)
            + (principal.tier?.count ?? 0) + principal.vendor.count + request.audience.count
        var size = 512 + escaped * 6 + (principal.claims.tenant?.bytes.count ?? 0)
        size += request.requestID.count + request.method.count + request.bodyDigest.count
        size += request.seal.count * 6
        for index in request.target.indices {
            size += escapedBytes(request.target[index])
        }
        return size
    }

    private static func write(
        _ request: AssertionRequest, _ principal: AssertionPrincipal, _ now: Int64,
        _ lifetimeSeconds: Int64, into out: inout ByteBuffer
    ) {
        out.append(#"{"iss":""#)
        out.append(AssertionForm.issuer)
        out.append(#"","aud":"#)
        appendQuoted(request.audience, to: &out)
        if let tenant = principal.tenant, let external = principal.claims.tenant {
            out.append(#","scope":"tenant","tid":""#)
            tenant.write(into: &out)
            out.append(#"","ext":"#)
            appendQuoted(external.bytes.span, to: &out)
        } else {
            out.append(#","scope":"vendor""#)
        }
        out.append(#","vendor":"#)
        appendQuoted(principal.vendor.span, to: &out)
        if let tier = principal.tier {
            out.append(#","tier":"#)
            appendQuoted(tier.span, to: &out)
        }
        let subject = principal.claims.subject
        if !subject.isEmpty {
            out.append(#","sub":"#)
            appendQuoted(subject.span, to: &out)
        }
        if let role = principal.claims.role {
            out.append(#","role":"#)
            appendQuoted(role.span, to: &out)
        }
        out.append(#","rid":"#)
        appendQuoted(request.requestID, to: &out)
        out.append(#","m":"#)
        appendQuoted(request.method, to: &out)
        out.append(#","p":"#)
        appendQuoted(request.target, to: &out)
        out.append(#","bd":"#)
        if request.bodyDigest.isEmpty {
            out.append(#""stream""#)
        } else {
            appendQuoted(request.bodyDigest, to: &out)
        }
        if !request.seal.isEmpty {
            out.append(#","seal":"#)
            appendQuoted(request.seal, to: &out)
        }
        out.append(#","iat":"#)
        let issued = min(max(now, 0), TokenClaims.secondsMax)
        let lifetime = min(max(lifetimeSeconds, 1), AssertionVerifier.lifetimeSecondsMax)
        out.append(decimal: UInt64(issued))
        out.append(#","exp":"#)
        out.append(decimal: UInt64(issued + lifetime))
        out.append(#"}"#)
    }
}

extension AssertionForm {
    static func appendHeader(to out: inout ByteBuffer) {
        header.withUTF8Buffer { unsafe Base64URL.append($0.span, to: &out) }
    }
}

/// HMAC-SHA-256 under an assertion key file.
func assertionMAC(_ keyFile: Span<UInt8>) throws(KeyDefect) -> HMACContext {
    let key = withoutLineEnd(keyFile)
    try VerificationKey.checkSecret(key, bytesMin: AssertionForm.keyBytesMin)
    var mac = try HMACContext(hashBits: 256)
    guard mac.setKey(SecretBytes(key)) else { throw .library }
    return mac
}

/// Bytes `byte` takes inside a JSON string.
private func escapedBytes(_ byte: UInt8) -> Int {
    if byte < 0x20 || byte == 0x7F { return 6 }
    return byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 2 : 1
}

/// Appends `text` (UTF-8) as a JSON string (RFC 8259 §7).
private func appendQuoted(_ text: Span<UInt8>, to out: inout ByteBuffer) {
    out.append(UInt8(ascii: "\""))
    var start = 0
    for index in text.indices where escapedBytes(text[index]) > 1 {
        out.append(text.extracting(start..<index))
        start = index + 1
        let byte = text[index]
        if escapedBytes(byte) == 2 {
            out.append(UInt8(ascii: "\\"))
            out.append(byte)
        } else {
            out.append(#"\u00"#)
            out.append(UInt8(ascii: "0") + (byte >> 4))
            let low = byte & 15
            out.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
    out.append(text.extracting(start..<text.count))
    out.append(UInt8(ascii: "\""))
}
