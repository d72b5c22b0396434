import HTTPTransport
import Policy
import Reactor
import Synchronization
import TLS
import Tokens

/// The snapshot in force, for threads that are not workers.
final class SnapshotBox: Sendable {
    private let current: Mutex<Snapshot>
    init(_ snapshot: Snapshot) { current = Mutex(snapshot) }
    var snapshot: Snapshot { current.withLock { $0 } }
    func replace(_ snapshot: Snapshot) { current.withLock { $0 = snapshot } }
}

/// Fetches one issuer's key set, at start and on an interval, on a thread of its own: an issuer
/// that does not answer delays nobody, and a set that cannot be read keeps the last good one.
struct KeySetRefresher {
    /// From connecting to the last byte.
    static let deadlineMilliseconds: UInt64 = 10_000
    /// Between attempts while there are no keys at all.
    static let retryMilliseconds: UInt64 = 2_000

    let keys: IssuerKeys
    let location: FetchLocation
    let context: TLSClientContext
    let resolver: Resolver
    let refreshSeconds: UInt32
    /// Posting here ends the thread.
    let stops: Mailbox<Bool>
    let report: @Sendable (String) -> Void

    /// Fetches until told to stop.
    func run() {
        var told: [Bool] = []
        var lastFault = ""
        while told.isEmpty {
            let deadline = Monotonic.now().advanced(byMilliseconds: Self.deadlineMilliseconds)
            let fault = fetch(deadline)
            if let fault, fault != lastFault {
                report("issuer \(keys.policy.name): \(fault); keeping what is known")
            }
            if fault == nil, !lastFault.isEmpty {
                report("issuer \(keys.policy.name): keys fetched")
            }
            lastFault = fault ?? ""
            let wait =
                keys.issuer == nil ? Self.retryMilliseconds : UInt64(refreshSeconds) * 1_000
            let until = Monotonic.now().advanced(byMilliseconds: wait)
            while told.isEmpty, Monotonic.now() < until { stops.wait(until: until, into: &told) }
        }
    }

    /// One fetch; what went wrong, for people.
    private func fetch(_ deadline: Monotonic) -> String? {
        let body: [UInt8]
        do throws(FetchFault) {
            body = try HTTPFetch.get(
                location, context: context, resolver: resolver, deadline: deadline)
        } catch {
            return "key set cannot be fetched (\(error))"
        }
        do throws(KeyDefect) {
            // What comes over the network holds public keys only.
            let set = try KeySet(
                file: body.span, algorithms: keys.policy.algorithms, allowsSecrets: false)
            guard !set.keys.isEmpty else { return "key set holds no usable key" }
            keys.replace(set)
            return nil
        } catch {
            return "key set \(error.message)"
        }
    }
}
