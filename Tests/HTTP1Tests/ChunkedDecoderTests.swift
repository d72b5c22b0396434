import HTTP1
import Testing

/// What a chunked body came to: content, bytes consumed, and the violation or the end.
struct DecodedBody: Equatable {
    enum End: Equatable {
        case unfinished, finished
        case violation(HTTPViolation)
    }
    var content: [UInt8] = []
    var consumed = 0
    var end = End.unfinished
}

/// Decodes `pieces` as they come, giving back what a step left.
func decode(_ pieces: [[UInt8]]) -> DecodedBody {
    var decoder = ChunkedDecoder()
    var body = DecodedBody()
    for piece in pieces {
        var rest = piece[...]
        while body.end == .unfinished, !rest.isEmpty {
            let input = Array(rest)
            do throws(HTTPViolation) {
                switch try decoder.next(input.span) {
                case .needMore(let consumed):
                    #expect(consumed == input.count)
                    body.consumed += consumed
                    rest = []
                case .data(let start, let count):
                    body.content += input[start..<(start + count)]
                    body.consumed += start + count
                    rest = rest.dropFirst(start + count)
                case .end(let consumed):
                    body.consumed += consumed
                    body.end = .finished
                }
            } catch { body.end = .violation(error) }
        }
    }
    return body
}

func decode(_ bytes: [UInt8]) -> DecodedBody { decode([bytes]) }

@Suite struct `Chunked decoder` {
    static let good: [(text: String, content: String)] = [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"), ("00\r\n\r\n", ""), ("000;x\r\n\r\n", ""),
        ("0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("5;a=b\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5;a\r\nhello\r\n0;b=c;d\r\n\r\n", "hello"),
        ("5;a=\"b;c\\\"\t d\"\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        // H15: a trailer section is read and never seen again.
        ("0\r\nX-Tenant-ID: evil\r\n\r\n", ""), ("0\r\nX-A:\r\nX-B: \t \r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\nContent-Length: 3\r\nTransfer-Encoding: x\r\n\r\n", "hello"),
    ]

    static let bad: [(id: String, text: String, violation: HTTPViolation)] =
        ["0x5", "+5", "-0", " 5", "5 ", "5\t", "", "g", "5 ;a", "\0", ";a=b", "5,6", "5.0"]
        .map { ("S8", "\($0)\r\nhello\r\n0\r\n\r\n", HTTPViolation.chunkSizeMalformed) } + [
            ("S8", "5_0\r\nhello\r\n", .chunkSizeMalformed),
            ("S8", "5\r5\nhello\r\n", .carriageReturnBare),
            ("S8", "00000000000000005\r\nhello\r\n", .chunkSizeTooLarge),
            ("S8", "FFFFFFFFFFFFFFFF\r\n", .chunkSizeTooLarge),
            ("S8", "8000000000000000\r\n", .chunkSizeTooLarge),
            ("S8", "10000000000000000\r\n", .chunkSizeTooLarge),
            ("S8", "5\nhello\r\n0\r\n\r\n", .lineFeedBare),
            ("S8", "\n5\r\nhello\r\n", .lineFeedBare),
            ("S9", "5;\n", .lineFeedBare), ("S9", "5;a=b\nhello\r\n", .lineFeedBare),
            ("S9", "5;\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\"\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\"\n\"\r\nhello\r\n", .lineFeedBare),
            ("S9", "5;a=\"\\\r\"\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a\rb\r\nhello\r\n", .carriageReturnBare),
            ("S9", "5;a\0\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\"\0\"\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5; a\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a =b\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a= b\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=b \r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\"b\"c\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=b=c\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;;a\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\u{e9}\r\nhello\r\n", .chunkExtensionMalformed),
            ("S9", "5;a=\"\u{e9}\"\r\nhello\r\n", .chunkExtensionMalformed),
            ("S10", "5\r\nhelloXX0\r\n\r\n", .chunkUnterminated),
            ("S10", "5\r\nhello\n0\r\n\r\n", .chunkUnterminated),
            ("S10", "5\r\nhello\r0\r\n\r\n", .chunkUnterminated),
            ("S10", "5\r\nhello0\r\n\r\n", .chunkUnterminated),
            ("S10", "5\r\nhelloo\r\n0\r\n\r\n", .chunkUnterminated),
            ("S11", "0\n\n", .lineFeedBare), ("S11", "0\r\n\n", .lineFeedBare),
            ("S11", "0\r\n\rX", .carriageReturnBare), ("S11", "0\r\r\n", .carriageReturnBare),
            ("H15", "0\r\nX-A : b\r\n\r\n", .fieldNameSpace),
            ("H15", "0\r\n: b\r\n\r\n", .fieldNameEmpty),
            ("H15", "0\r\nX-A\r\n\r\n", .fieldColonMissing),
            ("H15", "0\r\nX\0A: b\r\n\r\n", .fieldNameByte),
            ("H15", "0\r\n\0: b\r\n\r\n", .fieldNameByte),
            ("H15", "0\r\n X-A: b\r\n\r\n", .fieldFolded),
            ("H15", "0\r\nX-A: b\r\n\tc\r\n\r\n", .fieldFolded),
            ("H15", "0\r\nX-A: b\0\r\n\r\n", .fieldValueByte),
            ("H15", "0\r\nX-A: \u{e9}\r\n\r\n", .fieldValueNotASCII),
            ("H15", "0\r\nX-A: b\n\r\n", .lineFeedBare),
            ("H15", "0\r\nX-A\n\r\n", .lineFeedBare),
            ("H15", "0\r\nX-A: b\rc\r\n\r\n", .carriageReturnBare),
            ("H15", "0\r\nGET / HTTP/1.1\r\n\r\n", .fieldNameSpace),
        ]

    /// All cuts into two and three pieces, and single bytes: S20.
    private func expectSame(_ bytes: [UInt8], _ expected: DecodedBody) {
        #expect(decode(bytes.map { [$0] }) == expected, "\(shown(bytes))")
        for first in 0...bytes.count {
            let head = Array(bytes[0..<first])
            #expect(decode([head, Array(bytes[first...])]) == expected, "\(shown(bytes)) \(first)")
            for second in first...bytes.count {
                let pieces = [head, Array(bytes[first..<second]), Array(bytes[second...])]
                guard decode(pieces) != expected else { continue }
                Issue.record("\(shown(bytes)) cut at \(first), \(second)")
            }
        }
    }

    @Test(arguments: good)
    func `a body gives its content at every cut`(_ row: (text: String, content: String)) {
        let coded = latin(row.text)
        let body = decode(coded)
        #expect(body.content == latin(row.content))
        #expect(body.end == .finished)
        #expect(body.consumed == coded.count)
        expectSame(coded, body)
        // S13, S17: what follows is left alone.
        #expect(decode(coded + bytes("GET /")) == body)
    }

    @Test(arguments: bad)
    func `a hostile body ends in its violation at every cut`(
        _ row: (id: String, text: String, violation: HTTPViolation)
    ) {
        let coded = latin(row.text)
        let body = decode(coded)
        #expect(body.end == .violation(row.violation), "\(row.id) \(shown(coded))")
        let slow = decode(coded.map { [$0] })
        #expect(slow.end == body.end && slow.content == body.content)
        for cut in 0...coded.count {
            let halves = decode([Array(coded[0..<cut]), Array(coded[cut...])])
            #expect(halves.end == body.end && halves.content == body.content)
        }
    }

    @Test func `S11 a body without its last line ending is not finished`() {
        for text in ["0\r\n", "0\r\n\r", "0", "5\r\nhello\r\n", "5\r\nhell", "0\r\nX: y\r\n", ""] {
            #expect(decode(bytes(text)).end == .unfinished)
        }
    }

    @Test func `S8 the largest chunk is announced before it comes`() throws {
        var decoder = ChunkedDecoder()
        let step = try decoder.next(bytes("7fffffffffffffff\r\n").span)
        #expect(step == .needMore(consumed: 18))
        #expect(decoder.chunkRemaining == UInt64(Int64.max))
        let data = try decoder.next(bytes("abc").span)
        #expect(data == .data(start: 0, count: 3))
        #expect(decoder.chunkRemaining == UInt64(Int64.max) - 3)
    }

    @Test func `S9 4096 bytes of extensions in a body, not one more`() {
        let name = String(repeating: "a", count: 2047)
        let once = "1;\(name)\r\nx\r\n"
        #expect(decode(bytes("\(once)\(once)0\r\n\r\n")).end == .finished)
        #expect(
            decode(bytes("\(once)\(once)0;\r\n\r\n")).end == .violation(.chunkExtensionsTooLong))
        let long = bytes("1;\(String(repeating: "a", count: 16_384))\r\nx\r\n")
        #expect(decode(long).end == .violation(.chunkExtensionsTooLong))
        #expect(decode(long).consumed == 0)
    }

    @Test func `H15 8192 bytes of trailers, not one more`() {
        func body(_ count: Int) -> [UInt8] {
            bytes("0\r\n" + "X:" + String(repeating: "y", count: count - 4) + "\r\n\r\n")
        }
        #expect(decode(body(8192)).end == .finished)
        #expect(decode(body(8193)).end == .violation(.trailersTooLarge))
        let many = bytes("0\r\n" + String(repeating: "X:\r\n", count: 2049) + "\r\n")
        #expect(decode(many).end == .violation(.trailersTooLarge))
    }

    @Test func `a violation stays and an end consumes nothing more`() throws {
        var decoder = ChunkedDecoder()
        for text in ["x", "0\r\n", ""] {
            let input = bytes(text)
            #expect(throws: HTTPViolation.chunkSizeMalformed) {
                try decoder.next(input.span)
            }
        }
        var finished = ChunkedDecoder()
        let end = try finished.next(bytes("0\r\n\r\n0\r\n\r\n").span)
        #expect(end == .end(consumed: 5))
        #expect(finished.isFinished)
        let after = try finished.next(bytes("0\r\n").span)
        #expect(after == .end(consumed: 0))
        let empty: [UInt8] = []
        let nothing = try finished.next(empty.span)
        #expect(nothing == .end(consumed: 0))
    }

    @Test func `what is encoded is decoded`() {
        var generator = SplitMix64.announced("Chunked round trip")
        for _ in 0..<300 {
            var output = ByteBuffer(capacityMax: 1 << 20)
            var content: [UInt8] = []
            for _ in 0..<Int.random(in: 0...5, using: &generator) {
                let count = Int.random(in: 1...400, using: &generator)
                let chunk = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let before = output.count
                output.appendChunkHeader(count: count)
                output.append(chunk)
                output.appendChunkEnd()
                #expect(output.count - before <= count + ByteBuffer.chunkOverheadBytesMax)
                content += chunk
            }
            output.appendLastChunk()
            var coded = output.bytes
            let body = decode(coded)
            #expect(body == DecodedBody(content: content, consumed: coded.count, end: .finished))
            // And damaged, it makes no difference how it is cut.
            for _ in 0..<3 where !coded.isEmpty {
                let place = Int.random(in: 0..<coded.count, using: &generator)
                coded[place] = UInt8.random(in: 0...255, using: &generator)
            }
            let whole = decode(coded)
            let slow = decode(coded.map { [$0] })
            #expect(slow.end == whole.end && slow.content == whole.content)
        }
    }
}
