import CLinux

/// What one `accept` met.
public enum AcceptOutcome: ~Copyable {
    case accepted(Socket, PeerAddress)
    /// Nobody waits; the next event tells.
    case wouldBlock
    /// Out of descriptors or memory. The queue keeps who waits there and no new event will tell:
    /// the owner backs off with a timer, then accepts again, and may `shed` meanwhile.
    case exhausted
}

/// A listening socket, TCP or Unix.
///
/// It asks for `SO_REUSEADDR` (a restart need not wait for old connections) but never for
/// `SO_REUSEPORT`: a second process on the same port would double every tenant's limits, so it
/// gets `addressInUse` instead.
public struct Listener: ~Copyable {
    private let descriptor: FileDescriptor
    /// A descriptor kept for the moment when there is no other: it is closed to make room for
    /// accepting, and so turning away, somebody who waits.
    private var reserve: FileDescriptor?
    /// Where this listens really: port 0 replaced by the kernel's choice, `[::]` by `0.0.0.0` on
    /// machines without IPv6.
    public let address: SocketAddress
    private let socketFile: SocketFile?

    /// Opens the address for connections.
    ///
    /// - Parameters:
    ///   - address: `[::]` takes IPv4 and IPv6.
    ///   - backlog: connections the kernel keeps waiting; it lowers this to its own bound.
    ///   - mode: permissions of a Unix socket file; who may write may connect.
    public init(
        on address: SocketAddress, backlog: Int32 = 4_096, mode: UInt16 = 0o660
    ) throws(SocketFault) {
        var path = ""
        if case .unix(let file) = address { path = file }
        let opened =
            path.isEmpty
            ? try Self.openTCP(address, backlog: backlog)
            : try Self.openUnix(address, path, backlog: backlog, mode: mode)
        var raw = rf_address()
        let result = unsafe rf_local_address(opened.number, &raw)
        guard result == 0 else { throw SocketFault(negative: result) }
        self.address = SocketAddress(raw, path: path)
        socketFile = path.isEmpty ? nil : SocketFile(path)
        descriptor = opened
        reserve = Self.openReserve()
    }

    deinit { socketFile?.removeIfOurs() }

    /// For registering; valid while this value lives.
    public var number: Int32 { descriptor.number }

    /// Takes one waiting connection, with `TCP_NODELAY` set. Call until another answer comes, or
    /// remember that you stopped: the event is not repeated.
    public mutating func accept() -> AcceptOutcome {
        // A connection that died while waiting is no reason to stop, but endless failure is one
        // to back off.
        for _ in 0..<Self.failuresMax {
            var peer = rf_address()
            let number = unsafe rf_accept(descriptor.number, &peer)
            if number >= 0 {
                return unsafe .accepted(
                    Socket(FileDescriptor(adopting: number)), PeerAddress(peer))
            }
            switch -number {
            case EAGAIN: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            case EBADF, EFAULT, EINVAL, ENOTSOCK:
                preconditionFailure("accept met error \(-number)")
            default: continue
            }
        }
        return .exhausted
    }

    private static let failuresMax = 64

    /// Turns waiting connections away by means of the reserve descriptor, so that clients see a
    /// closed connection at once instead of silence until their own timeout.
    ///
    /// - Returns: how many; zero when the reserve is lost or nobody waits.
    public mutating func shed(atMost limit: Int) -> Int {
        var turnedAway = 0
        while turnedAway < limit {
            if reserve == nil { reserve = Self.openReserve() }
            guard reserve != nil else { break }
            reserve = nil
            var peer = rf_address()
            let number = unsafe rf_accept(descriptor.number, &peer)
            if number >= 0 {
                rf_close(number)
                turnedAway += 1
            }
            reserve = Self.openReserve()
            if number < 0 { break }
        }
        return turnedAway
    }

    private static func openReserve() -> FileDescriptor? {
        let number = unsafe rf_open("/dev/null", O_RDONLY, 0)
        return number < 0 ? nil : unsafe FileDescriptor(adopting: number)
    }
}

// MARK: - TCP

extension Listener {
    private static func openTCP(
        _ address: SocketAddress, backlog: Int32
    ) throws(SocketFault) -> FileDescriptor {
        let result = try listenTCP(address, backlog: backlog)
        if result >= 0 { return unsafe FileDescriptor(adopting: result) }
        guard let other = fallback(for: address, afterNegative: result) else {
            throw SocketFault(negative: result)
        }
        let second = try listenTCP(other, backlog: backlog)
        guard second >= 0 else { throw SocketFault(negative: second) }
        return unsafe FileDescriptor(adopting: second)
    }

    /// `0.0.0.0` for `[::]` where the machine has no IPv6. A particular IPv6 address has no
    /// substitute.
    static func fallback(
        for address: SocketAddress, afterNegative result: Int32
    ) -> SocketAddress? {
        guard case .ip(.anyV6, let port) = address,
            [EAFNOSUPPORT, EADDRNOTAVAIL, EPROTONOSUPPORT].contains(-result)
        else { return nil }
        return .ip(.anyV4, port: port)
    }

    /// - Returns: a listening descriptor, or `-errno`.
    private static func listenTCP(
        _ address: SocketAddress, backlog: Int32
    ) throws(SocketFault) -> Int32 {
        var raw = try address.raw()
        let number = unsafe rf_stream_socket(&raw)
        guard number >= 0 else { return number }
        let descriptor = unsafe FileDescriptor(adopting: number)
        _ = rf_reuse_address(number)
        // Accepted sockets inherit it, which saves a call for each.
        _ = rf_no_delay(number)
        _ = rf_unsent_low_mark(number, Socket.unsentBytesMax)
        if raw.kind == 6 { _ = rf_accept_both_families(number) }
        var result = unsafe rf_bind(number, &raw)
        guard result == 0 else { return result }
        result = rf_listen(number, backlog)
        guard result == 0 else { return result }
        return unsafe descriptor.relinquish()
    }
}

// MARK: - Unix

extension Listener {
    /// The file a Unix socket was bound to, known by its inode: only ours is ever removed.
    struct SocketFile {
        let path: String
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            var file = rf_file()
            guard unsafe rf_stat(path, 0, &file) == 0, rf_is_socket(file.mode) != 0 else {
                return nil
            }
            self.path = path
            device = file.device
            inode = file.inode
        }

        func removeIfOurs() {
            guard let now = SocketFile(path), now.device == device, now.inode == inode else {
                return
            }
            _ = unsafe rf_unlink(path)
        }
    }

    /// Binds, replacing a socket file nobody listens on. Two starting processes could each find
    /// the same stale file and the second remove the first one's new socket, so the folder is
    /// locked meanwhile.
    private static func openUnix(
        _ address: SocketAddress, _ path: String, backlog: Int32, mode: UInt16
    ) throws(SocketFault) -> FileDescriptor {
        let lock = try lockFolder(of: path)
        defer { _ = lock.number }  // Held until the end of this function.
        var raw = try address.raw()
        let number = unsafe rf_stream_socket(&raw)
        guard number >= 0 else { throw SocketFault(negative: number) }
        let descriptor = unsafe FileDescriptor(adopting: number)
        var result = unsafe rf_bind(number, &raw)
        if result == -EADDRINUSE {
            guard SocketFile(path) != nil, isStale(raw) else { throw .addressInUse }
            _ = unsafe rf_unlink(path)
            result = unsafe rf_bind(number, &raw)
        }
        // A folder that is not there is no refusal by a listener.
        if result == -ENOENT { throw .badPath }
        guard result == 0 else { throw SocketFault(negative: result) }
        // Until `listen`, connecting is refused whatever the mode, so there is no moment at which
        // others may enter. The process-wide umask would be no better and is every thread's.
        let file = SocketFile(path)
        result = unsafe rf_chmod(path, UInt32(mode & 0o777))
        if result == 0 { result = rf_listen(number, backlog) }
        guard result == 0 else {
            file?.removeIfOurs()
            throw SocketFault(negative: result)
        }
        return descriptor
    }

    private static func isStale(_ address: rf_address) -> Bool {
        var raw = address
        let number = unsafe rf_stream_socket(&raw)
        guard number >= 0 else { return false }
        let result = unsafe rf_connect(number, &raw)
        rf_close(number)
        return result == -ECONNREFUSED
    }

    private static func lockFolder(of path: String) throws(SocketFault) -> FileDescriptor {
        var folder = "."
        if let slash = path.lastIndex(of: "/") {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        let number = unsafe rf_open(folder, O_RDONLY | O_DIRECTORY, 0)
        if number == -ENOENT || number == -ENOTDIR { throw .badPath }
        guard number >= 0 else { throw SocketFault(negative: number) }
        let descriptor = unsafe FileDescriptor(adopting: number)
        for _ in 0..<lockAttemptsMax {
            if rf_try_lock(number) == 0 { return descriptor }
            rf_pause(10)
        }
        throw .addressInUse
    }

    /// Ten milliseconds apart.
    private static let lockAttemptsMax = 200
}
