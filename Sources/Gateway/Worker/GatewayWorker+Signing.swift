import Tokens

/// What a worker signs with for upstreams and their databases: made from a snapshot's keys, and
/// anew with each snapshot, so that a reload is all a new key takes.
extension GatewayWorker {
    static func signer(for snapshot: Snapshot) throws(StartFault) -> AssertionSigner? {
        guard let key = snapshot.assertionKey else { return nil }
        do throws(KeyDefect) {
            return try AssertionSigner(keyFile: key.span)
        } catch {
            throw .cryptography(error.message)
        }
    }

    static func sealMinter(for snapshot: Snapshot) throws(StartFault) -> SealMinter? {
        guard let key = snapshot.sealKey else { return nil }
        do throws(KeyDefect) {
            return try SealMinter(keyFile: key.span)
        } catch {
            throw .cryptography(error.message)
        }
    }
}
