import Foundation
import TestSupport
import Testing

/// Targets that cannot be attacked, or not for long.
@Suite struct `Attacks on targets in trouble` {
    /// Answers by the token it is sent, and for a spoofed tenant.
    private static func answer(_ request: RecorderUpstream.Request) throws
        -> RecorderUpstream.Answer
    {
        let token = request.all("Authorization").first ?? ""
        let material = try Material.get()
        if token.hasSuffix(material.acme) { return .response(200, #"{"order":"anvil-1234"}"#) }
        if token.hasSuffix(material.globex) { return .response(200, #"{"order":"lamp-5678"}"#) }
        return .response(401, "")
    }

    @Test func `nobody listens`() throws {
        let run = try AttackSite.attack("http://127.0.0.1:\(try ReservedPort.choose())/", [])
        #expect(run.code == .exited(4))
        #expect(run.errors.contains("cannot be reached"))
        #expect(run.output == "")
    }

    @Test func `its authority is unknown`() throws {
        let site = try AttackSite.get()
        let run = try site.attackGateway(["--get", "/v1/orders"], ca: "wrong.crt")
        #expect(run.code == .exited(4))
        #expect(run.errors.contains("TLS is not valid"))
    }

    @Test func `words that make no sense`() throws {
        let site = try AttackSite.get()
        let place = site.material.folder.path
        let url = "http://127.0.0.1:\(site.port)/v1/orders"
        let literal = "\(site.material.acme),\(site.material.globex)"
        #expect(try AttackSite.attack(url, [], tokens: literal).code == .exited(64))
        let same = "file:\(place)/acme.token,file:\(place)/acme.token"
        #expect(try AttackSite.attack(url, [], tokens: same).code == .exited(64))
        let opaque = try site.material.folder.write("rf_key_0123456789\n", to: "opaque")
        let pair = "file:\(opaque),file:\(place)/globex.token"
        let nameless = try AttackSite.attack(url, [], tokens: pair)
        #expect(nameless.code == .exited(64))
        #expect(nameless.errors.contains("--tenants"))
        #expect(!nameless.errors.contains("rf_key"))
        for words in [["--rate", "0"], ["--get", "orders"], ["--time", "5"], ["--unknown"]] {
            #expect(try AttackSite.attack(url, words).code == .exited(64), "\(words)")
        }
        #expect(try AttackSite.attack("ftp://x/", []).code == .exited(64))
    }

    @Test func `the attacker's own token is not good`() throws {
        let server = try RecorderUpstream { _ in .response(401, "") }
        let run = try AttackSite.attack("http://127.0.0.1:\(server.port)/", [])
        #expect(run.code == .exited(1))
        #expect(run.findings.first?["reason"] as? String == "A's own request is answered 401")
    }

    @Test func `both tenants get the same`() throws {
        let server = try RecorderUpstream { _ in .response(200, "hello") }
        let run = try AttackSite.attack("http://127.0.0.1:\(server.port)/", [])
        #expect(run.code == .exited(1))
        #expect("\(run.findings)".contains("nothing can be told"))
    }

    @Test func `refusals that begin to be for everything prove nothing`() throws {
        let count = Turns()
        let server = try RecorderUpstream { request in
            count.next() < 20 ? (try? Self.answer(request)) ?? .reset : .response(403, "")
        }
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--only", "header"])
        #expect(run.code == .exited(1))
        #expect("\(run.findings)".contains("no longer has the answer it had"))
        #expect(run.vectors("LEAK") == [])
        let refused = run.vectors("REFUSED")
        #expect(refused == [], "\(refused)")
    }

    @Test func `429 is waited for`() throws {
        let count = Turns()
        let server = try RecorderUpstream { request in
            count.next() == 7
                ? .response(429, "", fields: ["Retry-After: 1"])
                : (try? Self.answer(request)) ?? .reset
        }
        let start = Date()
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--only", "header.plain,header.lower"])
        #expect(run.code == .exited(0), "\(run.output)")
        #expect(-start.timeIntervalSinceNow >= 1)
    }

    @Test func `no more requests in a second than allowed`() throws {
        let server = try RecorderUpstream { (try? Self.answer($0)) ?? .reset }
        let start = Date()
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--only", "header.plain"], rate: 10)
        let requests = try #require(run.report["requests"] as? Int)
        #expect(requests >= 8)
        #expect(-start.timeIntervalSinceNow >= Double(requests - 1) * 0.1)
    }

    @Test func `what changes by itself is found out, also late`() throws {
        let count = Turns()
        let server = try RecorderUpstream { request in
            guard case .bytes? = try? Self.answer(request) else { return .reset }
            let isOwn = request.headText.contains((try? Material.get().acme) ?? "?")
            let order = isOwn ? "anvil-1234" : "lamp-5678"
            return .response(200, "{\"order\":\"\(order)\",\"hour\":\(count.next() / 15)}")
        }
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--only", "header"])
        #expect(run.code == .exited(0), "\(run.output)")
        #expect(run.vectors("ISOLATED").count > 25)
    }

    @Test func `API keys in a field of their own, and tenants by name`() throws {
        let folder = try TemporaryFolder()
        let own = try folder.write("key-of-acme-000001\n", to: "a")
        let foreign = try folder.write("key-of-globex-000001\n", to: "b")
        let server = try RecorderUpstream { request in
            let key = request.all("X-API-Key").first ?? ""
            guard key.hasSuffix("-000001"), request.all("Authorization") == [] else {
                return .response(401, "")
            }
            let isOwn = key.contains("acme") && request.all("X-Org-ID").isEmpty
            return .response(200, isOwn ? "anvil-1234" : "lamp-5678")
        }
        let url = "http://127.0.0.1:\(server.port)/"
        let run = try AttackSite.attack(
            url,
            [
                "--credential", "X-API-Key: {token}", "--tenants", "acme,globex", "--names",
                "org_id", "--only", "header,token",
            ], tokens: "file:\(own),file:\(foreign)")
        #expect(run.code == .exited(5), "\(run.errors)")
        #expect(run.vectors("LEAK").isSuperset(of: ["header.plain", "header.upper"]))
        #expect(!run.families("LEAK").contains("token"))
        #expect(!run.output.contains("key-of-acme"))
    }

    @Test func `what there is no time for is not proven`() throws {
        let server = try RecorderUpstream { (try? Self.answer($0)) ?? .reset }
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--time", "12s"], rate: 3)
        #expect(run.code == .exited(1))
        #expect("\(run.findings)".contains("out of time"))
    }

    @Test func `answers that are none, and answers without end`() throws {
        let count = Turns()
        let server = try RawServer { client in
            let head = try client.read(through: "\r\n\r\n")
            let request = String(decoding: head, as: UTF8.self)
            let material = try Material.get()
            let number = count.next()
            if number >= 6, number % 3 == 0 {
                try client.send("not HTTP at all\r\n\r\n")
            } else if number >= 6, number % 3 == 1 {
                try client.send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 2 << 20))
            } else {
                let body = request.contains(material.acme) ? "anvil-1234" : "lampe-5678"
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\(body)")
            }
        }
        let run = try AttackSite.attack(
            "http://127.0.0.1:\(server.port)/", ["--only", "header"])
        #expect(run.code == .exited(1), "\(run.errors)")
        #expect(run.vectors("LEAK") == [])
        #expect("\(run.findings)".contains("not HTTP"))
    }
}

/// Counts from 0, for scripts that run on many threads.
private final class Turns: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func next() -> Int {
        lock.withLock {
            defer { count += 1 }
            return count
        }
    }
}
