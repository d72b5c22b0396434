import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkMultipart`. No reader of the laxest sort finds a part under a
/// spelling of the tenant; parts that stay keep their bytes. The first byte chooses the boundary.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    guard let first = bytes.first else { return 0 }
    let boundary = ["B", "a-a", "--", "x"][Int(first) % 4]
    let failure = oracle.checkMultipart(Array(bytes.dropFirst()), boundary: boundary)
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
