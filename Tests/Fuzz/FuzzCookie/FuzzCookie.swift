import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkCookies`, for one `Cookie` field that a head may hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCookie(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    // No head holds others.
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return 0 }
    let failure = oracle.checkCookies(bytes)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
