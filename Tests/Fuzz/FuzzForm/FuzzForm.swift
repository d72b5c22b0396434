import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: that of `FuzzQuery`, for bodies.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForm(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    let failure = oracle.checkQuery(bytes, isForm: true)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
