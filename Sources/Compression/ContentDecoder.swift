import CZlib
public import HTTP1

/// The content codings of RFC 9110 section 8.4.1 that zlib undoes.
public enum ContentCoding: Sendable {
    /// `gzip`, and its older name `x-gzip`: RFC 1952.
    case gzip
    /// `deflate`: the zlib format of RFC 1950, not a bare deflate stream.
    case deflate

    /// The coding of this name in any case; `nil` for all others.
    public init?(_ name: Span<UInt8>) {
        if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
            self = .gzip
        } else if name.equalsIgnoringCase("deflate") {
            self = .deflate
        } else {
            return nil
        }
    }
}

/// Why bytes could not be decoded.
public enum ContentCodingDefect: Error, Equatable, Sendable {
    /// Not one complete stream of the coding, checksum included, with nothing behind it.
    case malformed
    /// More bytes come out than were allowed.
    case tooLong
    /// zlib got no memory.
    case exhausted
}

/// Undoes content codings of whole bodies. Belongs to one thread; the state of zlib, 40 KB, is
/// taken for each body and given back, because such bodies are rare.
public struct ContentDecoder: Sendable {
    /// Bytes asked of zlib at a time.
    private static let pieceBytes = 16_384

    public init() {}

    /// Appends what `bytes` mean to `out`.
    ///
    /// - Parameter bytesMax: most bytes that may come out; at most `out.freeCapacityMax` are
    ///   written anyway.
    /// - Throws: whatever is wrong with them; `out` may then hold part of it.
    public func decode(
        _ bytes: Span<UInt8>, _ coding: ContentCoding, into out: inout ByteBuffer, bytesMax: Int
    ) throws(ContentCodingDefect) {
        var stream = unsafe z_stream()
        // 15 bits of window for any sender; 16 more ask for gzip and nothing else.
        let windowBits: Int32 = coding == .gzip ? 31 : 15
        guard unsafe rf_inflate_begin(&stream, windowBits) == Z_OK else { throw .exhausted }
        defer { _ = unsafe inflateEnd(&stream) }
        guard bytes.count <= Int(UInt32.max) else { throw .tooLong }
        let limit = min(bytesMax, out.freeCapacityMax)
        let begin = out.count
        var status = Z_OK
        unsafe bytes.withUnsafeBufferPointer { input in
            // zlib reads through it and does not write.
            unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.avail_in = UInt32(input.count)
            repeat {
                let room = min(Self.pieceBytes, limit - (out.count - begin))
                guard room > 0 else {
                    status = unsafe Self.endsHere(&stream) ? Z_STREAM_END : Z_BUF_ERROR
                    break
                }
                _ = unsafe out.fill(minimum: room) { target in
                    let offered = min(target.count, room)
                    unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    unsafe stream.avail_out = UInt32(offered)
                    status = unsafe inflate(&stream, Z_NO_FLUSH)
                    return unsafe offered - Int(stream.avail_out)
                }
            } while status == Z_OK
        }
        if status == Z_BUF_ERROR, out.count - begin >= limit { throw .tooLong }
        if status == Z_MEM_ERROR { throw .exhausted }
        // A second stream behind the first is read by some and ignored by others.
        guard status == Z_STREAM_END, unsafe stream.avail_in == 0 else { throw .malformed }
    }

    /// Whether a stream whose output is full has nothing more to say but its end.
    @unsafe private static func endsHere(_ stream: inout z_stream) -> Bool {
        var spare: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &spare) { place in
            unsafe stream.next_out = place
            unsafe stream.avail_out = 1
            let status = unsafe inflate(&stream, Z_NO_FLUSH)
            return unsafe status == Z_STREAM_END && stream.avail_out == 1
        }
    }
}
