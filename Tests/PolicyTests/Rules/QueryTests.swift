import HTTP1
import Testing

@testable import Policy

@Suite struct `Query of a request` {
    static func clean(
        _ query: String, inject: String? = nil, mode: RoutePolicy.ClientValue = .strip,
        room: Int = 65_536
    ) throws(Refusal) -> (text: String, report: QueryReport) {
        let rule = QueryRule(
            names: SkeletonSet(names: TenantNames.defaults), clientValue: mode, inject: inject)
        var out = ByteBuffer(capacityMax: room)
        let tenant = ExternalID("acme", format: .opaque)
        let bytes = [UInt8](query.utf8)
        let report = try rule.clean(bytes.span, tenant: tenant, into: &out)
        return (String(decoding: out.bytes, as: UTF8.self), report)
    }

    @Test(arguments: [
        ("Q1", "tenant_id=evil", ""), ("Q1", "a=1&tenant_id=evil&b=2", "a=1&b=2"),
        ("Q1", "b=%20x+y&tenant_id=evil&a=%e2%82%ac&=", "b=%20x+y&a=%e2%82%ac&="),
        ("Q2", "tenant_id=evil&a=1&tenant_id=acme&b=2&tenant_id=evil", "a=1&b=2"),
        ("Q3", "%74enant_id=evil&a=1", "a=1"), ("Q3", "tenant%5Fid=evil&a=1", "a=1"),
        ("Q3", "tenant%5fid=evil&a=1", "a=1"),
        ("Q3", "%74%65%6e%61%6e%74%5f%69%64=evil&a=1", "a=1"),
        ("Q4", "Tenant_Id=evil&TENANTID=evil&tenantId=evil&tenant-id=evil&a=1", "a=1"),
        ("Q5", "tenant_id[]=evil&a=1", "a=1"), ("Q5", "tenant_id%5B%5D=evil&a=1", "a=1"),
        ("Q5", "tenant_id[0]=evil&a=1", "a=1"), ("Q5", "tenant_id[$ne]=x&a=1", "a=1"),
        ("Q5", "filter[tenant_id]=evil&filter[a]=1", "filter[a]=1"),
        ("Q5", "a[b][tenant_id]=evil&a=1", "a=1"), ("Q5", "[tenant_id]=evil&a=1", "a=1"),
        ("Q7", "tenant_id&a=1", "a=1"), ("Q7", "tenant_id=&a=1", "a=1"),
        ("Q7", "tenant_id==evil&a=1", "a=1"), ("Q7", "&&tenant_id=evil&&", ""),
        ("Q7", "=x&tenant_id=evil", "=x"), ("Q8", "tenant%255Fid=evil&a=1", "a=1"),
        ("U5", "_method=DELETE&method=card&%5Fmethod=x&_METHOD=y", "method=card"),
        ("U5", "a&[_method]=x&+_method=x&.method=x&_method[]=x&%5B_method%5d=x", "a"),
        ("clean", "__method=x&_methods=x&method=x", "__method=x&_methods=x&method=x"),
        ("clean", "&&a=1&&b&=&", "&&a=1&&b&=&"), ("clean", "a=1;b=2", "a=1;b=2"),
        ("clean", "q=tenant_id%3Devil&x=a%0Ab%00", "q=tenant_id%3Devil&x=a%0Ab%00"),
        ("clean", "", ""),
    ])
    func `every spelling goes and the rest stays byte for byte`(
        _ vector: String, _ query: String, _ expected: String
    ) throws {
        let (text, report) = try Self.clean(query)
        #expect(text == expected, "\(vector)")
        #expect((report.removed + report.overridesRemoved > 0) == (vector != "clean"))
    }

    @Test func `Q2 fifty copies all go`() throws {
        let query = Array(repeating: "tenant_id=evil", count: 50).joined(separator: "&a=1&")
        let (text, report) = try Self.clean(query)
        #expect(report.removed == 50 && report.parameters == 99)
        #expect(text == Array(repeating: "a=1", count: 49).joined(separator: "&"))
    }

    @Test(arguments: [
        ("Q6", "a=1;tenant_id=evil"), ("Q6", "tenant_id;=evil"), ("Q6", "tenant_id=evil;a=1"),
        ("Q6", "a;b;tenant%5fid"), ("Q6", "a=1;_method=DELETE"), ("Q6", ";tenant_id=evil"),
        ("Q9", "a=%ZZ"), ("Q9", "%"), ("Q9", "a=%2"), ("Q9", "%u0074enant_id=evil"),
        ("Q9", "%2&a=1"), ("Q10", "tenant_id%00x=evil"), ("Q10", "tenant_id%0d%0a=evil"),
        // qs ends the name behind the first `]=`.
        ("Q6", "a[b=c][tenant_id]=evil"), ("Q6", "a=[tenant_id]=evil"), ("Q6", "a[=?tenantId]=x"),
        ("Q6", "a[b=c][tenant_id%5D=evil"), ("Q6", "b=1;a[b=c][tenant_id]=evil"),
        ("Q10", "a%00=1"), ("Q10", "tenant_id%2500=evil"), ("Q6", "a%00;b=1"),
    ])
    func `two readings are a refusal`(_ vector: String, _ query: String) {
        let refusal = RulesFixture.refusal { _ = try Self.clean(query) }
        #expect(refusal == .requestQueryMalformed, "\(vector)")
    }

    @Test(arguments: ["a=#&tenant_id=evil", "a b", "a=\u{e9}", "a=\t", "a\u{0}b"])
    func `Q11 a byte that no query has is a refusal`(_ query: String) {
        #expect(RulesFixture.refusal { _ = try Self.clean(query) } == .requestTarget)
    }

    @Test func `Q12 a query is checked whole or not at all`() throws {
        let thousand = Array(repeating: "a=1", count: 999).joined(separator: "&")
        let (text, report) = try Self.clean(thousand + "&tenant_id=evil")
        #expect(text == thousand && report.parameters == 1_000)
        for more in ["&tenant_id=evil", "&a=1", ";a;a", "&;"] {
            let refusal = RulesFixture.refusal { _ = try Self.clean(thousand + "&a=1" + more) }
            #expect(refusal == .requestTargetTooLong, "\(more)")
        }
    }

    /// Readers that stop at a thousand parameters (qs, Node's own, PHP) count ours, and some of
    /// them empty ones.
    @Test(arguments: ["a=1", "a", "", "=", "a;b"])
    func `Q12 no parameter of a client's is one too many for ours to be read`(
        _ parameter: String
    ) throws {
        let parts = parameter.split(separator: ";", omittingEmptySubsequences: false).count
        for inject in [nil, "tenant_id"] {
            let fits = (QueryRule.parametersMax - (inject == nil ? 0 : 1)) / parts
            let query = Array(repeating: parameter, count: fits).joined(separator: "&")
            let text = try Self.clean(query, inject: inject).text
            #expect(text == (inject == nil ? query : "tenant_id=acme&" + query))
            let refusal = RulesFixture.refusal {
                _ = try Self.clean(query + "&" + parameter, inject: inject)
            }
            #expect(refusal == .requestTargetTooLong)
        }
    }

    @Test(arguments: [
        ("", "tenant_id=acme"), ("a=1", "tenant_id=acme&a=1"), ("tenant_id=evil", "tenant_id=acme"),
        ("tenant_id=evil&a=1&tenant_id=acme", "tenant_id=acme&a=1"), ("&", "tenant_id=acme&&"),
        ("a=1&tenant_id=evil&&b", "tenant_id=acme&a=1&b"), ("tenant_id&", "tenant_id=acme"),
    ])
    func `Q13 the tenant is injected exactly once, before everything else`(
        _ query: String, _ expected: String
    ) throws {
        #expect(try Self.clean(query, inject: "tenant_id").text == expected)
    }

    @Test func `Q13 the target has one question mark`() throws {
        let fixture = RulesFixture { _, route in route.injectQuery = "tenant_id" }
        #expect(try fixture.get("/x").target == "/x?tenant_id=acme")
        #expect(try fixture.get("/x?").target == "/x?tenant_id=acme")
        #expect(try fixture.get("/x?tenant_id=evil").target == "/x?tenant_id=acme")
        #expect(try fixture.get("/x?a=?b").target == "/x?tenant_id=acme&a=?b")
        #expect(try RulesFixture().get("/x?tenant_id=evil").target == "/x")
    }

    @Test func `an injected name is encoded`() throws {
        #expect(try Self.clean("", inject: "a b&[c]").text == "a%20b%26%5Bc%5D=acme")
    }

    @Test(arguments: [
        ("tenant_id=acme", nil as Refusal?), ("tenant_id=%61cme", nil),
        ("tenant_id=evil", .tenantConflict), ("tenant_id", .tenantConflict),
        ("tenant_id=acme&tenantId=evil", .tenantConflict), ("tenant_id=acme+", .tenantConflict),
        ("tenant_id=acm", .tenantConflict), ("tenant_id=acmee", .tenantConflict),
    ])
    func `a value is compared decoded and whole`(_ query: String, _ expected: Refusal?) {
        let refusal = RulesFixture.refusal {
            _ = try Self.clean(query, mode: .rejectIfDifferent)
        }
        #expect(refusal == expected)
    }

    @Test func `a target buffer without room is a refusal`() {
        let refusal = RulesFixture.refusal { _ = try Self.clean("a=1", room: 16) }
        #expect(refusal == .requestTargetTooLong)
    }

    @Test(arguments: ["GET", "POST", "DELETE", "HEAD", "OPTIONS"])
    func `Q1 Q14 the method does not matter`(_ method: String) throws {
        let sent = try RulesFixture().send(
            "\(method) /o?tenant_id=evil&x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(sent.target == "/o?x=1")
    }
}
