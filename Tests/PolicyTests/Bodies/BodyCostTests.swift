import Foundation
import HTTP1
import TestSupport
import Testing

@testable import Policy

/// Bodies that would be slow if anything in their cleaning compared all with all. What they cost
/// exactly is measured elsewhere; RINGFENCE_BODY_BYTES makes them longer and prints the times.
@Suite struct `Cost of cleaning a body` {
    static let multipart =
        "multipart/form-data; boundary=\(String(repeating: "-", count: 35))x"
        + String(repeating: "-", count: 34)

    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let type: String
        let start: String
        /// Repeated with its number in the place of `#`.
        let item: String
        let end: String

        init(_ name: String, _ type: String, _ start: String, _ item: String, _ end: String) {
            testDescription = name
            self.type = type
            self.start = start
            self.item = item
            self.end = end
        }

        /// About `count` bytes; items end before the bounds on their number.
        func bytes(_ count: Int) -> [UInt8] {
            var out = [UInt8](start.utf8)
            let parts = item.split(separator: "#", omittingEmptySubsequences: false).map {
                [UInt8]($0.utf8)
            }
            var number = 0
            while out.count < count, number < 200_000 || parts.count == 1 {
                out += parts[0]
                for part in parts.dropFirst() { out += [UInt8](String(number).utf8) + part }
                number += 1
            }
            return out + [UInt8](end.utf8)
        }
    }

    static let shapes: [Shape] = [
        Shape("numbers", CleanedBody.json, "[0", ",1e5555555555555555555555555", "]"),
        Shape("text", CleanedBody.json, "[\"", "lorem ipsum dolor sit amet ", "\"]"),
        Shape("escapes", CleanedBody.json, "{\"", "\\u0074", "\":1}"),
        Shape("white space", CleanedBody.json, "[", "                ", "]"),
        Shape("keys", CleanedBody.json, "{\"a\":0", ",\"k#\":1", "}"),
        Shape("documents", CleanedBody.json, "[0", ",{\"tenant_id\":#,\"a\":[1,{}]}", "]"),
        Shape("names of the tenant", CleanedBody.json, "{\"a\":1", ",\"a.#.tenant_id\":1", "}"),
        Shape("operations", CleanedBody.json, "[0", ",{\"a\":0,\"op\":1,\"path\":\"/a/#\"}", "]"),
        Shape(
            "one long operation", "application/json-patch+json", "[{\"op\":0", ",\"k#\":1",
            ",\"path\":\"/a\"}]"),
        Shape(
            "lines", "application/x-ndjson", "1", "\n{\"tenant\":\"aaaaaaaaaaaaaaaa\",\"b\":\"#\"}",
            ""),
        Shape("one long field", CleanedBody.form, "a", "%25%37%34[", "=1"),
        Shape("one long value", CleanedBody.form, "a=", "tenant_id=%2525", ""),
        Shape("nearly delimiters", multipart, "", "-", ""),
        Shape("line breaks", multipart, "", "\r\n----------", ""),
    ]

    @Test(arguments: shapes)
    func `grows with its length alone`(_ shape: Shape) throws {
        let wanted = ProcessInfo.processInfo.environment["RINGFENCE_BODY_BYTES"].flatMap(Int.init)
        var body = shape.bytes(wanted ?? 200_000)
        if shape.type == Self.multipart {
            let boundary = Self.multipart.dropFirst(30)
            let head = "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n"
            body = [UInt8](head.utf8) + body + [UInt8]("\r\n--\(boundary)--\r\n".utf8)
        }
        let start = secondsOfThread()
        _ = refusal(body, as: shape.type, pointer: "/tenant_id", field: "tenant_id")
        let time = secondsOfThread() - start
        if wanted != nil { print("\(shape.testDescription): \(body.count) bytes in \(time) s") }
        #expect(time < 10)
    }
}
