import CZlib
import Compression
import HTTP1
import Testing

@Suite struct `Content decoder` {
    private static func encode(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
        var stream = unsafe z_stream()
        let version = unsafe zlibVersion()
        _ = unsafe deflateInit2_(
            &stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, version,
            Int32(MemoryLayout<z_stream>.size))
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1_024)
        let left = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                _ = unsafe deflate(&stream, Z_FINISH)
                return unsafe Int(stream.avail_out)
            }
        }
        _ = unsafe deflateEnd(&stream)
        return Array(output.dropLast(left))
    }

    private static func decode(
        _ bytes: [UInt8], _ coding: ContentCoding, max: Int = 1 << 20
    ) throws(ContentCodingDefect) -> [UInt8] {
        var out = ByteBuffer(capacityMax: 1 << 21)
        try ContentDecoder().decode(bytes.span, coding, into: &out, bytesMax: max)
        return out.bytes
    }

    private static let texts: [[UInt8]] = [
        [], [1], Array(repeating: 7, count: 16_384), Array(repeating: 7, count: 16_385),
        (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) },
    ]

    @Test(arguments: texts)
    func `what was encoded comes out, up to the bound exactly`(_ text: [UInt8]) throws {
        let gzip = Self.encode(text, windowBits: 31)
        let deflate = Self.encode(text, windowBits: 15)
        #expect(try Self.decode(gzip, .gzip, max: text.count) == text)
        #expect(try Self.decode(deflate, .deflate, max: text.count) == text)
        guard !text.isEmpty else { return }
        #expect(throws: ContentCodingDefect.tooLong) {
            try Self.decode(gzip, .gzip, max: text.count - 1)
        }
    }

    @Test func `a bomb stops at the bound`() {
        let bomb = Self.encode(Array(repeating: 0, count: 1 << 24), windowBits: 31)
        #expect(bomb.count < 20_000)
        #expect(throws: ContentCodingDefect.tooLong) { try Self.decode(bomb, .gzip) }
    }

    @Test func `B16 what is no single complete stream is refused`() {
        let good = Self.encode([1, 2, 3], windowBits: 31)
        let raw = Self.encode([1, 2, 3], windowBits: -15)
        let zlib = Self.encode([1, 2, 3], windowBits: 15)
        var wrong = good
        wrong[good.count - 6] ^= 1
        for bytes in [[], Array("{}".utf8), raw, zlib, good + good, good + [0], wrong] {
            #expect(throws: ContentCodingDefect.malformed) { try Self.decode(bytes, .gzip) }
        }
        for bytes in [[], Array("{}".utf8), raw, good] {
            #expect(throws: ContentCodingDefect.malformed) { try Self.decode(bytes, .deflate) }
        }
        for count in good.indices {
            #expect(throws: ContentCodingDefect.malformed) {
                try Self.decode(Array(good.prefix(count)), .gzip)
            }
        }
    }

    @Test func `names of codings are read in any case`() {
        #expect(ContentCoding(Array("GZip".utf8).span) == .gzip)
        #expect(ContentCoding(Array("x-gzip".utf8).span) == .gzip)
        #expect(ContentCoding(Array("deflate".utf8).span) == .deflate)
        for name in ["br", "zstd", "identity", "gzip, gzip", ""] {
            #expect(ContentCoding(Array(name.utf8).span) == nil)
        }
    }
}
