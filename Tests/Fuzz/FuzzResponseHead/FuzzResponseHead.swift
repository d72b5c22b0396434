import HTTP1

// Oracles beyond "does not trap": cuts make no difference, framing agrees with the fields, and a
// head written anew from its parts parses to the same parts.

private enum Outcome: Equatable {
    case incomplete
    case complete(Int)
    case violation(HTTPViolation)
}

private let limits = HeadLimits(
    headBytesMax: 1024, fieldsMax: 12, fieldNameBytesMax: 40, fieldValueBytesMax: 120,
    connectionOptionsMax: 6, obsTextFields: .all)

private func parse(
    _ head: inout ResponseHead, _ bytes: Span<UInt8>, _ method: KnownMethod
) -> Outcome {
    do throws(HTTPViolation) {
        switch try head.parse(bytes, limits: limits, answering: method) {
        case .incomplete: return .incomplete
        case .complete(let length): return .complete(length)
        }
    } catch { return .violation(error) }
}

private func same(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    for index in first.indices where first[index] != second[index] { return false }
    return true
}

private func checkComplete(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ length: Int, _ method: KnownMethod
) {
    precondition(length <= bytes.count && length <= limits.headBytesMax)
    precondition((100...599).contains(head.status) && head.status != 101)
    switch head.framing {
    case .none: precondition(method == .head || [204, 304].contains(head.status) || head.isInterim)
    case .chunked: precondition(!head.fields.contains(.contentLength))
    case .length: precondition(!head.fields.contains(.transferEncoding))
    case .untilClose: precondition(!head.keepAlive && !head.fields.contains(.contentLength))
    }
    var output = ByteBuffer(capacityMax: 4096)
    do throws(HTTPViolation) {
        try output.appendStatusLine(head.status, reason: bytes[head.reason])
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            try output.appendField(name: bytes[field.name], value: bytes[field.value])
        }
        try output.appendHeadEnd()
    } catch { preconditionFailure("what was read could not be written: \(error)") }
    guard head.version == .http11 else { return }
    let copy = output.readable
    var again = ResponseHead()
    guard case .complete(let written) = parse(&again, copy, method) else {
        for index in 0..<head.fields.count where head.fields[index].value.count >= 119 { return }
        precondition(copy.count > 1000, "what was written could not be read")
        return
    }
    precondition(written == copy.count && again.fields.count == head.fields.count)
    precondition(again.status == head.status && again.framing == head.framing)
    precondition(same(bytes[head.reason], copy[again.reason]))
    for index in 0..<head.fields.count {
        let field = head.fields[index]
        let twin = again.fields[index]
        precondition(field.known == twin.known && field.isHopByHop == twin.isHopByHop)
        precondition(same(bytes[field.name], copy[twin.name]))
        precondition(same(bytes[field.value], copy[twin.value]))
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start, count > 0, count <= 1100 else { return 0 }
    let view = unsafe UnsafeBufferPointer(start: start, count: count)
    // The first byte chooses what was asked.
    let all = unsafe view.span
    let method: KnownMethod = all[0] & 1 == 0 ? .get : .head
    let bytes = all.extracting(1..<count)
    var head = ResponseHead()
    let outcome = parse(&head, bytes, method)
    var scratch = ResponseHead()
    var first = Outcome.incomplete
    for end in 0...bytes.count {
        let prefix = parse(&scratch, bytes.extracting(0..<end), method)
        if first == .incomplete { first = prefix }
        precondition(prefix == first, "a later byte changed an outcome")
    }
    precondition(first == outcome, "the cut made a difference")
    if case .complete(let length) = outcome { checkComplete(head, bytes, length, method) }
    return 0
}
