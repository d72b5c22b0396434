import Foundation
import HTTP1
import Telemetry
import Testing

/// A parsed line; nil when it is no JSON object in one line.
private func parsed(_ bytes: [UInt8]) -> [String: Any]? {
    guard bytes.last == 0x0A, bytes.filter({ $0 == 0x0A }).count == 1 else { return nil }
    return try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
}

private func line(_ body: (inout LogLine) -> Void) -> [UInt8] {
    var buffer = ByteBuffer(capacityMax: 1 << 16)
    let isWritten = LogLine.append(to: &buffer, body)
    #expect(isWritten)
    return buffer.bytes
}

private func text(_ body: (inout LogLine) -> Void) -> String {
    String(decoding: line(body), as: UTF8.self)
}

@Suite struct `Log line` {
    /// The fields of one access log line, as the gateway writes them.
    private func appendAccess(to buffer: inout ByteBuffer, path: Span<UInt8>) -> Bool {
        let id = UUIDv7(milliseconds: 1_767_225_600_000, random: [10 of UInt8](repeating: 0xAB))
        return LogLine.append(to: &buffer) { line in
            line.time("time", unixMilliseconds: 1_767_225_600_123)
            line.identifier("request_id", id)
            line.text("path", path)
            line.code("code", "rate.limited")
            line.integer("status", 429)
            line.boolean("reused", true)
            line.beginList("stripped")
            line.element(code: "header")
            line.element(path)
            line.endList()
            line.duration("upstream_ms", nanoseconds: 12_345_678)
        }
    }

    @Test func `every kind of field is written`() {
        var buffer = ByteBuffer(capacityMax: 1 << 16)
        let path = Array("/v1/orders".utf8)
        let isWritten = appendAccess(to: &buffer, path: path.span)
        #expect(isWritten)
        let wanted =
            #"{"time":"2026-01-01T00:00:00.123Z","#
            + #""request_id":"019b76da-a800-7bab-abab-abababababab","path":"/v1/orders","#
            + #""code":"rate.limited","status":429,"reused":true,"#
            + #""stripped":["header","/v1/orders"],"upstream_ms":12.345}"# + "\n"
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == wanted)
    }

    @Test func `a warmed buffer does not grow, line after line`() {
        var buffer = ByteBuffer(capacityMax: 1 << 16)
        let path = Array("/v1/\u{7}orders".utf8) + [0xFF, 0x22, 0x0A]
        for _ in 0..<3 { _ = appendAccess(to: &buffer, path: path.span) }
        let allocated = buffer.allocated
        #expect(allocated > 0)
        for _ in 0..<200 {
            buffer.removeAll()
            for _ in 0..<3 { _ = appendAccess(to: &buffer, path: path.span) }
            #expect(buffer.allocated == allocated)
        }
    }

    @Test func `lines follow each other`() {
        var buffer = ByteBuffer(capacityMax: 1 << 16)
        for index in 0..<3 {
            let isWritten = LogLine.append(to: &buffer) { $0.integer("n", index - 1) }
            #expect(isWritten)
        }
        #expect(buffer.bytes == Array("{\"n\":-1}\n{\"n\":0}\n{\"n\":1}\n".utf8))
    }

    @Test func `a line that might not fit is not begun`() {
        var buffer = ByteBuffer(capacityMax: LogLine.bytesMax + 3)
        let isFirstWritten = LogLine.append(to: &buffer) { $0.integer("n", 1) }
        #expect(isFirstWritten)
        let held = buffer.bytes
        let isSecondWritten = LogLine.append(to: &buffer) { $0.integer("n", 2) }
        #expect(!isSecondWritten)
        #expect(buffer.bytes == held)
    }

    @Test func `an empty line and empty values are whole`() {
        #expect(text { _ in } == "{}\n")
        let empty: [UInt8] = []
        #expect(
            text { line in
                line.text("a", empty.span)
                line.beginList("b")
                line.beginList("c")
            } == "{\"a\":\"\",\"b\":[],\"c\":[]}\n")
        #expect(text { $0.element(code: "outside") } == "{}\n")
    }

    @Test func `numbers are written whole`() {
        #expect(
            text { line in
                line.integer("a", Int64.min)
                line.integer("b", Int64.max)
                line.duration("c", nanoseconds: 0)
                line.duration("d", nanoseconds: UInt64.max)
                line.duration("e", nanoseconds: 999)
            }
                == "{\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":0.000,"
                + "\"d\":18446744073709.551,\"e\":0.000}\n")
    }

    @Test func `no byte of a value leaves its string or its line`() {
        for byte in UInt8.min...UInt8.max {
            let value = [UInt8(ascii: "<"), byte, UInt8(ascii: ">")]
            let bytes = line { $0.text("v", value.span) }
            let wanted: String =
                byte < 0x80 ? "<\(UnicodeScalar(byte))>" : "<\u{FFFD}>"
            #expect(parsed(bytes)?["v"] as? String == wanted, "byte \(byte)")
            #expect(!bytes.dropLast().contains { $0 < 0x20 || $0 == 0x7F }, "byte \(byte)")
        }
    }

    @Test(arguments: [
        ("é€😀", #""é€😀""#), ("a\u{80}\u{9F}\u{A0}b", "\"a\\u0080\\u009f\u{A0}b\""),
        ("\u{1B}[31m", #""\u001b[31m""#), ("a\"b\\c", #""a\"b\\c""#), ("\r\n", #""\u000d\u000a""#),
        ("\u{7F}", #""\u007f""#), ("\u{2028}", "\"\u{2028}\""),
    ])
    func `text is kept and control characters are escaped`(value: String, wanted: String) {
        #expect(text { $0.text("v", value) } == "{\"v\":\(wanted)}\n")
    }

    @Test(
        arguments: [
            ([0x61, 0xC3, 0x28, 0x62], #""a\ufffd(b""#), ([0xC0, 0xAF], #""\ufffd\ufffd""#),
            ([0xE2, 0x82], #""\ufffd""#), ([0xC3, 0xA9, 0xFF, 0xC3, 0xA9], #""é\ufffdé""#),
        ] as [([UInt8], String)])
    func `bytes that are no UTF-8 are replaced`(value: [UInt8], wanted: String) {
        #expect(text { $0.text("v", value.span) } == "{\"v\":\(wanted)}\n")
    }

    @Test func `a value is cut at its bound, between characters, and says so`() {
        let max = LogLine.valueBytesMax
        let exact = String(repeating: "a", count: max)
        #expect(text { $0.text("v", exact) } == "{\"v\":\"\(exact)\"}\n")
        #expect(text { $0.text("v", exact + "b") } == "{\"v\":\"\(exact)…\"}\n")
        for lead in 0..<8 {
            for unit in ["é", "€", "😀", "\u{1}", "\"", "\u{85}"] {
                let value =
                    String(repeating: "a", count: lead) + String(repeating: unit, count: 600)
                let bytes = line { $0.text("v", value) }
                let read = parsed(bytes)?["v"] as? String
                #expect(read?.hasSuffix("…") == true, "\(lead) \(unit)")
                #expect(read.map { value.hasPrefix($0.dropLast()) } == true, "\(lead) \(unit)")
                #expect(bytes.count <= max + 3 + 9, "\(lead) \(unit)")
                #expect(bytes.count > max - 6, "\(lead) \(unit)")
            }
        }
    }

    @Test func `a cut value costs the same however long it is`() {
        var value = [UInt8](repeating: UInt8(ascii: "a"), count: 5_000_000)
        value[4_999_999] = 0xFF
        let bytes = line { $0.text("v", value.span) }
        #expect(bytes.count == LogLine.valueBytesMax + 3 + 9)
    }

    @Test func `fields that do not fit are left out whole, and the line says so`() {
        let value = String(repeating: "\u{1}", count: 600)
        let bytes = line { line in
            for _ in 0..<40 { line.text("v", value) }
            line.integer("status", 200)
            line.beginList("l")
            for _ in 0..<4_000 { line.element(code: "x") }
        }
        #expect(bytes.count <= LogLine.bytesMax)
        let read = parsed(bytes)
        #expect(read?["truncated"] as? Bool == true)
        #expect(read?["status"] as? Int == 200)
        let whole = line { $0.text("v", "short") }
        #expect(parsed(whole)?["truncated"] == nil)
    }

    @Test func `a list that does not fit takes no elements`() {
        let value = String(repeating: "a", count: 600)
        let bytes = line { line in
            for _ in 0..<15 { line.text("v", value) }
            for _ in 0..<100 { line.integer("pad", 1_234_567) }
            line.beginList("a list whose key is longer than what is left of this line")
            line.element(code: "x")
            line.endList()
        }
        #expect(bytes.count <= LogLine.bytesMax)
        #expect(parsed(bytes)?["truncated"] as? Bool == true)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("\"x\""))
    }

    @Test func `any fields make one line of JSON within its bound`() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % bound
        }
        for round in 0..<300 {
            let count = random(30)
            let bytes = line { line in
                for _ in 0..<count {
                    let value = (0..<random(900)).map { _ in UInt8(random(256)) }
                    switch random(4) {
                    case 0: line.text("text", value.span)
                    case 1: line.beginList("list")
                    case 2: line.element(value.span)
                    default: line.integer("number", Int64(bitPattern: random(UInt64.max)))
                    }
                }
            }
            #expect(bytes.count <= LogLine.bytesMax, "seed \(seed), round \(round)")
            #expect(parsed(bytes) != nil, "seed \(seed), round \(round)")
        }
    }
}

@Suite struct `Identifiers and times` {
    private func written(_ append: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer(capacityMax: 64)
        append(&buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func `an identifier has the time in front, its version and its variant`() {
        // RFC 9562 appendix A.6.
        let random: [10 of UInt8] = [0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F]
        let identifier = UUIDv7(milliseconds: 0x017F_22E2_79B0, random: random)
        #expect(written { $0.append(identifier) } == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(identifier.milliseconds == 0x017F_22E2_79B0)
        let ones = UUIDv7(milliseconds: .max, random: [10 of UInt8](repeating: 0xFF))
        #expect(written { $0.append(ones) } == "ffffffff-ffff-7fff-bfff-ffffffffffff")
        let zeros = UUIDv7(milliseconds: 0, random: [10 of UInt8](repeating: 0))
        #expect(written { $0.append(zeros) } == "00000000-0000-7000-8000-000000000000")
    }

    @Test func `identifiers sort by time`() {
        let ones = [10 of UInt8](repeating: 0xFF)
        let zeros = [10 of UInt8](repeating: 0)
        let earlier = UUIDv7(milliseconds: 1_767_225_600_000, random: ones)
        let later = UUIDv7(milliseconds: 1_767_225_600_001, random: zeros)
        #expect(written { $0.append(earlier) } < written { $0.append(later) })
    }

    @Test func `sixteen bytes are an identifier only with this version and variant`() {
        var bytes: [UInt8] = [
            0x01, 0x7F, 0x22, 0xE2, 0x79, 0xB0, 0x7C, 0xC3, 0x98, 0xC4, 0xDC, 0x0C, 0x0C, 0x07,
            0x39, 0x8F,
        ]
        let identifier = UUIDv7(bytes: bytes.span)
        #expect(
            identifier.map { id in written { $0.append(id) } }
                == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        let short = UUIDv7(bytes: bytes.span.extracting(first: 15))
        #expect(short == nil)
        bytes[6] = 0x4C
        let fourth = UUIDv7(bytes: bytes.span)
        #expect(fourth == nil)
        bytes[6] = 0x7C
        bytes[8] = 0xD8
        let foreign = UUIDv7(bytes: bytes.span)
        #expect(foreign == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_007, "2024-02-29T00:00:00.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (UInt64.max, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)])
    func `a time is written as people read it`(milliseconds: UInt64, wanted: String) {
        #expect(written { $0.append(UTCTime(unixMilliseconds: milliseconds)) } == wanted)
    }

    @Test func `every day of four centuries has the date after the one before`() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: UInt64(0), to: 146_097, by: 61) {
            let moment = UTCTime(unixMilliseconds: day * 86_400_000)
            let wanted = formatter.string(from: Date(timeIntervalSince1970: Double(day) * 86_400))
            #expect(written { $0.append(moment) }.prefix(19) == wanted.prefix(19), "day \(day)")
        }
    }
}
