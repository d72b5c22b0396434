import HTTP1
import HTTPTransport
import Reactor
import Testing

/// Bodies from a socket into the output of another, by the two ways they go: through the input,
/// and straight.
@Suite struct `A body on its way` {
    static let bytesMax = 1 << 20

    static func connection(_ socket: consuming Socket) -> ServerConnection {
        ServerConnection(socket: socket, session: nil, peer: .unix)
    }

    /// Writes `bytes` as far as the socket takes them.
    static func send(_ bytes: [UInt8], from start: Int, over socket: borrowing Socket) throws -> Int
    {
        guard start < bytes.count else { return start }
        let rest = bytes.span.extracting(start..<min(bytes.count, start + 50_000))
        guard case .transferred(let count) = try socket.write(rest) else { return start }
        return start + count
    }

    @Test(arguments: [1, 63, 64, 65, 16_384, 65_535, 65_536, 65_537, 300_000])
    func `comes whole, and what follows it is left for the next message`(_ count: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = `A body reader`.Seeded(state: seed)
        let body = (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        let next = (0..<200).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        try Socket.withPair { near, far in
            let connection = Self.connection(far)
            connection.begin(headLength: 0, framing: .length(UInt64(count)), keepsAlive: true)
            var output = ByteBuffer(capacityMax: Self.bytesMax)
            var received: [UInt8] = []
            var sent = 0
            for _ in 0..<100_000 where !connection.body.isEnded {
                sent = try Self.send(body + next, from: sent, over: near)
                connection.stream.becameReady([.readable])
                let high = Int.random(in: 1...70_000, using: &random)
                _ = try connection.moveBody(to: &output, as: .plain, high: high)
                #expect(output.count <= high, "seed \(seed)")
                received += output.bytes
                output.removeAll()
            }
            #expect(received == body, "seed \(seed)")
            #expect(connection.body.isEnded && connection.body.bytesMoved == UInt64(count))
            while sent < body.count + next.count {
                sent = try Self.send(body + next, from: sent, over: near)
            }
            connection.stream.becameReady([.readable])
            while case .moved = connection.stream.fill() {}
            let behind = connection.stream.input.bytes
            #expect(behind == next, "seed \(seed)")
        }
    }

    @Test func `asks the socket no more once it is complete`() throws {
        try Socket.withPair { near, far in
            let connection = Self.connection(far)
            connection.begin(headLength: 0, framing: .length(5_000), keepsAlive: true)
            _ = try near.write([UInt8](repeating: 1, count: 5_000).span)
            var output = ByteBuffer(capacityMax: Self.bytesMax)
            let moved = try connection.moveBody(to: &output, as: .plain, high: 65_536)
            #expect(moved == .success(.ended))
            #expect(output.count == 5_000)
            let asksAgain = connection.stream.isReadable
            #expect(!asksAgain)
        }
    }

    @Test func `that ends early is not whole`() throws {
        try Socket.withPair { near, far in
            let connection = Self.connection(far)
            connection.begin(headLength: 0, framing: .length(5_000), keepsAlive: true)
            _ = try near.write([UInt8](repeating: 1, count: 4_999).span)
            try near.shutdownWrite()
            connection.stream.becameReady([.readable, .peerClosed])
            var output = ByteBuffer(capacityMax: Self.bytesMax)
            let moved = try connection.moveBody(to: &output, as: .plain, high: 65_536)
            #expect(moved == .failure(.reset))
            #expect(output.count == 4_999)
        }
    }
}
