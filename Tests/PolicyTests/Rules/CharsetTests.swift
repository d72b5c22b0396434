import HTTP1
import Testing

@testable import Policy

/// Django reads the query in the character set of the request's type, body or none.
@Suite struct `Character set of a query` {
    private static let others = [
        "text/plain; charset=utf-7", "application/json;charset=unicode_escape",
        "a/b; charset=cp037", "a/b; charset=utf-16", "a/b; charset*=utf-8''utf-7",
        "a/b; charset*0=utf-7", "a/b; xcharset=utf-7", "a/b; a=\"x;charset=utf-7\"",
        "charset=utf-7",
    ]
    private static let plain = ["text/plain", "application/json; charset=utf-8", "*/*", "x"]
    private static let supersets = ["a/b; charset=iso-8859-1", "a/b; charset=windows-1252"]

    private static func head(_ start: String, _ lines: [String]) -> String {
        (["\(start) HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func `B6 without a body a type that says another than UTF-8 goes`() throws {
        for start in ["GET /?%2BAHQ-enant_id=evil", "GET /?+AHQ-enant_id=evil", "GET /", "POST /"] {
            for type in Self.others + Self.supersets {
                for length in [[], ["Content-Length: 0"]] {
                    let lines = ["Content-Type: \(type)", "Accept: a/b"] + length
                    let sent = try RulesFixture().send(Self.head(start, lines))
                    #expect(sent.values("content-type").isEmpty, "\(start) \(type)")
                    #expect(sent.report.fields(.charset) == 1 && !sent.report.namedTenant)
                    #expect(sent.values("accept") == ["a/b"])
                }
            }
        }
        for type in Self.plain {
            let sent = try RulesFixture().get("/?x=1", "Content-Type: \(type)")
            #expect(sent.values("content-type") == [type])
            #expect(sent.report.fields(.charset) == 0)
        }
    }

    @Test func `B6 of several types each that says another goes`() throws {
        let sent = try RulesFixture().get(
            "/?x=1", "Content-Type: a/b; charset=utf-7", "Content-Type: a/b",
            "Content-Type: a/b; charset=cp037")
        #expect(sent.values("content-type") == ["a/b"])
        #expect(sent.report.fields(.charset) == 2)
        let nominated = try RulesFixture().get(
            "/", "Connection: Content-Type", "Content-Type: a/b; charset=utf-7")
        #expect(nominated.values("content-type").isEmpty)
        #expect(nominated.report.fields(.charset) == 0)
    }

    @Test(arguments: [
        RoutePolicy.Authentication.issuer(0), .vendor, .none(reason: "public"),
    ])
    func `B6 a body that passes as it is may not have a query read as something else`(
        _ authentication: RoutePolicy.Authentication
    ) throws {
        let tenant = authentication == .issuer(0) ? "acme" : nil
        let fixture = RulesFixture { _, route in
            route.authentication = authentication
            route.body.isCleaned = false
        }
        for framing in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
            for type in Self.others {
                let lines = [framing, "Content-Type: \(type)"]
                #expect(
                    RulesFixture.refusal {
                        _ = try fixture.send(Self.head("POST /?x=1", lines), tenant: tenant)
                    } == .requestBodyType, "\(type)")
                // Without a query nothing is read wrong but the body, which is not looked into.
                let sent = try fixture.send(Self.head("POST /?", lines), tenant: tenant)
                #expect(sent.values("content-type") == [type])
            }
            for type in Self.plain + Self.supersets {
                let lines = [framing, "Content-Type: \(type)"]
                let sent = try fixture.send(Self.head("POST /?x=1", lines), tenant: tenant)
                #expect(sent.values("content-type") == [type])
            }
        }
    }

    @Test func `B6 nor may it have ours read as nothing`() {
        let fixture = RulesFixture { _, route in
            route.body.isCleaned = false
            route.injectQuery = "tenant_id"
        }
        for type in Self.others {
            let lines = ["Content-Length: 3", "Content-Type: \(type)"]
            let refusal = RulesFixture.refusal { _ = try fixture.send(Self.head("POST /", lines)) }
            #expect(refusal == .requestBodyType, "\(type)")
        }
    }
}
