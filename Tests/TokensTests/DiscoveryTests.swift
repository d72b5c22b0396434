import Testing

@testable import Tokens

@Suite struct `An issuer's configuration document` {
    static let issuer = "https://idp.example.com/"

    private func read(
        _ text: String, issuer: String = issuer
    ) -> Result<String, DiscoveryDefect> {
        let bytes = Array(text.utf8)
        do throws(DiscoveryDefect) {
            return .success(try DiscoveryDocument(bytes.span, issuer: issuer).keySetURL)
        } catch {
            return .failure(error)
        }
    }

    private func document(_ issuer: String, _ url: String) -> String {
        let more = #""id_token_signing_alg_values_supported":["none"]"#
        return #"{"issuer":\#(issuer),"jwks_uri":\#(url),\#(more)}"#
    }

    @Test func `is where the issuer says, less a slash at its end`() {
        let path = "/.well-known/openid-configuration"
        for (issuer, url) in [
            ("https://a.example", "https://a.example" + path),
            ("https://a.example/", "https://a.example" + path),
            ("https://a.example/realms/x", "https://a.example/realms/x" + path),
            ("https://a.example/x/", "https://a.example/x" + path),
            ("https://a.example//", "https://a.example/" + path),
        ] {
            #expect(DiscoveryDocument.url(ofIssuer: issuer) == url)
        }
    }

    @Test func `names the key set, on any host`() {
        let text = document(#""https://idp.example.com/""#, #""https://keys.example.net/a?b=c""#)
        #expect(read(text) == .success("https://keys.example.net/a?b=c"))
    }

    @Test(arguments: [
        #""https://idp.example.com""#, #""https://idp.example.com//""#,
        #""https://IDP.example.com/""#, #""http://idp.example.com/""#,
        #""https://idp.example.com/\u0000""#, #"["https://idp.example.com/"]"#, "null", "1", #""""#,
    ])
    func `is refused for an issuer that differs in a byte`(written: String) {
        #expect(read(document(written, #""https://a.example/k""#)) == .failure(.issuer))
    }

    @Test func `is compared after escapes, as JSON means them`() {
        let text = document(#""https:\/\/idp.example.com\u002f""#, #""https://a.example/k""#)
        #expect(read(text) == .success("https://a.example/k"))
    }

    @Test(arguments: [
        #""http://a.example/k""#, #""HTTPS://a.example/k""#, #""file:///etc/passwd""#, #""""#,
        #""https://a.example/ k""#, #""https://a.example/\n""#, "null", #"["https://a.example/k"]"#,
        #""https://a.example/é""#,
    ])
    func `is refused without an https URL of keys`(url: String) {
        #expect(read(document(#""https://idp.example.com/""#, url)) == .failure(.keySet))
    }

    @Test func `is refused when it has two readings, is no object, or is too large`() {
        let twice = #"{"issuer":"https://idp.example.com/","issuer":"x","jwks_uri":"https://a/"}"#
        for text in [twice, "[]", "", "{", "null", "\u{feff}{}"] {
            #expect(read(text) == .failure(.malformed), "\(text)")
        }
        #expect(read("{}") == .failure(.issuer))
        let large = "{" + String(repeating: " ", count: DiscoveryDocument.bytesMax) + "}"
        #expect(read(large) == .failure(.tooLarge))
        let long = String(repeating: "a", count: 1_024)
        let text = document(#""https://idp.example.com/""#, "\"https://\(long)\"")
        #expect(read(text) == .failure(.keySet))
    }
}
