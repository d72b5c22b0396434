import Foundation
import Synchronization
import TestSupport

/// All rows sent to one bench, many at once, and what was seen of each.
///
/// Rows are judged only after everything was sent and the upstream is quiet, so that a request that
/// comes late is seen too.
final class Run: Sendable {
    static let plain = Result { try Run(Bench.plain.get()) }
    static let secure = Result { try Run(Bench.secure.get()) }

    let bench: Bench
    /// By the row's id.
    private let evidence: [String: Evidence]
    /// Requests at the upstream that no row's client has sent.
    let strays: [Sighting]

    /// Rows under way at once. More than the gateway has workers; the slowest rows wait for a
    /// deadline of the gateway's.
    private static let parallelRows = 16

    private init(_ bench: Bench) throws {
        self.bench = bench
        let rows = Catalogue.all.filter { $0.runs(underTLS: bench.isSecure) }
            .sorted { $0.waitsForDeadline && !$1.waitsForDeadline }
        let next = Atomic<Int>(0)
        let seen = Mutex([String: Evidence]())
        Self.inParallel(min(Self.parallelRows, rows.count)) {
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < rows.count else { return }
                let one = bench.exchange(rows[index])
                seen.withLock { $0[rows[index].id] = one }
            }
        }
        try Self.settle(bench)
        var found = seen.withLock { $0 }
        var harvest = bench.harvest()
        for (id, one) in found {
            let own = harvest.removeValue(forKey: one.source) ?? Harvest()
            found[id]?.requests = own.requests
            found[id]?.canaries = own.canaries
            found[id]?.fragments = own.fragments
            found[id]?.logged = try bench.log.entries(of: one.source, atLeast: max(1, one.replies))
            found[id]?.gatewayIsAlive = bench.gateway.end == nil
        }
        evidence = found
        // Scenarios run on the same bench and have other paths.
        strays = harvest[""].map { $0.requests + $0.fragments.map { Sighting(head: $0) } } ?? []
    }

    /// Everything wrong with a row.
    func defects(of row: Case) -> [String] {
        guard let seen = evidence[row.id] else { return ["the row was not run"] }
        return Judge(invariants: bench.invariants).defects(of: row, seen)
    }

    /// What a reader of a failure needs.
    func report(of row: Case, _ defects: [String]) -> String {
        Report.text(row, evidence[row.id] ?? Evidence(), defects)
    }

    /// Requests of our own behind everything that was sent: what was on its way has arrived.
    private static func settle(_ bench: Bench) throws {
        for number in 0..<8 {
            let client = try RawClient(port: bench.port, from: bench.newSource())
            try client.send(
                bench.bytes(
                    "GET /barrier/\(number) HTTP/1.1\r\n{host}{auth}Connection: close\r\n\r\n"))
            let status = try client.readResponse().status
            guard status == 200 else { throw TestSupportError.malformedResponse("\(status)") }
        }
    }

    private static func inParallel(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let group = DispatchGroup()
        for _ in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body()
                group.leave()
            }
        }
        group.wait()
    }
}

extension Bench {
    private static let canary = "GET /canary HTTP/1.1\r\n{host}{auth}\r\n"

    /// Sends the bytes of a row, reads what comes, and tries the connection.
    func exchange(_ row: Case) -> Evidence {
        var seen = Evidence()
        seen.source = newSource()
        do {
            let client = try RawClient(port: port, from: seen.source)
            let canary = bytes(Self.canary)
            let request = bytes(row.wire)
            do {
                try client.send(row.canary == .pipelined ? request + canary : request)
            } catch TestSupportError.socket("send", _) {
                // Refused before everything was sent; the answer says how.
            }
            seen.reply = Reply(try Self.finalResponse(client, toHEAD: row.wire.hasPrefix("HEAD ")))
            if row.verdict.keepsConnection {
                if row.canary == .following { try client.send(canary) }
                seen.canaryReply = Reply(try Self.finalResponse(client, toHEAD: false))
                if client.hasMore {
                    seen.surprise = "more came: \(Sighting.text(try client.readUntilClose()))"
                }
            } else {
                let rest = try client.readUntilClose()
                seen.isClosed = rest.isEmpty
                if !rest.isEmpty { seen.surprise = "more came: \(Sighting.text(rest))" }
            }
        } catch TestSupportError.closedEarly("") where seen.reply == nil && row.mayLoseAnswer {
            seen.isClosed = true
        } catch {
            seen.surprise = "\(error)"
        }
        return seen
    }

    /// The answer behind any interim ones.
    static func finalResponse(_ client: RawClient, toHEAD: Bool) throws -> RawResponse {
        while true {
            let response = try client.readResponse(toHEAD: toHEAD)
            if response.status >= 200 { return response }
        }
    }
}
