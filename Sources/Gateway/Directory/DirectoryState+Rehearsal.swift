import Policy
import Reactor

extension DirectoryState {
    /// Takes the copy on disk for true now, whatever its age: a policy is tried out without a
    /// backend. Without a copy nobody is let in, as in a gateway that has none.
    func rehearse(_ policy: GatewayPolicy) {
        guard case .directory(let directory) = policy.tenants, let cache = directory.cache else {
            return
        }
        let vendors = policy.vendors.map { [UInt8]($0.name.utf8) }
        guard
            var content = try? DirectoryCopy(
                path: cache, address: directory.feed.text, vendors: vendors
            ).read(seed: randomUInt64())
        else { return }
        let term = beginTerm()
        confirm(at: Int64(clamping: Monotonic.now().nanoseconds), term: term)
        publish(content.replica.edition(), at: content.replica.positions, term: term)
    }
}
