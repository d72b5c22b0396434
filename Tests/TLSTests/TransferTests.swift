import COpenSSL
import Glibc
import HTTP1
import Testing

@testable import TLS

@Suite struct `TLS transfer` {
    private func meeting(sendBufferBytes: Int32? = nil) throws -> Meeting {
        var meeting = try Meeting(
            try Fixture.serverContext(), try Fixture.clientContext(),
            sendBufferBytes: sendBufferBytes)
        try meeting.settle()
        return meeting
    }

    @Test func `a ticket leaves with the first answer, the last answer with the end`() throws {
        var meeting = try Meeting(
            try Fixture.serverContext(), try Fixture.clientContext(), overTCP: true)
        let failures = meeting.shakeHands()
        #expect(failures.server == nil && failures.client == nil)
        #expect(meeting.sockets.segmentsAtClient == 1)

        try meeting.exchange()
        #expect(meeting.sockets.segmentsAtClient == 2)

        let last = [UInt8](repeating: 3, count: 500)
        meeting.server.expectEnd()
        #expect(try meeting.server.write(last.span) == .transferred(500))
        #expect(try meeting.server.shutdown() == .done)
        #expect(meeting.sockets.segmentsAtClient == 2)
        #expect(Glibc.shutdown(meeting.sockets.server, Int32(SHUT_WR)) == 0)
        #expect(meeting.sockets.segmentsAtClient == 3)
        meeting.client.socketBecameReadable(endPending: true)
        #expect(try drain(&meeting.client) == last)
        let isWhole = meeting.client.peerClosedCleanly
        #expect(isWhole)
    }

    @Test func `a TLS 1_2 client does not wait for the first answer to finish its handshake`()
        throws
    {
        let client = try Fixture.clientContext()
        client.limit(to: TLS1_2_VERSION)
        var meeting = try Meeting(try Fixture.serverContext(), client, overTCP: true)
        let failures = meeting.shakeHands()
        #expect(failures.server == nil && failures.client == nil)
        #expect(meeting.client.version == .tls12)
    }

    @Test func `a request and its response cost one recv and one send`() throws {
        var meeting = try meeting()
        var buffer = ByteBuffer(capacityMax: 65_536)
        for _ in 0..<10 {
            let request = [UInt8](repeating: 7, count: 1_100)
            _ = try meeting.client.write(request.span)
            let received = meeting.server.receiveCalls
            let sent = meeting.server.sendCalls

            meeting.server.socketBecameReadable(endPending: false)
            let read = try meeting.server.read(into: &buffer, max: 65_536)
            #expect(read == .transferred(1_100))
            #expect(meeting.server.isReadable == false)
            let again = try meeting.server.read(into: &buffer, max: 65_536)
            #expect(again == .wantsRead || buffer.freeCapacityMax == 0)
            buffer.removeAll()
            let response = [UInt8](repeating: 8, count: 300)
            let written = try meeting.server.write(response.span)
            #expect(written == .transferred(300))
            #expect(meeting.server.receiveCalls - received == 1)
            #expect(meeting.server.sendCalls - sent == 1)
            meeting.client.socketBecameReadable(endPending: false)
            let echoed = try drain(&meeting.client)
            #expect(echoed == response)
        }
    }

    @Test func `records that came together are read without the socket`() throws {
        var meeting = try meeting()
        for byte in UInt8(1)...3 {
            _ = try meeting.client.write([UInt8](repeating: byte, count: 10).span)
        }
        let received = meeting.server.receiveCalls
        meeting.server.socketBecameReadable(endPending: false)
        var buffer = ByteBuffer(capacityMax: 64)
        for expected in [15, 15] {
            #expect(meeting.server.isReadable == true)
            let outcome = try meeting.server.read(into: &buffer, max: 15)
            #expect(outcome == .transferred(expected))
        }
        let end = try meeting.server.read(into: &buffer, max: 15)
        #expect(end == .wantsRead)
        #expect(meeting.server.isReadable == false)
        #expect(
            buffer.bytes == Array("\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}".utf8)
                + [UInt8](repeating: 2, count: 10) + [UInt8](repeating: 3, count: 10))
        #expect(meeting.server.receiveCalls - received == 1)
    }

    @Test func `full records that came together are read four at a time`() throws {
        var meeting = try meeting()
        let content = (0..<8 * 16_384).map { UInt8(truncatingIfNeeded: $0 / 251) }
        let written = try meeting.client.write(content.span)
        #expect(written == .transferred(content.count))
        let received = meeting.server.receiveCalls
        meeting.server.socketBecameReadable(endPending: false)
        let read = try drain(&meeting.server, max: 65_280)
        #expect(read == content)
        // One record and a piece of the second, its rest, four, the last two.
        #expect(meeting.server.receiveCalls - received == 4)
        // Whoever sent little last is asked for little.
        let sent = meeting.server.receiveCalls
        _ = try meeting.client.write([UInt8](repeating: 1, count: 4 * 16_384).span)
        meeting.server.socketBecameReadable(endPending: false)
        _ = try drain(&meeting.server)
        #expect(meeting.server.receiveCalls - sent == 3)
    }

    @Test func `a full buffer is no transfer and no error`() throws {
        var meeting = try meeting()
        _ = try meeting.client.write([1, 2, 3].span)
        meeting.server.socketBecameReadable(endPending: false)
        var buffer = ByteBuffer(capacityMax: 2)
        let first = try meeting.server.read(into: &buffer, max: 100)
        let second = try meeting.server.read(into: &buffer, max: 100)
        #expect(first == .transferred(2) && second == .transferred(0))
        #expect(meeting.server.isReadable == true)
        buffer.removeAll()
        let third = try meeting.server.read(into: &buffer, max: 100)
        #expect(third == .transferred(1))
    }

    @Test func `S20: one byte per record gives the same bytes`() throws {
        var meeting = try meeting()
        let request = Array("GET /v1/orders?x=1 HTTP/1.1\r\nHost: api.example.com\r\n\r\n".utf8)
        for byte in request { _ = try meeting.client.write([byte].span) }
        meeting.server.socketBecameReadable(endPending: false)
        let together = try drain(&meeting.server)
        #expect(together == request)
        var apart: [UInt8] = []
        for byte in request {
            _ = try meeting.client.write([byte].span)
            meeting.server.socketBecameReadable(endPending: false)
            apart += try drain(&meeting.server)
        }
        #expect(apart == request)
    }

    @Test func `S20: one byte per segment gives the same bytes`() throws {
        // The client's records pass through this test byte by byte.
        var meeting = try meeting()
        let between = SocketPair()
        var server = try Fixture.serverContext().makeSession(descriptor: between.server)
        var client = try Fixture.clientContext().makeSession(
            descriptor: meeting.sockets.client, host: "localhost")
        let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        var received: [UInt8] = []
        var written = false
        var raw = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<20 where received.count < request.count {
            let step = try client.handshake()
            if step == .done, !written {
                _ = try client.write(request.span)
                written = true
            }
            while true {
                let count = unsafe recv(
                    meeting.sockets.server, &raw, raw.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { break }
                for index in 0..<count {
                    between.sendFromClient([raw[index]])
                    server.socketBecameReadable(endPending: false)
                    if try server.handshake() == .done { received += try drain(&server) }
                }
            }
            while true {
                let count = unsafe recv(
                    between.client, &raw, raw.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { break }
                _ = unsafe send(meeting.sockets.server, raw, count, Int32(MSG_NOSIGNAL))
            }
            client.socketBecameReadable(endPending: false)
        }
        #expect(received == request)
        meeting.sockets.closeClient()
    }

    @Test(arguments: [Int32(4_096), 60_000])
    func `megabytes pass both ways through small sockets`(sendBufferBytes: Int32) throws {
        var meeting = try meeting(sendBufferBytes: sendBufferBytes)
        let total = 3_000_000
        let upload = unsafe [UInt8](unsafeUninitializedCapacity: total) { room, count in
            for index in 0..<total { unsafe room[index] = UInt8(truncatingIfNeeded: index &* 7) }
            count = total
        }
        let download = Array(upload.reversed())
        var sentUp = 0
        var sentDown = 0
        var gotUp: [UInt8] = []
        var gotDown: [UInt8] = []
        var shortWrites = 0
        for _ in 0..<100_000 where gotUp.count < total || gotDown.count < total {
            if sentUp < total {
                let outcome = try meeting.client.write(upload.span.extracting(sentUp..<total))
                if case .transferred(let count) = outcome {
                    sentUp += count
                    if sentUp < total { shortWrites += 1 }
                } else {
                    #expect(outcome == .wantsWrite)
                    shortWrites += 1
                }
            }
            if sentDown < total {
                let outcome = try meeting.server.write(download.span.extracting(sentDown..<total))
                if case .transferred(let count) = outcome { sentDown += count }
            }
            meeting.server.socketBecameReadable(endPending: false)
            gotUp += try drain(&meeting.server)
            meeting.client.socketBecameReadable(endPending: false)
            gotDown += try drain(&meeting.client)
        }
        #expect(gotUp == upload)
        #expect(gotDown == download)
        #expect(shortWrites > 10)
    }

    @Test func `writing to a full socket wants it writable`() throws {
        var meeting = try meeting(sendBufferBytes: 60_000)
        let bytes = [UInt8](repeating: 1, count: 1_000_000)
        let first = try meeting.server.write(bytes.span)
        guard case .transferred(let count) = first, count > 0, count < bytes.count else {
            Issue.record("\(first)")
            return
        }
        let second = try meeting.server.write(bytes.span.extracting(count..<bytes.count))
        #expect(second == .wantsWrite)
        let nothing = try meeting.client.write(Span())
        #expect(nothing == .transferred(0))
    }

    /// Exactly the edges a poller would report: one after each arrival, none otherwise.
    @Test func `no byte stays behind when reads follow the contract`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix(state: seed)
        var meeting = try meeting()
        var buffer = ByteBuffer(capacityMax: 70_000)
        for round in 0..<300 {
            var sent: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let size = Int.random(in: 1...20_000, using: &random)
                let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: size)
                let outcome = try meeting.client.write(bytes.span)
                #expect(outcome == .transferred(size))
                sent += bytes
            }
            meeting.server.socketBecameReadable(endPending: false)
            var received = 0
            while meeting.server.isReadable {
                let max = Int.random(in: 1...30_000, using: &random)
                if case .transferred(let count) = try meeting.server.read(into: &buffer, max: max) {
                    received += count
                    if Bool.random(using: &random) { buffer.removeAll() }
                    if buffer.freeCapacityMax < 30_000 { buffer.removeAll() }
                }
            }
            #expect(received == sent.count, "round \(round), seed \(seed)")
        }
    }

    @Test func `close_notify is an end and the session says it was clean`() throws {
        var meeting = try meeting()
        _ = try meeting.client.write([1, 2, 3].span)
        let step = try meeting.client.shutdown()
        let repeated = try meeting.client.shutdown()
        #expect(step == .done && repeated == .done)
        meeting.server.socketBecameReadable(endPending: false)
        var buffer = ByteBuffer(capacityMax: 100)
        let first = try meeting.server.read(into: &buffer, max: 100)
        #expect(first == .transferred(3))
        #expect(meeting.server.isReadable == true)
        let second = try meeting.server.read(into: &buffer, max: 100)
        #expect(second == .endOfStream)
        #expect(meeting.server.isReadable == false)
        #expect(meeting.server.peerClosedCleanly == true)
        // Half closed: the answer still goes out.
        let answer = try meeting.server.write([4].span)
        let ours = try meeting.server.shutdown()
        #expect(answer == .transferred(1) && ours == .done)
    }

    @Test func `an end of the socket alone is truncation`() throws {
        var meeting = try meeting()
        _ = try meeting.client.write([1, 2, 3].span)
        meeting.sockets.closeClient()
        // Data and the end arrived together: one edge, with the hang-up flag.
        meeting.server.socketBecameReadable(endPending: true)
        var buffer = ByteBuffer(capacityMax: 100)
        let first = try meeting.server.read(into: &buffer, max: 100)
        #expect(first == .transferred(3))
        #expect(meeting.server.isReadable == true)
        let second = try meeting.server.read(into: &buffer, max: 100)
        let third = try meeting.server.read(into: &buffer, max: 100)
        #expect(second == .truncated && third == .truncated)
        #expect(meeting.server.isReadable == false)
        #expect(meeting.server.peerClosedCleanly == false)
        let step = try meeting.server.shutdown()
        #expect(step == .done)
    }

    @Test func `a record cut in the middle is truncation and yields nothing`() throws {
        var meeting = try meeting()
        meeting.sockets.sendFromClient([23, 3, 3, 0, 100, 1, 2, 3])
        meeting.sockets.closeClient()
        meeting.server.socketBecameReadable(endPending: true)
        var buffer = ByteBuffer(capacityMax: 100)
        let outcome = try meeting.server.read(into: &buffer, max: 100)
        #expect(outcome == .truncated)
        #expect(buffer.isEmpty == true)
    }

    @Test func `a socket that fails is told with its errno`() throws {
        var meeting = try meeting()
        meeting.sockets.closeClient()
        #expect(throws: TLSFailure.socket(errno: EPIPE)) {
            _ = try meeting.server.write([1].span)
        }
        #expect(throws: TLSFailure.socket(errno: EPIPE)) {
            _ = try meeting.server.write([1].span)
        }
    }

    @Test func `a failing session leaves the others of its thread alone`() throws {
        var healthy = try meeting()
        var broken = try meeting()
        broken.sockets.sendFromClient([23, 3, 3, 0, 20] + [UInt8](repeating: 9, count: 20))
        broken.server.socketBecameReadable(endPending: false)
        var buffer = ByteBuffer(capacityMax: 100)
        do throws(TLSFailure) {
            _ = try broken.server.read(into: &buffer, max: 100)
            Issue.record("a forged record was read")
        } catch {
            guard case .protocolError = error else {
                Issue.record("\(error)")
                return
            }
        }
        try healthy.exchange()
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
