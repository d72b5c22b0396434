import CLinux

/// What the outside asks of the process.
public enum ProcessSignal: Equatable, Sendable {
    /// SIGINT
    case interrupt
    /// SIGTERM
    case terminate
    /// SIGHUP
    case hangUp
}

/// SIGINT, SIGTERM and SIGHUP as something to poll.
///
/// Make it first thing in `main`: the signals are blocked in the calling thread and in all threads
/// it starts later, and a thread that does not block them would still be killed by them. Child
/// processes inherit the blocked signals and the ignored SIGPIPE; who starts one resets them.
public struct SignalSource: ~Copyable {
    private let descriptor: FileDescriptor

    /// Blocks the three signals, ignores SIGPIPE (a broken connection is an answer of `write`, not
    /// the end of the process), and listens.
    public init() throws(SystemFault) {
        let blocked = rf_block_signals()
        guard blocked == 0 else { throw SystemFault("pthread_sigmask", negative: blocked) }
        let number = rf_signalfd()
        guard number >= 0 else { throw SystemFault("signalfd", negative: number) }
        unsafe descriptor = FileDescriptor(adopting: number)
    }

    /// For registering; readable means `next`, until it answers `nil`.
    public var number: Int32 { descriptor.number }

    /// The next signal that has arrived, if any.
    public func next() -> ProcessSignal? {
        switch rf_next_signal(number) {
        case SIGINT: .interrupt
        case SIGTERM: .terminate
        case SIGHUP: .hangUp
        default: nil
        }
    }
}
