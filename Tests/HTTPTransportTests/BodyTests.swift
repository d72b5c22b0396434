import HTTP1
import HTTPTransport
import Reactor
import Testing

@Suite struct `A body reader` {
    /// Feeds `wire` in pieces and answers what came out, and how it ended.
    static func read(
        _ wire: [UInt8], _ framing: BodyFraming, as target: BodyTarget, high: Int = 1 << 20,
        pieces: () -> Int
    ) throws(HTTPViolation) -> (output: [UInt8], isEnded: Bool, rest: Int) {
        var reader = BodyReader(framing)
        var input = ByteBuffer(capacityMax: 1 << 20)
        var output = ByteBuffer(capacityMax: 1 << 21)
        var collected: [UInt8] = []
        var place = 0
        while !reader.isEnded, place < wire.count || !input.isEmpty {
            let end = min(wire.count, place + pieces())
            for byte in wire[place..<end] { input.append(byte) }
            place = end
            let progress = try reader.move(from: &input, to: &output, as: target, high: high)
            collected += output.bytes
            output.removeAll()
            if progress == .starved, place == wire.count { break }
        }
        if !reader.isEnded, framing == .untilClose {
            _ = reader.endOfStream(to: &output, as: target)
            collected += output.bytes
        }
        return (collected, reader.isEnded, input.count + wire.count - place)
    }

    static func chunked(_ body: [UInt8], _ size: Int) -> [UInt8] {
        var out: [UInt8] = []
        var place = 0
        while place < body.count {
            let piece = body[place..<min(body.count, place + size)]
            out += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
            place += piece.count
        }
        return out + Array("0\r\n\r\n".utf8)
    }

    @Test func `every framing yields the same bytes, however they come`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(state: seed)
        for round in 0..<300 {
            let count = Int.random(in: 0...3_000, using: &random)
            let body = (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
            let size = Int.random(in: 1...500, using: &random)
            let high = Int.random(in: 1...2_000, using: &random)
            let step = Int.random(in: 1...700, using: &random)
            let next = "GET".utf8
            for (wire, framing) in [
                (body + next, BodyFraming.length(UInt64(count))),
                (Self.chunked(body, size) + next, .chunked), (body, .untilClose),
            ] {
                let told: Comment = "seed \(seed), round \(round), \(framing)"
                let plain = try Self.read(wire, framing, as: .plain, high: high) { step }
                #expect(plain.output == body && plain.isEnded, told)
                let again = try Self.read(wire, framing, as: .chunked, high: high) { step }
                if framing == .length(0) {
                    #expect(again.output == [], told)
                } else {
                    let decoded = try Self.read(again.output, .chunked, as: .plain) { 64 }
                    #expect(decoded.output == body && decoded.isEnded, told)
                }
                // What follows is the next message's, and is left alone.
                if framing != .untilClose { #expect(plain.rest == 3, told) }
            }
        }
    }

    @Test func `a body that is cut is never whole`() throws {
        let body = [UInt8](repeating: 0x61, count: 100)
        for (wire, framing) in [
            (body, BodyFraming.length(100)), (Self.chunked(body, 30), .chunked),
        ] {
            for count in 0..<wire.count {
                let cut = try Self.read(Array(wire[..<count]), framing, as: .chunked) { 7 }
                #expect(!cut.isEnded)
                #expect(!cut.output.starts(with: Array("0\r\n".utf8)))
                #expect(cut.output.suffix(5) != Array("0\r\n\r\n".utf8))
            }
        }
    }

    @Test func `the receiver's mark is respected`() throws {
        var reader = BodyReader(.length(200_000))
        var input = ByteBuffer(capacityMax: 300_000)
        var output = ByteBuffer(capacityMax: 300_000)
        for _ in 0..<200_000 { input.append(0x62) }
        let first = try reader.move(from: &input, to: &output, as: .plain, high: 1_000)
        #expect(first == .full)
        #expect(output.count == 1_000)
        let again = try reader.move(from: &input, to: &output, as: .plain, high: 1_000)
        #expect(again == .full)
        #expect(reader.bytesMoved == UInt64(output.count))
    }

    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return word ^ (word >> 31)
        }
    }
}

@Suite struct `A standstill` {
    @Test func `progress earns time, and nothing else does`() {
        func at(_ seconds: UInt64) -> Monotonic { Monotonic(nanoseconds: seconds * 1_000_000_000) }
        var standstill = Standstill()
        for (subject, mark, now, since) in [
            (.head, 0, 1, 1), (.head, 0, 5, 1), (.body, 0, 6, 6), (.body, 0, 9, 6),
            (.body, 1, 10, 10), (.output, 1, 11, 11), (.body, 1, 12, 12),
        ] as [(Standstill.Subject, UInt64, UInt64, UInt64)] {
            let found = standstill.since(subject, mark: mark, now: at(now))
            #expect(found == at(since))
        }
    }
}

@Suite struct `The location of a document` {
    @Test(arguments: [
        ("https://idp.example.com/jwks.json", "idp.example.com", 443, "/jwks.json"),
        ("https://idp.example.com", "idp.example.com", 443, "/"),
        ("https://127.0.0.1:8443/a?b=c", "127.0.0.1", 8443, "/a?b=c"),
        ("https://[::1]:9/x", "::1", 9, "/x"),
    ])
    func `is host, port and target`(
        _ url: String, _ host: String, _ port: Int, _ target: String
    ) throws {
        let location = try #require(FetchLocation(url))
        #expect(location.host == host)
        #expect(Int(location.port) == port)
        #expect(location.target == target)
    }

    @Test(arguments: [
        "http://a/", "HTTPS://a/", "https://", "https:///x", "https://u@h/x", "https://u:p@h/x",
        "https://h/a b", "https://h/a#b", "https://h:0/x", "https://h:99999/x", "https://h:x/",
        "https://[::1/x", "https://h\u{e9}/", "https://h/\r\nX: y", "ftp://h/", "",
    ])
    func `is refused when it is anything else`(_ url: String) {
        #expect(FetchLocation(url) == nil)
    }
}
