import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.judgeRequest`. The input is a list of decisions, out of which a
/// request is made; on the bytes that would be sent the invariants of a tenant's request hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let oracle else { preconditionFailure("no oracle") }
    var choices = Choices(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    // Says why, which a precondition does not in an optimised build.
    if case .broken(let failure) = oracle.judgeRequest(&choices) { fatalError(failure) }
    return 0
}
