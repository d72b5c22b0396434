import Testing

@testable import Verification

@Suite struct `The words of a policy` {
    static func right(_ text: String) -> [String]? {
        PolicyText(text).right(comparing: "tenant_id", of: "orders")
    }

    @Test(arguments: [
        "(tenant_id = app.tenant())", "(tenant_id = ( SELECT app.tenant() AS tenant))",
        "(orders.tenant_id = app.tenant())", "(app.tenant() = tenant_id)",
        "((tenant_id)::text = app.tenant())",
    ]) func `are the same for what means the same`(_ text: String) {
        #expect(Self.right(text) == ["app", ".", "tenant"])
    }

    @Test(arguments: [
        "((tenant_id = app.tenant()) OR true)", "(tenant_id <> app.tenant())", "true",
        "(tenant_id = ( SELECT app.tenant() FROM app.x))", "(NOT (tenant_id = app.tenant()))",
        "((tenant_id = app.tenant()) AND app.look(id))", "(id = app.tenant())",
        "(tenant_id IS NOT DISTINCT FROM app.tenant())", "((tenant_id = app.tenant()) = false)",
        "(\"select\"(tenant_id) = app.tenant())", "(\"Tenant_id\" = app.tenant())",
    ]) func `differ for what means something else`(_ text: String) {
        #expect(Self.right(text) != ["app", ".", "tenant"])
    }

    @Test(arguments: [
        ("(\"tenantId\" = app.tenant())", "tenantId", "Order Items"),
        ("(\"Order Items\".\"tenantId\" = app.tenant())", "tenantId", "Order Items"),
        ("(app.tenant() = \"user\")", "user", "orders"),
        ("(\"select\".\"a \"\"b\"\"\" = app.tenant())", "a \"b\"", "select"),
    ]) func `know names by what they are, quoted or not`(
        _ text: String, _ column: String, _ relation: String
    ) {
        let read = PolicyText(text)
        #expect(read.right(comparing: column, of: relation) == ["app", ".", "tenant"])
        #expect(read.right(comparing: column.lowercased() + "_", of: relation) == nil)
    }

    @Test func `do not take one name for another`() {
        let bare = PolicyText("(tenantid = app.tenant())")
        #expect(bare.right(comparing: "tenantId", of: "orders") == nil)
        let session = PolicyText("(CURRENT_USER = app.tenant())")
        #expect(session.right(comparing: "current_user", of: "orders") == nil)
    }

    @Test func `let a column of a domain be cast to the type below it, and no other`() {
        let cast = PolicyText("((tenant_id)::uuid = app.tenant())")
        #expect(
            cast.right(comparing: "tenant_id", of: "orders", below: "uuid")
                == ["app", ".", "tenant"])
        #expect(cast.right(comparing: "tenant_id", of: "orders", below: "text") == nil)
        #expect(cast.right(comparing: "tenant_id", of: "orders") == nil)
    }

    @Test(arguments: [
        ("NULLIF(current_setting('app.t'::text, true), ''::text)::uuid", "setting", true),
        ("(pg_catalog.current_setting('app.t'::text, true))::uuid", "setting", false),
        ("current_setting('app.t'::text)", "setting", false),
        (
            "(NULLIF(split_part(current_setting('backtrace_functions'::text), ','::text, 2),"
                + " ''::text))::uuid", "slot", true
        ),
        ("(NULLIF(current_setting('backtrace_functions'::text), ''::text))::uuid", "slot", true),
    ]) func `tell where the context is from`(_ text: String, _ kind: String, _ isQuiet: Bool) {
        let read = ContextSource.reading(PolicyText(text).words)
        #expect(read?.isQuiet == isQuiet)
        switch read?.source {
        case .setting(let name): #expect(kind == "setting" && name == "app.t")
        case .slot: #expect(kind == "slot")
        default: Issue.record("\(text)")
        }
    }

    @Test(arguments: [
        "coalesce(current_setting('app.t', true), 'x')", "current_setting('app.t', true) || ''",
        "nullif(current_setting('app.t', true), 'x')", "current_setting(app.name())",
        "current_setting('app.t', true)::uuid::other", "nullif(app.f(), '')",
    ]) func `tell nothing of other expressions`(_ text: String) {
        #expect(ContextSource.reading(PolicyText(text).words) == nil)
    }

    @Test func `of a plan name what is scanned under which condition`() {
        let nodes = PlanNode.read([
            "Append", "  ->  Seq Scan on shop.events_now events_1",
            "        Filter: (events_1.tenant_id = (NULLIF(x, ''::text))::uuid)",
            "  ->  Index Only Scan using a_pkey on shop.\"Order Lines\"",
            "        Output: tenant_id",
        ])
        #expect(nodes.map(\.relation) == ["", "shop.events_now", "shop.\"Order Lines\""])
        #expect(nodes[1].mentions("tenant_id"))
        #expect(!nodes[2].mentions("tenant_id"))
    }
}

@Suite struct `Digests and seals` {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1000),
            "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
        ),
    ]) func `are those of FIPS 180`(_ text: String, _ digest: String) {
        #expect(SHA256.pin(text) == digest)
    }

    @Test func `authenticate as RFC 4231 says`() {
        let mac = SHA256.authenticate(
            Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(
            SHA256.hex(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func `have the form that the guard reads`() throws {
        let line = "rfseal1:k001:shop:" + String(repeating: "0b", count: 32) + "\n"
        let key = try #require(SealKey(line: line))
        let seal = key.seal(
            scope: "t", subject: "018f0000-0000-7000-8000-00000000000a", expires: 1_800_000_000)
        #expect(seal.utf8.count == 117)
        #expect(seal.hasPrefix("s1k001t018f0000-0000-7000-8000-00000000000a1800000000"))
        #expect("\(key)" == "seal key k001")
    }

    @Test(arguments: [
        "", "rfseal1:k001:shop:00", "rfseal2:k001:shop:" + String(repeating: "0b", count: 32),
        "rfseal1:k1:shop:" + String(repeating: "0b", count: 32),
        "rfseal1:k001:shop:" + String(repeating: "0g", count: 32),
    ]) func `are not made with another line`(_ line: String) {
        #expect(SealKey(line: line) == nil)
    }
}
