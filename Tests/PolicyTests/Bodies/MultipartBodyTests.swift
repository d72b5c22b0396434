import Testing

@testable import Policy

@Suite struct `Multipart body` {
    private static let type = "multipart/form-data; boundary=XX"

    private static func body(_ parts: String...) -> String {
        parts.map { "--XX\r\n\($0)\r\n" }.joined() + "--XX--\r\n"
    }

    private static func part(_ disposition: String, _ content: String = "v") -> String {
        "Content-Disposition: \(disposition)\r\n\r\n\(content)"
    }

    private static let kept = part("form-data; name=\"a\"", "1")

    @Test(arguments: [
        "form-data; name=\"tenant_id\"", "form-data; name=tenant_id", "form-data; name='tenant_id'",
        "form-data; NAME=\"tenant_id\"", "form-data;\tname=\"tenant_id\"  ;",
        "Form-Data ; name=\"Tenant-Id\"", "form-data; name=\"tenant%5Fid\"",
        "form-data; name=\"filter[tenant_id]\"; filename=\"x\"",
        "form-data; filename=\"x\"; name=\"tenantId\"", "form-data; name=\" tenant_id\"",
    ])
    func `B18 B19 a part that names a tenant goes whole`(_ disposition: String) throws {
        let cleaned = try CleanedBody(
            Self.body(Self.kept, Self.part(disposition, "evil"), Self.kept), as: Self.type)
        #expect(cleaned.text == Self.body(Self.kept, Self.kept))
        #expect(cleaned.removed == 1 && cleaned.isChanged)
    }

    @Test(arguments: ["_method", "_METHOD", "%5fmethod", "[_method]", " .method"])
    func `U5 a part that names a method goes too`(_ name: String) throws {
        let cleaned = try CleanedBody(
            Self.body(Self.part("form-data; name=\"\(name)\"", "DELETE"), Self.kept),
            as: Self.type)
        #expect(cleaned.text == Self.body(Self.kept))
        #expect(cleaned.removed == 0 && cleaned.isChanged)
    }

    @Test(arguments: [
        "application/json; charset=utf-7", "application/json; charset*0=utf-7",
        "application/json; charset*=utf-8''utf-7", "application/a+json; xcharset=ibm037",
        "application/x-ndjson; a*=utf-8''b", "application/json; a=\"charset=utf-7\"",
        "application/x.charset+json; a=b", "application/x-www-form-urlencoded+json",
        "application/json; a=\"multipart/form-data\"",
    ])
    func `B6 B14 a part that is JSON is so in one reading`(_ type: String) {
        let head = "Content-Type: \(type)\r\n" + Self.part("form-data; name=\"a\"", "{}")
        #expect(refusal(Self.body(head), as: Self.type) == .requestBodyType)
    }

    @Test func `what names none stays byte for byte`() throws {
        let parts: [String] = [
            Self.kept,
            Self.part("form-data; name=\"b\"; filename=\"tenant_id.txt\"", "a\r\n-- \n--X\r\n"),
            Self.part("form-data; name=\"q\"", "tenant_id=evil"),
            Self.part("form-data; name=\"e\"", ""),
            Self.part("form-data; name=\"f\"; filename=\"it's; a, b = c.txt\"; filename*=utf-8''x"),
            "Content-Type: text/plain; charset=iso-8859-1\r\n" + Self.part("form-data; name=\"c\""),
            "Content-Type: application/pdf; name*=utf-8''multipart.pdf\r\n"
                + Self.part("form-data; name=\"g\""),
            "Content-Type: text/plain; charset*0=utf-8\r\n" + Self.part("form-data; name=\"h\""),
        ]
        let bodies: [String] = [
            Self.body(parts[0], parts[1], parts[2], parts[3], parts[5]), Self.body(parts[3]),
            Self.body(parts[4]), Self.body(parts[6], parts[7]),
            "--XX--\r\n",
        ]
        for body in bodies {
            let cleaned = try CleanedBody(body, as: Self.type)
            #expect(cleaned.text == body)
            #expect(!cleaned.isChanged)
        }
    }

    @Test func `JSON in a part is cleaned like JSON, named as a file or not`() throws {
        let head = "Content-Type: application/json\r\n"
        let dirty =
            head + Self.part("form-data; name=\"m\"; filename=\"blob\"", #"{"tenant_id":1,"a":2}"#)
        let clean = head + Self.part("form-data; name=\"m\"; filename=\"blob\"", #"{"a":2}"#)
        let cleaned = try CleanedBody(Self.body(dirty), as: Self.type)
        #expect(cleaned.text == Self.body(clean) && cleaned.removed == 1)
        let broken = head + Self.part("form-data; name=\"m\"", "{")
        #expect(refusal(Self.body(broken), as: Self.type) == .requestBodyMalformed)
    }

    private static let twice: String = "Content-Disposition: form-data; name=\"a\"\r\n" + kept
    private static let encoded: String = "Content-Transfer-Encoding: base64\r\n" + kept
    private static let framings: [String] = [
        "preamble\r\n" + body(kept), body(kept) + "epilogue", "--XX\r\n" + kept + "\r\n",
        "--XX\r\n" + kept + "\n--XX--\r\n", "--XX \r\n" + kept + "\r\n--XX--\r\n", "",
        "--XX\n" + kept + "\r\n--XX--\r\n", body(kept + "\r\n--XXY\r\n" + kept),
        body(kept + "\n--XX\n" + kept), body(kept + "\r--XX\r" + kept), "--XX--\r\n" + body(kept),
        // Django and Rack find a delimiter in the middle of a line.
        body(kept + "--XX\r\n" + kept), body(kept + "--XX"),
        body(kept, "X: --XX\r\n" + kept),
    ]

    @Test(arguments: framings)
    func `a body with another reading of its delimiters is refused`(_ body: String) {
        #expect(refusal(body, as: Self.type) == .requestBodyMalformed)
    }

    private static let ambiguous: [(String, String)] = [
        ("B19", body(part("form-data; name=\"x\"; name=\"tenant_id\""))),
        ("B19", body(part("form-data; name=\"tenant_id\"; name=\"x\""))),
        ("B19", body(part("form-data; name=\"tenant\\_id\""))),
        ("B19", body(part("form-data; name*=utf-8''tenant%5fid"))),
        ("B19", body(part("form-data; name=\"x\"; name*=utf-8''tenant%5fid"))),
        ("B19", body(part("form-data; name*0=\"tenant\"; name*1=\"_id\""))),
        ("B19", body(part("form-data; name=\"=?utf-8?q?tenant=5Fid?=\""))),
        ("B19", body(part("form-data; name=\"x =?utf-8?b?dGVuYW50X2lk?=\""))),
        ("B19", body(part("form-data; name=\"x; name=tenant_id\""))),
        ("B19", body(part("form-data; name=\"x\"; filename=\"a;\tNAME =tenant_id\""))),
        ("B19", body(part("form-data; name=\"x\"; filename=\"name=tenant_id\""))),
        ("B19", body(part("form-data; name=\"x\"; filename=\"a; name*=utf-8''tenant_id\""))),
        ("B19", body("X-Content-Disposition: form-data; name=tenant_id\r\n" + kept)),
        ("B19", body("X: content-disposition: form-data; name=tenant_id\r\n" + kept)),
        ("B18", body(part("form-data; name =\"tenant_id\""))),
        ("B18", body(part("form-data; name= \"tenant_id\""))),
        ("B18", body("Content-Disposition: form-data;\r\n name=\"tenant_id\"\r\n\r\nv")),
        ("B18", body("Content-Disposition: form-data; name=\"tenant_id\"\n\nv")),
        ("B18", body("Content-Disposition : form-data; name=\"tenant_id\"\r\n\r\nv")),
        ("B18", body(" Content-Disposition: form-data; name=\"tenant_id\"\r\n\r\nv")),
        ("B18", body(part("form-data; name=\"tenant_id"))), ("B18", body(part("form-data"))),
        ("B18", body(part("form-data; name=\"\""))), ("B18", body(part("attachment; name=\"a\""))),
        ("B18", body(part("form-data; name=\"tenant\u{0}_id\""))),
        ("B18", body("X: y\r\n\r\nv")), ("B18", body("\r\nv")), ("B18", body("")),
        (
            "B18",
            body(twice)
        ),
        ("B18", body(encoded)),
        // Tomcat undoes encoded words in names.
        ("B18", body(part("form-data; name=\"=?utf-8?b?dGVuYW50X2lk?=\""))),
        ("B18", body(part("form-data; name=\"=?utf-8?q?tenant=5Fid?=\""))),
        // An apostrophe opens a string for PHP, and `name="'` closes it.
        ("B18", body(part("form-data; filename*='; name=\"'; name=tenant_id; a=\""))),
        // Rack takes the last `name=`, and any `Content-Disposition:`.
        ("B18", body(part("form-data; name=\"a; name=tenant_id\""))),
        ("B18", body(part("form-data; name=\"a\"; filename=\"a name=tenant_id\""))),
        ("B18", body(part("form-data; name=\"a\"; filename=\"name*=tenant_id\""))),
        ("B18", body("X-Content-Disposition: form-data; name=\"tenant_id\"\r\n" + kept)),
        ("B18", body("X: content-disposition: x; name=\"tenant_id\"\r\n" + kept)),
    ]

    @Test(arguments: ambiguous)
    func `what readers read differently is refused`(_ vector: String, _ body: String) {
        #expect(refusal(body, as: Self.type) == .requestBodyMalformed, "\(vector)")
    }

    @Test func `forms inside of parts are refused`() {
        for inner in ["multipart/mixed; boundary=Y", "application/x-www-form-urlencoded", "a"] {
            let body = Self.body("Content-Type: \(inner)\r\n" + Self.kept)
            #expect(refusal(body, as: Self.type) == .requestBodyType)
        }
    }

    @Test func `parts, fields and heads have bounds`() {
        let part = "--XX\r\n\(Self.kept)\r\n"
        let many = String(repeating: part, count: MultipartBodyRule.partsMax - 1)
        let end = "--XX--\r\n"
        #expect(refusal(many + end, as: Self.type, field: "tenant_id") == nil)
        #expect(refusal(many + part + end, as: Self.type) == nil)
        let withOurs = refusal(many + part + end, as: Self.type, field: "tenant_id")
        #expect(withOurs == .requestBodyTooLarge)
        #expect(refusal(many + part + part + end, as: Self.type) == .requestBodyTooLarge)
        let fields = String(repeating: "A: b\r\n", count: MultipartBodyRule.partFieldsMax)
        #expect(refusal(Self.body(fields + Self.kept), as: Self.type) == .requestBodyTooLarge)
        let long =
            "A: " + String(repeating: "b", count: MultipartBodyRule.partHeadBytesMax) + "\r\n"
        #expect(refusal(Self.body(long + Self.kept), as: Self.type) == .requestBodyTooLarge)
    }

    /// For every content of two letters, and boundaries that overlap themselves.
    @Test func `a delimiter is found in a content exactly when it is there`() throws {
        var found = 0
        let boundaries = ["a", "-", "--", "-a", "a-", "aa", "--a-", "a-aa", "-a-a", "--a--a"]
        for boundary in boundaries {
            let delimiter = "--\(boundary)"
            for bits in 0..<1 << 11 {
                let content = String((0..<11).map { bits >> $0 & 1 == 0 ? "-" : "a" })
                let part = Self.part("form-data; name=b", content)
                let body = "\(delimiter)\r\n\(part)\r\n\(delimiter)--\r\n"
                let isThere = content.contains(delimiter)
                let judged = refusal(body, as: "multipart/form-data; boundary=\(boundary)")
                #expect(
                    judged == (isThere ? .requestBodyMalformed : nil), "\(boundary) \(content)")
                if isThere { found += 1 }
            }
        }
        #expect(found > 1_000)
    }

    @Test func `the tenant is added as the first part exactly once`() throws {
        let cleaned = try CleanedBody(
            Self.body(Self.part("form-data; name=\"tenant_id\"", "evil"), Self.kept), as: Self.type,
            field: "tenant_id")
        let ours = Self.part("form-data; name=\"tenant_id\"", "acme")
        #expect(cleaned.text == Self.body(ours, Self.kept))
    }

    @Test func `a route may refuse instead of stripping`() {
        let body = Self.body(Self.part("form-data; name=\"tenant_id\"", "acme"))
        #expect(refusal(body, as: Self.type, mode: .rejectIfDifferent) == nil)
        #expect(refusal(body, as: Self.type, mode: .reject) == .tenantConflict)
        let evil = Self.body(Self.part("form-data; name=\"tenant_id\"", "evil"))
        #expect(refusal(evil, as: Self.type, mode: .rejectIfDifferent) == .tenantConflict)
    }
}
