import JSON
import Policy
import Reactor
import TLS
@_spi(TenantDirectory) import Tokens

/// What one test file's requests show, each kind made with keys of its own: API keys with the
/// directory that knows them, sessions, and certificates with the authority that is believed.
struct TestFileCredentials {
    let file: PolicyTestFile
    /// What the snapshot of this file is loaded with.
    private(set) var material: TestMaterial
    /// In the order of the file's lists.
    private var keys: [String] = []
    private var certificates: [ShownCertificate] = []
    private let strangersKey = Substitutes.randomSecret()

    init(_ file: PolicyTestFile) throws(ToolFault) {
        self.file = file
        material = TestMaterial(
            sessionKey: Substitutes.randomSecret(), keyPepper: Substitutes.randomSecret())
        try makeKeys()
        try makeCertificates()
    }

    /// Puts into a request what it shows in its head.
    func add(to draft: inout RequestDraft, for request: TestRequest) throws(ToolFault) {
        if let index = request.key {
            let text = keys[index]
            switch file.credentials.keys[index].place {
            case .bearer: draft.fields.append(("Authorization", "Bearer \(text)"))
            case .field: draft.fields.append(("X-API-Key", text))
            case .basic:
                let user = Base64Text.encode([UInt8]((text + ":").utf8))
                draft.fields.append(("Authorization", "Basic \(user)"))
            }
        }
        if let index = request.session {
            let session = file.credentials.sessions[index]
            let token = try mint(session)
            switch session.place {
            case .bearer: draft.fields.append(("Authorization", "Bearer \(token)"))
            case .cookie: draft.fields.append(("Cookie", "\(cookie)=\(token)"))
            }
        }
    }

    func certificate(for request: TestRequest) -> ShownCertificate? {
        request.certificate.map { certificates[$0] }
    }

    private var cookie: String { file.policy.sessions?.cookie ?? SessionPolicy.cookieDefault }

    // MARK: API keys

    private mutating func makeKeys() throws(ToolFault) {
        guard !file.credentials.keys.isEmpty, case .file(var tenants) = file.policy.tenants else {
            return
        }
        // Keys name their tenants by id, so the ids that follow from names are written down.
        for place in tenants.indices where tenants[place].id == nil {
            let vendor = file.policy.vendors[tenants[place].vendor].name
            tenants[place].id = derivedTenantID(
                vendor: vendor, externalID: tenants[place].externalID)
        }
        var facts: [APIKeyFacts] = []
        for key in file.credentials.keys {
            let tenant = tenants.first {
                $0.externalID == key.tenant && $0.vendor == key.vendor
            }
            guard let id = tenant?.id else {
                throw ToolFault(message: "key `\(key.name)` is of no tenant")
            }
            let (text, made) = try Self.make(key, of: id, file.clockSeconds, material.keyPepper)
            keys.append(text)
            facts.append(made)
        }
        material.directory = DirectoryEdition(file: tenants, keys: facts, policy: file.policy)
        guard material.directory != nil else {
            throw ToolFault(message: "the tenants of the test are no directory")
        }
    }

    private static func make(
        _ key: TestKey, of tenant: TenantID, _ clock: Int64, _ pepper: [UInt8]
    ) throws(ToolFault) -> (text: String, APIKeyFacts) {
        let name = randomBytes(10)
        let known = APIKeyText.make(id: name.span, secret: randomBytes(32).span)
        let shown =
            key.isForged
            ? APIKeyText.make(id: name.span, secret: randomBytes(32).span) : known
        guard var digester = try? CredentialDigester(pepper: pepper),
            let digest = digester.apiKey(known.span), let id = APIKeyText.id(known.span)
        else { throw ToolFault(message: "key `\(key.name)` cannot be made") }
        var facts = APIKeyFacts(id: id, tenant: tenant, digest: digest)
        facts.scopes = key.scopes.map { [UInt8]($0.utf8) }
        facts.role = key.role.map { [UInt8]($0.utf8) }
        if let seconds = key.secondsToLive { facts.expires = clock + seconds }
        facts.isRevoked = key.isRevoked
        return (String(decoding: shown, as: UTF8.self), facts)
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: randomUInt64()) }
    }

    // MARK: Sessions

    private func mint(_ session: TestSession) throws(ToolFault) -> String {
        let now = file.clockSeconds
        var claims = JSONWriter()
        claims.beginObject()
        claims.member("iss", file.policy.sessions?.issuer ?? SessionPolicy.issuerDefault)
        claims.member(SessionPolicy.tenantClaim, session.tenant.text)
        if let user = session.user { claims.member("sub", user) }
        if let role = session.role { claims.member("role", role) }
        if let tier = session.tier { claims.member("tier", tier) }
        if !session.scopes.isEmpty {
            claims.member("scope", session.scopes.joined(separator: " "))
        }
        claims.member("iat", now)
        claims.member("exp", now + session.secondsToLive)
        claims.endObject()
        return try TestCredentials.mint(
            claims.bytes, with: session.isForged ? strangersKey : material.sessionKey, .hs256,
            type: SessionPolicy.type)
    }

    // MARK: Certificates

    /// They vouch for themselves, and are believed for that. The handshake goes by the machine's
    /// clock and the decision by the test's: they are good at both.
    private mutating func makeCertificates() throws(ToolFault) {
        let now = WallClock.now().seconds
        let from = min(now, file.clockSeconds) - 86_400
        let days = (max(now, file.clockSeconds) - from) / 86_400 + 400
        for wanted in file.credentials.certificates {
            do throws(TLSFault) {
                let made = try SelfSignedCertificate(
                    hosts: wanted.kind == .dns ? [wanted.subject] : [],
                    uris: wanted.kind == .uri ? [wanted.subject] : [], isForClients: true,
                    notBeforeSeconds: from, days: Int(days))
                let certificate = try TLSCertificate(
                    chainPEM: made.certificatePEM.span, keyPEM: made.keyPEM.span, nowSeconds: now)
                certificates.append(ShownCertificate(certificate))
                material.clientAuthorities += made.certificatePEM
            } catch {
                throw ToolFault(message: "certificate `\(wanted.name)` cannot be made: \(error)")
            }
        }
    }
}

/// Base64 of RFC 4648 section 4.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = [UInt8](
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var held: UInt32 = 0
            for byte in part { held = held << 8 | UInt32(byte) }
            held <<= UInt32(8 * (3 - part.count))
            for place in 0..<4 {
                let digit = alphabet[Int(held >> UInt32(18 - 6 * place)) & 63]
                text.append(place <= part.count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
