import Foundation
import Testing

@testable import Attack

@Suite struct `The catalogue of attacks` {
    static func spoof() throws -> Spoof {
        Spoof(
            named: "globex", own: "acme", names: try #require(ConceptName("tenant_id")),
            aliases: ["org_id"])
    }

    @Test func `has an id for each, once`() {
        let ids = CatalogueList.entries.map(\.id)
        #expect(ids.count > 170)
        #expect(Set(ids).count == ids.count)
        for id in Catalogue.withObjects { #expect(ids.contains(id), "\(id)") }
    }

    @Test func `stands in docs/attack.md as it is`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(
                path: "docs/attack.md")
        var text = try String(contentsOf: page, encoding: .utf8)
        let start = try #require(text.range(of: "<!-- catalogue -->\n"))
        let end = try #require(text.range(of: "<!-- end of catalogue -->"))
        if ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil {
            text.replaceSubrange(start.upperBound..<end.lowerBound, with: CatalogueList.markdown())
            try text.write(to: page, atomically: true, encoding: .utf8)
        } else {
            #expect(text[start.upperBound..<end.lowerBound] == CatalogueList.markdown())
        }
    }

    @Test func `names the other tenant in every spoof`() throws {
        let spoof = try Self.spoof()
        for vector in Catalogue.spoofs {
            var draft = RequestDraft(method: "GET", target: "/v1/acme/orders", authority: "h")
            guard vector.apply(&draft, spoof) else {
                Issue.record("\(vector.id) has no meaning")
                continue
            }
            let bytes = draft.bytes(token: "t", field: "Authorization: Bearer {token}")
            let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
            // Some only take the own tenant's header away, or ask for everybody else.
            let isOther = [
                "header.connection", "identity.client-address", "query.operator-not",
                "identity.payload", "json.one-byte-chunks",
            ].contains(vector.id)
            #expect(isOther || text.contains("globex"), "\(vector.id): \(text)")
            #expect(bytes.count < 16_384, "\(vector.id)")
            #expect(text.contains("Authorization: Bearer t\r\n"), "\(vector.id)")
        }
    }

    @Test(arguments: [
        ("tenant_id", ["tenant", "id"]), ("tenantId", ["tenant", "id"]),
        ("X-Tenant-ID", ["tenant", "id"]), ("TENANT", ["tenant"]),
        ("customerExternalId", ["customer", "external", "id"]),
    ]) func `reads names in all styles`(_ name: String, _ words: [String]) {
        #expect(ConceptName(name)?.words == words)
    }

    @Test func `spells a name in all styles`() throws {
        let name = try #require(ConceptName("customerExternalId"))
        #expect(name.header == "X-Customer-External-ID")
        #expect(name.underscored == "X_Customer_External_ID")
        #expect(name.camel == "customerExternalId")
        #expect(name.snake == "customer_external_id")
        #expect(name.encodedFirst == "%63ustomer_external_id")
        #expect(name.escapedFirst == "\\u0063ustomer_external_id")
        #expect(ConceptName("-_.") == nil)
        #expect(ConceptName("a_b_c_d_e_f_g") == nil)
    }

    @Test func `frames bodies as it says`() {
        var draft = RequestDraft(method: "POST", target: "/a?b=1", authority: "h:1")
        draft.body = Array("hello".utf8)
        draft.chunkBytes = 2
        draft.trailers = ["X: y"]
        let text = String(decoding: draft.bytes(token: "t", field: "K: {token}"), as: UTF8.self)
        #expect(text.hasPrefix("POST /a?b=1 HTTP/1.1\r\nHost: h:1\r\nK: t\r\n"))
        #expect(text.hasSuffix("\r\n\r\n2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\nX: y\r\n\r\n"))
        draft.chunkBytes = nil
        let plain = String(decoding: draft.bytes(token: "t", field: "K: {token}"), as: UTF8.self)
        #expect(plain.contains("Content-Length: 5\r\n"))
        #expect(plain.hasSuffix("\r\n\r\nhello"))
    }

    @Test func `shows requests without secrets and control bytes`() {
        let bytes = Array("A: secret\r\nB: x\u{0}\t\\é".utf8)
        let text = Reproducer.text(bytes, secrets: [("secret", "$T")])
        #expect(text == "A: $T\\r\\nB: x\\x00\\t\\\\\\xc3\\xa9")
        let long = Reproducer.text([UInt8](repeating: 65, count: 20_000), secrets: [])
        #expect(long.count == Reproducer.textBytesMax + 1)
    }
}

@Suite struct `Forged tokens` {
    static func token(_ claims: String, header: String = #"{"alg":"ES256","kid":"k1"}"#) -> String {
        let parts = [header, claims, "signature-of-some-length"].map {
            Data($0.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        }
        return parts.joined(separator: ".")
    }

    static func claims(of token: String) throws -> [String: Any] {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        var text = String(parts[1]).replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        let data = try #require(Data(base64Encoded: text))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test(arguments: [
        (#"{"sub":"u","tenant_id":"acme","exp":100}"#, "tenant_id"),
        (#"{"app":{"tenantId":"acme"},"exp":100}"#, "tenantId"),
        (#"{"org_id":"acme","exp":100}"#, "org_id"),
    ]) func `name the other tenant in the claim that named the own`(
        _ claims: String, _ name: String
    ) throws {
        var own = try #require(Identity(token: Self.token(claims)))
        own.findTenant(names: ConceptName.usual)
        #expect(own.tenant == "acme")
        #expect(own.claimName == name)
        let forged = own.claims(naming: "glo\"bex", concept: "tenant_id")
        let text = String(decoding: forged, as: UTF8.self)
        #expect(text == claims.replacing("acme", with: "glo\\\"bex"))
        #expect(own.keyName == "k1")
    }

    @Test func `are tokens in their form`() throws {
        let concept = try #require(ConceptName("tenant_id"))
        var own = try #require(Identity(token: Self.token(#"{"tenant_id":"acme","exp":100}"#)))
        own.findTenant(names: ["tenant_id"])
        let foreign = try #require(Identity(token: Self.token(#"{"tenant_id":"globex"}"#)))
        let forge = Forge(
            own: own, foreign: foreign, concept: concept, named: "globex",
            publicKey: Array("PEM\n".utf8), expired: "a.b.c")
        let spoof = try `The catalogue of attacks`.spoof()
        for vector in Vector.tokens(forge) where vector.isForgery {
            var draft = RequestDraft(method: "GET", target: "/", authority: "h")
            let applies = vector.apply(&draft, spoof)
            #expect(applies || vector.id == "token.spliced", "\(vector.id)")
            guard case .text(let text) = draft.credential, text.contains("."),
                !["token.expired", "token.cut", "token.prolonged"].contains(vector.id)
            else { continue }
            #expect(try Self.claims(of: text)["tenant_id"] as? String == "globex", "\(vector.id)")
        }
        let longer = try #require(own.claimsLivingLonger())
        #expect(String(decoding: longer, as: UTF8.self) == #"{"tenant_id":"acme","exp":3700}"#)
    }

    @Test func `are nothing for texts that no field carries`() {
        #expect(Identity(token: "") == nil)
        #expect(Identity(token: "a b") == nil)
        #expect(Identity(token: "a\r\nb") == nil)
        #expect(Identity(token: String(repeating: "a", count: 16_385)) == nil)
        #expect(Identity(token: "rf_key")?.tenant == nil)
    }
}
