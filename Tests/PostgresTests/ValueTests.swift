@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Parameters and rows` {
    private static let store = Statement(
        "store", "INSERT INTO app.items (id, body, blob, flag) VALUES ($1, $2, $3, $4)",
        parameters: 4)
    private static let fetch = Statement(
        "fetch", "SELECT id, body, blob, flag, tenant_id FROM app.items WHERE id = $1",
        parameters: 1)
    private static let constants = Statement(
        "constants", "SELECT '-9223372036854775808'::int8, 3::int2, 1.5::numeric, '{}'::jsonb",
        parameters: 0)

    private func roundTrip(_ values: [Parameter]) throws -> Row {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        return try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            try transaction.queue(Self.store, [1] + values)
            return try transaction.rows(Self.fetch, [1]).only()
        }
    }

    @Test func `values come back as they were sent`() throws {
        let blob = (0...255).map { UInt8($0) } + [0, 0]
        let row = try roundTrip(["naïve 😀 \\ ' \" \n", .bytes(blob), true])
        #expect(try row.int64(0) == 1)
        #expect(try row.text(1) == "naïve 😀 \\ ' \" \n")
        #expect(try row.utf8(1) == Array("naïve 😀 \\ ' \" \n".utf8))
        #expect(try row.bytes(2) == blob)
        #expect(try row.bool(3))
        #expect(try row.uuid(4) == Fixture.acme.text)
    }

    @Test func `NULL and the empty value are different`() throws {
        let empty = try roundTrip(["", .bytes([]), false])
        #expect(try empty.textIfPresent(1) == "")
        #expect(try empty.bytesIfPresent(2) == [])
        #expect(try empty.boolIfPresent(3) == false)
        let null = try roundTrip([nil, nil, nil])
        #expect(try null.isNull(1))
        #expect(try null.textIfPresent(1) == nil)
        #expect(try null.bytesIfPresent(2) == nil)
        #expect(try null.boolIfPresent(3) == nil)
        #expect(throws: DatabaseFault.self) { try null.text(1) }
    }

    @Test func `getters refuse other types and missing columns`() throws {
        let row = try roundTrip(["1", .bytes([1]), true])
        func kind<Value>(_ body: () throws(DatabaseFault) -> Value) -> DatabaseFault.Kind? {
            fault(body)?.kind
        }
        #expect(kind { () throws(DatabaseFault) in try row.int64(1) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.text(2) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.bytes(1) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.bool(0) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.uuid(1) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.text(5) } == .unexpectedShape)
        #expect(kind { () throws(DatabaseFault) in try row.text(-1) } == .unexpectedShape)
    }

    @Test func `extreme and unusual types are read`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let rows = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in try transaction.rows(Self.constants)
        }
        let row = try rows.only()
        #expect(try row.int64(0) == .min)
        #expect(try row.int64(1) == 3)
        #expect(try row.text(2) == "1.5")
        #expect(try row.text(3) == "{}")
        #expect(throws: DatabaseFault.self) { try row.int64(2) }
    }

    @Test func `what the protocol cannot carry is refused before a byte is sent`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let huge = [UInt8](repeating: 0x61, count: Parameter.bytesMax + 1)
        for value in [
            Parameter.text("a\u{0}b"), .utf8([0x61, 0]), .utf8([0xFF]), .utf8([0xC0, 0x80]),
            .utf8([0xED, 0xA0, 0x80]), .utf8([0xF4, 0x90, 0x80, 0x80]), .utf8([0xE2, 0x82]),
            .utf8(huge), .bytes(huge), .text(String(decoding: huge, as: UTF8.self)),
        ] {
            let refused = fault { () throws(DatabaseFault) in
                try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                    transaction throws(DatabaseFault) in
                    try transaction.queue(.insertItem, [1, "before"])
                    try transaction.queue(Self.store, [2, value, nil, nil])
                    return ()
                }
            }
            #expect(refused?.kind == .invalidParameter)
            #expect(refused?.outcome == .rolledBack)
        }
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 1)
    }

    @Test func `the bound holds for a whole transaction`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let third = String(repeating: "x", count: Parameter.bytesMax / 3 + 1)
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                for _ in 0..<3 { try transaction.queue(.echo, [.text(third)]) }
                return ()
            }
        }
        #expect(refused?.kind == .invalidParameter)
    }

    @Test func `a value the server refuses is a typed fault without the value`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.rows(.insertFor, ["not-a-uuid", 1]).count
            }
        }
        #expect(refused?.sqlState == .invalidText)
        #expect(refused.map { "\($0)".contains("not-a-uuid") } == false)
    }

    @Test func `a result beyond the bound is a fault and a new connection`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let flood = Statement(
            "flood", "SELECT repeat('x', 1000000) FROM generate_series(1, $1::int)", parameters: 1)
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in try transaction.rows(flood, [70]).count
            }
        }
        #expect(refused?.kind == .protocolViolation)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 2)
    }
}
