import CleaningOracle
import HTTP1
import NaiveReading
import Testing

@testable import Policy

@Suite struct `Content type of a body` {
    private static func read(_ text: String) throws(Refusal) -> (ContentType, String) {
        let bytes = [UInt8](text.utf8)
        let type = try ContentType(bytes.span)
        var out = ByteBuffer(capacityMax: 1_024)
        type.write(bytes.span, into: &out)
        return (type, String(decoding: out.bytes, as: UTF8.self))
    }

    private static let canonical = "multipart/form-data; boundary=b"

    private static let types: [(String, ContentType.Form, String)] = [
        ("application/json", ContentType.Form.json, "application/json"),
        ("APPLICATION/JSON", .json, "application/json"), ("text/json", .json, "text/json"),
        ("application/vnd.x+json", .json, "application/vnd.x+json"),
        ("application/merge-patch+json", .json, "application/merge-patch+json"),
        ("application/json-patch+json", .jsonPatch, "application/json-patch+json"),
        ("application/json; charset=UTF-8", .json, "application/json"),
        ("application/json;charset=\"utf-8\";", .json, "application/json"),
        ("application/vnd.api+json ; ext=\"a b\"", .json, "application/vnd.api+json; ext=\"a b\""),
        ("application/x-ndjson", .jsonLines, "application/x-ndjson"),
        ("application/x-www-form-urlencoded", .urlEncoded, "application/x-www-form-urlencoded"),
        (
            // Readers that take forms for ISO 8859-1 unless told otherwise are told.
            "application/x-www-form-urlencoded;charset=UTF-8", .urlEncoded,
            "application/x-www-form-urlencoded; charset=UTF-8"
        ),
        (
            "application/x-www-form-urlencoded; v=1; charset=us-ascii; w=2", .urlEncoded,
            "application/x-www-form-urlencoded; charset=us-ascii"
        ),
        (
            "application/x-www-form-urlencoded; v=1", .urlEncoded,
            "application/x-www-form-urlencoded"
        ),
        (
            "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"", .json,
            "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\""
        ),
        (
            "application/json;odata.metadata=minimal;version=2", .json,
            "application/json; odata.metadata=minimal; version=2"
        ),
        ("multipart/form-data; boundary=aB'()+_-./?:=9", .other, ""),
        (
            "multipart/form-data; boundary=\"aB'()+_-./?:=9\"", .multipart,
            "multipart/form-data; boundary=\"aB'()+_-./?:=9\""
        ),
        ("Multipart/Form-Data;BOUNDARY=x", .multipart, "multipart/form-data; boundary=x"),
        ("multipart/form-data; boundary=\"b\"; charset=utf-8", .multipart, Self.canonical),
        ("application/graphql", .graphQL, "application/graphql"),
        ("multipart/mixed; boundary=x", .other, "multipart/mixed; boundary=x"),
        ("text/plain", .other, "text/plain"), ("application/xml", .other, "application/xml"),
        ("image/svg+json", .json, "image/svg+json"),
    ]

    @Test(arguments: types)
    func `a type is decided once and passed on in one spelling`(
        _ text: String, _ form: ContentType.Form, _ written: String
    ) throws {
        guard !written.isEmpty else {
            #expect(throws: Refusal.requestBodyType) { try Self.read(text) }
            return
        }
        let (type, passedOn) = try Self.read(text)
        #expect(type.form == form)
        #expect(passedOn == written)
    }

    private static let refused: [String] = [
        "", "json", "application/", "/json", "application/json, text/plain",
        "application/json;/x-www-form-urlencoded", "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1", "application/json; charset=utf-7",
        "application/json; charset=utf-8; charset=utf-8", "application/json; charset",
        "application/json; charset=", "application/json; a=1; A=2", "application/json x",
        "application/json; a=\"b", "application/json; a=\"b\\\"c\"", "application /json",
        "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; xboundary=b; boundary=c",
        "multipart/form-data; boundary*=utf-8''b; boundary=c",
        "multipart/form-data; boundary=c; boundary*0=b",
        "multipart/form-data; x=\";boundary=b;\"; boundary=c",
        "multipart/form-data; boundary=\"b,c\"", "multipart/form-data; boundary=\"=?utf-8?q?b?=\"",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=" + String(repeating: "x", count: 71),
        "application/json; a=é", "multipart/form-data; boundary=\"a,b\"",
        "application/json; a=\"; charset=utf-16\"", "application/json; a=\"x, text/plain\"",
    ]

    /// What one reader or another takes for `charset`, behind any type that is cleaned.
    private static let charsets: [String] = [
        "charset*=utf-8''utf-7", "charset*0=utf-7", "charset*0*=utf-8''utf-7", "CHARSET*1=x",
        "charset*=utf-8", "xcharset=ibm037", "charset.x=utf-7", "x-Charset-=utf-8",
        "a=charset", "a=\"b charset=utf-7\"", "charset=utf-8; charset*0=utf-7", "a*=utf-8''b",
        "a*0=b", "*=b",
    ]
    private static let cleanedTypes: [String] = [
        "application/json", "application/x-ndjson", "application/json-patch+json",
        "application/x-www-form-urlencoded", "application/graphql", "a/b+json", canonical,
    ]

    @Test(arguments: cleanedTypes)
    func `B6 no spelling of a character set passes that some reader takes for one`(_ type: String) {
        for charset in Self.charsets {
            #expect(throws: Refusal.requestBodyType, "\(charset)") {
                try Self.read("\(type); \(charset)")
            }
        }
        #expect(throws: Never.self) { try Self.read("\(type); charset=utf-8") }
    }

    @Test(arguments: [
        "multipart/form-data; boundary=\"xcharset=utf-7\"", "application/x.charset+json; v=ibm037",
        "application/x-www-form-urlencoded+json", "application/X-WWW-Form-URLEncoded+json",
        "application/form-data+json", "x/multipart+json", "application/json; a=multipart",
        "application/json; a=\"application/x-www-form-urlencoded\"",
        "application/x-ndjson; a=\"multipart/form-data\"", "text/json; urlencoded=1",
    ])
    func `B14 JSON that resembles a form or hides a character set is refused`(_ text: String) {
        #expect(throws: Refusal.requestBodyType) { try Self.read(text) }
    }

    private static let said: [(String, ContentType.Charset)] = [
        ("", .utf8), ("text/plain", .utf8), ("*/*", .utf8), ("x; a=\"b;c", .utf8),
        ("text/plain; charset=utf-8", .utf8), ("text/plain;CHARSET=\"UTF-8\" ; a=b", .utf8),
        ("text/plain ;\tcharset=us-ascii", .utf8), ("text/plain;charset=utf8;", .utf8),
        ("text/plain; charset=iso-8859-1", .superset), ("x;charset=ISO-8859-15", .superset),
        ("x;charset=Windows-1252", .superset), ("x; name*=utf-8''b; charset=utf-8", .utf8),
        ("x;charset=binary", .superset), ("x;charset=Latin1", .superset),
        ("x;charset=cp1252", .superset), ("x;charset=cp037", .other), ("x;charset=cp", .other),
        ("x;charset=windows-12520", .other), ("x;charset=iso-8859-", .other),
        ("x;charset=iso-8859-6-e", .other), ("x;charset=iso-8859-x1", .other),
        ("x;charset=utf-7", .other), ("x;charset=unicode_escape", .other),
        ("x;charset=cp037", .other), ("x;charset=utf-16", .other), ("x;charset=", .other),
        ("x;charset", .other), ("charset=utf-8", .other), ("x, charset=utf-8", .other),
        ("x;charset='utf-8'", .other), ("x;charset=utf-8,utf-7", .other),
        ("x;charset=utf-8 utf-7", .other), ("x;charset =utf-8", .other),
        ("x;charset= utf-8", .other), ("x;charset=\"utf-8", .other),
        ("x;charset=\"utf-8\"x", .other), ("x;charset=\"ut\\f-8\"", .other),
        ("x;charset*=utf-8''utf-7", .other), ("x;charset*0=utf-7", .other),
        ("x;xcharset=utf-8", .other), ("x;a=\";charset=utf-8\"", .other),
        ("x;charset=utf-8;charset=utf-8", .other), ("x;charset=utf-8;xcharset=utf-8", .other),
        ("charset/x", .other),
    ]

    @Test(arguments: said)
    func `B6 a character set in another spelling than one is another character set`(
        _ text: String, _ charset: ContentType.Charset
    ) {
        #expect(ContentType.charset(of: [UInt8](text.utf8).span) == charset)
    }

    @Test func `B6 what is taken for UTF-8 is nothing else to any reader`() throws {
        let oracle = try #require(CleaningOracle())
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let pieces = [
            "x", ";", "; ", "=", "\"", "'", "*", "0", " ", ",", "charset", "Charset=", "charset*=",
            "charset=", "utf-8", "utf-7", "utf-8''", "cp037", "boundary=", "text/plain", "\t",
            "; charset=utf-8", "a=b",
        ]
        var accepted = 0
        let types = ["text/plain", "application/json", "a/b+json", "application/graphql"]
        for round in 0..<20_000 {
            var text = types[round % types.count]
            for _ in 0..<random.next() % 7 {
                text += pieces[Int(random.next() % UInt64(pieces.count))]
            }
            let failure = oracle.checkContentType([UInt8](text.utf8))
            #expect(failure == nil, "seed \(seed), round \(round): \(text)")
            guard ContentType.charset(of: [UInt8](text.utf8).span) == .utf8 else { continue }
            accepted += text.contains("charset") ? 1 : 0
            let names = NaiveContentType.charsets(text)
            #expect(
                names.allSatisfy { ["utf-8", "us-ascii"].contains($0) },
                "seed \(seed), round \(round): \(text) is \(names)")
        }
        #expect(accepted > 100)
    }

    @Test(arguments: refused)
    func `B6 B14 a type with another reading, or none, is refused`(_ text: String) {
        #expect(throws: Refusal.requestBodyType) { try Self.read(text) }
    }
}
