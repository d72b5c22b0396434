import Foundation
import Synchronization
import TestSupport
import Testing

/// Connections to upstreams: found, verified, kept, given up.
@Suite struct `Upstreams of the gateway` {
    @Test func `one that refuses is a 502, and the next target is tried first`() throws {
        let dead = try ReservedPort.choose()
        let gateway = try RunningGateway(PolicyText(port: dead))
        #expect(try gateway.code("GET /") == (502, "upstream.connect"))
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: dead)
        let targets = [dead, upstream.port].map { "\"http://127.0.0.1:\($0)\"" }
        policy.upstreams = "  api: {targets: [\(targets.joined(separator: ", "))]}"
        let other = try RunningGateway(policy)
        for _ in 0..<4 { #expect(try other.ask("GET /").status == 200) }
    }

    @Test func `a name that does not resolve is a 502`() throws {
        let gateway = try RunningGateway(PolicyText(target: "http://nowhere.invalid:80"))
        #expect(try gateway.code("GET /") == (502, "upstream.unresolved"))
    }

    @Test func `a Unix socket is one`() throws {
        let folder = try TemporaryFolder()
        let upstream = try RecorderUpstream(path: "\(folder.path)/app.sock")
        let gateway = try RunningGateway(PolicyText(target: "unix:\(folder.path)/app.sock"))
        #expect(try gateway.ask("GET /x").status == 200)
        #expect(upstream.requests.first?.all("X-Tenant-ID") == ["acme"])
        let absent = try RunningGateway(PolicyText(target: "unix:\(folder.path)/absent.sock"))
        #expect(try absent.code("GET /") == (502, "upstream.connect"))
    }

    @Test func `TLS to one is verified, by name and by authority`() throws {
        let upstream = try RecorderUpstream()
        let place = try Material.get().folder.path
        // Another gateway ends the TLS in front of the recorder.
        var front = PolicyText(port: upstream.port)
        front.tls = true
        let secure = try RunningGateway(front)
        front.certificate = "wrong"
        let wrong = try RunningGateway(front)
        let good = try RunningGateway(
            PolicyText(target: "https://127.0.0.1:\(secure.port)", "ca: file:\(place)/tls.crt"))
        #expect(try good.ask("GET /open/x").status == 200)
        #expect(try good.ask("GET /open/y").status == 200)
        #expect(upstream.requests.map(\.requestLine).suffix(1) == ["GET /open/y HTTP/1.1"])
        for (port, authority) in [
            (secure.port, "wrong.crt"), (wrong.port, "tls.crt"), (wrong.port, "wrong.crt"),
        ] {
            let gateway = try RunningGateway(
                PolicyText(
                    target: "https://127.0.0.1:\(port)", "ca: file:\(place)/\(authority)"))
            #expect(try gateway.code("GET /open/x") == (502, "upstream.tls"), "\(authority)")
        }
        #expect(upstream.requests.count == 2)
    }

    @Test func `one that closes without an answer is a 502, and is not asked again`() throws {
        let upstream = try RecorderUpstream { request in
            request.requestLine.contains("/first") ? .response() : .reset
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        #expect(try gateway.ask("GET /first").status == 200)
        #expect(try gateway.code("GET /second") == (502, "upstream.reset"))
        // INV-4: the request had left, so nobody can know whether it was carried out.
        #expect(upstream.requests.count == 2)
    }

    @Test func `a kept connection that has ended is not used`() throws {
        let upstream = try RecorderUpstream { request in
            .bytesThenClose(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8))
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        for _ in 0..<20 {
            try client.send(gateway.head("GET /"))
            let response = try client.readResponse()
            // The end may still be under way when the next request is; then it is an honest 502.
            #expect(response.status == 200 || response.status == 502)
        }
        try eventually("a quiet moment") {
            try gateway.ask("POST /", ["Content-Length: 2"], body: "hi").status == 200
        }
    }

    @Test func `kept connections are used again, and only for so long`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port, "idle: 3s"))
        let client = try gateway.connect()
        for _ in 0..<5 {
            try client.send(gateway.head("GET /"))
            #expect(try client.readResponse().status == 200)
        }
        #expect(upstream.connectionCount == 1)
        try eventually("another one") {
            #expect(client.isSilent(seconds: 3.5))
            try client.send(gateway.head("GET /"))
            #expect(try client.readResponse().status == 200)
            return upstream.connectionCount == 2
        }
    }

    @Test func `what one says before it is asked is never an answer`() throws {
        let forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        let upstream = try RawServer { peer in
            try peer.send(forged)
            // One that was kept would be asked again and say nothing.
            _ = try? peer.read(through: "\r\n\r\n")
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        // On the loopback the bytes may or may not be there when the connection is.
        for _ in 0..<10 {
            let response = try gateway.ask("GET /")
            #expect(response.status == 502 || response.text == "forged")
        }
        let after = try RawServer { peer in
            while true {
                _ = try peer.read(through: "\r\n\r\n")
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + forged)
            }
        }
        let other = try RunningGateway(PolicyText(port: after.port))
        let client = try other.connect()
        for _ in 0..<20 {
            try client.send(other.head("GET /"))
            #expect(try client.readResponse().text == "ok", "S13")
        }
    }

    @Test func `one that must name the tenant is believed only when it does`() throws {
        let box = Words()
        let upstream = try RecorderUpstream { _ in .response(fields: box.fields.withLock { $0 }) }
        let gateway = try RunningGateway(PolicyText(port: upstream.port, "echo: required"))
        #expect(try gateway.code("GET /") == (502, "upstream.echo"))
        // Learn the tenant's id from the log line of nobody: the assertion says it too.
        var signed = PolicyText(port: upstream.port, "echo: required")
        signed.isAsserted = true
        let other = try RunningGateway(signed)
        #expect(try other.code("GET /") == (502, "upstream.echo"))
        let request = try #require(upstream.requests.last)
        let claims = try Assertion(request)
        let tenant = try #require(claims.text("tid") ?? claims.text("tenant_id"))
        box.fields.withLock { $0 = ["Ringfence-Tenant: \(tenant)"] }
        let response = try other.ask("GET /")
        #expect(response.status == 200)
        #expect(response.all("Ringfence-Tenant") == [])
        for fields in [
            ["Ringfence-Tenant: \(tenant)", "Ringfence-Tenant: \(tenant)"],
            ["Ringfence-Tenant: \(tenant.uppercased())x"], ["Ringfence-Tenant: acme"],
        ] {
            box.fields.withLock { $0 = fields }
            #expect(try other.code("GET /") == (502, "upstream.echo"), "\(fields)")
        }
    }

    final class Words: Sendable {
        let fields = Mutex<[String]>([])
    }

    @Test func `each request is asserted anew, body and target included`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.isAsserted = true
        let gateway = try RunningGateway(policy)
        let body = "{\"a\": 1}"
        for _ in 0..<2 {
            let fields = ["Content-Length: \(body.utf8.count)", "Ringfence-Assertion: forged"]
            #expect(try gateway.ask("POST /x?tenant=evil&y=1", fields, body: body).status == 200)
        }
        let chunked = ["Transfer-Encoding: chunked"]
        #expect(try gateway.ask("POST /c", chunked, body: "3\r\nabc\r\n0\r\n\r\n").status == 200)
        let requests = upstream.requests
        try #require(requests.count == 3)
        let claims = try requests.map(Assertion.init)
        #expect(claims[0].id != claims[1].id)
        for (request, claim) in zip(requests, claims) {
            #expect(request.all("X-Request-ID") == [claim.id])
            #expect(claim.text("aud") == "api")
            let target = request.requestLine.split(separator: " ")[1]
            #expect(claim.values.values.contains { $0 as? String == String(target) })
        }
        #expect(claims[0].text("bd") == claims[1].text("bd"))
        #expect(claims[0].text("bd") != claims[2].text("bd"))
        #expect(requests[0].requestLine == "POST /x?y=1 HTTP/1.1")
        #expect(requests[2].all("Content-Length") == ["3"])
        #expect(requests[2].body == Array("abc".utf8))
    }

    /// The claims of a request's assertion; its signature is the business of other tests.
    struct Assertion {
        let values: [String: Any]

        init(_ request: RecorderUpstream.Request) throws {
            let all = request.all("Ringfence-Assertion")
            try #require(all.count == 1)
            let parts = all[0].split(separator: ".")
            try #require(parts.count == 3)
            var text = parts[1].replacingOccurrences(of: "-", with: "+")
                .replacingOccurrences(of: "_", with: "/")
            while text.utf8.count % 4 != 0 { text += "=" }
            let data = try #require(Data(base64Encoded: text))
            let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            values = try #require(object)
        }

        func text(_ name: String) -> String? { values[name] as? String }
        var id: String { text("jti") ?? text("rid") ?? "" }
    }
}
