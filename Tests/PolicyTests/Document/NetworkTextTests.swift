import Testing

@testable import Policy

@Suite struct `Addresses in policies` {
    @Test(
        arguments: [
            ("::", true), ("::1", true), ("1::", true), ("2001:db8::8:800:200c:417a", true),
            ("1:2:3:4:5:6:7:8", true), ("::ffff:192.0.2.1", true), ("1:2:3:4:5:6:192.0.2.1", true),
            (":::", false), ("1::2::3", false), ("1:2:3:4:5:6:7", false), ("12345::", false),
            ("1:2:3:4:5:6:7:8:9", false), ("1:2:3:4:5:6:7::8", false), ("g::", false),
            ("::192.0.2.256", false), ("192.0.2.1::", false), ("fe80::1%eth0", false), ("", false),
            (":1:2:3:4:5:6:7", false), ("+1::", false),
        ])
    func `IPv6 is read strictly`(text: String, isRead: Bool) {
        #expect((NetworkText.ipv6(text[...]) != nil) == isRead)
    }

    @Test func `IPv6 has sixteen bytes in order`() {
        let bytes = NetworkText.ipv6("2001:db8::1:192.0.2.33")
        #expect(bytes == [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 1, 192, 0, 2, 33])
    }

    @Test(
        arguments: [
            ("127.0.0.1", true), ("255.255.255.255", true), ("010.0.0.1", false), ("10.1", false),
            ("1.2.3.4.5", false), ("1.2.3.256", false), ("0x7f.0.0.1", false), ("1.2.3.", false),
        ])
    func `IPv4 has four decimal numbers`(text: String, isRead: Bool) {
        #expect((NetworkText.ipv4(text[...]) != nil) == isRead)
    }

    @Test(
        arguments: [
            ("API.Example.com", "api.example.com"), ("a_b", "a_b"), ("[::1]", "[::1]"),
            ("10.0.0.1", "10.0.0.1"), ("10.1", nil), ("0x7f.1", nil), ("a..b", nil), ("a.", nil),
            ("-a", nil), ("a-", nil), ("*.example.com", nil), ("a b", nil), ("é.example", nil),
            ("::1", nil), ("[::1", nil), ("", nil), ("example.com:80", nil), ("[g::]", nil),
        ] as [(String, String?)])
    func `hosts are canonical`(text: String, host: String?) {
        #expect(NetworkText.host(text[...]) == host)
    }

    @Test func `names have 253 bytes and labels 63`() {
        let label = String(repeating: "a", count: 63)
        #expect(NetworkText.host(label[...]) != nil)
        #expect(NetworkText.host((label + "a")[...]) == nil)
        let long = [String](repeating: label, count: 4).joined(separator: ".")
        #expect(NetworkText.host(long[...]) == nil)
    }

    @Test(
        arguments: [
            ("[::]:8443", "[::]:8443"), ("127.0.0.1:0", "127.0.0.1:0"), ("unix:/a", "unix:/a"),
            ("unix:a", "unix:dir/a"), ("localhost:80", nil), (":80", nil), ("127.0.0.1", nil),
            ("127.0.0.1:65536", nil), ("[::]8443", nil), ("unix:", nil), ("unix://a", nil),
            ("127.0.0.1:080", nil), ("::1:80", nil),
        ] as [(String, String?)])
    func `listen addresses are numbers or sockets`(text: String, address: String?) {
        #expect(NetworkText.listenAddress(text, folder: "dir") == address)
    }

    @Test func `a socket's path has 107 bytes with its folder`() {
        let folder = "/" + String(repeating: "d", count: 50)
        let path = String(repeating: "p", count: NetworkText.socketPathBytesMax - 52)
        #expect(NetworkText.listenAddress("unix:\(path)", folder: folder) != nil)
        #expect(NetworkText.listenAddress("unix:\(path)p", folder: folder) == nil)
    }

    @Test(
        arguments: [
            ("http://a", UpstreamPolicy.Target(scheme: .http, host: "a", port: 80)),
            ("https://a:1", .init(scheme: .https, host: "a", port: 1)),
            ("http://[::1]:80", .init(scheme: .http, host: "::1", port: 80)),
            ("unix:/s", .init(scheme: .unix, host: "/s", port: 0)), ("http://a/", nil),
            ("http://a:0", nil), ("http://u@a", nil), ("ftp://a", nil), ("HTTP://a", nil),
            ("a:80", nil), ("http://", nil), ("http://a?x", nil), ("http://a#x", nil),
        ] as [(String, UpstreamPolicy.Target?)])
    func `targets have a scheme and an authority and nothing more`(
        text: String, target: UpstreamPolicy.Target?
    ) {
        #expect(NetworkText.target(text, folder: "") == target)
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"),
            ("192.0.2.1", "192.0.2.1/32"), ("2001:db8::/32", "2001:db8::/32"), ("::1", "::1/128"),
            ("10.0.0.1/8", nil), ("10.0.0.0/33", nil), ("10.0.0.0/-1", nil), ("10.0.0.0/", nil),
            ("10.0.0.0/08", nil), ("2001:db8::1/32", nil), ("::/129", nil),
            ("::ffff:10.0.0.0/104", nil), ("a/8", nil), ("10.0.0.0/8/8", nil),
        ] as [(String, String?)])
    func `blocks have no bits behind their prefix`(text: String, block: String?) {
        #expect(NetworkText.block(text)?.text == block)
    }

    @Test(
        arguments: [
            ("https://app.example.com", true), ("http://localhost:3000", true),
            ("https://[::1]:8443", true), ("*", false), ("null", false),
            ("https://app.example.com/", false), ("https://APP.example.com", false),
            ("https://a:443", false), ("http://a:80", false), ("ftp://a", false),
            ("https://", false),
            ("https://a:0", false),
        ])
    func `origins are written as browsers send them`(text: String, isOrigin: Bool) {
        #expect((NetworkText.origin(text) != nil) == isOrigin)
    }

    @Test(
        arguments: [
            ("127.0.0.1", true), ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false),
            ("192.168.1.1", true), ("169.254.0.1", true), ("203.0.113.1", false), ("fd00::1", true),
            ("fe80::1", true), ("2001:db8::1", false), ("orders", true), ("api.svc", true),
            ("db.internal", true), ("api.example.com", false), ("localhost", true), ("::1", true),
        ])
    func `private hosts are told from public ones`(host: String, isPrivate: Bool) {
        #expect(NetworkText.isPrivate(host) == isPrivate)
    }
}

@Suite struct `Path patterns` {
    @Test(
        arguments: [
            "/", "/**", "/v1", "/v1/", "/v1/*", "/v1/*/items/**", "/a-._~!$&'()+,;=:@b",
        ])
    func `patterns keep their text and one segment for each part`(text: String) throws {
        let pattern = try #require(PathPattern(text))
        #expect(pattern.text == text)
        #expect(
            pattern.segments.count == text.split(separator: "/", omittingEmptySubsequences: false)
                .count - 1)
    }

    @Test(
        arguments: [
            "", "v1", "/v1//x", "//", "/./x", "/..", "/a*", "/**/x", "/***", "/%41", "/a b", "/é",
            "/a?b", "/a#b", "/{user}", "/a{tenant}", "/a\\b", "/a\"b", "/a\u{0}",
        ])
    func `what no canonical path matches is refused`(text: String) {
        #expect(PathPattern(text) == nil)
    }

    @Test func `a pattern has 1024 bytes and no more`() {
        let text = "/" + String(repeating: "a", count: PathPattern.bytesMax - 1)
        #expect(PathPattern(text) != nil)
        #expect(PathPattern(text + "a") == nil)
    }
}

@Suite struct `Paths in policies` {
    @Test func `folders are joined as text`() {
        #expect(PolicyDocument.folder(of: "policies/gateway.yaml") == "policies")
        #expect(PolicyDocument.folder(of: "/gateway.yaml") == "/")
        #expect(PolicyDocument.folder(of: "gateway.yaml").isEmpty)
        #expect(PolicyDocument.join("", "a") == "a")
        #expect(PolicyDocument.join("/", "a") == "/a")
        #expect(PolicyDocument.join("b", "./a") == "b/a")
        #expect(PolicyDocument.join("b", "../a") == "b/../a")
        #expect(PolicyDocument.join("b", "/a") == "/a")
    }
}

@Suite struct `Values of a form` {
    @Test(
        arguments: [
            ("file:/etc/key", true), ("file:key", true), ("cred:tls-key", true),
            ("env:KEY_1", true),
            ("file:", false), ("file:///etc/key", false), ("env:1KEY", false), ("env:KEY-1", false),
            ("env:", false), ("cred:", false), ("cred:../x", false), ("cred:.x", false),
            ("vault:x", false), ("hunter2", false), ("FILE:x", false), ("file:a\nb", false),
        ])
    func `secrets are references`(text: String, isReference: Bool) {
        #expect((ScalarForm.secret.misfit(of: text) == nil) == isReference)
        #expect((ScalarForm.material.misfit(of: text) == nil) == isReference)
    }

    @Test func `a literal secret is not repeated in its message`() {
        let misfit = ScalarForm.secret.misfit(of: "hunter2")
        #expect(misfit?.code == .literalSecret)
        #expect(misfit?.message.contains("hunter2") == false)
        #expect(misfit?.label.contains("hunter2") == false)
    }

    @Test(
        arguments: [
            ("https://idp.example.com/keys", true), ("https://idp.example.com", true),
            ("https://idp:8443/k?a=b", true), ("file:keys.json", true), ("http://idp/keys", false),
            ("https://u@idp/", false), ("https://idp?x", false), ("https://idp/#f", false),
            ("https://idp/ x", false), ("https://idp:0/", false), ("keys.json", false),
        ])
    func `key sets are files or https`(text: String, isKeySet: Bool) {
        #expect((ScalarForm.keySet.misfit(of: text) == nil) == isKeySet)
    }

    @Test(
        arguments: [
            ("tenant_id", true), ("https://example.com/tenant", true), ("/a/b", true), ("/", true),
            ("/a~1b~0c", true), ("/a~2", false), ("/a~", false), ("a\nb", false), ("a~2", true),
        ])
    func `claims are names or JSON Pointers`(text: String, isClaim: Bool) {
        #expect(ScalarForm.isClaim(text) == isClaim)
    }

    @Test(
        arguments: [
            ("tenant_id", true), ("X-Org", true), ("a.b", true), ("1", false), ("--", false),
            ("a b", false), ("é", false), (String(repeating: "a", count: 65), false),
        ])
    func `tenant names have a letter`(text: String, isName: Bool) {
        #expect((ScalarForm.tenantName.misfit(of: text) == nil) == isName)
    }

    @Test(
        arguments: [
            ("idp", true), ("a.b_c-1", true), ("1a", true), ("-a", false), (".a", false),
            ("a b", false), ("", false), (String(repeating: "a", count: 65), false),
        ])
    func `names are short and plain`(text: String, isName: Bool) {
        #expect((ScalarForm.name(reserved: []).misfit(of: text) == nil) == isName)
    }

    @Test func `ranges are inclusive`() {
        let leeway = ScalarForm.duration(0...300_000, isWholeSeconds: true)
        #expect(leeway.misfit(of: "5m") == nil)
        #expect(leeway.misfit(of: "301s")?.code == .outOfRange)
        #expect(leeway.misfit(of: "1500ms")?.code == .invalidValue)
        #expect(leeway.misfit(of: "2000ms") == nil)
        let size = ScalarForm.size(0...BodyPolicy.bytesMaxCeiling)
        #expect(size.misfit(of: "16MiB") == nil)
        #expect(size.misfit(of: "16777217")?.code == .outOfRange)
        let rate = ScalarForm.rate(or: [])
        #expect(rate.misfit(of: "1000000000/min") == nil)
        #expect(rate.misfit(of: "1000000001/min")?.code == .outOfRange)
        #expect(rate.misfit(of: "unlimited")?.code == .invalidValue)
    }

    @Test(arguments: ["yes", "no", "on", "off", "True", "FALSE", "1", "0", "y"])
    func `only true and false are booleans, and the others are understood`(text: String) {
        let misfit = ScalarForm.boolean.misfit(of: text)
        #expect(misfit?.code == .invalidValue)
        #expect(misfit?.label.hasPrefix("did you mean `") == true)
    }
}
