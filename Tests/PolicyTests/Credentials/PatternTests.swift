@testable import Policy
import Testing

@Suite struct `A pattern with the tenant in it` {
    private func name(_ pattern: String, _ text: String, _ separator: Unicode.Scalar = ".")
        throws -> String?
    {
        let made = try #require(TenantPattern(pattern, separator: separator))
        let bytes = [UInt8](text.utf8)
        return made.tenant(in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test func `finds one whole label`() throws {
        let pattern = "{tenant}.tracking.example.com"
        #expect(try name(pattern, "acme.tracking.example.com") == "acme")
        #expect(try name(pattern, "a-1.tracking.example.com") == "a-1")
        for other in [
            "tracking.example.com", ".tracking.example.com", "a.b.tracking.example.com",
            "acme.tracking.example.com.", "acme.Tracking.example.com", "acme.tracking.example.co",
            "acmextracking.example.com", "",
        ] {
            #expect(try name(pattern, other) == nil, "\(other)")
        }
        #expect(try name("app.{tenant}.example.com", "app.acme.example.com") == "acme")
        #expect(try name("app.{tenant}.example.com", "app.example.com") == nil)
    }

    @Test func `finds one whole part of a URI`() throws {
        let pattern = "spiffe://example.com/tenant/{tenant}"
        #expect(try name(pattern, "spiffe://example.com/tenant/acme", "/") == "acme")
        #expect(try name(pattern, "spiffe://example.com/tenant/a.b", "/") == "a.b")
        for other in [
            "spiffe://example.com/tenant/", "spiffe://example.com/tenant/acme/x",
            "spiffe://example.org/tenant/acme", "SPIFFE://example.com/tenant/acme",
        ] {
            #expect(try name(pattern, other, "/") == nil, "\(other)")
        }
    }

    @Test func `has the word once, as a whole part`() {
        for text in [
            "example.com", "{tenant}-x.example.com", "x{tenant}.example.com",
            "{tenant}.{tenant}.com", "{tenant", "", "{other}.{tenant}.com",
        ] {
            #expect(TenantPattern(text, separator: ".") == nil, "\(text)")
        }
        #expect(
            TenantPattern("{tenant}.example.com", separator: ".")?.text == "{tenant}.example.com")
    }
}
