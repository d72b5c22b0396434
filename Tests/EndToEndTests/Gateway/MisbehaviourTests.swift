import Foundation
import TestSupport
import Testing

/// Both sides misbehave at random for a while. The built gateway checks overlapping access and
/// arithmetic, so a mistake in the bookkeeping of connections ends it.
@Suite struct `Misbehaviour on both sides` {
    private static let ok = "HTTP/1.1 200 OK\r\n"

    /// What the upstream does is in the request's path, so that a round can be told from its seed.
    private static func upstream() throws -> RawServer {
        try RawServer { peer in
            while true {
                let head = String(decoding: try peer.read(through: "\r\n\r\n"), as: UTF8.self)
                // What is left of a body it did not read makes no request; then it hangs up.
                let target = head.split(separator: " ").dropFirst().first ?? ""
                let word = target.split(separator: "/").last ?? ""
                switch word {
                case "length": try peer.send(ok + "Content-Length: 4\r\n\r\nbody")
                case "large":
                    try peer.send(ok + "Content-Length: 500000\r\n\r\n")
                    try peer.send([UInt8](repeating: 0x61, count: 500_000), seconds: 2)
                case "chunks":
                    for piece in [
                        ok + "Transfer-Encoding: ch", "unked\r\n\r\n2\r\nab", "\r\n0\r\n\r\n",
                    ] {
                        try peer.send(piece)
                        _ = peer.isSilent(seconds: 0.01)
                    }
                case "close": return try peer.send(ok + "\r\nuntil the end")
                case "cut": return try peer.send(Self.ok + "Content-Length: 9\r\n\r\nhalf")
                case "halfhead": return try peer.send("HTTP/1.1 200 O")
                case "interim":
                    try peer.send("HTTP/1.1 103 E\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n")
                case "extra": try peer.send(ok + "Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n")
                case "nonsense": try peer.send("\0\r\n\r\n")
                case "reset":
                    peer.resetWhenReleased()
                    return
                default: return
                }
            }
        }
    }

    private static let words = [
        "length", "large", "chunks", "close", "cut", "halfhead", "interim", "extra", "nonsense",
        "reset", "end",
    ]

    @Test(arguments: [false, true])
    func `leaves the gateway whole`(_ isAsserted: Bool) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(state: seed)
        let upstream = try Self.upstream()
        var policy = PolicyText(port: upstream.port, "response: 300ms")
        policy.deadlines = "head: 200ms, body: 300ms, idle: 500ms"
        policy.isAsserted = isAsserted
        let gateway = try RunningGateway(policy)
        var open: [RawClient] = []
        for _ in 0..<400 {
            let client = try gateway.connect(
                receiveBytes: Bool.random(using: &random) ? 4_096 : nil)
            try? Self.misbehave(client, gateway, &random)
            if Bool.random(using: &random) { client.resetWhenReleased() }
            // Some stay for a while, so that their ends meet other connections' middles.
            open.append(client)
            if open.count > 20 { open.remove(at: Int.random(in: 0..<open.count, using: &random)) }
            try #require(gateway.process.end == nil, "seed \(seed)\n\(gateway.process.errorOutput)")
        }
        open = []
        try eventually("all gone, seed \(seed)") {
            try gateway.metric("ringfence_connections ") == 0
        }
        #expect(try gateway.metric("ringfence_alarms_total") == 0, "seed \(seed)")
        try eventually("an answer in time, seed \(seed)") {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /length"))
            return (try? client.readResponse().text) == "body"
        }
    }

    @Test func `who waits costs nothing`() throws {
        let gate = Gate()
        let upstream = try RawServer { peer in
            let head = String(decoding: try peer.read(through: "\r\n\r\n"), as: UTF8.self)
            if head.contains("/large") {
                try peer.send(Self.ok + "Content-Length: 50000000\r\n\r\n")
                try peer.send([UInt8](repeating: 0x61, count: 50_000_000))
            } else if head.contains("/half") {
                try peer.send(Self.ok + "Content-Length: 9\r\n\r\nhalf")
            }
            gate.wait()
        }
        defer { for _ in 0..<20 { gate.open() } }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        var clients: [RawClient] = []
        for bytes in [
            "", "GET / HT", gateway.head("GET /silent"), gateway.head("GET /half"),
            gateway.head("GET /large"),
            gateway.head("POST /silent", ["Content-Length: 9"]) + "part",
            gateway.head("POST /x", ["Content-Length: 9"], token: "no") + "part",
            gateway.head("GET /silent", ["Connection: close"], token: "no"),
        ] {
            let client = try gateway.connect(receiveBytes: 4_096)
            try client.send(bytes)
            clients.append(client)
        }
        let pushing = try gateway.connect()
        try pushing.send(gateway.head("POST /silent", ["Content-Length: 90000000"]))
        pushing.sendAside([UInt8](repeating: 0x62, count: 1 << 20), times: 90, seconds: 3)
        let leaving = try gateway.connect()
        try leaving.send(gateway.head("GET /silent"))
        leaving.closeWriting()
        // What is still moving comes to rest first.
        try eventually("rest") {
            let before = try gateway.processorTicks()
            #expect(clients[0].isSilent(seconds: 1))
            return try gateway.processorTicks() - before <= 10
        }
    }

    private static func misbehave(
        _ client: RawClient, _ gateway: RunningGateway, _ random: inout Seeded
    ) throws {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let word = words.randomElement(using: &random) ?? "end"
            var bytes: [UInt8]
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes = Array(gateway.head("GET /\(word)").utf8)
            case 1:
                let size = Int.random(in: 0...200_000, using: &random)
                bytes = Array(gateway.head("POST /\(word)", ["Content-Length: \(size)"]).utf8)
                bytes += [UInt8](repeating: 0x62, count: size)
            case 2:
                let head = gateway.head("PUT /\(word)", ["Transfer-Encoding: chunked"])
                bytes = Array((head + "3\r\nabc\r\n0\r\n\r\n").utf8)
            default: bytes = Array(gateway.head("GET /open/\(word)", token: "no").utf8)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            }
            try client.send(bytes, seconds: 0.2)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: client.closeWriting()
            case 1: _ = try client.read(Int.random(in: 1...2_000, using: &random), seconds: 0.1)
            case 2: _ = try client.readResponse(seconds: 0.5)
            default: break
            }
        }
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
