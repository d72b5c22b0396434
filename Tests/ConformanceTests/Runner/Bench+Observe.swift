import TestSupport

extension Bench {
    private static let canary = "GET /canary HTTP/1.1\r\n{host}{auth}\r\n"

    /// Sends the bytes of a row, reads what comes, tries the connection, and asks the upstream and
    /// the log what they saw.
    ///
    /// - Parameter send: how the bytes are written; all at once unless said otherwise.
    func observe(
        _ row: Case, send: (RawClient, [UInt8]) throws -> Void = { try $0.send($1) }
    ) throws -> Evidence {
        let client = try connect()
        let canary = bytes(Self.canary)
        var request = bytes(row.wire)
        if row.canary == .pipelined { request += canary }
        var seen = Evidence()
        do {
            try send(client, request)
        } catch TestSupportError.socket("send", _) {
            // Refused before everything was sent; the answer says how.
        }
        do {
            seen.reply = Reply(try Self.finalResponse(client, toHEAD: row.wire.hasPrefix("HEAD ")))
            if row.verdict.keepsConnection {
                if row.canary == .following { try client.send(canary) }
                seen.canaryReply = Reply(try Self.finalResponse(client, toHEAD: false))
            } else {
                let rest = try client.readUntilClose()
                seen.isClosed = rest.isEmpty
                if !rest.isEmpty { seen.surprise = "more came: \(Sighting.text(rest))" }
            }
        } catch let error as TestSupportError {
            seen.surprise = "\(error)"
        }
        let harvest = try harvest()
        seen.requests = harvest.requests
        seen.canaries = harvest.canaries
        seen.fragments = harvest.fragments
        seen.gatewayIsAlive = gateway.end == nil
        if let id = seen.reply?.all("x-request-id").first {
            seen.logged = try log.entry(requestID: id)
        }
        return seen
    }

    /// The answer behind any interim ones.
    private static func finalResponse(_ client: RawClient, toHEAD: Bool) throws -> RawResponse {
        while true {
            let response = try client.readResponse(toHEAD: toHEAD)
            if response.status >= 200 { return response }
        }
    }

    /// Everything wrong with a row.
    func defects(of row: Case) throws -> [String] {
        Judge(invariants: invariants).defects(of: row, try observe(row))
    }
}
