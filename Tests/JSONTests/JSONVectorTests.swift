import JSON
import TestSupport
import Testing

/// The body vectors, as far as the scanner answers them; what a policy makes of an accepted
/// document is tested there.
@Suite struct `JSON attack vectors` {
    @Test(arguments: [
        #"{"tenant_id":"acme","tenant_id":"evil"}"#,
        #"{"tenant_id":"acme","x":1,"\u0074enant_id":"evil"}"#,
        #"{"t":1,"a":{"tenant_id":"acme","tenant\u005fid":"evil"}}"#,
        #"{"é":1,"\u00e9":2}"#, #"{"😀":1,"\ud83d\ude00":2}"#, #"{"a/b":1,"a\/b":2}"#,
    ])
    func `B2: keys equal once unescaped are refused`(text: String) {
        #expect(defect(of: text)?.kind == .duplicateKey)
    }

    @Test func `B2: the defect points at the later key`() {
        #expect(defect(of: #"{"a":1, "a":2}"#) == JSONDefect(.duplicateKey, at: 8))
    }

    @Test(arguments: [#"{"\u0074enant_id":"evil"}"#, #"{"tenant\u005fid":"evil"}"#])
    func `B3: an escaped key is found by its meaning`(text: String) throws {
        try withView(text) { view in
            let member = view.member(of: view.root, named: "tenant_id")
            #expect(member != nil)
            #expect(member.flatMap { view.key(of: $0) } == Array("tenant_id".utf8))
        }
    }

    @Test(arguments: [#"{"tenant_id\u0000":"x"}"#, #"{"tenant_id ":"x"}"#, #"{"":"x"}"#])
    func `B5: a key that only looks like a name is another key, kept whole`(text: String) throws {
        try withView(text) { view in
            #expect(view.member(of: view.root, named: "tenant_id") == nil)
            #expect(view.childCount(of: view.root) == 1)
        }
    }

    @Test func `B5: a NUL does not end a key`() throws {
        #expect(defect(of: #"{"tenant_id\u0000a":1,"tenant_id\u0000b":2}"#) == nil)
        try withView(#"{"tenant_id\u0000":1}"#) { view in
            #expect(view.member(of: view.root, named: "tenant_id\0") != nil)
        }
    }

    @Test func `B6: UTF-16, UTF-32 and byte order marks are refused`() {
        let text = #"{"tenant_id":"evil"}"#
        let units = Array(text.utf16)
        let little = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let wide = units.flatMap { [UInt8($0 & 0xFF), 0, 0, 0] }
        let wideBig = units.flatMap { [0, 0, 0, UInt8($0 & 0xFF)] }
        #expect(defect(of: little)?.kind == .unexpectedByte)
        #expect(defect(of: big)?.kind == .unexpectedByte)
        #expect(defect(of: wide)?.kind == .unexpectedByte)
        #expect(defect(of: wideBig)?.kind == .unexpectedByte)
        #expect(defect(of: [0xFF, 0xFE] + little)?.kind == .invalidUTF8)
        #expect(defect(of: [0xFE, 0xFF] + big)?.kind == .invalidUTF8)
        #expect(defect(of: [0xEF, 0xBB, 0xBF] + Array(text.utf8))?.kind == .byteOrderMark)
    }

    @Test func `B7: a string's bad bytes are refused at their place`() {
        #expect(defect(of: Array("[\"ab".utf8) + [0xC0, 0xAF]) == JSONDefect(.invalidUTF8, at: 4))
        #expect(defect(of: "[\"ab\\ud800\"]") == JSONDefect(.loneSurrogate, at: 4))
        #expect(defect(of: "[\"ab\u{1}\"]") == JSONDefect(.controlByte, at: 4))
    }

    @Test func `B7: every byte below 0x20 is refused inside a string, and none above`() {
        for byte in UInt8(0)..<0x80 where byte != UInt8(ascii: "\"") && byte != 0x5C {
            let found = defect(of: [0x22, byte, 0x22])
            #expect(found?.kind == (byte < 0x20 ? .controlByte : nil), "byte \(byte)")
        }
    }

    @Test func `B8: outside strings only four bytes are space`() {
        for byte in UInt8(0)..<0x80 {
            let isSpace = [0x20, 0x09, 0x0A, 0x0D].contains(byte)
            #expect((defect(of: [byte, 0x5B, 0x5D]) == nil) == isSpace, "byte \(byte) first")
            #expect((defect(of: [0x5B, 0x5D, byte]) == nil) == isSpace, "byte \(byte) last")
        }
    }

    @Test(arguments: [
        #"{"a":1}{"tenant_id":"evil"}"#, #"{"a":1}]"#, "{\"a\":1}\0{\"b\":1}", "{\"a\":1}\n{}",
    ])
    func `B9: whatever follows the document is refused`(text: String) {
        #expect(defect(of: text) == JSONDefect(.trailingData, at: text.contains("\n") ? 8 : 7))
    }

    @Test(arguments: [
        "1e400", "12345678901234567890", "-0", "1.0", "1", "1E+2", "-0.000", "0.10",
        "123456789012345678901234567890123456789012345678901234567890.1234",
    ])
    func `B10: a number is kept and written again byte for byte`(lexeme: String) throws {
        let text = #"{"n":\#(lexeme)}"#
        try withView(text) { view in
            let raw = view.node(at: "/n").map { String(view.rawLexeme(of: $0)) }
            #expect(raw == lexeme)
        }
        #expect(try rewritten(Array(text.utf8)) == Array(text.utf8))
    }

    @Test func `B10: more than 64 digits are refused`() {
        let digits = String(repeating: "1", count: 65)
        #expect(defect(of: digits) == JSONDefect(.numberTooLong, at: 64))
    }

    @Test func `B11: depth 65 is refused and depth 64 is not`() {
        let deep = String(repeating: "[", count: 65)
        #expect(defect(of: deep) == JSONDefect(.tooDeep, at: 64))
        let mixed = String(repeating: "{\"a\":[", count: 32) + "1"
        #expect(defect(of: mixed + String(repeating: "]}", count: 32)) == nil)
        #expect(defect(of: "[" + mixed)?.kind == .tooDeep)
    }

    @Test func `B11: a mebibyte of brackets ends at the depth bound`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(defect(of: bytes) == JSONDefect(.tooDeep, at: 64))
        let limits = JSONLimits(depthMax: JSONLimits.depthCeiling)
        #expect(defect(of: bytes, limits: limits)?.kind == .tooDeep)
    }

    @Test func `B11: a hundred thousand keys end at the key bound`() {
        let members = (0..<100_000).map { "\"\($0)\":0" }.joined(separator: ",")
        #expect(defect(of: "{\(members)}")?.kind == .tooManyKeys)
    }

    @Test func `B11: a string of ten megabytes ends at the size bound before it is read`() {
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000_000)
        bytes[0] = UInt8(ascii: "\"")
        #expect(defect(of: bytes) == JSONDefect(.tooLong, at: 1 << 20))
    }

    @Test func `B12: fifty thousand keys chosen to collide take less than 100 ms`() {
        // "Aa" and "BB" meet under the times-31 hash, zeros under sums, NULs under many.
        var keys: [String] = []
        for value in 0..<50_000 {
            var key = ""
            for bit in 0..<16 { key += value >> bit & 1 == 0 ? "Aa" : "BB" }
            keys.append(key)
        }
        let bytes = Array("{\(keys.map { "\"\($0)\":0" }.joined(separator: ","))}".utf8)
        let limits = JSONLimits(bytesMax: 4 << 20)
        var document = JSONDocument()
        var best = 60.0
        for _ in 0..<3 {
            let start = secondsOfThread()
            try? document.parse(bytes.span, limits: limits)
            best = min(best, secondsOfThread() - start)
        }
        #expect(document.view(of: bytes.span).count == 50_001)
        #if DEBUG
            // Unoptimised code is measured only against the quadratic time it must not take.
            #expect(best < 3)
        #else
            #expect(best < 0.1)
        #endif
    }
}

extension String {
    /// The UTF-8 of `bytes`.
    init(_ bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        self = String(decoding: copy, as: UTF8.self)
    }
}
