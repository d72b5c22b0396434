import HTTP1
import Policy
import TLS
import Tokens

/// The one credential of a request, told by where it stands and how it looks; nothing of it has
/// been checked (attacks A1 to A5, C3, K4).
enum PresentedCredential {
    case token(Slice)
    case session(Slice)
    case apiKey(Slice)
    /// The user name of `Authorization: Basic`.
    case basic([UInt8])
    case certificate(TLSPeerCertificate)

    /// Reads what a route of several kinds takes. Whether there is more than one is asked before
    /// any is looked at.
    ///
    /// - Throws: `credential.ambiguous`, `credential.misplaced`, `token.ambiguous`,
    ///   `session.ambiguous`, `session.origin`, `token.missing`, `token.invalid` for one of a kind
    ///   that the route does not take.
    init(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ kinds: CredentialKinds,
        _ asked: Asked
    ) throws(Refusal) {
        if kinds.apiKey { try Self.refuseMisplacedKeys(head, bytes) }
        let certificate = kinds.certificate ? asked.circumstances.memo.certificate.shown : nil
        let hasAuthorization = head.fields.contains(.authorization)
        let hasKeyField = head.fields.contains(.xAPIKey)
        let cookie =
            kinds.session ? try Self.sessionCookie(head, bytes, asked.snapshot.policy) : nil
        let count =
            (certificate == nil ? 0 : 1) + (hasAuthorization ? 1 : 0) + (hasKeyField ? 1 : 0)
            + (cookie == nil ? 0 : 1)
        guard count <= 1 else { throw .credentialAmbiguous }
        if let certificate {
            self = .certificate(certificate)
        } else if let cookie {
            try Self.checkOrigin(head, bytes, asked.snapshot.policy)
            self = .session(cookie)
        } else if hasKeyField {
            self = .apiKey(try Self.keyField(head, bytes, kinds))
        } else {
            self = try Self.authorization(head, bytes, kinds, asked)
        }
    }

    // MARK: Authorization

    /// The one bearer token of a request (attacks A1, A2; RFC 6750 §2.1): one field, the scheme in
    /// any case, exactly one space, the token and nothing else; and no key beside it (attack A4).
    static func bearer(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Slice {
        guard let index = head.fields.index(of: .authorization) else { throw .tokenMissing }
        guard !head.fields.repeats(.authorization) else { throw .tokenAmbiguous }
        guard !head.fields.contains(.xAPIKey) else { throw .credentialAmbiguous }
        let slice = head.fields[index].value
        let value = bytes[slice]
        let scheme = 6
        guard value.count > scheme + 1, value[scheme] == UInt8(ascii: " "),
            value.extracting(0..<scheme).equalsIgnoringCase("Bearer")
        else {
            throw value.isEmpty ? .tokenMissing : .tokenAmbiguous
        }
        let token = Slice(Int(slice.start) + scheme + 1, Int(slice.end))
        return token
    }

    /// A comma could begin a second credential; nothing but VCHAR is part of one (RFC 6750 §2.1).
    static func requireVisible(_ token: Span<UInt8>) throws(Refusal) {
        guard token.isVisible(except: UInt8(ascii: ",")) else { throw .tokenAmbiguous }
    }

    /// What the form says decides whose it is: a key is never tried as a token, nor the reverse.
    private static func authorization(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ kinds: CredentialKinds,
        _ asked: Asked
    ) throws(Refusal) -> PresentedCredential {
        if asked.route.policy.takesBasic, let user = try basicUser(head, bytes) {
            return .basic(user)
        }
        let slice = try bearer(head, bytes)
        let text = bytes[slice]
        if isKey(text) {
            guard kinds.apiKey else { throw .tokenInvalid }
            return .apiKey(slice)
        }
        guard kinds.session else {
            guard kinds.issuer != nil else {
                try requireVisible(text)
                throw .tokenInvalid
            }
            return .token(slice)
        }
        guard kinds.issuer != nil else { return .session(slice) }
        if let known = asked.circumstances.memo.token.issuer(of: text) {
            return known == asked.snapshot.sessions?.index ? .session(slice) : .token(slice)
        }
        return UncheckedToken.isSession(text) ? .session(slice) : .token(slice)
    }

    private static func isKey(_ text: Span<UInt8>) -> Bool {
        let prefix = APIKeyText.prefix.utf8CodeUnitCount
        return text.count >= prefix && text.extracting(0..<prefix).equals(APIKeyText.prefix)
    }

    /// The user name of `Basic` (RFC 7617), `nil` for another scheme. A password is a second
    /// credential.
    private static func basicUser(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> [UInt8]? {
        guard let index = head.fields.index(of: .authorization) else { return nil }
        let value = bytes[head.fields[index].value]
        guard value.count > 6, value.extracting(0..<6).equalsIgnoringCase("Basic ") else {
            return nil
        }
        guard !head.fields.repeats(.authorization),
            var user = StandardBase64.decode(value.extracting(6..<value.count)),
            user.last == UInt8(ascii: ":")
        else { throw .tokenAmbiguous }
        user.removeLast()
        guard !user.contains(UInt8(ascii: ":")) else { throw .tokenAmbiguous }
        return user
    }

    // MARK: X-API-Key

    private static func keyField(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ kinds: CredentialKinds
    ) throws(Refusal) -> Slice {
        guard kinds.apiKey else { throw .tokenMissing }
        guard let index = head.fields.index(of: .xAPIKey), !head.fields.repeats(.xAPIKey) else {
            throw .credentialAmbiguous
        }
        return head.fields[index].value
    }

    /// Keys in the target or in a cookie would be kept by logs and histories (attack K4).
    private static func refuseMisplacedKeys(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) {
        var isMisplaced = LoggedKeys.first(in: bytes[head.target.path]) != nil
        if let query = head.target.query, LoggedKeys.first(in: bytes[query]) != nil {
            isMisplaced = true
        }
        var next = head.fields.index(of: .cookie)
        while let index = next {
            if LoggedKeys.first(in: bytes[head.fields[index].value]) != nil { isMisplaced = true }
            next = head.fields.index(of: .cookie, from: index + 1)
        }
        guard !isMisplaced else { throw .credentialMisplaced }
    }
}

/// API keys where they do not belong.
enum LoggedKeys {
    /// Where one begins, written plainly.
    static func first(in text: Span<UInt8>) -> Int? {
        let prefix = APIKeyText.prefix.bytes
        guard text.count >= prefix.count else { return nil }
        for start in 0...text.count - prefix.count where text[start] == prefix[0] {
            if text.extracting(start..<start + prefix.count).equals(prefix) { return start }
        }
        return nil
    }
}

/// Base64 of RFC 4648 section 4 in its one spelling, for short texts.
enum StandardBase64 {
    static let bytesMax = 1_024

    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0, text.count <= bytesMax, text.count > 0 else { return nil }
        var end = text.count
        while end > text.count - 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        var out: [UInt8] = []
        var held: UInt32 = 0
        var bits: UInt32 = 0
        for index in 0..<end {
            guard let value = value(of: text[index]) else { return nil }
            held = held << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: held >> bits))
            }
        }
        // What is left over is nothing.
        return held & (1 << bits - 1) == 0 ? out : nil
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
