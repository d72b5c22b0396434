import HTTP1
import Testing

@Suite struct `Host name` {
    private func canonical(_ host: String, _ scheme: URIScheme = .https) -> String? {
        var output = ByteBuffer(capacityMax: HostName.canonicalBytesMax)
        do throws(HTTPViolation) {
            try HostName.canonical(latin(host).span, scheme: scheme, into: &output)
        } catch {
            #expect(error == .hostMalformed)
            #expect(output.isEmpty == true)
            return nil
        }
        return text(output.readable)
    }

    @Test(
        arguments: [
            ("api.example.com", "api.example.com"), ("API.Example.COM", "api.example.com"),
            ("api.example.com.", "api.example.com"), ("api.example.com.:443", "api.example.com"),
            ("api.example.com:443", "api.example.com"), ("a:80", "a:80"), ("a:8443", "a:8443"),
            ("a:65535", "a:65535"), ("a:1", "a:1"), ("localhost", "localhost"), ("a_b.c", "a_b.c"),
            ("xn--caf-dma.example", "xn--caf-dma.example"), ("1.2.3.4", "1.2.3.4"),
            ("1.2.3.4.", "1.2.3.4"), ("255.255.255.255:443", "255.255.255.255"), ("1a", "1a"),
            ("1.2.3.a", "1.2.3.a"), ("0x", nil), ("a-", "a-"), ("[::1]", "[::1]"),
            ("[::]:443", "[::]"), ("[::1]:80", "[::1]:80"),
            ("[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]"),
            ("[2001:db8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]"),
            ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"),
            ("[0:0:0:0:0:0:0:0]", "[::]"), ("[1::]", "[1::]"),
            ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"),
            ("[::2:3:4:5:6:7:8]", "[0:2:3:4:5:6:7:8]"),
            ("[0001:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"),
            ("[::ffff:1.2.3.4]", "[::ffff:102:304]"), ("[::FFFF:102:304]", "[::ffff:102:304]"),
            ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:102:304]"),
            ("[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"),
        ] as [(String, String?)])
    func `P10 every spelling has one form or none`(_ host: String, _ expected: String?) {
        #expect(canonical(host) == expected)
        if let expected { #expect(canonical(expected) == expected) }
    }

    @Test(arguments: [
        "", ".", "..", "a..", "a..b", ".a", "a.b..", "a:", "a:0", "a:00", "a:0443", "a:443x",
        "a:65536", "a:100000", "a:4 4", ":443", "a:443:443", "a@b", "a/b", "a?b", "a#b", "a b",
        " a",
        "a ", "a,b", "a%41", "%61", "caf\u{e9}", "\u{ff}", "a\0", "a\r\n", "a\tb", "[]", "[", "[:]",
        "[:::]", "[1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[::1::]",
        "[::1%1]", "[::1%25eth0]", "[12345::]", "[::g]", "[::1.2.3]", "[::1.2.3.4.5]",
        "[::01.2.3.4]", "[::256.1.1.1]", "[1.2.3.4::]", "[1:2:3:4:5:6:7:1.2.3.4]", "[v1.a]",
        "[ ::1]", "[::1]a", "[::1]:", "[::1]:0", "[[::1]]", "::1", "1", "1.2", "1.2.3", "1.2.3.4.5",
        "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.0x4", "0x1.2.3.4", "0x7f000001", "a.1",
        "a.0x1f",
        "[1:2:3:4:5:6:7:8:]", "[::1:]", "[:1::]",
    ])
    func `P9 and P10 what is no single host is refused`(_ host: String) {
        #expect(canonical(host) == nil)
    }

    @Test func `the default port depends on the scheme`() {
        #expect(canonical("a:80", .http) == "a")
        #expect(canonical("a:443", .http) == "a:443")
        #expect(canonical("a:443", .https) == "a")
    }

    @Test func `a name of 253 bytes and labels of 63, not more`() {
        let label = String(repeating: "a", count: 63)
        #expect(canonical(label) == label)
        #expect(canonical(label + "a") == nil)
        #expect(canonical("a.\(label)a.b") == nil)
        let name = "\(label).\(label).\(label).\(String(repeating: "a", count: 61))"
        #expect(name.utf8.count == 253)
        #expect(canonical("\(name).:65535") == "\(name):65535")
        #expect(canonical(name + "a") == nil)
        #expect(HostName.canonicalBytesMax == 253 + 6)
    }

    private func read(_ host: String) -> HostName? {
        let host = latin(host)
        return HostName(host.span)
    }

    @Test func `kind and port are told`() {
        #expect(read("a:8443")?.port == 8443)
        #expect(read("a")?.port == nil)
        #expect(read("a")?.kind == .name)
        #expect(read("1.2.3.4")?.kind == .ipv4)
        #expect(read("[::1]:1")?.kind == .ipv6)
    }

    @Test func `random text never traps and a form is its own form`() {
        var generator = SplitMix64.announced("Host names")
        let alphabet = latin("0123456789abcdefx.:[]-_%@,A\u{e9}")
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...24, using: &generator)
            let host = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            let wrapped = Bool.random(using: &generator) ? latin("[") + host + latin("]") : host
            guard let form = canonical(text(wrapped.span)) else { continue }
            #expect(canonical(form) == form)
        }
    }
}
