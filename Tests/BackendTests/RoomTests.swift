import Foundation
import Synchronization
import TestSupport
import Testing

/// What one vendor, and one tenant, may take of the directory.
@Suite struct `Room in the directory` {
    private static let small = Result {
        try RunningBackend(
            workers: 4,
            directory: "{vendor: {tenants: 4, domains: 5, keys: 3, revocations: 3}, "
                + "tenant: {domains: 3, keys: 2, revocations: 2}}")
    }
    let backend: RunningBackend
    let vendor = "v-" + UUID().uuidString.lowercased()
    init() throws { backend = try Self.small.get() }

    private func ask(
        _ method: String, _ target: String, _ body: String? = nil, as vendor: String? = nil
    ) throws -> RawResponse {
        try backend.send(method, target, body: body, as: .vendor(vendor ?? self.vendor))
    }

    /// Asks several times at once and answers the codes; those that were done have none.
    private func race(
        _ count: Int, _ request: @escaping @Sendable (Int) throws -> RawResponse
    ) throws -> [String] {
        let codes = Mutex<[String]>([])
        inThreads(count) { number in
            let code: String
            do {
                let answer = try request(number)
                code = answer.status == 201 ? "" : "\(answer.status) \(answer.code ?? "")"
            } catch {
                code = "\(error)"
            }
            codes.withLock { $0.append(code) }
        }
        return codes.withLock { $0 }.sorted()
    }

    private func counts() throws -> String {
        try backend.look(
            """
            SELECT bool_and(
                f.tenants = (SELECT count(*) FROM ringfence.tenants t
                    WHERE t.vendor_id = f.vendor_id)
                AND f.domains = (SELECT count(*) FROM ringfence.domains d
                    WHERE d.vendor_id = f.vendor_id)
                AND f.keys = (SELECT count(*) FROM ringfence.api_keys k
                    WHERE k.vendor_id = f.vendor_id)
                AND f.revocations = (SELECT count(*) FROM ringfence.revocations r
                    WHERE r.vendor_id = f.vendor_id)
            ) FROM ringfence.feeds f
            """)
    }

    @Test func `the last tenant's place is given once, and other vendors have their own`() throws {
        let (backend, vendor) = (backend, vendor)
        for name in ["one", "two"] { _ = try backend.makeTenant(name, vendor: vendor) }
        let codes = try race(8) { number in
            try backend.send(
                "POST", "/v1/tenants",
                body: #"{"external_id":"t\#(number)","name":"x","tier":"SCALE"}"#,
                as: .vendor(vendor))
        }
        #expect(codes == ["", ""] + Array(repeating: "409 resource.limit", count: 6))
        // A name that is taken is told so; one whose tenant was deleted takes its place for ever.
        let body = #"{"external_id":"one","name":"x","tier":"SCALE"}"#
        #expect(try ask("POST", "/v1/tenants", body).code == "resource.conflict")
        #expect(try ask("DELETE", "/v1/tenants/one").status == 204)
        let more = try ask("POST", "/v1/tenants", body.replacingOccurrences(of: "one", with: "new"))
        #expect((more.status, more.code) == (409, "resource.limit"))
        #expect(more.text.contains("at most 4 tenants, deleted ones included"), "\(more.text)")
        #expect(try ask("GET", "/v1/tenants").data.count == 3)
        _ = try backend.makeTenant("new", vendor: "other-" + vendor)
        #expect(try counts() == "t")
    }

    @Test func `the last key's place is given once, of a tenant and of a vendor`() throws {
        let (backend, vendor) = (backend, vendor)
        for name in ["acme", "globex"] { _ = try backend.makeTenant(name, vendor: vendor) }
        func make(_ tenant: String) throws -> [String] {
            try race(6) { _ in
                try backend.send(
                    "POST", "/v1/tenants/\(tenant)/keys", body: #"{"name":"x"}"#,
                    as: .vendor(vendor))
            }
        }
        let refused = "409 resource.limit"
        #expect(try make("acme") == ["", ""] + Array(repeating: refused, count: 4))
        #expect(try make("globex") == [""] + Array(repeating: refused, count: 5))
        // A tenant has room again when a key was revoked; the vendor's is kept meanwhile.
        let keys = try ask("GET", "/v1/tenants/acme/keys").data
        let id = try #require(keys.first?["id"] as? String)
        #expect(try ask("DELETE", "/v1/tenants/acme/keys/\(id)").status == 204)
        let more = try ask("POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#)
        #expect(more.code == "resource.limit" && more.text.contains("of a vendor"), "\(more.text)")
        #expect(try counts() == "t")
        // Who never made a tenant is told that there is none.
        let nobody = try ask(
            "POST", "/v1/tenants/acme/keys", #"{"name":"x"}"#, as: "nobody-" + vendor)
        #expect(nobody.code == "resource.not_found")
    }

    @Test func `domains end at the tenant's bound and at the vendor's`() throws {
        let tag = UUID().uuidString.lowercased()
        for name in ["acme", "globex"] { _ = try backend.makeTenant(name, vendor: vendor) }
        func give(_ tenant: String, _ names: String...) throws -> RawResponse {
            let list = names.map { "\"\($0).\(tag).example\"" }.joined(separator: ",")
            return try ask("PATCH", "/v1/tenants/\(tenant)", #"{"domains":[\#(list)]}"#)
        }
        let four = try give("acme", "a", "b", "c", "d")
        #expect((four.status, four.code) == (409, "resource.limit"))
        #expect(try give("acme", "a", "b", "c").status == 200)
        #expect(try give("globex", "d", "e", "f").code == "resource.limit")
        #expect(try ask("GET", "/v1/tenants/globex").json["domains"] as? [String] == [])
        #expect(try give("globex", "d", "e").status == 200)
        // Others in their place, and fewer, need no room; what is given up can be had.
        #expect(try give("acme", "x", "y", "z").status == 200)
        #expect(try give("acme", "x").status == 200)
        #expect(try give("globex", "d", "e", "f").status == 200)
        #expect(try counts() == "t")
        #expect(try ask("DELETE", "/v1/tenants/globex").status == 204)
        #expect(try give("acme", "x", "d", "e").status == 200)
        #expect(try counts() == "t")
    }

    @Test func `tokens revoked one by one end at both bounds, all at once at none`() throws {
        for name in ["acme", "globex"] { _ = try backend.makeTenant(name, vendor: vendor) }
        func revoke(_ tenant: String, _ body: String) throws -> String {
            let answer = try ask("POST", "/v1/tenants/\(tenant)/revocations", body)
            return answer.status == 201 ? "" : answer.code ?? "none"
        }
        for name in ["1", "2", "2"] { #expect(try revoke("acme", #"{"jti":"\#(name)"}"#) == "") }
        #expect(try revoke("acme", #"{"jti":"3"}"#) == "resource.limit")
        #expect(try revoke("globex", #"{"jti":"4"}"#) == "")
        #expect(try revoke("globex", #"{"jti":"5"}"#) == "resource.limit")
        #expect(try revoke("acme", "{}") == "" && revoke("globex", "{}") == "")
        // A deleted tenant's tokens are nobody's.
        #expect(try ask("DELETE", "/v1/tenants/acme").status == 204)
        #expect(try revoke("globex", #"{"jti":"5"}"#) == "")
        #expect(try counts() == "t")
    }

    @Test func `a tombstone keeps the id and the name and nothing else`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let body = #"{"name":"Acme Ltd","features":["beta"],"limits":{"requests":"9/min"}}"#
        #expect(try ask("PATCH", "/v1/tenants/acme", body).status == 200)
        #expect(try ask("DELETE", "/v1/tenants/acme").status == 204)
        let left = try backend.look(
            "SELECT external_id, name, features, requests_per_minute IS NULL "
                + "FROM ringfence.tenants WHERE id = '\(tenant.id)'")
        #expect(left == "acme|(deleted)|{}|t")
    }
}

/// What is void is deleted in time, and nobody who follows the feed can miss that it was.
@Suite struct `What the directory forgets` {
    private static let brief = Result { try RunningBackend(directory: "{keep: 1s}") }
    let backend: RunningBackend
    let vendor = "v-" + UUID().uuidString.lowercased()
    init() throws { backend = try Self.brief.get() }

    private struct Place {
        var since: Int
        var head: Int
        var mark: String
    }

    private func feed(_ place: Place? = nil) throws -> (Place, isReset: Bool, text: String) {
        let page = try backend.feed(
            "/feed?wait=0&vendor=\(vendor)&since=\(place?.since ?? 0)&head=\(place?.head ?? 0)"
                + "&mark=\(place?.mark ?? "")")
        try #require(page.status == 200, "\(page.text)")
        let lines = try page.text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let (first, last) = (try #require(lines.first), try #require(lines.last))
        let next = Place(
            since: try #require(last["end"] as? Int), head: try #require(first["head"] as? Int),
            mark: try #require(first["mark"] as? String))
        return (next, first["reset"] as? Bool == true, page.text)
    }

    private func ask(_ method: String, _ target: String, _ body: String? = nil) throws
        -> RawResponse
    {
        try backend.send(method, "/v1/tenants/acme/\(target)", body: body, as: .vendor(vendor))
    }

    private func rows(_ table: String, of tenant: String) throws -> String {
        try backend.look("SELECT count(*) FROM ringfence.\(table) WHERE owner_id = '\(tenant)'")
    }

    @Test func `a revoked key goes, and whoever may hold it as good begins again`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let made = try ask("POST", "keys", #"{"name":"x"}"#)
        let good = try ask("POST", "keys", #"{"name":"good"}"#)
        let id = try #require(made.json["id"] as? String)
        let (before, isReset, text) = try feed()
        #expect(isReset && text.contains(id))
        #expect(try ask("DELETE", "keys/\(id)").status == 204)
        let (after, _, told) = try feed(before)
        #expect(told.contains(#""revoked":true"#))
        try eventually("the key's row to go") {
            _ = try feed(after)
            return try rows("api_keys", of: tenant.id) == "1"
        }
        // Who has heard of it goes on, who has not begins at nothing, and finds only the good one.
        #expect(try !feed(after).isReset)
        let (anew, isReread, all) = try feed(before)
        #expect(isReread && !all.contains(id))
        #expect(all.contains(try #require(good.json["id"] as? String)))
        // Who began after that and has not come that far goes on: it would never arrive otherwise.
        var onItsWay = anew
        onItsWay.since = 1
        #expect(try !feed(onItsWay).isReset)
        onItsWay.mark = String(anew.mark.prefix(36))
        #expect(try feed(onItsWay).isReset)
        let shown = try ask("GET", "keys").data.compactMap { $0["id"] as? String }
        #expect(shown.count == 1 && shown != [id])
    }

    @Test func `a key that has expired goes, and so does a revoked token that has`() throws {
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        let soon = ISO8601DateFormatter().string(from: Date().addingTimeInterval(15))
        let key = try ask("POST", "keys", #"{"name":"x","expires_at":"\#(soon)"}"#)
        #expect(key.status == 201, "\(key.text)")
        let token = try ask("POST", "revocations", #"{"jti":"a","expires_at":"\#(soon)"}"#)
        #expect(token.status == 201, "\(token.text)")
        #expect(try ask("POST", "revocations", #"{"jti":"b"}"#).status == 201)
        let (place, _, _) = try feed()
        #expect(try rows("api_keys", of: tenant.id) == "1")
        try eventually("the rows to go") {
            _ = try feed(place)
            return try rows("api_keys", of: tenant.id) + rows("revocations", of: tenant.id) == "01"
        }
        // Nobody has missed anything.
        #expect(try !feed(place).isReset)
        let counted = try backend.look(
            "SELECT f.keys, f.revocations FROM ringfence.feeds f JOIN ringfence.tenants t "
                + "ON t.vendor_id = f.vendor_id WHERE t.id = '\(tenant.id)'")
        #expect(counted == "0|1")
    }
}
