import HTTP1
import JSON
import Testing

@testable import Policy

@Suite struct `Memory a body is looked at with` {
    private static func body(_ item: String, _ bytes: Int) -> [UInt8] {
        let count = max(bytes / (item.utf8.count + 1), 1)
        return [UInt8]("[\(Array(repeating: item, count: count).joined(separator: ","))]".utf8)
    }

    private static let items = [
        "1", "{}", "[]", #"{"a":1}"#, #"{"key_of_20_bytes":1}"#, #"{"tenant_id":1}"#,
        #"{"a":{"b":[1,2,"x,y:z"]}}"#, #""text without a mark in it""#, "[[[[1]]]]",
    ]

    @Test(arguments: items, [1_000, 40_000, 400_000, 2_000_000])
    func `is never more than was told before`(_ item: String, _ bytes: Int) throws {
        let body = Self.body(item, bytes)
        let room = BodyRoom(of: body.span, as: try ContentType([UInt8]("text/json".utf8).span))
        var document = JSONDocument()
        if room.isLarge { document.reserve(values: room.values) }
        let limits = JSONLimits(
            bytesMax: body.count, depthMax: 64, keysMax: JSONBodyRule.keysMax,
            nodesMax: JSONBodyRule.valuesMax, digitsMax: 64)
        do {
            try document.parse(body.span, limits: limits)
        } catch {
            #expect(error.kind == .tooManyNodes || error.kind == .tooManyKeys)
        }
        // Small ones grow step by step, and are bounded by what a worker keeps.
        let most = room.isLarge ? room.bytes : BodyScratch.bytesKept
        #expect(document.scratchBytes <= most, "\(room)")
        #expect((room.bytesCharged > 0) == room.isLarge)
    }

    @Test func `one object with every key counts its table of keys`() throws {
        let members = (0..<60_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let body = [UInt8]("{\(members)}".utf8)
        let room = BodyRoom(of: body.span, as: try ContentType([UInt8]("text/json".utf8).span))
        #expect(room.values == 60_001 && room.keys == 60_000)
        var document = JSONDocument()
        document.reserve(values: room.values)
        let limits = JSONLimits(bytesMax: body.count, keysMax: 100_000, nodesMax: 100_000)
        try document.parse(body.span, limits: limits)
        #expect(document.scratchBytes <= room.bytes)
    }

    @Test func `forms and small bodies take none`() throws {
        let large = Self.body(#"{"a":1}"#, 1_000_000)
        let form = try ContentType([UInt8](CleanedBody.form.utf8).span)
        #expect(BodyRoom(of: large.span, as: form).bytesCharged == 0)
        let json = try ContentType([UInt8](CleanedBody.json.utf8).span)
        #expect(BodyRoom(of: Self.body(#"{"a":1}"#, 1_000).span, as: json).bytesCharged == 0)
        #expect(BodyRoom(of: large.span, as: json).bytesCharged > 4_000_000)
    }

    /// More of it than a document may have is refused while it is read.
    @Test func `has a most`() throws {
        let json = try ContentType([UInt8](CleanedBody.json.utf8).span)
        let body = [UInt8](repeating: UInt8(ascii: ","), count: 3_000_000)
        let room = BodyRoom(of: body.span, as: json)
        #expect(room.values == JSONBodyRule.valuesMax && room.keys == 0)
        let keys = [UInt8](repeating: UInt8(ascii: ":"), count: 3_000_000)
        #expect(BodyRoom(of: keys.span, as: json).keys == JSONBodyRule.keysMax)
    }

    @Test func `is given back after each of eight dense bodies`() throws {
        let rule = BodyRule(
            names: SkeletonSet(names: TenantNames.defaults), clientValue: .strip,
            inject: BodyInjection())
        let typeText = [UInt8](CleanedBody.json.utf8)
        let type = try ContentType(typeText.span)
        var scratch = BodyScratch()
        for item in [#"{"tenant_id":1,"key":2}"#, #"{"a_key_of_some_bytes":1}"#] {
            for _ in 0..<4 {
                let body = Self.body(item, 1_500_000)
                let room = BodyRoom(of: body.span, as: type)
                scratch.reserve(room)
                #expect(scratch.bytes > BodyScratch.bytesKept)
                var out = ByteBuffer(
                    capacityMax: body.count + rule.growthMax(of: body.span, as: type))
                _ = try rule.clean(
                    body.span, as: type, typeText.span, tenant: nil, &scratch, into: &out)
                #expect(scratch.bytes <= BodyScratch.bytesKept)
            }
        }
    }

    @Test func `B11 a key longer than the bound is too large, and so is a path`() throws {
        let fits = String(repeating: "k", count: JSONBodyRule.keyBytesMax - 2)
        let body = "{\"\(fits)\":1}"
        #expect(try CleanedBody(body, as: CleanedBody.json).text == body)
        #expect(refusal("{\"\(fits)k\":1}", as: CleanedBody.json) == .requestBodyTooLarge)
        let path = String(repeating: "/a", count: JSONBodyRule.keyBytesMax / 2)
        let patch = #"[{"op":"remove","path":"\#(path)"}]"#
        #expect(refusal(patch, as: "application/json-patch+json") == .requestBodyTooLarge)
        #expect(refusal(patch, as: CleanedBody.json) == .requestBodyTooLarge)
    }
}
