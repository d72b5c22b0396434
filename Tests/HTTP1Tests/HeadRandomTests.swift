import HTTP1
import Testing

@Suite struct `Random heads` {
    static let seeds: [String] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /v1/orders?tenant_id=evil&x[]=1 HTTP/1.1\r\nHost: api.example.com:8443\r\n"
            + "Content-Length: 12\r\nAuthorization: Bearer abc.def.ghi\r\nCookie: a=b; c=d\r\n\r\n",
        "PUT http://a.example/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n"
            + "Expect: 100-continue\r\nConnection: close, x-a\r\nX-A:\r\nX-B:\t y \r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: websocket, h2c\r\n\r\n",
        "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nTE: trailers\r\n\r\n",
    ]
    static let pieces: [String] = [
        "\r", "\n", "\r\n", "\r\n ", " ", "\t", ":", ",", ";", "%", "%41", "\0", "\u{7f}", "\u{ff}",
        "Host: b\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "chunked",
        "HTTP/1.1", "http://", "@", "#", "?", "[", "]", "X-Tenant-ID: evil\r\n",
        "Connection: x\r\n",
    ]

    static func mutated(_ generator: inout SplitMix64) -> [UInt8] {
        var head = latin(seeds.randomElement(using: &generator) ?? "")
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...head.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where place < head.count:
                head[place] = UInt8.random(in: 0...255, using: &generator)
            case 1 where place < head.count: head.remove(at: place)
            case 2: head.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 3:
                head.insert(
                    contentsOf: latin(pieces.randomElement(using: &generator) ?? ""), at: place)
            default:
                let end = min(head.count, place + Int.random(in: 0...20, using: &generator))
                let target = Int.random(in: 0...head.count, using: &generator)
                head.insert(contentsOf: head[place..<end], at: target)
            }
        }
        return head
    }

    /// A head written again from what was parsed.
    static func rewritten(
        _ head: borrowing RequestHead, _ bytes: [UInt8]
    ) throws(HTTPViolation) -> [UInt8] {
        var output = ByteBuffer(capacityMax: 100_000)
        let span = bytes.span
        try output.appendRequestLine(
            method: span[head.methodName], target: span[head.target.whole])
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            try output.appendField(name: span[field.name], value: span[field.value])
        }
        try output.appendHeadEnd()
        return output.bytes
    }

    @Test func `no cut and no mutation changes what a head means`() throws {
        var generator = SplitMix64.announced("Random heads")
        var head = RequestHead()
        var again = RequestHead()
        var complete = 0
        for _ in 0..<6000 {
            let input = Self.mutated(&generator)
            let whole = head.outcome(input)
            let slow = drip(input)
            try #require(slow.outcome == whole, "\(shown(input))")
            guard case .complete(let length) = whole else { continue }
            complete += 1
            #expect(slow.at == length)
            // The prefix alone says the same, and so does the head written anew from its parts.
            let prefix = Array(input[0..<length])
            #expect(again.outcome(prefix) == .complete(length))
            #expect(again.summary(prefix) == head.summary(input))
            guard head.version == .http11 else { continue }
            let copy = try Self.rewritten(head, input)
            #expect(again.outcome(copy) == .complete(copy.count))
            #expect(again.summary(copy) == head.summary(input), "\(shown(input))")
        }
        #expect(complete > 300)
    }

    @Test func `S20 a good head is complete at its last byte and not before`() {
        for seed in Self.seeds {
            let input = latin(seed)
            #expect(drip(input).at == input.count)
            #expect(drip(input).outcome == .complete(input.count))
            #expect(drip(input, gated: true).at == input.count)
            for end in 0..<input.count {
                #expect(request(Array(input[0..<end])) == .incomplete)
            }
        }
    }

    @Test func `noise is never a request`() {
        var generator = SplitMix64.announced("Noise")
        var head = RequestHead()
        for _ in 0..<2000 {
            let count = Int.random(in: 0...200, using: &generator)
            let input = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let outcome = head.outcome(input)
            if case .complete = outcome { Issue.record("\(shown(input))") }
            #expect(drip(input).outcome == outcome)
        }
    }
}
