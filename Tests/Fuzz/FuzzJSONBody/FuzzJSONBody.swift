import CleaningOracle

private let oracle = CleaningOracle()

/// Oracle: see `CleaningOracle.checkJSON`. A tree read from what is sent holds no spelling of the
/// tenant and is otherwise that of what came. The first byte chooses the type.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let oracle else { preconditionFailure("no oracle") }
    guard let first = bytes.first else { return 0 }
    let types = ["application/json", "application/json-patch+json", "application/x-ndjson"]
    let failure = oracle.checkJSON(Array(bytes.dropFirst()), as: types[Int(first) % types.count])
    // Says why, which a precondition does not in an optimised build.
    if let failure { fatalError(failure) }
    return 0
}
