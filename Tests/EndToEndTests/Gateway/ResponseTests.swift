import Foundation
import TestSupport
import Testing

/// What of an upstream's answers reaches a client.
@Suite struct `Responses through the gateway` {
    /// Answers with a cookie for every host below `example.test`, after an interim head with one.
    private static func upstream() throws -> RecorderUpstream {
        try RecorderUpstream { _ in
            let cookie = "Set-Cookie: s=1; Path=/; Domain=.example.test; Secure\r\n"
            let text =
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\(cookie)\r\n"
                + "HTTP/1.1 200 OK\r\n\(cookie)Set-Cookie: t=2; HttpOnly\r\n"
                + "X-Tenant-ID: acme\r\nCDN-Cache-Control: max-age=60\r\n"
                + "Cache-Control: public, max-age=60\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok"
            return .bytes(Array(text.utf8))
        }
    }

    private static let whole = "s=1; Path=/; Domain=.example.test; Secure"
    private static let bare = "s=1; Path=/; Secure"

    @Test(arguments: [
        ("", "/", bare), ("responses: {cookie_domain: strip}", "/", bare),
        ("responses: {cookie_domain: keep}", "/", whole), ("", "/open/x", whole),
    ])
    func `X7 a cookie keeps its Domain where the route says so or acts for no tenant`(
        _ settings: String, _ path: String, _ cookie: String
    ) throws {
        let upstream = try Self.upstream()
        var policy = PolicyText(port: upstream.port)
        policy.apiRoute = settings.isEmpty ? "" : "    \(settings)"
        let gateway = try RunningGateway(policy)
        let client = try gateway.connect()
        try client.send(gateway.head("GET \(path)"))
        let interim = try client.readResponse(toHEAD: true)
        #expect(interim.status == 103 && interim.all("Link") == ["</a>"])
        #expect(interim.all("Set-Cookie") == (cookie == Self.whole ? [Self.whole] : []))
        let response = try client.readResponse()
        #expect(response.all("Set-Cookie") == [cookie, "t=2; HttpOnly"])
        #expect(response.text == "ok")
    }

    @Test func `X7 a route may refuse cookies for other hosts, before a byte leaves`() throws {
        let upstream = try RecorderUpstream { _ in
            .response(200, "secret", fields: ["Set-Cookie: s=1; domain=example.test"])
        }
        var policy = PolicyText(port: upstream.port)
        policy.apiRoute = "    responses: {cookie_domain: reject}"
        let gateway = try RunningGateway(policy)
        let response = try gateway.ask("GET /")
        #expect(response.status == 502)
        #expect(RunningGateway.code(of: response) == "upstream.cookie_domain")
        #expect(response.only("Proxy-Status") == "ringfence; error=proxy_internal_error")
        #expect(response.all("Set-Cookie") == [] && !response.text.contains("secret"))
        #expect(
            try gateway.metric("ringfence_requests_total{outcome=\"upstream.cookie_domain\"}") == 1)
    }

    @Test func `X9 INV-6 a tenant's response stays out of shared caches and names no tenant`()
        throws
    {
        let upstream = try Self.upstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /"))
        _ = try client.readResponse(toHEAD: true)
        let response = try client.readResponse()
        #expect(response.all("Cache-Control") == ["private, no-store"])
        #expect(response.all("CDN-Cache-Control") == [] && response.all("X-Tenant-ID") == [])
        // What the upstream varies by is its own affair.
        #expect(response.all("Vary") == ["Accept"])
        let open = try gateway.connect()
        try open.send("GET /open/x HTTP/1.1\r\nHost: api.example.test\r\n\r\n")
        _ = try open.readResponse(toHEAD: true)
        let plain = try open.readResponse()
        #expect(plain.all("Cache-Control") == ["public, max-age=60"])
        #expect(plain.all("X-Tenant-ID") == [], "zero on routes without a credential")
    }
}
