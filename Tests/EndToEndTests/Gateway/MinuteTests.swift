import Foundation
import Synchronization
import TestSupport
import Testing

/// One minute of the real clock: 64 clients over two workers, and what the upstream saw of them.
@Suite struct `A minute of 64 clients` {
    static let limit = 300
    static let clients = 64
    /// Seconds; a window, and what leaves it.
    static let duration = 75.0

    /// What one answer was, and between which moments it was decided.
    struct Answer: Sendable {
        var sent: Double
        var received: Double
        var isAdmitted: Bool
        var wait: Double
    }

    @Test(.timeLimit(.minutes(30)))
    func `R3 R5 R7 never more than the limit in any minute and never refused below it`() throws {
        let upstream = try RecorderUpstream { _ in
            .bytes(Array("HTTP/1.1 204 None\r\n\r\n".utf8))
        }
        let gateway = try `Limits of the gateway`.gateway(
            port: upstream.port, tiers: "  FREE: {requests: \(Self.limit)/min}")
        let token = try gateway.material.token(tenant: "acme", tier: "FREE")
        let answers = Mutex<[Answer]>([])
        let failures = Mutex<[String]>([])
        let begin = Date()
        inThreads(Self.clients) { client in
            do {
                let seen = try Self.run(client, gateway, token, begin)
                answers.withLock { $0 += seen }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 }.isEmpty)
        let all = answers.withLock { $0 }
        let admitted = all.filter(\.isAdmitted).sorted { $0.sent < $1.sent }
        #expect(admitted.count == upstream.requests.count)
        // Two windows begin within the time, so twice the limit is admitted, and no more.
        #expect(admitted.count > Self.limit && admitted.count <= 2 * Self.limit)
        Self.checkWindows(admitted)
        Self.checkRefusals(all.filter { !$0.isAdmitted }, admitted)
    }

    /// One client: bursts, pauses, and sometimes the wait it was told.
    static func run(
        _ number: Int, _ gateway: RunningGateway, _ token: String, _ begin: Date
    ) throws -> [Answer] {
        var answers: [Answer] = []
        func now() -> Double { Date().timeIntervalSince(begin) }
        let client = try gateway.connect()
        var random = SystemRandomNumberGenerator()
        while now() < duration {
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let sent = now()
                try client.send(gateway.head("GET /\(number)", token: token))
                let response = try client.readResponse()
                answers.append(
                    Answer(
                        sent: sent, received: now(), isAdmitted: response.status == 204,
                        wait: response.only("Retry-After").flatMap { Double($0) } ?? 0))
                guard response.status == 204 || response.status == 429 else {
                    throw TestSupportError.malformedResponse("\(response.status)")
                }
            }
            // The client's pace: nothing is on its way.
            _ = client.isSilent(seconds: Double.random(in: 0.05...0.5, using: &random))
        }
        return answers
    }

    /// Those that were certainly within one minute: decided after `sent` and before `received`.
    static func checkWindows(_ admitted: [Answer]) {
        for first in admitted.indices {
            let start = admitted[first].sent
            let inside = admitted[first...].count { $0.received < start + 60 }
            #expect(inside <= limit, "\(inside) in the minute from \(start)")
        }
    }

    /// A refusal is right when as many as the limit can have been in the window at its moment.
    static func checkRefusals(_ refused: [Answer], _ admitted: [Answer]) {
        #expect(!refused.isEmpty)
        for answer in refused {
            let possible = admitted.count {
                $0.sent <= answer.received && $0.received >= answer.sent - 60
            }
            #expect(possible >= limit, "refused at \(answer.sent) with \(possible)")
            #expect(answer.wait >= 1 && answer.wait <= 60)
        }
    }
}
