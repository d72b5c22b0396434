import Glibc
import Reactor
import Synchronization

/// What a command takes back when it is told to end half way. A thread waits for the signals, as
/// the main one waits for a database.
enum Interruption {
    private static let undo = Mutex<(@Sendable () -> Void)?>(nil)

    /// From now on SIGINT, SIGTERM and SIGHUP end the process with 128 and the signal's number, as
    /// a shell counts, and what `whenAsked` was told last is done before. To be said before the
    /// first thread starts; without it, signals end the process at once.
    static func listen() {
        guard let signals = try? SignalSource(), let poller = try? Poller(),
            (try? poller.add(signals.number, key: .fixed(0))) != nil
        else { return }
        let ears = Ears(signals: signals, poller: poller)
        let thread = try? WorkerThread(name: "signals", running: ears) { ears in
            while true {
                _ = try? ears.poller.wait(until: nil)
                guard let signal = ears.signals.next() else { continue }
                undo.withLock { $0?() }
                exit(128 + signal.number)
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
