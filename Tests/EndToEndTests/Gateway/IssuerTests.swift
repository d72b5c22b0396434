import Foundation
import TestSupport
import Testing

/// Keys by https from real issuers, with the built gateway. A refresh interval of an hour means
/// that nothing but what a test does makes the gateway fetch.
@Suite(.serialized) struct `Keys that are fetched` {
    private func status(
        _ gateway: RunningGateway, _ site: IssuerSite, _ token: String
    ) throws -> Int {
        try gateway.ask("GET /\(site.name)/x", token: token).status
    }

    private func awaitKeys(_ gateway: RunningGateway, _ site: IssuerSite) throws {
        let token = try site.token()
        try eventually("keys: \(gateway.process.errorOutput)") {
            try status(gateway, site, token) == 200
        }
    }

    @Test func `rotation: a key nobody knew is fetched, one that was taken away is refused`()
        throws
    {
        let site = try IssuerSite("a")
        let upstream = try RecorderUpstream()
        let settings = "jwks_refresh: 1h, jwks_unknown_kid: 500ms"
        let gateway = try RunningGateway(
            text: IssuerSite.policy([(site, site.policy(settings))], upstream: upstream.port))
        try awaitKeys(gateway, site)
        let old = try site.token("k1")
        #expect(try status(gateway, site, old) == 200)
        // As issuers do it: the new key beside the old one, later the new one alone.
        try site.publish(["k1", "k2"])
        let new = try site.token("k2")
        #expect(try status(gateway, site, new) == 401)
        try eventually("the new key: \(gateway.process.errorOutput)") {
            try status(gateway, site, new) == 200
        }
        #expect(try status(gateway, site, old) == 200)
        try site.publish(["k2", "k3"])
        let newest = try site.token("k3")
        try eventually("the newest key") {
            try status(gateway, site, newest) == 200
        }
        // Verified and remembered before: it is refused all the same.
        #expect(try status(gateway, site, old) == 401)
        #expect(try gateway.metric("ringfence_issuer_keys_usable{issuer=\"a\"}") == 2)
        #expect(gateway.process.errorOutput.contains("keys fetched: 2 (k1, k2)"))
    }

    @Test func `an outage at start delays nobody, and ends when the issuer comes back`() throws {
        let (dead, alive) = (try IssuerSite("a"), try IssuerSite("b"))
        dead.server.stop()
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(
            text: IssuerSite.policy(
                [(dead, dead.policy("jwks_refresh: 1h")), (alive, alive.policy())],
                upstream: upstream.port))
        try awaitKeys(gateway, alive)
        let token = try dead.token()
        #expect(try status(gateway, dead, token) == 401)
        // One has keys and the other was asked for them.
        try eventually("ready") { try gateway.probe("/readyz").status == 200 }
        #expect(try gateway.probe("/readyz").text == "ready\nno keys of issuer a\n")
        #expect(try gateway.metric("ringfence_issuer_keys{issuer=\"a\",state=\"empty\"}") == 1)
        try dead.server.start()
        try awaitKeys(gateway, dead)
        #expect(try gateway.probe("/readyz").text == "ready\n")
    }

    @Test func `an outage at start is bridged by the set that was kept on disk`() throws {
        let site = try IssuerSite("a")
        let upstream = try RecorderUpstream()
        let state = try TemporaryFolder()
        let text = IssuerSite.policy(
            [(site, site.policy("jwks_refresh: 1h", discovers: true))], upstream: upstream.port,
            more: "state: \"file:\(state.path)\"")
        let token = try site.token()
        let copy = "\(state.path)/keys-a.jwks"
        do {
            let gateway = try RunningGateway(text: text)
            try awaitKeys(gateway, site)
            try eventually("a copy") {
                FileManager.default.fileExists(atPath: copy)
            }
            let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
        site.server.stop()
        do {
            let gateway = try RunningGateway(text: text)
            // The very first request.
            #expect(try status(gateway, site, token) == 200)
            #expect(gateway.process.errorOutput.contains("starting with keys of"))
            try eventually("overdue") {
                try gateway.metric("ringfence_issuer_keys{issuer=\"a\",state=\"overdue\"}") == 1
            }
            #expect(try gateway.probe("/readyz").status == 200)
        }
        // A copy that others could have written is none.
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: copy)
        let gateway = try RunningGateway(text: text)
        #expect(try status(gateway, site, token) == 401)
        #expect(gateway.process.errorOutput.contains("is not this user's alone"))
    }

    @Test func `an outage: keys count until the bound, then every token is refused`() throws {
        let (dead, alive) = (try IssuerSite("a"), try IssuerSite("b"))
        let upstream = try RecorderUpstream()
        let settings = "jwks_refresh: 1s, jwks_max_stale: 5s"
        let gateway = try RunningGateway(
            text: IssuerSite.policy(
                [
                    (dead, dead.policy(settings)),
                    (alive, alive.policy("jwks_refresh: 1s, jwks_max_stale: 1h")),
                ],
                upstream: upstream.port))
        try awaitKeys(gateway, dead)
        try awaitKeys(gateway, alive)
        let (token, other) = (try dead.token(), try alive.token())
        try eventually("served") { try status(gateway, dead, token) == 200 }
        dead.server.stop()
        // What is exact about it is in `KeySetMachineTests`, by a clock of its own.
        try eventually("withdrawn: \(gateway.process.errorOutput)") {
            try status(gateway, dead, token) == 401
        }
        #expect(try gateway.metric("ringfence_issuer_keys{issuer=\"a\",state=\"withdrawn\"}") == 1)
        #expect(try status(gateway, alive, other) == 200)
        #expect(gateway.process.errorOutput.contains("issuer a: its keys are too old"))
        try dead.server.start()
        try eventually("keys again") { try status(gateway, dead, token) == 200 }
    }

    @Test func `a flood of unknown kids causes one fetch an interval, and good keys stay`() throws {
        let site = try IssuerSite("a")
        let upstream = try RecorderUpstream()
        let interval = 1.0
        let settings = "jwks_refresh: 1h, jwks_unknown_kid: 1s"
        let gateway = try RunningGateway(
            text: IssuerSite.policy([(site, site.policy(settings))], upstream: upstream.port))
        try awaitKeys(gateway, site)
        let good = try site.token()
        let tail = good.split(separator: ".").dropFirst().joined(separator: ".")
        let fetchesBefore = site.server.requestCount(of: IssuerSite.keys)
        let begin = Date()
        var memory: [Int] = []
        for batch in 0..<20 {
            let client = try gateway.connect()
            var requests = ""
            for _ in 0..<500 {
                let kid = String(UInt64.random(in: 0 ... .max), radix: 36)
                let header = #"{"alg":"ES256","kid":"\#(kid)"}"#
                let token = "\(IssuerSite.base64URL(Array(header.utf8))).\(tail)"
                requests += gateway.head("GET /a/x", token: token)
            }
            try client.send(requests)
            for _ in 0..<500 { #expect(try client.readResponse().status == 401) }
            #expect(try status(gateway, site, good) == 200)
            if batch >= 5 { memory.append(try gateway.peakMemory()) }
        }
        let elapsed = Date().timeIntervalSince(begin)
        let fetches = site.server.requestCount(of: IssuerSite.keys) - fetchesBefore
        #expect(fetches >= 1 && Double(fetches) <= elapsed / interval + 1)
        #expect((memory.last ?? 0) - (memory.first ?? 0) < 4 << 20)
        #expect(try gateway.metric("ringfence_issuer_keys_usable{issuer=\"a\"}") == 1)
    }

    @Test func `a slow issuer delays no other, and its own keys count meanwhile`() throws {
        let (slow, quick) = (try IssuerSite("a"), try IssuerSite("b"))
        let upstream = try RecorderUpstream()
        try slow.server.hold()
        let gateway = try RunningGateway(
            text: IssuerSite.policy(
                [(slow, slow.policy("jwks_refresh: 1s")), (quick, quick.policy())],
                upstream: upstream.port))
        try awaitKeys(gateway, quick)
        let (token, other) = (try slow.token(), try quick.token())
        #expect(try status(gateway, slow, token) == 401)
        try slow.server.release()
        try eventually("keys of the slow one: \(gateway.process.errorOutput)") {
            try status(gateway, slow, token) == 200
        }
        // The next fetch hangs as well, and nobody waits for it.
        try slow.server.hold()
        try eventually("another fetch") { slow.server.isHolding }
        for _ in 0..<50 {
            #expect(try status(gateway, slow, token) == 200)
            #expect(try status(gateway, quick, other) == 200)
        }
        try slow.server.release()
        // One at a time.
        #expect(slow.server.mostAtOnce == 1)
    }
}
