import Glibc
import Reactor
import Synchronization

/// What a command takes back when it is told to end half way. A thread waits for the signals, as
/// the main one waits for a database.
enum Interruption {
    private static let undo = Mutex<(@Sendable () -> Void)?>(nil)

    /// From now on SIGINT, SIGTERM and SIGHUP end the process with 128 and the signal's number, as
    /// a shell counts, and what `whenAsked` was told last is done before. What whoever started us
    /// has ignored, as `nohup` does, stays so. To be said before the first thread starts; without
    /// it, signals end the process at once.
    static func listen() {
        let ignored = [SIGINT, SIGTERM, SIGHUP].filter(ProcessContext.isIgnored)
        guard let signals = try? SignalSource(), let poller = try? Poller(),
            (try? poller.add(signals.number, key: .fixed(0))) != nil
        else { return }
        let ears = Ears(signals: signals, poller: poller)
        let thread = try? WorkerThread(name: "signals", running: ears) { ears in
            while true {
                _ = try? ears.poller.wait(until: nil)
                while let signal = ears.signals.next() {
                    if ignored.contains(signal.number) { continue }
                    undo.withLock { $0?() }
                    // Without what libraries do at an end: the main thread may be in one.
                    _exit(128 + signal.number)
                }
            }
        }
        // Without the thread nobody hears what is blocked already.
        guard let thread else { exit(ExitCode.bug.rawValue) }
        thread.detach()
    }

    /// - Parameter undo: `nil` when there is nothing to take back any more.
    static func whenAsked(_ undo: (@Sendable () -> Void)?) {
        self.undo.withLock { $0 = undo }
    }

    private struct Ears: ~Copyable {
        let signals: SignalSource
        var poller: Poller
    }
}

extension ProcessSignal {
    fileprivate var number: Int32 {
        switch self {
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .hangUp: SIGHUP
        }
    }
}
