import Testing

@_spi(TenantDirectory) @testable import Policy

@Suite struct `Directory names` {
    @Test(arguments: [
        ("acme.example.com", "acme.example.com"), ("ACME.Example.COM", "acme.example.com"),
        ("acme.example.com.", "acme.example.com"), ("a-b.c", "a-b.c"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("1.2.3.example", "1.2.3.example"),
    ])
    func `a domain has one spelling`(_ written: String, _ kept: String) {
        #expect(canonical(written) == [UInt8](kept.utf8))
    }

    @Test(arguments: [
        "", ".", "a", "com", "localhost", "acme..com", ".acme.com", "acme.com..", "-a.com",
        "a-.com",
        "a.-com", "a.com-", "*.acme.com", "acme.com:443", "1.2.3.4", "[::1]", "bücher.example",
        "ac me.com", "acme.com/", "a_b.com", "acme\u{0}.com",
        String(repeating: "a", count: 64) + ".com",
        String(repeating: "abcdefg.", count: 32) + "com",
    ])
    func `what is no host name is no domain`(_ text: String) {
        #expect(canonical(text) == nil)
    }

    @Test func `the longest label and the longest name are domains`() {
        let label = String(repeating: "a", count: 63)
        #expect(DirectoryDomain.canonical("\(label).com".utf8Span.span) != nil)
        let longest = "\(label).\(label).\(label)." + String(repeating: "b", count: 61)
        #expect(longest.utf8.count == DirectoryBounds.domainBytesMax)
        #expect(canonical(longest) != nil)
        #expect(DirectoryDomain.canonical("\(longest)b".utf8Span.span) == nil)
    }

    @Test(arguments: [
        "", "abcdefghijklmno", "abcdefghijklmnopq", "ABCDEFGHIJKLMNOP", "abcdefghijklmno1",
        "abcdefghijklmno_", "abcdefghijklmn\u{e9}", "abcdefghijklmno ",
    ])
    func `K3 anything but sixteen characters of the alphabet is no key id`(_ text: String) {
        let id = APIKeyID(text.utf8Span.span)
        #expect(id == nil)
    }

    @Test func `a key id and a digest come back as they were written`() throws {
        let id = APIKeyID("abcdefghijkl2345".utf8Span.span)
        #expect(id?.text == "abcdefghijkl2345")
        let text = String(repeating: "0123456789abcdef", count: 4)
        let digest = CredentialDigest(hexadecimal: text.utf8Span.span)
        #expect(digest?.hexadecimal == [UInt8](text.utf8))
        let bytes = digest?.bytes ?? []
        let again = CredentialDigest(bytes: bytes.span)
        let upper = CredentialDigest(hexadecimal: text.uppercased().utf8Span.span)
        let short = CredentialDigest(hexadecimal: String(text.dropLast()).utf8Span.span)
        #expect(again == digest && upper == nil && short == nil)
    }

    private func canonical(_ text: String) -> [UInt8]? {
        DirectoryDomain.canonical(text.utf8Span.span)
    }
}
