/// Decides when free memory is worth giving back to the system.
///
/// The allocator keeps what closed connections leave behind, for the next ones; after a crowd has
/// gone that is most of the process. It is worth returning when the process occupies clearly more
/// than its open connections explain, and pointless to try again before it has grown anew.
struct MemoryWatch {
    /// What one connection occupies, generously: TLS state, its part of the tables, buffers.
    static let connectionBytes = 20_480
    /// Less than this is not worth the trouble.
    static let excessBytesMin = 8_388_608

    /// What the process occupies without connections.
    private var restingBytes: Int

    /// - Parameter residentBytes: occupied before the first connection.
    init(residentBytes: Int) {
        restingBytes = residentBytes
    }

    /// Whether what is occupied exceeds a quarter of the resting size, and the least, by more than
    /// `connections` explain.
    func isWorthReturning(residentBytes: Int, connections: Int) -> Bool {
        let excess = residentBytes - restingBytes - Self.explained(connections)
        return excess > max(restingBytes / 4, Self.excessBytesMin)
    }

    /// Free memory has been returned, and this is what is left.
    mutating func returned(residentBytes: Int, connections: Int) {
        restingBytes = max(residentBytes - Self.explained(connections), 0)
    }

    private static func explained(_ connections: Int) -> Int {
        min(max(connections, 0), 1_000_000_000) * connectionBytes
    }
}
