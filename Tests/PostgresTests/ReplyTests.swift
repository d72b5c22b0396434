import Testing

@testable import Postgres

/// What is kept of an answer, and that the scope is compared with what the server really said.
@Suite struct `Replies` {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// The reply to one statement, run by libpq alone.
    private func reply(to text: StaticString, wanting wanted: Reply.Wanted) throws -> Reply {
        var wire = Wire()
        try wire.open(fixture.runtimeAddress, before: .soon)
        try wire.queueOnce(text)
        return try wire.next(before: .soon, wanting: wanted)
    }

    @Test func `a scope is echoed only by the very bytes in one row of two columns`() throws {
        let scope = BoundScope(tenant: "acme", vendor: "")
        let cases: [(StaticString, Bool)] = [
            ("SELECT 'acme', ''", true),
            ("SELECT 'acmd', ''", false),
            ("SELECT 'acm', ''", false),
            ("SELECT 'acme2', ''", false),
            ("SELECT 'acme', 'v'", false),
            ("SELECT 'acme', NULL", false),
            ("SELECT NULL, ''", false),
            ("SELECT '', 'acme'", false),
            ("SELECT 'acme'", false),
            ("SELECT 'acme', '', ''", false),
            ("SELECT 'acme', '' WHERE false", false),
            ("SELECT 'acme', '' FROM generate_series(1, 2)", false),
        ]
        for (text, expected) in cases {
            let reply = try reply(to: text, wanting: .echo(of: scope))
            guard case .scope(let isEchoed) = reply else {
                Issue.record("\(text): \(reply)")
                continue
            }
            #expect(isEchoed == expected, "\(text)")
        }
    }

    @Test func `a refusal is a refusal, whatever was wanted of a success`() throws {
        for wanted in [Reply.Wanted.rows, .nothing, .echo(of: BoundScope())] {
            guard case .failed(let failure) = try reply(to: "SELECT 1 / 0", wanting: wanted) else {
                Issue.record("not refused")
                continue
            }
            #expect(failure.state == .divisionByZero)
        }
    }

    @Test func `rows outlive their connection`() throws {
        guard case .rows(let rows) = try reply(to: "SELECT 'x', NULL, 7", wanting: .rows) else {
            Issue.record("no rows")
            return
        }
        let row = try rows.only()
        #expect(try row.text(0) == "x")
        #expect(try row.isNull(1))
        #expect(try row.int64(2) == 7)
        #expect(fault { () throws(DatabaseFault) in try row.text(3) }?.kind == .unexpectedShape)
        #expect(fault { () throws(DatabaseFault) in try row.text(-1) }?.kind == .unexpectedShape)
    }
}

@Suite struct `Prepared names` {
    private let first = Statement("first", "SELECT 1", parameters: 0)
    private let second = Statement("second", "SELECT 2", parameters: 0)

    private func text(_ name: PreparedName?) -> String? {
        name.map { name in unsafe name.withCString { unsafe String(cString: $0) } }
    }

    @Test func `a name the server did not accept is never given again`() {
        var names = PreparedNames()
        #expect(text(names[first]) == nil)
        #expect(text(names.announce(first)) == "s1")
        #expect(text(names.announce(second)) == "s2")
        names.prove(second.identity)
        names.forgetUnproven()
        #expect(text(names[first]) == nil)
        #expect(text(names[second]) == "s2")
        #expect(text(names.announce(first)) == "s3")
        names.prove(first.identity)
        names.forgetUnproven()
        #expect(text(names[first]) == "s3")
    }

    @Test func `a new login knows no name and reuses none`() {
        var names = PreparedNames()
        _ = names.announce(first)
        names.prove(first.identity)
        names.removeAll()
        #expect(text(names[first]) == nil)
        #expect(text(names.announce(first)) == "s2")
    }
}
