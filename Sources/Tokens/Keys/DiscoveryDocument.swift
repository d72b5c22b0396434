internal import JSON

/// Why an issuer's configuration document is not believed.
public enum DiscoveryDefect: Error, Equatable, Sendable {
    case tooLarge
    /// Not one strict JSON object.
    case malformed
    /// `issuer` is missing or not the configured one, byte for byte.
    case issuer
    /// `jwks_uri` is missing, or no https URL.
    case keySet

    /// One sentence for people, without any byte of the document.
    public var message: String {
        switch self {
        case .tooLarge: "is too large"
        case .malformed: "is not one strict JSON object"
        case .issuer: "is for another `issuer`"
        case .keySet: "has no `jwks_uri` that is an https URL"
        }
    }
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Of all it says,
/// where its keys are is believed, and nothing else: algorithms, types and audiences are the
/// policy's.
public struct DiscoveryDocument: Equatable, Sendable {
    public static let bytesMax = 262_144
    /// As long as a URL in a policy may be.
    public static let urlBytesMax = 1_024

    /// Begins with `https://`; otherwise as it was written.
    public let keySetURL: String

    /// - Parameter issuer: the `iss` of its tokens. A document for another one is refused: whoever
    ///   can write below some path of a host is not the issuer of every other (OpenID Connect
    ///   Discovery §4.3).
    public init(_ bytes: Span<UInt8>, issuer: String) throws(DiscoveryDefect) {
        guard bytes.count <= Self.bytesMax else { throw .tooLarge }
        var document = JSONDocument()
        do {
            try document.parse(
                bytes,
                limits: JSONLimits(
                    bytesMax: Self.bytesMax, depthMax: 16, keysMax: 4_096, nodesMax: 16_384))
        } catch {
            throw .malformed
        }
        let view = document.view(of: bytes)
        guard view.kind(of: view.root) == .object else { throw .malformed }
        let expected = Array(issuer.utf8)
        guard let name = view.member(of: view.root, named: "issuer"),
            view.string(at: name, equals: expected.span)
        else { throw .issuer }
        guard let node = view.member(of: view.root, named: "jwks_uri"),
            let url = view.string(at: node), url.count <= Self.urlBytesMax,
            url.starts(with: "https://".utf8), url.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .keySet }
        keySetURL = String(decoding: url, as: UTF8.self)
    }

    /// Where the document of an issuer is: a slash at its end is left out (OpenID Connect
    /// Discovery §4.1).
    public static func url(ofIssuer issuer: String) -> String {
        let base = issuer.utf8.last == UInt8(ascii: "/") ? String(issuer.dropLast()) : issuer
        return base + "/.well-known/openid-configuration"
    }
}
