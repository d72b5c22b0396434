import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkQuery`. No spelling of the tenant is left under any name some
/// reader takes out of the query, what stays keeps its bytes, and cleaning twice changes nothing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzQuery(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    let failure = oracle.checkQuery(bytes, isForm: false)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
