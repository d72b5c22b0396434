import Foundation
import TestSupport
import Testing

/// `jwks: discover` and hostile answers, with the built gateway and a real issuer.
@Suite(.serialized) struct `Issuers that are discovered` {
    private func gateway(
        _ sites: [IssuerSite], _ settings: String = "", discovers: Bool = true
    ) throws -> (RunningGateway, RecorderUpstream) {
        let upstream = try RecorderUpstream()
        let policies = sites.map { ($0, $0.policy(settings, discovers: discovers)) }
        let gateway = try RunningGateway(
            text: IssuerSite.policy(policies, upstream: upstream.port))
        return (gateway, upstream)
    }

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

    @Test func `the configuration names the keys, and changes of both are followed`() throws {
        let site = try IssuerSite("a")
        let (gateway, upstream) = try gateway([site], "jwks_refresh: 1s")
        try awaitKeys(gateway, site)
        #expect(site.server.requests.prefix(2) == [IssuerSite.configuration, IssuerSite.keys])
        // The issuer moves its keys.
        try site.server.serve(
            #"{"keys":[]}"#, at: IssuerSite.keys)
        try site.server.serve(
            site.configuration(keys: site.server.origin + "/moved"), at: IssuerSite.configuration)
        try gateway.expect("its key set cannot be fetched: its server answered 404")
        #expect(try status(gateway, site, try site.token()) == 200)
        withExtendedLifetime(upstream) {}
    }

    @Test func `what an issuer should not answer changes nothing, and is said`() throws {
        let site = try IssuerSite("a")
        let elsewhere = try IssuerSite("b")
        let (gateway, upstream) = try gateway([site], "jwks_refresh: 1s")
        try awaitKeys(gateway, site)
        let token = try site.token()
        let good = site.configuration()
        let evil = #"{"keys":[]}"#
        let many = (0...100).map { #"{"kty":"EC","kid":"\#($0)"}"# }.joined(separator: ",")
        let configuration = IssuerSite.configuration
        let rows: [(String, String, Int, [String], String)] = [
            (
                configuration, site.configuration(issuer: site.server.origin), 200, [],
                "its configuration is for another `issuer`"
            ),
            (
                configuration, site.configuration(keys: "http://127.0.0.1/keys"), 200, [],
                "its configuration has no `jwks_uri` that is an https URL"
            ),
            (configuration, "[]", 200, [], "its configuration is not one strict JSON object"),
            (
                configuration, good, 302, ["Location: \(elsewhere.server.origin)/x"],
                "its configuration cannot be fetched: its server answered 302"
            ),
            (
                configuration, String(repeating: " ", count: 300_000) + good, 200, [],
                "its configuration cannot be fetched: its answer is too large"
            ),
            (
                IssuerSite.keys, "", 302, ["Location: \(elsewhere.server.origin)/keys"],
                "its key set cannot be fetched: its server answered 302"
            ),
            (
                IssuerSite.keys, "", 500, [],
                "its key set cannot be fetched: its server answered 500"
            ),
            (IssuerSite.keys, evil, 200, [], "its key set holds no key the issuer's algorithms"),
            (
                IssuerSite.keys, #"{"keys":[\#(many)]}"#, 200, [],
                "its key set holds more than 100 keys"
            ),
            (
                IssuerSite.keys, String(repeating: " ", count: 300_000), 200, [],
                "its key set cannot be fetched: its answer is too large"
            ),
            (
                IssuerSite.keys,
                #"{"keys":[{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA","d":"AA"}]}"#, 200,
                [], "its key set shows private key material"
            ),
        ]
        for (path, body, status, fields, words) in rows {
            try site.server.serve(body, at: path, status: status, fields: fields)
            try gateway.expect(words)
            #expect(try self.status(gateway, site, token) == 200, "\(words)")
            try site.server.serve(good, at: configuration)
            try site.publish(["k1"])
        }
        // Nobody followed a redirect.
        #expect(elsewhere.server.requests.isEmpty)
        #expect(gateway.process.end == nil)
        withExtendedLifetime(upstream) {}
    }

    @Test func `a server whose certificate is not trusted is not believed`() throws {
        let site = try IssuerSite("a")
        let upstream = try RecorderUpstream()
        let policy = site.policy().replacingOccurrences(of: "tls.crt", with: "wrong.crt")
        let gateway = try RunningGateway(
            text: IssuerSite.policy([(site, policy)], upstream: upstream.port))
        try gateway.expect("its key set cannot be fetched: its TLS is not valid")
        #expect(try status(gateway, site, try site.token()) == 401)
        #expect(site.server.requests.isEmpty)
    }

    @Test func `changing one issuer's keys never changes what another's tokens get`() throws {
        let sites = [try IssuerSite("a"), try IssuerSite("b")]
        let (gateway, upstream) = try gateway(sites, "jwks_refresh: 1s, jwks_unknown_kid: 500ms")
        for site in sites { try awaitKeys(gateway, site) }
        let other = try sites[1].token()
        for round in 2...4 {
            try sites[0].publish(["k\(round)"])
            let token = try sites[0].token("k\(round)")
            try eventually("key \(round)") {
                #expect(try status(gateway, sites[1], other) == 200)
                return try status(gateway, sites[0], token) == 200
            }
            // One issuer's token on the other's route, and with the other's name of a key.
            #expect(try status(gateway, sites[1], token) == 401)
            #expect(try status(gateway, sites[0], other) == 401)
        }
        withExtendedLifetime(upstream) {}
    }

    @Test func `a reload fetches nothing anew where nothing changed, and keeps keys where it did`()
        throws
    {
        let site = try IssuerSite("a")
        let upstream = try RecorderUpstream()
        func text(_ settings: String) -> String {
            IssuerSite.policy([(site, site.policy(settings))], upstream: upstream.port)
        }
        let gateway = try RunningGateway(text: text("jwks_refresh: 1h"))
        try awaitKeys(gateway, site)
        let token = try site.token()
        for _ in 0..<3 {
            try gateway.reload(text: text("jwks_refresh: 1h"), expecting: "reloaded, snapshot")
            #expect(try status(gateway, site, token) == 200)
        }
        #expect(site.server.requestCount(of: IssuerSite.keys) == 1)
        site.server.stop()
        try gateway.reload(
            text: text("jwks_refresh: 1h, leeway: 6s"), expecting: "reloaded, snapshot")
        #expect(try status(gateway, site, token) == 200)
        try gateway.reload(text: text("jwks_refresh: 2h"), expecting: "reloaded, snapshot")
        #expect(try status(gateway, site, token) == 200)
        try gateway.expect("cannot be fetched")
        #expect(try status(gateway, site, token) == 200)
    }
}
