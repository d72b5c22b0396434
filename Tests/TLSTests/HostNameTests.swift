import Testing

@testable import TLS

@Suite struct `Host name` {
    @Test(arguments: [
        ("localhost", "localhost"), ("API.Example.COM", "api.example.com"), ("a", "a"),
        ("1a.2b", "1a.2b"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (String(repeating: "a", count: 63) + ".b", String(repeating: "a", count: 63) + ".b"),
    ])
    func `is given back in lower case`(text: String, expected: String) {
        let name = HostName.canonical(Array(text.utf8).span)
        #expect(name == Array(expected.utf8))
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "-a", "a-", "a-.b", "a.-b", "a_b", "a b", "a/b", "a:443",
        "127.0.0.1", "1.2.3.4.5", "::1", "[::1]", "*", "*.a", "a.*", "ü.de", "a\u{0}b", "a.1",
        String(repeating: "a", count: 64), String(repeating: "a.", count: 126) + "aa",
    ])
    func `is none when DNS has no such host`(text: String) {
        #expect(HostName.canonical(Array(text.utf8).span) == nil)
    }

    @Test func `of a certificate may begin with one wildcard label`() {
        #expect(HostName.canonicalPattern(Array("*.A.b".utf8).span) == Array("*.a.b".utf8))
        #expect(HostName.canonicalPattern(Array("*.*.b".utf8).span) == nil)
        #expect(HostName.canonicalPattern(Array("*a.b".utf8).span) == nil)
        #expect(HostName.canonicalPattern(Array("*.".utf8).span) == nil)
        #expect(HostName.wildcard(covering: Array("x.a.b".utf8)) == Array("*.a.b".utf8))
        #expect(HostName.wildcard(covering: Array("x".utf8)) == nil)
    }
}
