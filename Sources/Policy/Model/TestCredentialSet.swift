/// Credentials other than tokens that are made for a test file.
public struct TestCredentialSet: Sendable {
    public var keys: [TestKey] = []
    public var sessions: [TestSession] = []
    public var certificates: [TestCertificate] = []
}

/// An API key that is in the directory of the test.
public struct TestKey: Sendable {
    /// Where a request carries it.
    public enum Place: String, CaseIterable, Sendable {
        case bearer
        case field = "x-api-key"
        case basic
    }

    public var name: String
    public var tenant: ExternalID
    /// Index in `GatewayPolicy.vendors`.
    public var vendor: Int
    /// Sorted.
    public var scopes: [String]
    public var role: String?
    /// From the test's clock on; `nil` for never.
    public var secondsToLive: Int64?
    public var isRevoked: Bool
    /// Another secret is shown than the one the directory knows.
    public var isForged: Bool
    public var place: Place
}

/// A session token of `sessions`.
public struct TestSession: Sendable {
    public enum Place: String, CaseIterable, Sendable { case bearer, cookie }

    public var name: String
    public var tenant: ExternalID
    public var user: String?
    public var role: String?
    public var tier: String?
    public var scopes: [String]
    public var secondsToLive: Int64
    public var isForged: Bool
    public var place: Place
}

/// A client certificate whose authority is believed.
public struct TestCertificate: Sendable {
    public var name: String
    /// The one name in its subjectAltName: of the kind that `certificates` asks for.
    public var subject: String
    public var kind: CertificatePolicy.Name
}
