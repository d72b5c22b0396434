import HTTP1

// Oracles beyond "does not trap": the same bytes in one piece, in single bytes and in pieces of
// sizes taken from the input come to the same content, length and end; a decoder never gives more
// than it was given; and content that is encoded again decodes to itself.

private enum End: Equatable {
    case unfinished, finished
    case violation(HTTPViolation)
}

private struct Body: ~Copyable {
    var content = ByteBuffer(capacityMax: 1 << 20)
    var consumed = 0
    var end = End.unfinished
}

private func feed(_ decoder: inout ChunkedDecoder, _ piece: Span<UInt8>, _ body: inout Body) {
    var position = 0
    while body.end == .unfinished, position < piece.count {
        let rest = piece.extracting(position..<piece.count)
        do throws(HTTPViolation) {
            switch try decoder.next(rest) {
            case .needMore(let consumed):
                precondition(consumed == rest.count)
                position += consumed
            case .data(let start, let count):
                precondition(count > 0 && start >= 0 && start + count <= rest.count)
                body.content.append(rest.extracting(start..<(start + count)))
                position += start + count
            case .end(let consumed):
                precondition(consumed > 0 && consumed <= rest.count && decoder.isFinished)
                position += consumed
                body.end = .finished
            }
        } catch {
            body.end = .violation(error)
            return
        }
    }
    body.consumed += position
}

private func same(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    for index in first.indices where first[index] != second[index] { return false }
    return true
}

private func expectSame(_ first: borrowing Body, _ second: borrowing Body) {
    precondition(first.end == second.end, "the cut changed the end")
    precondition(same(first.content.readable, second.content.readable), "the cut changed content")
    if first.end == .finished { precondition(first.consumed == second.consumed) }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start, count > 0, count <= 1 << 16 else { return 0 }
    let view = unsafe UnsafeBufferPointer(start: start, count: count)
    let bytes = unsafe view.span

    var decoder = ChunkedDecoder()
    var whole = Body()
    feed(&decoder, bytes, &whole)

    var single = Body()
    decoder = ChunkedDecoder()
    for index in bytes.indices { feed(&decoder, bytes.extracting(index..<(index + 1)), &single) }
    expectSame(whole, single)

    var pieces = Body()
    decoder = ChunkedDecoder()
    var position = 0
    while position < count {
        let size = min(Int(bytes[(position * 7) % count] % 13) + 1, count - position)
        feed(&decoder, bytes.extracting(position..<(position + size)), &pieces)
        position += size
    }
    expectSame(whole, pieces)

    if !whole.content.isEmpty {
        var coded = ByteBuffer(capacityMax: 1 << 18)
        coded.appendChunkHeader(count: whole.content.count)
        coded.append(whole.content.readable)
        coded.appendChunkEnd()
        coded.appendLastChunk()
        var again = Body()
        decoder = ChunkedDecoder()
        feed(&decoder, coded.readable, &again)
        precondition(again.end == .finished && again.consumed == coded.count)
        precondition(same(again.content.readable, whole.content.readable))
    }
    return 0
}
