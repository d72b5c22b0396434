import Foundation
import HTTP1
import Policy
import TestSupport
import Testing

@testable import Backend

/// A backend on a database that opens for seals only.
@Suite struct `The seal` {
    let backend: RunningBackend
    let acme: Tenant
    let globex: Tenant

    init() throws {
        backend = try RunningBackend.shared()
        acme = try backend.makeTenant()
        globex = try backend.makeTenant()
    }

    private func ask(
        _ seals: Gateway.Seals, as scope: Gateway.Scope? = nil, _ target: String = "/v1/events"
    ) throws -> (answer: RawResponse, log: String) {
        let id = UUID().uuidString.lowercased()
        let answer = try backend.send(
            "GET", target, as: scope ?? acme.scope, gateway: Gateway(seals: seals), requestID: id)
        // Before it is believed, a request has no name in the log.
        let isBelieved = answer.code != "assertion.seal"
        let line = try isBelieved ? #require(backend.logLines(of: id).first) : ""
        return (answer, line)
    }

    @Test(arguments: ["sealed", "statement"])
    func `opens every endpoint, for its own subject`(_ context: String) throws {
        let isShared = context == "sealed"
        let backend = isShared ? backend : try RunningBackend(context: context)
        let acme = isShared ? acme : try backend.makeTenant()
        let globex = isShared ? globex : try backend.makeTenant()
        let sent = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a.b","payload":{"n":1}}"#, as: acme.scope)
        #expect(sent.status == 202 && sent.only("Ringfence-Tenant") == acme.id)
        let event = try #require(sent.json["id"] as? String)
        #expect(try backend.send("GET", "/v1/events/\(event)", as: acme.scope).status == 200)
        #expect(try backend.send("GET", "/v1/events/\(event)", as: globex.scope).status == 404)
        #expect(try backend.send("GET", "/v1/events", as: globex.scope).data.isEmpty)
        let place = "/v1/tenants/\(acme.externalID)"
        for (method, target, body, status) in [
            ("GET", "/v1/tenants", nil, 200), ("GET", place, nil, 200),
            ("PATCH", place, #"{"name":"New"}"#, 200),
            ("POST", place + "/keys", #"{"name":"k"}"#, 201), ("GET", place + "/keys", nil, 200),
            ("POST", place + "/revocations", "{}", 201),
            (
                "POST", "/v1/events",
                #"{"topic":"a","payload":{},"customerExternalId":"\#(acme.externalID)"}"#, 202
            ),
        ] as [(String, String, String?, Int)] {
            let answer = try backend.send(method, target, body: body, as: .vendor())
            #expect(answer.status == status, "\(method) \(target): \(answer.text)")
        }
        #expect(try backend.send("GET", "/v1/events", as: acme.scope).data.count == 2)
        let other = try backend.makeTenant()
        let deleted = try backend.send("DELETE", "/v1/tenants/\(other.externalID)", as: .vendor())
        #expect(deleted.status == 204, "\(deleted.text)")
        let late = try backend.send(
            "GET", "/v1/events", as: acme.scope, gateway: Gateway(seals: .expiring(-2)))
        #expect(late.status == 503 && late.code == "database.seal", "\(late.text)")
        let none = try backend.send(
            "GET", "/v1/events", as: acme.scope, gateway: Gateway(seals: .none))
        #expect(none.status == 401 && none.code == "assertion.seal", "\(none.text)")
        let foreign = try backend.send(
            "GET", "/v1/events", as: acme.scope, gateway: Gateway(seals: .of(globex.scope)))
        #expect(foreign.code == "assertion.seal")
        #expect(try backend.send("GET", "/v1/events", as: acme.scope).data.count == 2)
    }

    @Test func `that is missing, misshapen or somebody else's is 401 and said so in the log`()
        throws
    {
        let good = try seal(for: acme.scope)
        let wrong: [(Gateway.Seals, Gateway.Scope, String)] = [
            (.none, acme.scope, "seal.missing"), (.none, .vendor(), "seal.missing"),
            (.text("s1"), acme.scope, "seal.form"), (.text(good + "0"), acme.scope, "seal.form"),
            (.text(good.uppercased()), acme.scope, "seal.form"),
            (.of(globex.scope), acme.scope, "seal.subject"),
            (.of(.vendor()), acme.scope, "seal.subject"),
            (.of(acme.scope), .vendor(), "seal.subject"),
            (.of(.vendor("another")), .vendor(), "seal.subject"),
        ]
        for (seals, scope, defect) in wrong {
            let lines = logLines(defect)
            let answer = try backend.send(
                "GET", scope.isVendor ? "/v1/tenants" : "/v1/events", as: scope,
                gateway: Gateway(seals: seals))
            #expect(answer.status == 401 && answer.code == "assertion.seal", "\(answer.text)")
            #expect(answer.all("Ringfence-Tenant").isEmpty)
            try eventually("a line that says \(defect)") {
                logLines(defect) > lines
            }
        }
    }

    private func logLines(_ defect: String) -> Int {
        backend.process.output.split(separator: "\n").count {
            $0.contains(#""defect":"\#(defect)""#) && $0.contains(#""code":"assertion.seal""#)
        }
    }

    private func seal(for scope: Gateway.Scope) throws -> String {
        var out = ByteBuffer(capacityMax: 200)
        try Gateway.mint(
            #require(backend.sealKey), scope, now: Int64(Date().timeIntervalSince1970), into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `that the database does not take is 503, and nothing was done`() throws {
        let key = try #require(backend.sealKey)
        let parts = key.split(separator: ":").map(String.init)
        let zeros = String(repeating: "0", count: 64)
        for seals in [
            .key("rfseal1:\(parts[1]):\(parts[2]):\(zeros)"),
            .key("rfseal1:z000:\(parts[2]):\(parts[3].prefix(64))"),
            .key("rfseal1:\(parts[1]):otherdb:\(parts[3].prefix(64))"),
            .expiring(-2), .expiring(400),
        ] as [Gateway.Seals] {
            let (answer, log) = try ask(seals)
            #expect(answer.status == 503 && answer.code == "database.seal", "\(answer.text)")
            // The gateway compares it: it would make 502 of an answer for nobody.
            #expect(answer.only("Ringfence-Tenant") == acme.id)
            #expect(log.contains(#""code":"database.seal""#) && !log.contains("s1k"), "\(log)")
        }
        let vendor = try ask(.expiring(-2), as: .vendor(), "/v1/tenants").answer
        #expect(vendor.status == 503 && vendor.code == "database.seal")
        // Their connections are replaced; the next request finds one.
        #expect(try ask(.right).answer.status == 200)
    }

    @Test func `of the assertion's key alone opens nothing`() throws {
        // A backend whose assertion key leaked: whoever has it can claim to be anybody, and the
        // database opens for nobody.
        for seals in [Gateway.Seals.none, .text(String(repeating: "0", count: 117))] {
            #expect(try ask(seals).answer.status == 401)
        }
        let (answer, _) = try ask(
            .key(
                "rfseal1:z000:\(#require(backend.database).name):"
                    + String(repeating: "0", count: 64)))
        #expect(answer.status == 503)
    }

    @Test func `of a key that is retired is refused from then on`() throws {
        let config = "\(backend.folder.path)/backend.yaml"
        let second = try RunningBackend.makeSealKey(
            "second.\(UUID().uuidString).key", backend.folder, config)
        #expect(try ask(.key(second)).answer.status == 200)
        let kid = try #require(second.split(separator: ":").dropFirst().first)
        let retired = try RunningBackend.run(
            ["db", "seal-key", "retire", String(kid), "--config", config])
        #expect(retired.end == .exited(0), "\(retired.errorOutput)")
        #expect(try ask(.key(second)).answer.code == "database.seal")
        #expect(try ask(.right).answer.status == 200)
    }

    // MARK: The feed

    private func feed(_ vendors: [String], seals: String?) throws -> RawResponse {
        var fields = ["Authorization: Bearer \(RunningBackend.feedSecret)"]
        if let seals { fields.append("Ringfence-Seal: \(seals)") }
        let parts = vendors.map { "&vendor=\($0)&since=0&head=0&mark=" }.joined()
        return try backend.feed("/feed?wait=0" + parts, fields: fields)
    }

    @Test func `of each vendor is asked of the feed, in the vendors' order`() throws {
        let other = try backend.makeTenant(vendor: "seal-vendor")
        let (one, two) = (try seal(for: .vendor()), try seal(for: .vendor("seal-vendor")))
        let page = try feed(["default", "seal-vendor"], seals: "\(one),\(two)")
        #expect(page.status == 200)
        #expect(page.text.contains(acme.id) && page.text.contains(other.id))
        let own = try feed(["seal-vendor"], seals: two)
        #expect(own.status == 200 && own.text.contains(other.id) && !own.text.contains(acme.id))
        for (vendors, seals) in [
            (["default"], nil), (["default"], ""), (["default"], two),
            (["default", "seal-vendor"], "\(two),\(one)"), (["default", "seal-vendor"], one),
            (["default"], "\(one),\(two)"), (["default"], try seal(for: acme.scope)),
        ] as [([String], String?)] {
            let answer = try feed(vendors, seals: seals)
            #expect(answer.status == 401 && answer.code == "assertion.seal", "\(answer.text)")
        }
        let forged = one.dropLast(4) + (one.hasSuffix("0000") ? "1111" : "0000")
        let refused = try feed(["default"], seals: String(forged))
        #expect(refused.status == 503 && refused.code == "database.seal", "\(refused.text)")
    }
}

extension Gateway.Scope {
    var isVendor: Bool {
        if case .vendor = self { return true }
        return false
    }
}

@Suite struct `The seal where nobody asks for it` {
    @Test func `may be there before the database goes by it`() throws {
        let backend = try RunningBackend.sharedPlain()
        let tenant = try backend.makeTenant()
        let vouched = Gateway.Vouched(method: "GET", target: "/v1/events")
        let key = "rfseal1:k001:somewhere:" + String(repeating: "ab", count: 32)
        let assertion = try Gateway().assertion(vouched, for: tenant.scope, sealKey: key)
        let client = try RawClient(port: backend.apiPort)
        try client.send(
            RunningBackend.head(
                "GET", "/v1/events", ["Ringfence-Assertion: \(assertion)"], body: []))
        #expect(try client.readResponse().status == 200)
    }
}
