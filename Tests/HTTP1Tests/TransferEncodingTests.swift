import HTTP1
import Testing

@Suite struct `Transfer-Encoding obfuscation, S3` {
    /// Field lines after `Host`, each a known way to make one reader see `chunked` and another not.
    static let lines: [String] = [
        "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx", "Transfer-Encoding: chunke",
        "Transfer-Encoding: chunk", "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: chunked;", "Transfer-Encoding: ;chunked",
        "Transfer-Encoding: chunked; q=1.0", "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked,", "Transfer-Encoding: chunked, ",
        "Transfer-Encoding: , chunked", "Transfer-Encoding: ,,chunked",
        "Transfer-Encoding: chunked,,", "Transfer-Encoding: chunked chunked",
        "Transfer-Encoding: chunked chunked, chunked", "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: 'chunked'", "Transfer-Encoding: `chunked`",
        "Transfer-Encoding: \u{0b}chunked", "Transfer-Encoding: chunked\u{0b}",
        "Transfer-Encoding: \u{0c}chunked", "Transfer-Encoding: chunked\u{0c}",
        "Transfer-Encoding: \u{a0}chunked", "Transfer-Encoding: chunked\u{a0}",
        "Transfer-Encoding: \u{85}chunked", "Transfer-Encoding: chunked\u{85}",
        "Transfer-Encoding: \0chunked", "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: \u{01}chunked", "Transfer-Encoding: \u{1f}chunked",
        "Transfer-Encoding: \u{7f}chunked", "Transfer-Encoding: chunked\u{7f}",
        "Transfer-Encoding: \u{ff}chunked", "Transfer-Encoding: \u{80}chunked",
        "Transfer-Encoding: chun\u{8}ked", "Transfer-Encoding: chun ked",
        "Transfer-Encoding: c\u{17f}hunked", "Transfer-Encoding: chunked\u{212a}",
        "Transfer-Encoding:", "Transfer-Encoding: ", "Transfer-Encoding:\t",
        "Transfer-Encoding: identity", "Transfer-Encoding: x", "Transfer-Encoding: gzip",
        "Transfer-Encoding: deflate, chunked", "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked, cow", "Transfer-Encoding: cow, chunked",
        "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: 1",
        "Transfer-Encoding: %63hunked",
        "Transfer-Encoding: chunked%0d%0a", "Transfer-Encoding: {chunked}",
        "Transfer-Encoding: [chunked]", "Transfer-Encoding: (comment) chunked",
        "Transfer-Encoding: chunked (comment)", "Transfer-Encoding: =?utf-8?q?chunked?=",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
        "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked",
        "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
        "Transfer-Encoding\u{0b}: chunked", "Transfer-Encoding\0: chunked",
        "Transfer-Encoding\u{a0}: chunked", "Transfer-Encoding\r: chunked",
        "Transfer-Encoding\n: chunked", "Transfer Encoding: chunked",
        " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
        "\u{0b}Transfer-Encoding: chunked", "\0Transfer-Encoding: chunked",
        ":Transfer-Encoding: chunked", "Transfer-Encoding", "Transfer-Encoding chunked",
        "Transfer-Encoding;: chunked", "Transfer-Encoding=chunked",
        "Transfer-Encoding:\r\n chunked", "Transfer-Encoding:\n chunked",
        "Transfer-Encoding: \r\n\tchunked", "Transfer-Encoding: chunked\r\n ,identity",
        "Transfer-Encoding\r\n : chunked", "Transfer-\r\n Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
        "X: y\r\rTransfer-Encoding: chunked", "X: y\u{0}\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\n", "Transfer-Encoding: chunked\r",
        "\"Transfer-Encoding\": chunked", "Transfer-Encod\u{ef}ing: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
    ]

    /// Other fields, which must stay other fields.
    static let strangers: [String] = [
        "Transfer_Encoding: chunked", "TransferEncoding: chunked", "Transfer-Encodin: chunked",
        "Transfer-Encodings: chunked", "XTransfer-Encoding: chunked",
        "X-Transfer-Encoding: chunked", "Transfer--Encoding: chunked",
        "Transfer.Encoding: chunked", "Transfer|Encoding: chunked", "Transfer-Encod1ng: chunked",
        "Content-Transfer-Encoding: chunked", "TE: chunked", "Transfer-Encoding-: chunked",
        "-Transfer-Encoding: chunked", "Content_Length: 4", "ContentLength: 4",
        "Content-Lengt: 4", "Content-Length-: 4", "X-Content-Length: 4", "Content-1ength: 4",
        "Content^Length: 4", "Content~Length: 4",
    ]

    static func head(_ lines: String) -> [UInt8] {
        latin("POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n")
    }

    @Test(arguments: lines)
    func `an obfuscated coding is refused`(_ line: String) {
        guard case .violation(let violation) = request(Self.head(line)) else {
            Issue.record("\(shown(Self.head(line))) was accepted")
            return
        }
        #expect([400, 501].contains(violation.status))
        #expect(drip(Self.head(line)).outcome == .violation(violation))
    }

    @Test(arguments: strangers)
    func `a field of a similar name frames nothing`(_ line: String) {
        let bytes = Self.head("\(line)\r\nContent-Length: 3")
        var head = RequestHead()
        #expect(head.outcome(bytes) == .complete(bytes.count))
        #expect(head.framing == .length(3))
        #expect(head.fields.contains(.transferEncoding) == false)
        #expect(head.fields.repeats(.contentLength) == false)
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "TRANSFER-ENCODING:chunked",
        "Transfer-Encoding:\t chunked \t", "Transfer-Encoding: Chunked ",
    ])
    func `chunked alone works in any case and with whitespace around it`(_ line: String) {
        let bytes = Self.head(line)
        var head = RequestHead()
        #expect(head.outcome(bytes) == .complete(bytes.count))
        #expect(head.framing == .chunked)
    }

    @Test func `there are at least sixty of them`() {
        #expect(Set(Self.lines).count >= 60)
    }
}
