/// `tenants: {source: directory, ...}`: how a gateway follows the backend's directory.
public struct DirectoryPolicy: Sendable {
    /// Where the backend's feed listens.
    public var feed: ListenAddress
    /// What a feed on TCP is asked with; the file's bytes, less one line end.
    public var secret: SecretReference?
    /// What API keys were digested with; `nil` where the policy has no route for them.
    public var pepper: SecretReference?
    /// How long what is known counts without a word from the backend; beyond it requests that act
    /// for a tenant are refused.
    public var staleMillisecondsMax: UInt32 = 900_000
    /// Where a copy is kept for a start without the backend; `nil` for none.
    public var cache: String?

    /// Characters of a secret that gateway and backend share: as many hexadecimal digits are 128
    /// bits.
    public static let secretBytesMin = 32

    public init(feed: ListenAddress) { self.feed = feed }
}
