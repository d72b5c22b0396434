import Foundation
import HTTP1
import Testing

@Suite struct `Head writer` {
    /// What `write` appended, or the violation it ended in, with nothing appended.
    private func written(
        capacityMax: Int = 4096, _ write: (inout ByteBuffer) throws(HTTPViolation) -> Void
    ) -> Result<String, HTTPViolation> {
        var output = ByteBuffer(capacityMax: capacityMax)
        do throws(HTTPViolation) {
            try write(&output)
            return .success(text(output.readable))
        } catch {
            #expect(output.isEmpty == true)
            return .failure(error)
        }
    }

    @Test func `lines are written as they are read`() {
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendRequestLine(
                    method: bytes("GET").span, target: bytes("/x?y").span)
                try output.appendField(.host, value: bytes("a").span)
                try output.appendField(name: "X-A", value: "")
                try output.appendField(name: "X-B", value: "c d")
                try output.appendField(name: "X-C", value: bytes("caf\u{e9}").span)
                try output.appendField(.contentLength, decimal: 18_446_744_073_709_551_615)
                try output.appendField(.connection, value: "close")
                try output.appendHeadEnd()
            }
                == .success(
                    "GET /x?y HTTP/1.1\r\nHost: a\r\nX-A: \r\nX-B: c d\r\nX-C: caf\u{c3}\u{a9}\r\n"
                        + "Content-Length: 18446744073709551615\r\nConnection: close\r\n\r\n"))
        #expect(
            written { output throws(HTTPViolation) in try output.appendStatusLine(429) }
                == .success("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(
            written { output throws(HTTPViolation) in try output.appendStatusLine(299) }
                == .success("HTTP/1.1 299 \r\n"))
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendStatusLine(200, reason: bytes("Fine").span)
            } == .success("HTTP/1.1 200 Fine\r\n"))
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `H19 no byte of a part can end its line`(_ byte: UInt8) {
        let part = [0x61, byte, 0x62]
        let empty: [UInt8] = []
        let breaks = (byte < 0x20 && byte != 9) || byte == 0x7f
        let value = written { output throws(HTTPViolation) in
            try output.appendField(name: "X", value: part.span)
        }
        #expect((value == .failure(.unwritableByte)) == breaks)
        let reason = written { output throws(HTTPViolation) in
            try output.appendStatusLine(200, reason: part.span)
        }
        #expect((reason == .failure(.unwritableByte)) == breaks)
        let isToken = !breaks && byte < 0x80 && !latin("\t \"(),/:;<=>?@[\\]{}").contains(byte)
        let name = written { output throws(HTTPViolation) in
            try output.appendField(name: part.span, value: empty.span)
        }
        #expect((name == .failure(.unwritableByte)) == !isToken)
        let method = written { output throws(HTTPViolation) in
            try output.appendRequestLine(method: part.span, target: bytes("/").span)
        }
        #expect((method == .failure(.unwritableByte)) == !isToken)
        let target = written { output throws(HTTPViolation) in
            try output.appendRequestLine(method: bytes("GET").span, target: part.span)
        }
        #expect((target == .failure(.unwritableByte)) == (byte <= 0x20 || byte >= 0x7f))
    }

    @Test func `numbers are written as they are read`() {
        var values: [UInt64] = [0, .max, 99_999_999, 100_000_000, 100_000_001]
        var power: UInt64 = 1
        for _ in 0..<19 {
            power *= 10
            values += [power - 1, power, power + 1]
        }
        for value in values {
            var output = ByteBuffer(capacityMax: 64)
            output.append(decimal: value)
            #expect(String(decoding: output.bytes, as: UTF8.self) == "\(value)")
        }
    }

    @Test func `words are written to the last byte of the room and no further`() {
        for count in 1...8 {
            for held in 0..<300 {
                var output = ByteBuffer(capacityMax: held + count)
                for _ in 0..<held { output.append(UInt8(ascii: ".")) }
                output.append(word: 0x6867_6665_6463_6261, count: count)
                #expect(output.count == held + count)
                #expect(output.bytes.suffix(count).elementsEqual("abcdefgh".utf8.prefix(count)))
            }
        }
    }

    @Test func `empty names, methods and targets are refused`() {
        let empty: [UInt8] = []
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendField(name: empty.span, value: bytes("a").span)
            } == .failure(.unwritableByte))
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendField(.other, value: "a")
            } == .failure(.unwritableByte))
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendRequestLine(method: empty.span, target: bytes("/").span)
            } == .failure(.unwritableByte))
        #expect(
            written { output throws(HTTPViolation) in
                try output.appendRequestLine(method: bytes("GET").span, target: empty.span)
            } == .failure(.unwritableByte))
        for status: UInt16 in [0, 99, 600, .max] {
            #expect(
                written { output throws(HTTPViolation) in try output.appendStatusLine(status) }
                    == .failure(.unwritableByte))
        }
    }

    @Test func `a line that does not fit is refused whole`() {
        for capacity in 0..<64 {
            let lines: [(Int, Result<String, HTTPViolation>)] = [
                (
                    24,
                    written(capacityMax: capacity) { output throws(HTTPViolation) in
                        try output.appendField(name: "Name", value: "0123456789abcdef")
                    }
                ),
                (
                    17,
                    written(capacityMax: capacity) { output throws(HTTPViolation) in
                        try output.appendStatusLine(200)
                    }
                ),
                (
                    37,
                    written(capacityMax: capacity) { output throws(HTTPViolation) in
                        try output.appendDateField(epochSeconds: 0)
                    }
                ),
                (
                    2,
                    written(capacityMax: capacity) { output throws(HTTPViolation) in
                        try output.appendHeadEnd()
                    }
                ),
                (
                    16,
                    written(capacityMax: capacity) { output throws(HTTPViolation) in
                        try output.appendRequestLine(
                            method: bytes("GET").span, target: bytes("/").span)
                    }
                ),
            ]
            for (needed, result) in lines {
                #expect((result == .failure(.unwritableSize)) == (capacity < needed))
            }
        }
    }

    @Test func `dates are those of the system's calendar`() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        func date(_ seconds: Int64) -> String {
            var output = ByteBuffer(capacityMax: ByteBuffer.dateBytes)
            output.appendDate(epochSeconds: seconds)
            return text(output.readable)
        }
        #expect(date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(date(-1) == date(0))
        #expect(date(.min) == date(0))
        #expect(date(253_402_300_799) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(date(.max) == date(253_402_300_799))
        var generator = SplitMix64.announced("Dates")
        for day in 0..<1500 {
            let seconds =
                day < 800
                ? Int64(day) * 86_400 * 37 + 12_345
                : Int64.random(in: 0...253_402_300_799, using: &generator)
            #expect(
                date(seconds)
                    == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
        }
    }
}

@Suite struct `Byte buffer` {
    @Test func `what is appended is read, in order, across moves and growth`() {
        var generator = SplitMix64.announced("Byte buffer")
        var buffer = ByteBuffer(capacityMax: 5000)
        var model: [UInt8] = []
        for _ in 0..<3000 {
            let count = Int.random(in: 0...min(300, buffer.freeCapacityMax), using: &generator)
            let piece = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            buffer.append(piece)
            model += piece
            let consumed = Int.random(in: 0...buffer.count, using: &generator) / 2
            buffer.consume(consumed)
            model.removeFirst(consumed)
            if Int.random(in: 0..<20, using: &generator) == 0 {
                let kept = Int.random(in: 0...model.count, using: &generator)
                buffer.truncate(to: kept)
                model.removeLast(model.count - kept)
            }
            #expect(buffer.bytes == model)
            #expect(buffer.freeCapacityMax == 5000 - model.count)
            #expect(buffer.allocated <= 5000)
        }
        buffer.removeAll()
        #expect(buffer.isEmpty == true)
        buffer.release()
        #expect(buffer.allocated == 0)
        buffer.append("again")
        #expect(text(buffer.readable) == "again")
    }

    @Test func `numbers are written in full`() {
        var buffer = ByteBuffer(capacityMax: 1000)
        for value: UInt64 in [0, 9, 10, 99, 100, 12_345, .max] {
            buffer.removeAll()
            buffer.append(decimal: value)
            #expect(text(buffer.readable) == String(value))
            buffer.removeAll()
            buffer.append(hexadecimal: value)
            #expect(text(buffer.readable) == String(value, radix: 16))
        }
    }
}
