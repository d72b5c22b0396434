import HTTP1
import HTTPTransport
import Policy
import Reactor

/// A directory as one worker asks it, with what tells results of different ones apart.
final class DirectoryView {
    let directory: TenantDirectory
    /// Different for every view of the worker.
    let generation: UInt64
    /// The version of the snapshot whose tiers and vendors it speaks of.
    let snapshot: UInt64
    /// Whether any host name can be a tenant's.
    let hasTenantHosts: Bool

    init(_ directory: TenantDirectory, generation: UInt64, of snapshot: Snapshot) {
        self.directory = directory
        self.generation = generation
        self.snapshot = snapshot.version
        hasTenantHosts = !snapshot.rules.hosts.isEmpty(directory)
    }
}

/// Who belongs to the backend's directory now: what requests are resolved by, and what becomes of
/// those that are open when a tenant is suspended.
extension GatewayWorker {
    /// Looks whether there is a new edition, and whether the one there is has become too old; once
    /// a turn, two loads of shared memory.
    func refreshDirectory() {
        // Asked at every turn, hence the flag: the policy's own word is copied when looked at.
        guard snapshot.followsDirectory, case .directory(let settings) = snapshot.policy.tenants
        else { return }
        let number = gateway.directory.number
        let isFresh = gateway.directory.isFresh(settings, now: now)
        let isChanged = number != directoryNumber
        guard isChanged || isFresh != directoryIsFresh else { return }
        if isChanged {
            let published = gateway.directory.published
            directoryNumber = published?.number ?? 0
            directoryEdition = published?.edition
        }
        directoryIsFresh = isFresh
        directoryView = makeView(of: snapshot)
        // What is too old is no reason to cut anybody off.
        if isFresh { cutOff() }
    }

    /// From now on the worker's snapshot is another one.
    func renewDirectory() {
        // So that what is known is looked at again.
        (directoryNumber, directoryIsFresh, directoryEdition) = (.max, false, nil)
        directoryView = makeView(of: snapshot)
        refreshDirectory()
        if case .file = snapshot.policy.tenants { cutOff() }
    }

    /// What an exchange that began under `snapshot` asks.
    func view(for snapshot: Snapshot) -> DirectoryView {
        snapshot.version == directoryView.snapshot ? directoryView : makeView(of: snapshot)
    }

    private func makeView(of snapshot: Snapshot) -> DirectoryView {
        directoryGenerations += 1
        var directory = snapshot.rules.directory
        if case .directory = snapshot.policy.tenants, directoryIsFresh, let directoryEdition {
            directory = TenantDirectory(policy: snapshot.policy, edition: directoryEdition)
        }
        return DirectoryView(directory, generation: directoryGenerations, of: snapshot)
    }

    /// Ends every open exchange whose tenant or credential no longer holds: answered while that is
    /// possible, cut in the middle otherwise, in both directions.
    private func cutOff() {
        var key = exchanges.key(after: nil)
        while let current = key {
            key = exchanges.key(after: current)
            let exchange = exchanges[current]
            guard let principal = exchange.caller?.principal, exchange.responsePhase != .done,
                let refusal = directoryView.directory.refusal(of: principal)
            else { continue }
            let client = exchange.clientKey
            if clients.contains(client) { clients[client].keepsAlive = false }
            fail(exchange, refusal)
            if clients.contains(client) { advanceClient(client) }
            // Ending one exchange may have ended the one that was to be looked at next.
            if let next = key, !exchanges.contains(next) { key = exchanges.key(after: nil) }
        }
    }
}
