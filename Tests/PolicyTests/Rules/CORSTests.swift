import HTTP1
import Testing

@testable import Policy

@Suite struct `Cross-origin requests` {
    static let allowed = "https://app.example.com"

    static var fixture: RulesFixture {
        RulesFixture { _, route in
            var cors = CORSPolicy(origins: [allowed, "null", "*", "https://two.example"])
            cors.allowsCredentials = true
            route.cors = cors
            route.methods = ["GET", "DELETE"]
        }
    }

    static func rule() -> CORSRule? { fixture.rules.routes[0].cors }

    @Test(arguments: [
        "null", "*", "", "https://app.example.com.evil.com", "http://app.example.com",
        "https://APP.example.com", "https://app.example.com:443", "https://app.example.com/",
        "https://evil.com", "https://app.example.co",
    ])
    func `X5 an origin that is not listed byte for byte is refused`(_ origin: String) throws {
        let rule = try #require(Self.rule())
        let bytes = [UInt8](origin.utf8)
        var out = ByteBuffer(capacityMax: 4_096)
        do throws(Refusal) {
            try rule.writePreflight(origin: bytes.span, fields: Span(), into: &out)
            Issue.record("answered")
        } catch {
            #expect(error == .corsOrigin)
        }
        #expect(out.bytes == [])
        rule.writeResponse(origin: bytes.span, into: &out)
        #expect(String(decoding: out.bytes, as: UTF8.self) == "Vary: Origin\r\n")
    }

    @Test func `X5 a preflight is answered with the route's methods and the fields asked for`()
        throws
    {
        let rule = try #require(Self.rule())
        var out = ByteBuffer(capacityMax: 4_096)
        let (origin, fields) = (
            [UInt8](Self.allowed.utf8),
            [UInt8]("authorization, x-custom ,X-Tenant-ID,bad\u{e9}, ,x_y".utf8)
        )
        try rule.writePreflight(origin: origin.span, fields: fields.span, into: &out)
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(
            text == """
                Access-Control-Allow-Origin: https://app.example.com\r
                Access-Control-Allow-Credentials: true\r
                Access-Control-Allow-Methods: GET, HEAD, DELETE\r
                Access-Control-Allow-Headers: authorization, x-custom\r
                Access-Control-Max-Age: 600\r
                Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r

                """)
    }

    @Test func `a response can be read by an allowed origin and varies by it`() throws {
        let rule = try #require(Self.rule())
        var out = ByteBuffer(capacityMax: 4_096)
        rule.writeResponse(origin: [UInt8](Self.allowed.utf8).span, into: &out)
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(text.hasPrefix("Vary: Origin\r\nAccess-Control-Allow-Origin: \(Self.allowed)\r\n"))
        #expect(!text.contains("*"))
        #expect(text.utf8.count <= CORSRule.bytesMax)
    }

    @Test func `fields that do not fit are a refusal and not a trap`() throws {
        let rule = try #require(Self.rule())
        var out = ByteBuffer(capacityMax: 600)
        let fields = [UInt8](repeating: 0x61, count: 500)
        do throws(Refusal) {
            try rule.writePreflight(
                origin: [UInt8](Self.allowed.utf8).span, fields: fields.span, into: &out)
            Issue.record("answered")
        } catch {
            #expect(error == .requestHeadTooLarge)
        }
    }

    @Test(arguments: [
        ("Origin: https://evil.com\r\nAccess-Control-Request-Method: DELETE", true),
        ("Origin: https://app.example.com\r\nAccess-Control-Request-Method: GET", true),
        // Not preflights, and OPTIONS is not among the methods.
        ("Origin: https://app.example.com", false), ("Access-Control-Request-Method: GET", false),
        // A method the route does not allow is no preflight of this route.
        ("Origin: https://app.example.com\r\nAccess-Control-Request-Method: PUT", false),
        ("Origin: a\r\nOrigin: b\r\nAccess-Control-Request-Method: GET", false),
    ])
    func `X5 a preflight is found before any credential is looked at`(
        _ fields: String, _ isPreflight: Bool
    ) throws {
        let head = [UInt8]("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
        var parsed = RequestHead()
        _ = try parsed.parse(head.span, limits: .request)
        switch try Self.fixture.rules.route(parsed, head.span) {
        case .preflight: #expect(isPreflight)
        case .methodNotAllowed: #expect(!isPreflight)
        case .matched, .server: Issue.record("matched")
        }
    }
}
