import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkContentType`. Lax readers of what is passed on agree with ours.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContentType(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    let failure = oracle.checkContentType(bytes)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
