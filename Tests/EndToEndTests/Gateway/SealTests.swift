import Foundation
import TestSupport
import Testing

/// The seal in an assertion, as an upstream finds it. Whether a database takes it is the business
/// of the tests with one.
@Suite struct `Seals of the gateway` {
    typealias Assertion = `Upstreams of the gateway`.Assertion

    static func keyLine(_ kid: String, _ digit: String = "a") -> String {
        "rfseal1:\(kid):shop:\(String(repeating: digit, count: 64))\n"
    }

    /// A gateway whose upstream `api` gets seals under the key in its own folder.
    private func gateway(
        _ upstream: RecorderUpstream, settings: String = "", kid: String = "k001"
    ) throws -> RunningGateway {
        let material = try Material.get()
        var policy = PolicyText(port: upstream.port)
        policy.more = """
            assertion:
              to: [api]
              key: "file:\(material.folder.path)/assertion.key"
              seal: {key: file:seal.key, to: [api]\(settings)}
            vendors: {default: {key: file:vendor.key}}
            """
        policy.routes = """
              - {name: tenants, match: {path: /v1/tenants}, auth: vendor, upstream: api}
            """
        return try RunningGateway(
            text: policy.text(material.folder.path),
            files: ["seal.key": Self.keyLine(kid), "vendor.key": Self.vendorKey])
    }

    private static let vendorKey = String(repeating: "v8", count: 24)

    /// Its parts: kid, letter, subject, expiry, MAC.
    private func parts(_ seal: String) throws -> [Substring] {
        let form = /s1([a-z0-9]{4})([tv])([0-9a-f-]{36})([0-9]{10})([0-9a-f]{64})/
        let match = try #require(try form.wholeMatch(in: seal), "\(seal)")
        return [match.1, match.2, match.3, match.4, match.5]
    }

    @Test func `name the tenant or the vendor the assertion speaks for, and no other`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway(upstream)
        #expect(try gateway.ask("GET /x").status == 200)
        #expect(try gateway.ask("GET /x", token: gateway.material.globex).status == 200)
        #expect(try gateway.ask("GET /v1/tenants", token: Self.vendorKey).status == 200)
        let claims = try upstream.requests.map(Assertion.init)
        try #require(claims.count == 3)
        let seals = try claims.map { try parts(#require($0.text("seal"))) }
        #expect(seals.map(\.[1]) == ["t", "t", "v"])
        #expect(seals[0][2] == claims[0].text("tid") ?? "")
        #expect(seals[1][2] == claims[1].text("tid") ?? "")
        #expect(seals[0][2] != seals[1][2] && Set(seals.map(\.[4])).count == 3)
        #expect(claims[2].text("tid") == nil)
        for seal in seals {
            let left = Double(seal[3]).map { $0 - Date().timeIntervalSince1970 } ?? 0
            #expect(seal[0] == "k001" && (20...31).contains(left), "\(left)")
        }
    }

    @Test func `live as long as the policy says`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway(upstream, settings: ", ttl: 2m")
        #expect(try gateway.ask("GET /x").status == 200)
        let claim = try Assertion(#require(upstream.requests.first))
        let seal = try parts(#require(claim.text("seal")))
        let left = Double(seal[3]).map { $0 - Date().timeIntervalSince1970 } ?? 0
        #expect((110...121).contains(left), "\(left)")
    }

    @Test func `are made with a new key from the reload on`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway(upstream)
        let client = try gateway.connect()
        let key = "\(gateway.folder.path)/seal.key"
        let text = try String(
            contentsOfFile: gateway.folder.path + "/gateway.yaml", encoding: .utf8)
        for (line, kid) in [("", "k001"), (Self.keyLine("k002", "b"), "k002"), ("junk", "k002")] {
            if !line.isEmpty {
                try Data(line.utf8).write(to: URL(filePath: key))
                let words = line == "junk" ? "reload refused, the old policy stays" : "reloaded"
                try gateway.reload(text: text, expecting: words)
            }
            try client.send(gateway.head("GET /x"))
            #expect(try client.readResponse().status == 200)
            let claim = try Assertion(#require(upstream.requests.last))
            #expect(try parts(#require(claim.text("seal")))[0] == kid)
        }
    }

    @Test func `a client's own is not passed on`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway(upstream)
        #expect(try gateway.ask("GET /x", ["Ringfence-Seal: s1"]).status == 200)
        let request = try #require(upstream.requests.first)
        #expect(request.all("Ringfence-Seal") == [])
    }
}
