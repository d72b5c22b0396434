internal import HTTP1

/// The last token of one connection and where the worker's cache keeps it: a client that sends
/// the same token again costs one comparison instead of a hash.
public struct TokenMemo: ~Copyable {
    /// Longer tokens are not remembered, to bound the memory of a connection.
    public static let tokenBytesMax = 2_048

    private var token = ByteBuffer(capacityMax: TokenMemo.tokenBytesMax)
    private var issuer = -1
    private var handle = VerifiedTokenCache.Handle(entryIndex: 0, generation: 0)

    /// No memory is taken before the first token.
    public init() {}

    /// The cached verification of `token`, if it is the one remembered for this issuer and still
    /// holds. The comparison takes the same time for all tokens of one length.
    public borrowing func lookup(
        _ token: Span<UInt8>, issuer: Int, in cache: inout VerifiedTokenCache, now: Int64,
        epochs: TokenEpochs
    ) -> VerifiedTokenCache.Hit? {
        guard issuer == self.issuer, isRemembered(token) else { return nil }
        return cache.entry(handle, now: now, epochs: epochs)
    }

    /// For whose rules `token` is remembered, if it is.
    public borrowing func issuer(of token: Span<UInt8>) -> Int? {
        isRemembered(token) ? issuer : nil
    }

    /// Eight bytes at a time, and all of them whatever they are: several users may share a
    /// connection through a proxy, and none is to find out another's token byte by byte.
    private borrowing func isRemembered(_ token: Span<UInt8>) -> Bool {
        let known = self.token.readable
        let count = known.count
        guard count == token.count, count >= 8 else { return false }
        var difference = known.word(at: count - 8) ^ token.word(at: count - 8)
        var index = 0
        while index <= count - 8 {
            difference |= known.word(at: index) ^ token.word(at: index)
            index += 8
        }
        return difference == 0
    }

    /// Remembers where the cache keeps `token`.
    public mutating func remember(
        _ token: Span<UInt8>, issuer: Int, handle: VerifiedTokenCache.Handle
    ) {
        forget()
        guard token.count >= 8, token.count <= Self.tokenBytesMax else { return }
        self.token.append(token)
        self.issuer = issuer
        self.handle = handle
    }

    public mutating func forget() {
        token.removeAll()
        issuer = -1
    }
}
