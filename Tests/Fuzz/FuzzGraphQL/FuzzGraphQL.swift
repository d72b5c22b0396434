import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkGraphQL`. In a document that passes, no reader of the laxest
/// sort finds a name that means the tenant, and every way to send it ends alike.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGraphQL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    let failure = oracle.checkGraphQL(bytes)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
