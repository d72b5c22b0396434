import Policy
import Tokens

/// Feeds bytes to everything that reads what an issuer's server answers: the JWK set, and the
/// configuration document. The first byte chooses. Oracles: nothing traps; a set that is taken
/// holds a few public keys with different names, and is the same set with white space behind it; a
/// document that is taken names an https URL, and no document is for two issuers.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKeySet(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes = unsafe bytes, count > 1 else { return 0 }
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    let body = Array(input.dropFirst())
    switch input[0] & 3 {
    case 0: readSet(body, TokenAlgorithm.allCases.filter { !$0.isSymmetric })
    // As an issuer has them: one of each kind, so that keys without `alg` are pinned too.
    case 1: readSet(body, [.rs256, .es256, .es384, .es512, .ed25519])
    case 2: readSet(body, [.ps256])
    default: readDocument(body)
    }
    return 0
}

private func readSet(_ body: [UInt8], _ algorithms: [TokenAlgorithm]) {
    guard
        let set = try? KeySet(jwkSet: body.span, algorithms: algorithms, allowsSecrets: false)
    else { return }
    precondition((1...KeySet.keysMax).contains(set.keys.count))
    precondition(set.keys.count + set.skipped.count <= KeySet.keysMax)
    let names = set.keys.compactMap(\.name)
    precondition(Set(names).count == names.count)
    for key in set.keys {
        precondition(algorithms.contains(key.algorithm) && !key.algorithm.isSymmetric)
    }
    let padded = body + [0x20, 0x0A]
    guard padded.count <= KeySet.setBytesMax,
        let again = try? KeySet(jwkSet: padded.span, algorithms: algorithms, allowsSecrets: false)
    else { return }
    precondition(again.keys.map(\.name) == set.keys.map(\.name))
    precondition(again.keys.map(\.algorithm) == set.keys.map(\.algorithm))
    precondition(again.skipped == set.skipped)
}

private func readDocument(_ body: [UInt8]) {
    let document = try? DiscoveryDocument(body.span, issuer: "https://i.example/")
    if let document { precondition(document.keySetURL.hasPrefix("https://")) }
    let other = try? DiscoveryDocument(body.span, issuer: "https://i.example")
    precondition(document == nil || other == nil)
}
