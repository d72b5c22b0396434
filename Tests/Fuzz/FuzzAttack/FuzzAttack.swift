import Attack

/// Feeds bytes to everything of `Attack` that reads what it did not write: answers of a target,
/// tokens, and the operator's list. The first byte chooses the door. Oracles: nothing traps;
/// bounds hold; a request that was accepted is accepted again as it is written; claims made anew
/// name who they were made for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAttack(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes = unsafe bytes, count > 1 else { return 0 }
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    let rest = Array(input.dropFirst())
    let text = String(decoding: rest, as: UTF8.self)
    switch input[0] & 3 {
    case 0:
        let leaves = Answer.leaves(ofBody: rest)
        precondition(leaves.count <= 4_096)
    case 1:
        guard let endpoints = try? Endpoint.list(text) else { return 0 }
        precondition(endpoints.count <= Endpoint.countMax)
        for endpoint in endpoints {
            var line = "\(endpoint.method) \(endpoint.target)"
            if let type = endpoint.contentType { line += " \(type) \(endpoint.body ?? "")" }
            precondition((try? Endpoint(line)) == endpoint)
        }
    case 2:
        guard var identity = Identity(token: text) else { return 0 }
        identity.findTenant(names: ["tenant_id", "org"])
        guard identity.tenant != nil, let claim = identity.claimName else { return 0 }
        let forged = identity.claims(naming: "rf-other", concept: claim)
        precondition(String(decoding: forged, as: UTF8.self).contains("\"rf-other\""))
    default: _ = TargetLocation(text)
    }
    return 0
}
