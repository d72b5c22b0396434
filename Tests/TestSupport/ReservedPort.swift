import Glibc
import Synchronization

/// Ports for programs that must be told one, and for those that nobody shall answer on.
public enum ReservedPort {
    private static let held = Mutex<[RawSocket]>([])

    /// A port that is refused until somebody listens on it, and that nobody else is given: not by
    /// this call, in this run or in one beside it, and not by the kernel.
    ///
    /// A socket is bound to it until the process ends. It does not listen and it shares its
    /// address (`SO_REUSEADDR`), but only once it has it, so that two cannot both begin; whoever
    /// asks for the same, as servers do, may listen, stop, and listen again. Ports the kernel
    /// chooses would not do for that: while nobody listens, a client's own end may get one.
    public static func choose() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 20_000..<30_000)
            do {
                let socket = try RawSocket.bind(address: "127.0.0.1", port: port)
                try socket.shareAddress()
                held.withLock { $0.append(socket) }
                return port
            } catch TestSupportError.socket("bind", EADDRINUSE) {
                continue
            }
        }
        throw TestSupportError.timedOut("a port nobody has")
    }
}
