import CLinux

/// An open descriptor with one owner. It is closed exactly once, when the owner lets go, and the
/// close is never retried: after `EINTR` the number may already belong to another thread's file.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The kernel's number, for registering and for logs; valid while this value lives.
    public let number: Int32

    /// - Safety: `number` is open and nothing else will close it.
    @unsafe public init(adopting number: Int32) { self.number = number }

    deinit { rf_close(number) }

    /// Gives the descriptor away unclosed; who receives the number owns it.
    @unsafe public consuming func relinquish() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// A system call of the reactor's own machinery (epoll, eventfd, threads) failed: the process has
/// no way to go on serving.
public struct SystemFault: Error, Equatable, CustomStringConvertible {
    public let call: StaticString
    /// The error number the kernel gave.
    public let code: Int32

    init(_ call: StaticString, negative result: Int32) {
        self.call = call
        code = -result
    }

    public static func == (left: SystemFault, right: SystemFault) -> Bool {
        left.code == right.code && left.call.description == right.call.description
    }

    public var description: String { "\(call): error \(code)" }
}

/// Why a socket could not be opened, connected, read or written.
public enum SocketFault: Error, Equatable, Sendable {
    /// Nobody listens there (also: no such Unix socket, or its queue is full). Nothing was sent.
    case refused
    /// The peer broke the connection.
    case reset
    case timedOut
    /// No route, network down, or a family this machine does not have.
    case unreachable
    /// Another process listens on this address, or the path is taken by something else.
    case addressInUse
    /// The address is not one of this machine, or no local port is left.
    case addressUnavailable
    /// The kernel forbids it: privileged port, socket file mode, firewall.
    case denied
    /// Out of descriptors or memory.
    case exhausted
    /// A Unix path is too long for the kernel, empty, or holds a NUL.
    case badPath
    case other(Int32)

    /// - Parameter result: what a wrapper answered, that is `-errno`.
    init(negative result: Int32) {
        switch -result {
        case ECONNREFUSED, ENOENT, EAGAIN: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: self = .reset
        case ETIMEDOUT: self = .timedOut
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EAFNOSUPPORT: self = .unreachable
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL: self = .addressUnavailable
        case EACCES, EPERM: self = .denied
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .exhausted
        case EBADF, EFAULT, ENOTSOCK:
            // The descriptor table no longer says what we think: going on could hand one
            // tenant's bytes to another's connection.
            preconditionFailure("a socket call met error \(-result)")
        case let code: self = .other(code)
        }
    }
}

/// What one transfer did; "try later" is an answer, not an error.
public enum IOOutcome: Equatable, Sendable {
    /// At least one byte moved.
    case transferred(Int)
    case wouldBlock
    /// The peer will send nothing more; reads only.
    case endOfStream
}
