import Foundation
import Synchronization
import TestSupport

/// S20: how a request is cut into records and packets means nothing.
extension Scenario {
    private static let get =
        "GET /hs?x=1&tenant_id=evil HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\n"
        + "X-Tenant-ID: evil\r\nCookie: a=1; tenant_id=evil\r\n\r\n"
    private static let post =
        "POST /hs HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\nX-Tenant-ID: evil\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\na\r\n0123456789\r\n0\r\n"
        + "X-Tenant-ID: evil\r\n\r\n"
    private static let body =
        "POST /clean/hs/x HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\n"
        + "Content-Type: application/json\r\nContent-Length: 47\r\n\r\n"
        + #"{"a":[{"\u0074enant_id":"evil"}],"x":"\u00e9"} "#
    private static let coded =
        "POST /clean/hs/x HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\n"
        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"
        + Case.chunks([Packing.gzip("x=1&tenant%5Fid=evil&y=2")])
    private static let refused =
        "GET /hs HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\nX-Tenant-ID : evil\r\n\r\n"

    static let pieces: [Scenario] = [
        everyCut("S20a", "a GET that names the tenant three times", get, underTLS: true),
        everyCut("S20b", "a chunked POST with a trailer", post, underTLS: true),
        everyCut("S20c", "a GET that names the tenant three times", get, underTLS: false),
        everyCut("S20d", "a chunked POST with a trailer", post, underTLS: false),
        everyCut("B24za", "JSON that names the tenant", body, underTLS: true),
        everyCut("B24zb", "JSON that names the tenant", body, underTLS: false),
        everyCut("B24zc", "a gzip form in chunks", coded, underTLS: false),
        drip("B24zd", "JSON that names the tenant", body, underTLS: true),
        drip("B24ze", "JSON that names the tenant", body, underTLS: false),
        drip("B24zf", "a gzip form in chunks", coded, underTLS: true),
        drip("S20e", "a GET", get, underTLS: true), drip("S20f", "a POST", post, underTLS: true),
        drip("S20g", "a GET", get, underTLS: false), drip("S20h", "a POST", post, underTLS: false),
        Scenario(
            "S20i", "a field name followed by a space, one byte in each TLS record",
            "400 and nothing upstream, as in one piece"
        ) {
            let bench = try Bench.secure.get()
            let relay = try relayed(to: bench) { bytes in bytes.map { [$0] } }
            let source = bench.newSource()
            let client = try RawClient(port: relay.port, from: source)
            try client.send(bench.bytes(refused))
            let status = try client.readResponse().status
            let count = bench.sightings(from: source).count
            return status == 400 && count == 0 ? [] : ["\(status), \(count) upstream"]
        },
    ]

    /// Two pieces, cut behind every byte in turn, all on one connection.
    private static func everyCut(
        _ id: String, _ what: String, _ wire: String, underTLS: Bool
    ) -> Scenario {
        let pieces = underTLS ? "TLS records" : "writes"
        return Scenario(
            id, "\(what), once for each byte, as two \(pieces) cut behind that byte",
            "always the same request upstream, for `acme`"
        ) {
            let bench = try underTLS ? Bench.secure.get() : Bench.plain.get()
            let bytes = bench.bytes(wire)
            let number = Atomic<Int>(0)
            let relay =
                try underTLS
                ? relayed(to: bench) { piece in
                    guard piece.count == bytes.count else { return [piece] }
                    let cut = number.add(1, ordering: .relaxed).newValue
                    return [Array(piece[..<cut]), Array(piece[cut...])]
                } : nil
            return try repeatedly(bytes.count - 1, bytes, bench, relay?.port ?? bench.port) {
                client, index in
                if underTLS { return try client.send(bytes) }
                try client.send(bytes[...index])
                try client.send(bytes[(index + 1)...])
            }
        }
    }

    /// One byte at a time.
    private static func drip(
        _ id: String, _ what: String, _ wire: String, underTLS: Bool
    ) -> Scenario {
        let pieces = underTLS ? "TLS record" : "write"
        return Scenario(
            id, "\(what), one byte in each \(pieces)", "the same request upstream as in one piece"
        ) {
            let bench = try underTLS ? Bench.secure.get() : Bench.plain.get()
            let bytes = bench.bytes(wire)
            let relay = try underTLS ? relayed(to: bench) { bytes in bytes.map { [$0] } } : nil
            return try repeatedly(3, bytes, bench, relay?.port ?? bench.port) { client, _ in
                for byte in bytes { try client.send([byte]) }
            }
        }
    }

    private static func relayed(
        to bench: Bench, _ division: @escaping TLSRelay.Division
    ) throws -> TLSRelay {
        let certificate = "\(bench.material.folder.path)/tls.crt"
        return try TLSRelay(to: bench.gatewayPort, trusting: certificate, dividing: division)
    }

    /// Sends a request `count` times in pieces, and once whole: all have to be the same upstream.
    private static func repeatedly(
        _ count: Int, _ bytes: [UInt8], _ bench: Bench, _ port: UInt16,
        send: (RawClient, Int) throws -> Void
    ) throws -> [String] {
        let source = bench.newSource()
        let whole = try RawClient(port: bench.port, from: source)
        try whole.send(bytes)
        guard try whole.readResponse().status == 200 else {
            return ["the whole request was refused"]
        }
        let client = try RawClient(port: port, from: source)
        for index in 0..<count {
            try send(client, index)
            let status = try client.readResponse().status
            guard status == 200 else { return ["cut behind byte \(index): \(status)"] }
        }
        let sightings = bench.sightings(from: source)
        guard let first = sightings.first else { return ["nothing reached the upstream"] }
        var found = bench.invariants.defects(of: first, for: "acme", credential: false)
        if sightings.count != count + 1 { found.append("\(sightings.count) requests upstream") }
        for (index, sighting) in sightings.enumerated() where sighting.essence != first.essence {
            found.append("request \(index) differs: \(sighting.essence)")
            break
        }
        return found
    }
}
