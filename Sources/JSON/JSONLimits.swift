/// The bounds of one document. They are checked while scanning, so memory and time are bounded
/// before a document is known to be well formed.
public struct JSONLimits: Equatable, Sendable {
    /// Bytes of the whole document; at most `Self.bytesCeiling`.
    public var bytesMax: Int
    /// Objects and arrays open at once; `[[]]` has depth 2.
    public var depthMax: Int
    /// Keys of all objects together.
    public var keysMax: Int
    /// Values of all kinds together; one takes 32 bytes of scratch memory.
    public var nodesMax: Int
    /// Digits of one number, those of fraction and exponent included.
    public var digitsMax: Int

    /// Offsets are kept in 32 bits.
    public static let bytesCeiling = 1 << 30
    /// The depth is kept in 16 bits.
    public static let depthCeiling = 1 << 15

    /// The defaults fit a request body of the default size. They are configuration, never wire
    /// data: a bound outside its ceiling is a bug of the caller.
    public init(
        bytesMax: Int = 1 << 20, depthMax: Int = 64, keysMax: Int = 65_536,
        nodesMax: Int = 262_144, digitsMax: Int = 64
    ) {
        precondition((0...Self.bytesCeiling).contains(bytesMax))
        precondition((1...Self.depthCeiling).contains(depthMax))
        precondition(keysMax >= 0 && nodesMax >= 1 && digitsMax >= 1)
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.keysMax = keysMax
        self.nodesMax = min(nodesMax, Self.bytesCeiling)
        self.digitsMax = digitsMax
    }
}
