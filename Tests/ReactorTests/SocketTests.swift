import HTTP1
import Reactor
import TestSupport
import Testing

@Suite struct `Sockets` {
    static func loopback(_ text: String) throws -> SocketAddress {
        try SocketAddress(parsing: text)
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0", "[::]:0"])
    func `echoes over TCP, IPv4 and IPv6`(_ text: String) throws {
        let server: EchoServer
        do {
            server = try EchoServer(on: Self.loopback(text))
        } catch SocketFault.addressUnavailable where text == "[::1]:0" {
            return  // A machine without IPv6.
        }
        let port = try #require(server.address.port)
        #expect(port != 0)
        var client = try Client.connected(
            to: Self.loopback(text == "[::1]:0" ? "[::1]:\(port)" : "127.0.0.1:\(port)"))
        try client.send(Array("hello".utf8))
        let answer = try client.receive(5)
        #expect(answer == Array("hello".utf8))
    }

    @Test func `echoes a megabyte over a Unix socket, both ends meeting full buffers`() throws {
        let scratch = try Scratch()
        let server = try EchoServer(on: .unix(path: scratch.path("echo.sock")))
        var client = try Client.connected(to: server.address)
        let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for _ in 0..<16 {
            try client.send(block)
            let answer = try client.receive(block.count)
            #expect(answer == block)
        }
    }

    @Test func `a client that ends its side still gets what it sent before`() throws {
        let server = try EchoServer(on: Self.loopback("127.0.0.1:0"))
        var client = try Client.connected(to: server.address)
        try client.send(Array("last words".utf8))
        try client.socket.shutdownWrite()
        let answer = try client.receive(100)
        #expect(answer == Array("last words".utf8))
    }

    @Test func `a connection nobody uses is closed by its deadline (D2)`() throws {
        let server = try EchoServer(on: Self.loopback("127.0.0.1:0"), idleMilliseconds: 100)
        let start = Monotonic.now()
        var client = try Client.connected(to: server.address)
        let isEnded = try client.isEnded()
        #expect(isEnded)
        let waited = Monotonic.now().nanoseconds(since: start)
        #expect(waited >= 90_000_000)
    }

    @Test func `writing stops at a full buffer and an event says when to go on`() throws {
        try Socket.withPair { near, far in
            near.limitBuffers(sendBytes: 4_096)
            var writer = try Client(near)
            let block = [UInt8](repeating: 1, count: 4_096)
            var sent = 0
            filling: while true {
                switch try writer.socket.write(block.span) {
                case .transferred(let count): sent += count
                case .wouldBlock: break filling
                case .endOfStream: Issue.record("a write met the end of the stream")
                }
                try #require(sent < 100 << 20)
            }
            // The edge of the registration is over: only the reader's progress makes a new one.
            let isWritable = try writer.isReady(.writable)
            #expect(!isWritable)
            var reader = try Client(far)
            let received = try reader.receive(sent)
            #expect(received.count == sent)
            try writer.wait(for: .writable)
            let outcome = try writer.socket.write(block.span)
            #expect(outcome == .transferred(block.count))
        }
    }

    @Test func `a short read says that the socket is drained`() throws {
        try Socket.withPair { near, far in
            let sent = try near.write([1, 2, 3].span)
            #expect(sent == .transferred(3))
            var buffer = ByteBuffer(capacityMax: 64)
            let first = try far.read(into: &buffer, room: 2)
            #expect(first == .transferred(2))
            let second = try far.read(into: &buffer, room: 62)
            #expect(second == .transferred(1))
            #expect(buffer.bytes == [1, 2, 3])
            let third = try far.read(into: &buffer, room: 61)
            #expect(third == .wouldBlock)
        }
    }

    @Test func `a read never takes more than its room`() throws {
        try Socket.withPair { near, far in
            _ = try near.write([UInt8](repeating: 9, count: 100).span)
            var buffer = ByteBuffer(capacityMax: 1_000)
            let outcome = try far.read(into: &buffer, room: 10)
            #expect(outcome == .transferred(10))
            #expect(buffer.count == 10)
        }
    }

    @Test func `one read fills a buffer and then begins the next`() throws {
        try Socket.withPair { near, far in
            _ = try near.write([UInt8](repeating: 9, count: 100).span)
            var first = ByteBuffer(capacityMax: 1_000)
            var next = ByteBuffer(capacityMax: 1_000)
            let full = try far.read(into: &first, room: 90, then: &next, nextRoom: 4)
            #expect(full == .transferred(94))
            #expect(first.count == 90 && next.count == 4)
            let short = try far.read(into: &first, room: 90, then: &next, nextRoom: 4)
            #expect(short == .transferred(6))
            #expect(first.count == 96 && next.count == 4)
            let none = try far.read(into: &first, room: 90, then: &next, nextRoom: 4)
            #expect(none == .wouldBlock)
            #expect(first.count == 96 && next.count == 4)
        }
    }

    @Test func `reads into memory of the caller`() throws {
        try Socket.withPair { near, far in
            _ = try near.write([1, 2, 3].span)
            var room = InlineArray<8, UInt8>(repeating: 0)
            var span = room.mutableSpan
            let outcome = try far.read(into: &span)
            #expect(outcome == .transferred(3))
            #expect(room[2] == 3 && room[3] == 0)
        }
    }

    @Test func `two spans leave in order in one write`() throws {
        try Socket.withPair { near, far in
            let outcome = try near.write([1, 2].span, [3].span)
            #expect(outcome == .transferred(3))
            let empty: [UInt8] = []
            let tail = try near.write(empty.span, [4].span)
            #expect(tail == .transferred(1))
            let none = try near.write(empty.span, empty.span)
            #expect(none == .transferred(0))
            var reader = try Client(far)
            let received = try reader.receive(4)
            #expect(received == [1, 2, 3, 4])
        }
    }

    @Test func `the end of the stream and a broken connection are told apart (D7)`() throws {
        var listener = try Listener(on: Self.loopback("127.0.0.1:0"))
        do {
            var client = try Client.connected(to: listener.address)
            _ = try acceptOne(&listener)
            let rest = try client.receive(1)
            #expect(rest.isEmpty)
        }
        var client = try Client.connected(to: listener.address)
        let accepted = try acceptOne(&listener)
        accepted.resetOnClose()
        _ = consume accepted
        try client.wait(for: .error)
        let fault = #expect(throws: SocketFault.self) { _ = try client.receive(1) }
        #expect(fault == .reset)
    }

    @Test func `writing to a connection the peer broke is a fault, not a signal`() {
        Socket.withPair { near, far in
            _ = consume far
            var fault: SocketFault?
            do throws(SocketFault) {
                _ = try near.write([1].span)
            } catch {
                fault = error
            }
            #expect(fault == .reset)
        }
    }

    @Test func `connecting where nobody listens is refused`() throws {
        let address = try Self.loopback("127.0.0.1:\(ReservedPort.choose())")
        let fault = #expect(throws: SocketFault.self) {
            let socket = try Socket.connect(to: address)
            var client = try Client(socket)
            try client.wait(for: .writable)
            _ = try client.socket.finishConnecting()
        }
        #expect(fault == .refused)
    }
}
