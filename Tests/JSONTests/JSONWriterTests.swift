import JSON
import Testing

@Suite struct `JSON writer` {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `commas and colons stand where they belong`() {
        let written = text { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.key("b")
            writer.beginArray()
            writer.beginArray()
            writer.endArray()
            writer.beginObject()
            writer.endObject()
            writer.null()
            writer.boolean(false)
            writer.endArray()
            writer.member("c", "text")
            writer.member("d", true)
            writer.member("e", code: "rate.limited")
            writer.memberNull("f")
            writer.key("g")
            writer.raw("1e400".utf8Span.span)
            writer.endObject()
        }
        let wanted =
            #"{"a":1,"b":[[],{},null,false],"c":"text","d":true,"e":"rate.limited","#
            + #""f":null,"g":1e400}"#
        #expect(written == wanted)
        #expect(defect(of: written) == nil)
    }

    @Test func `numbers are written whole`() {
        let written = text { writer in
            writer.beginArray()
            writer.integer(Int64.min)
            writer.integer(Int64.max)
            writer.integer(0)
            writer.integer(-1)
            writer.unsigned(UInt64.max)
            writer.endArray()
        }
        #expect(written == "[-9223372036854775808,9223372036854775807,0,-1,18446744073709551615]")
    }

    @Test func `every control byte is escaped, and nothing that needs none`() {
        for byte in UInt8(0)..<0x80 {
            let written = text { $0.string([byte].span) }
            let isBare = byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
            #expect((written.utf8.count == 3) == isBare, "byte \(byte)")
            #expect(defect(of: written) == nil, "byte \(byte)")
        }
        #expect(
            text { $0.string("\"\\\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}") }
                == #""\"\\\b\t\n\f\r\u0001\u001f\u007f""#)
        // CSI as one character: terminals act on it as on ESC [.
        #expect(
            text { $0.string("\u{80}\u{9B}31m\u{9F}\u{A0}\u{C2}") }
                == "\"\\u0080\\u009b31m\\u009f\u{A0}\u{C2}\"")
        #expect(text { $0.string("é\u{2028}😀/") } == "\"é\u{2028}😀/\"")
    }

    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], #""a\ufffdb""#), ([0xFF], #""\ufffd""#), ([0xC3], #""\ufffd""#),
            ([0xC3, 0x28], #""\ufffd(""#), ([0xE9, 0x0A, 0x80], #""\ufffd\n\ufffd""#),
            ([0xC3, 0xA9, 0x80, 0xC3, 0xA9], #""é\ufffdé""#), ([], #""""#),
        ] as [([UInt8], String)])
    func `bytes that are no UTF-8 are replaced`(bytes: [UInt8], wanted: String) {
        #expect(text { $0.string(bytes.span) } == wanted)
    }

    @Test func `any bytes make a document`() throws {
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...24, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            let written = text { writer in
                writer.beginObject()
                writer.key(bytes.span)
                writer.string(bytes.span)
                writer.endObject()
            }
            #expect(defect(of: written) == nil, "seed 7, \(bytes)")
        }
    }

    @Test func `it appends to what the caller holds and keeps its memory`() {
        var output = Array("HTTP ".utf8)
        output.reserveCapacity(200)
        let capacity = output.capacity
        JSONWriter.append(to: &output) { writer in
            writer.beginObject()
            writer.member("a", "b")
            writer.endObject()
        }
        #expect(output == Array(#"HTTP {"a":"b"}"#.utf8))
        #expect(output.capacity == capacity)
    }

    @Test func `a reset writer starts afresh in the same memory, and lines follow each other`() {
        var writer = JSONWriter(capacity: 64)
        let capacity = writer.bytes.capacity
        for _ in 0..<4 {
            writer.reset()
            writer.integer(1)
            writer.endLine()
            writer.beginArray()
            writer.endArray()
            writer.endLine()
            #expect(writer.bytes == Array("1\n[]\n".utf8))
            #expect(writer.bytes.capacity == capacity)
        }
    }
}
