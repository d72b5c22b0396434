import Postgres
import Reactor

/// The main thread: it waits for the database at the start and for signals afterwards.
struct ControlThread: ~Copyable {
    /// How long a database may take to come up after us. Beyond it somebody should be told.
    static let databaseMilliseconds: UInt64 = 15_000
    private static let pauseMilliseconds: UInt64 = 250

    private let signals: SignalSource
    private var poller: Poller

    /// First thing of all: threads started before it would not block the signals.
    init() throws(StartupFault) {
        do throws(SystemFault) {
            let signals = try SignalSource()
            let poller = try Poller()
            try poller.add(signals.number, key: .fixed(0))
            self.signals = signals
            self.poller = poller
        } catch {
            throw StartupFault(exit: .failed, message: "error: \(error)\n")
        }
    }

    /// Returns when role and schema have been examined and found fit; `false` when told to end
    /// meanwhile.
    mutating func awaitDatabase(_ setup: BackendSetup) throws(StartupFault) -> Bool {
        let patience = Monotonic.now().advanced(byMilliseconds: Self.databaseMilliseconds)
        while true {
            do throws(StartupFault) {
                switch try DatabaseCommands.examine(setup) {
                case .fit: return true
                case .unproven(let words):
                    throw StartupFault(exit: .failed, message: "error: \(words)\n")
                case .unsafe(let findings):
                    let lines = findings.map { "unsafe: \($0)\n" }.joined()
                    throw StartupFault(
                        exit: .unsafeIsolation, message: lines + "error: refusing to serve\n")
                }
            } catch {
                guard error.exit == .outOfReach, Monotonic.now() < patience else { throw error }
            }
            let again = Monotonic.now().advanced(byMilliseconds: Self.pauseMilliseconds)
            if try isAsked(toEndUntil: again) { return false }
        }
    }

    /// Returns when the process is told to end.
    mutating func awaitEnd() throws(StartupFault) {
        while try !isAsked(toEndUntil: nil) {}
    }

    private mutating func isAsked(toEndUntil moment: Monotonic?) throws(StartupFault) -> Bool {
        do throws(SystemFault) {
            try poller.wait(until: moment)
        } catch {
            throw StartupFault(exit: .bug, message: "error: \(error)\n")
        }
        while let signal = signals.next() {
            switch signal {
            case .terminate, .interrupt: return true
            // Nothing of the backend is read anew while it runs.
            case .hangUp: continue
            }
        }
        return false
    }
}
