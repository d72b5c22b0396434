import HTTP1
import Testing

@Suite struct `Known fields` {
    @Test(arguments: KnownField.allCases.filter { $0 != .other })
    func `a name is known in any case and in no other spelling`(_ field: KnownField) {
        let name = text(field.name.bytes)
        #expect(known(name) == field)
        #expect(known(name.lowercased()) == field)
        #expect(known(name.uppercased()) == field)
        #expect(known(name + "x") == .other)
        #expect(known(String(name.dropLast())) != field)
        // Every other byte at every place is another name, except the other case of a letter.
        for index in bytes(name).indices {
            for byte in UInt8(0x21)...0x7e {
                var other = bytes(name)
                other[index] = byte
                let sameLetter = text(other.span).lowercased() == name.lowercased()
                let isToken = tokenBytes.contains(byte)
                if isToken { #expect((known(text(other.span)) == field) == sameLetter) }
            }
        }
    }

    private func known(_ name: String) -> KnownField {
        let name = bytes(name)
        return KnownField(name.span)
    }

    private var tokenBytes: Set<UInt8> {
        let letters = "abcdefghijklmnopqrstuvwxyz"
        return Set(latin("!#$%&'*+-.^_`|~0123456789" + letters + letters.uppercased()))
    }

    @Test func `no name at all is no known name`() {
        #expect(known("") == .other)
        #expect(known(String(repeating: "a", count: 300)) == .other)
    }

    @Test func `every known field fits a set of 64`() {
        #expect(KnownField.allCases.count <= 64)
        let set = FieldSet(.host, .strictTransportSecurity)
        #expect(
            KnownField.allCases.filter { set.contains($0) } == [.host, .strictTransportSecurity])
        #expect(KnownField.allCases.allSatisfy { FieldSet.all.contains($0) })
        #expect(!KnownField.allCases.contains { FieldSet.none.contains($0) })
    }

    @Test func `names are unique`() {
        let names = KnownField.allCases.map { text($0.name.bytes).lowercased() }
        #expect(Set(names).count == names.count)
    }
}

@Suite struct `Field table` {
    private func table(_ lines: String, _ check: (borrowing FieldTable, [UInt8]) -> Void) {
        let input = bytes("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
        var head = RequestHead()
        #expect(head.outcome(input) == .complete(input.count))
        check(head.fields, input)
    }

    @Test func `fields keep their order and their copies`() {
        table("A: 1\r\ncookie: x\r\nA: 2\r\nCookie: y\r\n") { fields, bytes in
            #expect(fields.count == 5)
            let lines = fields.lines(bytes)
            #expect(
                lines == [
                    "Host: a [host end]", "A: 1 [other end]", "cookie: x [cookie end]",
                    "A: 2 [other end]", "Cookie: y [cookie end]",
                ])
            #expect(fields.index(of: .cookie) == 2)
            #expect(fields.index(of: .cookie, from: 3) == 4)
            #expect(fields.index(of: .cookie, from: 5) == nil)
            #expect(fields.index(of: .origin) == nil)
            #expect(fields.contains(.cookie) == true)
            #expect(fields.contains(.other) == false)
            #expect(fields.repeats(.cookie) == true)
            #expect(fields.repeats(.other) == false)
            #expect(fields.repeats(.host) == false)
        }
    }

    @Test func `a field that must stand alone is there once, absent, or a violation`() {
        table("Authorization: x\r\nOrigin: y\r\nOrigin: y\r\n") { fields, bytes in
            do throws(HTTPViolation) {
                let value = try fields.only(.authorization)
                #expect(value.map { text(bytes.span[$0]) } == "x")
                let absent = try fields.only(.cookie)
                #expect(absent == nil)
            } catch { Issue.record("\(error)") }
            do throws(HTTPViolation) {
                _ = try fields.only(.origin)
                Issue.record("two were one")
            } catch { #expect(error == .fieldRepeated) }
        }
    }

    @Test func `a table is empty again for the next head`() {
        var head = RequestHead()
        let first = bytes("GET / HTTP/1.1\r\nHost: a\r\nCookie: x\r\nCookie: y\r\n\r\n")
        let second = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.outcome(first) == .complete(first.count))
        #expect(head.outcome(second) == .complete(second.count))
        #expect(head.fields.count == 1)
        #expect(head.fields.contains(.cookie) == false)
        #expect(head.fields.repeats(.cookie) == false)
    }
}

@Suite struct `Violations` {
    @Test func `codes are unique, dotted and lower case`() {
        let codes = HTTPViolation.allCases.map { text($0.code.bytes) }
        #expect(Set(codes).count == codes.count)
        let responses = HTTPViolation.allCases.map { text($0.responseCode.bytes) }
        #expect(Set(responses).count == responses.count)
        for code in codes + responses {
            #expect(code.wholeMatch(of: /(request|response|head)(\.[a-z0-9_]+)+/) != nil, "\(code)")
        }
    }

    @Test func `every status has a reason`() {
        for violation in HTTPViolation.allCases {
            #expect(HTTPStatus.reason(violation.status).utf8CodeUnitCount > 0)
        }
        for status: UInt16 in [
            100, 103, 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417,
            421, 429, 431, 500, 501, 502, 503, 504, 505,
        ] {
            #expect(HTTPStatus.reason(status).utf8CodeUnitCount > 0)
        }
        #expect(HTTPStatus.reason(299).utf8CodeUnitCount == 0)
    }
}
