import HTTP1

// Oracles beyond "does not trap":
// 1. cut anywhere, the bytes come to the same outcome, and a defect stays whatever follows it;
// 2. a complete head ends in an empty line, and its slices lie inside it;
// 3. written anew from its parts it parses to the same parts;
// 4. its authority has one canonical form, which is its own canonical form.

private enum Outcome: Equatable {
    case incomplete
    case complete(Int)
    case violation(HTTPViolation)
}

private func parse(_ head: inout RequestHead, _ bytes: Span<UInt8>) -> Outcome {
    do throws(HTTPViolation) {
        switch try head.parse(bytes, limits: limits) {
        case .incomplete: return .incomplete
        case .complete(let length): return .complete(length)
        }
    } catch { return .violation(error) }
}

/// Small bounds, so that a fuzzer reaches them.
private let limits = HeadLimits(
    headBytesMax: 1024, fieldsMax: 12, targetBytesMax: 200, methodBytesMax: 32,
    fieldNameBytesMax: 40, fieldValueBytesMax: 120, connectionOptionsMax: 6,
    obsTextFields: FieldSet(.userAgent))

private func same(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    for index in first.indices where first[index] != second[index] { return false }
    return true
}

private func checkCuts(_ bytes: Span<UInt8>, _ whole: Outcome) {
    var head = RequestHead()
    var known = 0
    var first = Outcome.incomplete
    for end in 0...min(bytes.count, 1100) {
        let prefix = bytes.extracting(0..<end)
        let opens = HeadGate.opens(prefix, known: known, limits: limits)
        known = end
        let outcome = parse(&head, prefix)
        if case .complete = outcome, first == .incomplete {
            precondition(opens, "the gate hid the end of a head")
        }
        if first == .incomplete { first = outcome }
        precondition(outcome == first, "a later byte changed an outcome")
    }
    precondition(first == whole || bytes.count > 1100, "the cut made a difference")
}

private func checkComplete(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ length: Int) {
    precondition(length >= 4 && length <= bytes.count && length <= limits.headBytesMax)
    precondition(bytes[length - 1] == 0x0a && bytes[length - 2] == 0x0d)
    precondition(bytes[length - 3] == 0x0a && bytes[length - 4] == 0x0d)
    precondition(head.fields.count <= limits.fieldsMax)
    if head.version == .http11 { precondition(head.fields.index(of: .host) != nil) }
    if case .chunked = head.framing { precondition(!head.fields.contains(.contentLength)) }

    var output = ByteBuffer(capacityMax: 4096)
    var again = RequestHead()
    do throws(HTTPViolation) {
        try output.appendRequestLine(
            method: bytes[head.methodName], target: bytes[head.target.whole])
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            try output.appendField(name: bytes[field.name], value: bytes[field.value])
        }
        try output.appendHeadEnd()
    } catch { preconditionFailure("what was read could not be written: \(error)") }
    // The copy is HTTP/1.1 always, and may outgrow a value's bound by its one space.
    guard head.version == .http11 else { return }
    let copy = output.readable
    guard case .complete(let written) = parse(&again, copy) else {
        for index in 0..<head.fields.count where head.fields[index].value.count >= 119 { return }
        precondition(copy.count > 1000, "what was written could not be read")
        return
    }
    precondition(written == copy.count && again.fields.count == head.fields.count)
    precondition(again.method == head.method && again.framing == head.framing)
    precondition(again.keepAlive == head.keepAlive && again.upgrade == head.upgrade)
    for index in 0..<head.fields.count {
        let field = head.fields[index]
        let twin = again.fields[index]
        precondition(field.known == twin.known && field.isHopByHop == twin.isHopByHop)
        precondition(same(bytes[field.name], copy[twin.name]))
        precondition(same(bytes[field.value], copy[twin.value]))
    }
}

private func checkAuthority(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    guard let authority = head.authority else { return }
    var first = ByteBuffer(capacityMax: HostName.canonicalBytesMax)
    var second = ByteBuffer(capacityMax: HostName.canonicalBytesMax)
    do throws(HTTPViolation) {
        try HostName.canonical(bytes[authority], scheme: .https, into: &first)
        try HostName.canonical(first.readable, scheme: .https, into: &second)
    } catch { preconditionFailure("a checked authority has no form") }
    precondition(same(first.readable, second.readable))
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start, count <= 4096 else { return 0 }
    let view = unsafe UnsafeBufferPointer(start: start, count: count)
    let bytes = unsafe view.span
    var head = RequestHead()
    let outcome = parse(&head, bytes)
    checkCuts(bytes, outcome)
    if case .complete(let length) = outcome {
        checkComplete(head, bytes, length)
        checkAuthority(head, bytes)
    }
    return 0
}
