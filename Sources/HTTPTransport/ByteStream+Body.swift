import HTTP1

extension ByteStream {
    /// Moves what there is of `body` from the peer to `output`, until that holds `high` bytes.
    ///
    /// What is in `input` goes first. Behind it, bytes that nobody has to look at are read straight
    /// into `output`: a large body is copied once, by the kernel, and `output` ends at the mark
    /// exactly, which makes whole TLS records of it. Coded bodies pass through `input`.
    mutating func move(
        _ body: inout BodyReader, to output: inout ByteBuffer, as target: BodyTarget, high: Int
    ) throws(HTTPViolation) -> Result<BodyProgress, StreamFault> {
        var moved = false
        while true {
            switch try body.move(from: &input, to: &output, as: target, high: high) {
            case .ended: return .success(.ended)
            case .full: return .success(.full)
            case .moved: moved = true
            case .starved: break
            }
            let step: StreamProgress
            let room = body.passableBytes(to: output, as: target, high: high)
            if room > 0 {
                let held = output.count
                step =
                    UInt64(room) == body.bytesLeft
                    ? wire.read(into: &output, room: room, then: &input)
                    : wire.read(into: &output, room: room)
                body.pass(output.count - held)
                moved = moved || output.count > held
            } else {
                step = fill()
            }
            switch step {
            case .moved: continue
            case .blocked, .full: return .success(moved ? .moved : .starved)
            case .ended:
                guard body.endOfStream(to: &output, as: target) else { return .failure(.reset) }
                return .success(.ended)
            case .failed(let fault): return .failure(fault)
            }
        }
    }
}
