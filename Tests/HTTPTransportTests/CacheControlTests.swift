import Testing

@testable import HTTPTransport

@Suite struct `How long a document stays as it is` {
    @Test(
        arguments: [
            (["max-age=300"], 300), (["public, max-age=21600, must-revalidate"], 21_600),
            (["Max-Age=5"], 5), (["public", "max-age=7"], 7), (["\tmax-age=0 "], 0),
            (["max-age=99999999999999999999"], 31_536_000), (["s-maxage=5, max-age=6"], 6),
            ([",,max-age=8,"], 8), ([], nil), ([""], nil), (["no-cache"], nil),
            (["max-age=300, no-store"], nil), (["NO-CACHE, max-age=300"], nil),
            (["max-age=1, max-age=2"], nil), (["max-age=1", "max-age=1"], nil), (["max-age"], nil),
            (["max-age="], nil), (["max-age=-1"], nil), (["max-age=1.5"], nil),
            (["max-age=\"300\""], nil), (["max-age = 300"], nil), (["xmax-age=300"], nil),
        ] as [([String], UInt32?)])
    func `is what Cache-Control says, once and well-formed`(fields: [String], seconds: UInt32?) {
        #expect(CacheControl.maxAge(fields.map { Array($0.utf8) }) == seconds)
    }
}
