import HTTP1
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

    @Test(arguments: refused)
    func `B6 B14 a type with another reading, or none, is refused`(_ text: String) {
        #expect(throws: Refusal.requestBodyType) { try Self.read(text) }
    }
}
