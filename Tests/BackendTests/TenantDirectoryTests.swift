import Foundation
import TestSupport
import Testing

/// What a vendor does with a tenant's domains, keys and tokens, and what the feed makes of it.
@Suite struct `The directory of a vendor` {
    let backend: RunningBackend
    let vendor = "v-" + UUID().uuidString.lowercased()
    init() throws { backend = try RunningBackend.shared() }

    private func ask(
        _ method: String, _ target: String, _ body: String? = nil
    ) throws -> RawResponse {
        try backend.send(method, target, body: body, as: .vendor(vendor))
    }

    /// The lines of one page of the feed.
    private func feed(
        since: Int = 0, head: Int = 0, mark: String = "", wait: Int = 0
    ) throws -> [[String: Any]] {
        let page = try backend.feed(
            "/feed?wait=\(wait)&vendor=\(vendor)&since=\(since)&head=\(head)&mark=\(mark)")
        try #require(page.status == 200, "\(page.text)")
        return try page.text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }

    // MARK: Keys

    @Test func `K2 a key is shown once and kept as a digest`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let made = try ask(
            "POST", "/v1/tenants/acme/keys",
            #"{"name":"CI","scopes":["read","events:write"],"expires_at":"2099-01-31T00:00:00Z"}"#)
        #expect(made.status == 201, "\(made.text)")
        let key = try #require(made.json["key"] as? String)
        let id = try #require(made.json["id"] as? String)
        #expect(key.hasPrefix("rf_live_\(id)_") && key.utf8.count == 77)
        #expect(made.json["scopes"] as? [String] == ["events:write", "read"])
        #expect(made.json["expires_at"] as? String == "2099-01-31T00:00:00.000Z")
        let list = try ask("GET", "/v1/tenants/acme/keys")
        #expect(list.data.compactMap { $0["id"] as? String } == [id])
        #expect(!list.text.contains(key) && !list.text.contains("digest"))
        #expect(try !backend.look("SELECT * FROM ringfence.api_keys").contains(key.suffix(52)))
        let line = try #require(feed().first { $0["key"] as? String == id })
        #expect(line["tenant"] as? String == tenant.id)
        #expect((line["digest"] as? String)?.utf8.count == 64)
        #expect(line["scopes"] as? [String] == ["events:write", "read"])
        #expect(line["expires"] as? Int == 4_073_500_800 && line["revoked"] == nil)
        #expect(try ask("DELETE", "/v1/tenants/acme/keys/\(id)").status == 204)
        let after = try #require(feed().first { $0["key"] as? String == id })
        #expect(after["revoked"] as? Bool == true)
    }

    @Test func `a key's role is told to gateways, and one without has none`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let made = try ask(
            "POST", "/v1/tenants/acme/keys", #"{"name":"CI","role":"loader"}"#)
        #expect(made.json["role"] as? String == "loader", "\(made.text)")
        let plain = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"plain"}"#)
        #expect(plain.status == 201 && plain.json["role"] is NSNull, "\(plain.text)")
        let keys = try feed().filter { $0["key"] != nil }
        #expect(keys.compactMap { $0["role"] as? String } == ["loader"])
        #expect(keys.count == 2)
        let listed = try ask("GET", "/v1/tenants/acme/keys").data
        #expect(Set(listed.map { $0["role"] as? String }) == ["loader", nil])
        let audit = try backend.look("SELECT detail FROM ringfence.audit")
        #expect(audit.contains(#""role":"loader""#))
    }

    @Test func `a key of another tenant, or of nobody, is not there`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        _ = try backend.makeTenant("globex", vendor: vendor)
        let made = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#)
        let id = try #require(made.json["id"] as? String)
        for target in ["globex/keys/\(id)", "acme/keys/nobody", "acme/keys/a%20b", "nobody/keys/x"]
        {
            #expect(try ask("DELETE", "/v1/tenants/\(target)").code == "resource.not_found")
        }
        let other = Gateway.Scope.vendor("other-" + vendor)
        let far = try backend.send("DELETE", "/v1/tenants/acme/keys/\(id)", as: other)
        #expect(far.code == "resource.not_found")
        let scope = try backend.makeTenant("t", vendor: vendor).scope
        let own = try backend.send("GET", "/v1/tenants/t/keys", as: scope)
        #expect(own.code == "scope.required")
    }

    @Test(arguments: [
        "{}", #"{"name":""}"#, #"{"name":"x","scopes":"read"}"#, #"{"name":"x","scopes":["a b"]}"#,
        #"{"name":"x","scopes":[1]}"#, #"{"name":"x","scopes":[""]}"#,
        #"{"name":"x","role":""}"#, #"{"name":"x","role":"a b"}"#, #"{"name":"x","role":[]}"#,
        #"{"name":"x","expires_at":"2020-01-01T00:00:00Z"}"#,
        #"{"name":"x","expires_at":"2099-02-29T00:00:00Z"}"#,
        #"{"name":"x","expires_at":"2099-01-01"}"#, #"{"name":"x","key":"rf_live_mine"}"#,
    ])
    func `a key that is not asked for properly is not made`(_ body: String) throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let answer = try ask("POST", "/v1/tenants/acme/keys", body)
        #expect((answer.status, answer.code) == (422, "input.invalid"), "\(answer.text)")
    }

    @Test func `a tenant has a hundred keys at most`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        for _ in 0..<100 {
            #expect(try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#).status == 201)
        }
        let more = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#)
        #expect((more.status, more.code) == (409, "resource.limit"))
    }

    // MARK: Domains

    @Test func `domains are kept in one spelling and given to one tenant of all vendors`() throws {
        let tag = UUID().uuidString.lowercased()
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let body = #"{"domains":["WWW.\#(tag).example.","a.\#(tag).example"]}"#
        let changed = try ask("PATCH", "/v1/tenants/acme", body)
        #expect(changed.json["domains"] as? [String] == ["a.\(tag).example", "www.\(tag).example"])
        let line = try #require(feed().first { $0["tenant"] as? String == tenant.id })
        #expect(line["domains"] as? [String] == ["a.\(tag).example", "www.\(tag).example"])
        let other = Gateway.Scope.vendor("other-" + vendor)
        _ = try backend.makeTenant("acme", vendor: "other-" + vendor)
        let taken = try backend.send(
            "PATCH", "/v1/tenants/acme", body: #"{"domains":["www.\#(tag).example"],"name":"n"}"#,
            as: other)
        #expect((taken.status, taken.code) == (409, "resource.conflict"))
        // Nothing of it was done.
        let read = try backend.send("GET", "/v1/tenants/acme", as: other)
        #expect(read.json["name"] as? String == "A tenant")
        #expect(read.json["domains"] as? [String] == [])
        // Given up, it may be another's.
        #expect(try ask("PATCH", "/v1/tenants/acme", #"{"domains":[]}"#).status == 200)
        let free = try backend.send(
            "PATCH", "/v1/tenants/acme", body: #"{"domains":["www.\#(tag).example"]}"#, as: other)
        #expect(free.status == 200)
    }

    @Test(arguments: [
        #"["localhost"]"#, #"["*.example.com"]"#, #"["a..example.com"]"#, #"["1.2.3.4"]"#,
        #"["bücher.example"]"#, #"["a.example.com:443"]"#, #"[1]"#, #""a.example.com""#, #"[""]"#,
    ])
    func `what is no host name is no domain`(_ list: String) throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let answer = try ask("PATCH", "/v1/tenants/acme", #"{"domains":\#(list)}"#)
        #expect((answer.status, answer.code) == (422, "input.invalid"), "\(answer.text)")
    }

    // MARK: Deleting, voiding

    @Test func `N5 a deleted tenant leaves a tombstone`() throws {
        let tag = UUID().uuidString.lowercased()
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        _ = try ask("PATCH", "/v1/tenants/acme", #"{"domains":["\#(tag).example"]}"#)
        _ = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#)
        #expect(try ask("DELETE", "/v1/tenants/acme").status == 204)
        #expect(try ask("DELETE", "/v1/tenants/acme").status == 404)
        for (method, target, body) in [
            ("GET", "", nil), ("PATCH", "", #"{"state":"active"}"#), ("GET", "/keys", nil),
            ("POST", "/keys", #"{"name":"x"}"#), ("POST", "/revocations", "{}"),
        ] as [(String, String, String?)] {
            let answer = try ask(method, "/v1/tenants/acme\(target)", body)
            #expect(answer.code == "resource.not_found", "\(method) \(target)")
        }
        let again = try ask(
            "POST", "/v1/tenants", #"{"external_id":"acme","name":"x","tier":"SCALE"}"#)
        #expect(again.code == "resource.conflict")
        let lines = try feed()
        let line = try #require(lines.first { $0["name"] as? String == "acme" })
        #expect(line["state"] as? String == "deleted" && line["domains"] == nil)
        #expect(lines.contains { $0["key"] != nil && $0["revoked"] as? Bool == true })
        let refused = try backend.send("GET", "/v1/events", as: tenant.scope)
        #expect(refused.code == "tenant.unknown")
    }

    @Test func `tokens are voided by a moment, or one by one`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let before = Int(Date().timeIntervalSince1970)
        let all = try ask("POST", "/v1/tenants/acme/revocations", "{}")
        #expect(all.status == 201, "\(all.text)")
        let line = try #require(feed().first { $0["tenant"] as? String == tenant.id })
        let moment = try #require(line["void_before"] as? Int)
        #expect(moment > before && moment <= Int(Date().timeIntervalSince1970) + 1)
        let one = try ask("POST", "/v1/tenants/acme/revocations", #"{"jti":"a-1"}"#)
        #expect(one.status == 201)
        // The first 128 bits of SHA-256 of `a-1`.
        let revoked = try feed().compactMap { $0["revoked_token"] as? String }
        #expect(revoked.count == 1 && revoked[0].utf8.count == 32)
        #expect(try ask("POST", "/v1/tenants/acme/revocations", #"{"jti":""}"#).status == 422)
        let odd = #"{"expires_at":"2099-01-01T00:00:00Z"}"#
        #expect(try ask("POST", "/v1/tenants/acme/revocations", odd).status == 422)
    }

    @Test func `features are kept sorted, each once`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let body = #"{"features":["null","beta","beta"]}"#
        let changed = try ask("PATCH", "/v1/tenants/acme", body)
        #expect(changed.json["features"] as? [String] == ["beta", "null"])
        let line = try #require(feed().first { $0["tenant"] as? String == tenant.id })
        #expect(line["features"] as? [String] == ["beta", "null"])
    }

    @Test func `each crossing into a tenant has its audit row`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let made = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#)
        _ = try ask("DELETE", "/v1/tenants/acme/keys/\(made.json["id"] as? String ?? "")")
        _ = try ask("POST", "/v1/tenants/acme/revocations", "{}")
        _ = try ask("DELETE", "/v1/tenants/acme")
        let actions = try backend.look(
            "SELECT action FROM ringfence.audit WHERE tenant_id = '\(tenant.id)' ORDER BY id")
        #expect(
            actions.split(separator: "\n").map(String.init) == [
                "tenant.create", "key.create", "key.revoke", "tokens.revoke", "tenant.delete",
            ])
    }

    // MARK: The feed

    @Test func `a position goes on, and one of another history begins again`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        _ = try backend.makeTenant("globex", vendor: vendor)
        let first = try feed()
        let head = try #require(first[0]["head"] as? Int)
        let mark = try #require(first[0]["mark"] as? String)
        #expect(first[0]["reset"] as? Bool == true && first[0]["tenants"] as? Int == 2)
        #expect(first.count == 4 && first[3]["end"] as? Int == head)
        let nothing = try feed(since: head, head: head, mark: mark)
        #expect(nothing.count == 2 && nothing[0]["reset"] == nil)
        _ = try ask("PATCH", "/v1/tenants/acme", #"{"state":"suspended"}"#)
        let news = try feed(since: head, head: head, mark: mark)
        #expect(news.count == 3 && news[1]["state"] as? String == "suspended")
        for (since, known, word) in [
            (head, head, "00000000-0000-0000-0000-000000000000"), (head + 9, head + 9, mark),
            (head, 0, ""),
        ] where known >= since {
            let again = try feed(since: since, head: known, mark: word)
            #expect(again[0]["reset"] as? Bool == true, "\(since) \(word)")
        }
    }

    @Test func `a question that finds nothing new is held until there is something`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let first = try feed()
        let head = try #require(first[0]["head"] as? Int)
        let mark = try #require(first[0]["mark"] as? String)
        // A busy machine makes some late; none is earlier than what it waits for.
        var (place, word, quickest) = (head, mark, Double.infinity)
        for number in 0..<10 where quickest > 6 {
            let start = Date()
            let late = DispatchQueue(label: "late")
            late.asyncAfter(deadline: .now() + 0.5) { [backend, vendor] in
                _ = try? backend.makeTenant("globex\(number)", vendor: vendor)
            }
            var news = try feed(since: place, head: place, mark: word, wait: 8_000)
            for _ in 0..<15 where news.count == 2 {
                news = try feed(since: place, head: place, mark: word, wait: 8_000)
            }
            let took = Date().timeIntervalSince(start)
            quickest = min(quickest, took)
            #expect(news.count == 3 && news[1]["name"] as? String == "globex\(number)")
            #expect(took > 0.4)
            place = try #require(news[0]["head"] as? Int)
            word = try #require(news[0]["mark"] as? String)
        }
        #expect(quickest <= 6, "held for 8 seconds, whatever there was")
        #expect(try feed(since: place, head: place, mark: word, wait: 300).count == 2)
    }

    @Test func `a page ends at its head, whatever is committed while it is read`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let stopped = DispatchSemaphore(value: 0)
        let writer = DispatchQueue(label: "writer")
        writer.async { [backend, vendor] in
            for number in 0..<60 {
                _ = try? backend.send(
                    "PATCH", "/v1/tenants/acme", body: #"{"name":"n\#(number)"}"#,
                    as: .vendor(vendor))
            }
            stopped.signal()
        }
        var (position, head, mark) = (0, 0, "")
        var resets = 0
        repeat {
            let page = try feed(since: position, head: head, mark: mark)
            let known = try #require(page[0]["head"] as? Int)
            let end = try #require(page.last?["end"] as? Int)
            #expect(end <= known)
            if page[0]["reset"] as? Bool == true { resets += 1 }
            (position, head, mark) = (end, known, page[0]["mark"] as? String ?? "")
        } while stopped.wait(timeout: .now()) == .timedOut
        #expect(resets == 1)
    }

    @Test func `two vendors' feeds do not meet`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let other = "other-" + vendor
        _ = try backend.makeTenant("globex", vendor: other)
        #expect(try !feed().contains { $0["name"] as? String == "globex" })
        let both = try backend.feed(
            "/feed?wait=0&vendor=\(vendor)&since=0&head=0&mark="
                + "&vendor=\(other)&since=0&head=0&mark="
        )
        #expect(both.text.contains("acme") && both.text.contains("globex"))
        #expect(both.text.components(separatedBy: "\"feed\"").count == 3)
    }

    @Test(arguments: [
        "/feed", "/feed?", "/feed?wait=0", "/feed?wait=0&vendor=v&since=0&head=0",
        "/feed?wait=x&vendor=v&since=0&head=0&mark=", "/feed?wait=0&vendor=&since=0&head=0&mark=",
        "/feed?wait=0&vendor=v&since=-1&head=0&mark=", "/feed?wait=0&vendor=v&since=2&head=1&mark=",
        "/feed?wait=0&since=0&vendor=v&head=0&mark=",
        "/feed?wait=0&vendor=v&since=0&head=9999999999999999999&mark=",
    ])
    func `a question that is none is refused`(_ target: String) throws {
        #expect(try backend.feed(target).status == 422)
    }

    @Test func `without the secret nothing is told`() throws {
        let target = "/feed?wait=0&vendor=\(vendor)&since=0&head=0&mark="
        for fields in [
            [], ["Authorization: Bearer nonsense"], ["Authorization: \(RunningBackend.feedSecret)"],
            [
                "Authorization: Bearer \(RunningBackend.feedSecret)",
                "Authorization: Bearer \(RunningBackend.feedSecret)",
            ],
        ] {
            #expect(try backend.feed(target, fields: fields).status == 401, "\(fields)")
        }
        #expect(try backend.feed("/other").status == 404)
    }
}
