import Testing

@testable import Policy

@Suite struct `A document of GraphQL` {
    /// What a rule makes of it; `nil` when it passes.
    private static func refusal(
        _ document: String, _ handling: BodyPolicy.GraphQL = .reject
    ) -> Refusal? {
        refusal([UInt8](document.utf8), handling)
    }

    private static func refusal(
        _ document: [UInt8], _ handling: BodyPolicy.GraphQL = .reject
    ) -> Refusal? {
        let rule = GraphQLRule(handling, names: SkeletonSet(names: TenantNames.defaults))
        do throws(Refusal) {
            try rule.check(document.span)
            return nil
        } catch {
            return error
        }
    }

    /// The tokens of a text, names in their letters.
    private static func tokens(_ document: String) throws(Refusal) -> [String] {
        let bytes = [UInt8](document.utf8)
        var lexer = GraphQLLexer(bytes.span)
        var tokens: [String] = []
        while true {
            switch try lexer.next() {
            case .name(let range): tokens.append(String(decoding: bytes[range], as: UTF8.self))
            case .value: tokens.append("1")
            case .punctuator(let byte): tokens.append(String(UnicodeScalar(byte)))
            case .end: return tokens
            }
        }
    }

    @Test func `is names, values and punctuation`() throws {
        let document = #"query A($a: [Int!]! = -1.5e+3, $b:B) @c(d:"e") {f:g(h:{i:[1,J]}) ...K}"#
        #expect(
            try Self.tokens(document).joined(separator: " ")
                == "query A ( $ a : [ Int ! ] ! = 1 $ b : B ) @ c ( d : 1 ) "
                + "{ f : g ( h : { i : [ 1 J ] } ) . K }")
        #expect(try Self.tokens("") == [])
        #expect(try Self.tokens("a#b\nc,d\t#") == ["a", "c", "d"])
    }

    @Test(arguments: [
        "\"\"", "\"a\"", #""\" \\ \/ \b\f\n\r\t \u00e9 \u{1F600}""#, "\"é😀\u{2028}\"",
        "\"\"\"\"\"\"",
        "\"\"\"a\nb\r\nc\rd \"e\" \\ \\n\"\"\"", #"""" \""" """"#, "\"\"\"\"\"a\"\"\"", "0", "-0",
        "12",
        "0.0", "1.50", "1e9", "1E-9", "-1.2e+3", "\"\"\"\\\"\\\\\"\"\\\\ \"\"\"", "\"\"\"#\"\"\"",
    ])
    func `has a value of one token`(_ value: String) throws {
        #expect(try Self.tokens(value) == ["1"])
    }

    @Test(arguments: [
        // Strings that do not end, or hold what they must not.
        "\"", "\"a", "\"a\n\"", "\"a\r\"", "\"\u{0}\"", #""\""#, #""\a""#, #""\u12""#, #""\u12g4""#,
        #""\u{}""#, #""\u{1234567}""#, #""\u{12""#, "\"\"\"", "\"\"\"a", "\"\"\"a\"\"",
        "\"\"\"\u{1}\"\"\"",
        // Numbers.
        "-", "00", "01", "-01", "1.", "1.e1", ".5", "1e", "1e+", "1a", "0x1", "1_000", "1.2.3",
        "1..2",
        // What is no token.
        ".", "..", "....", "%", "'a'", "`", "?", ";", "\\", "/", "*", "+", "<", "~", "^", "\u{7f}",
        "\0",
        "\u{b}", "\u{c}", "\u{1b}", "é", "\u{feff}{a}", "ten\u{feff}ant", "\u{a0}", "\u{2028}",
        // What some end a comment or a string at, and others do not.
        "#a\rb", "#a\u{2028}b", "#a\u{2029}b", "#\r", "#\u{0}", "\"\"\"a\"\"\"\"", "\"\"\"\"\"\"\"",
        #"""" \\""" """"#, #"""" \"""" """"#,
        // No name in front of a colon, parentheses that are not closed.
        #"{a(b:{"c":1})}"#, "{:a}", "{a(1:2)}", "{a::b}", "{a(b:[1]:2)}", "{a(", "{a)}", ")",
        "{a(b:1}",
    ])
    func `that cannot be read is refused`(_ document: String) {
        #expect(Self.refusal(document) == .requestBodyMalformed, "\(document)")
        #expect(Self.refusal(document, .rejectArguments) == .requestBodyMalformed)
        #expect(Self.refusal(document, .opaque) == nil)
    }

    @Test func `that is not UTF-8 is refused`() {
        for bytes: [UInt8] in [[0xff], [0x22, 0xc0, 0xaf, 0x22], [0x23, 0xed, 0xa0, 0x80]] {
            #expect(Self.refusal(bytes) == .requestBodyMalformed)
        }
    }

    /// Wherever it stands.
    @Test(arguments: [
        "{orders(tenantId:\"evil\"){id}}", "{orders(where:{tenant_id:{_eq:1}}){id}}",
        "{o(w:[{_and:[{tenant_id:\"\"\"evil\"\"\"}]}]){id}}",
        "query($tenantId:ID!){o(t:$tenantId){id}}",
        "query($t:ID){o(t:$t,by:tenant_id){id}}", "mutation{a(x:{Tenant_Id:1}){id}}",
        "{tenant(id:\"evil\"){id}}", "{tenant(id:1){id}}", "{tenant#\n(id:1){id}}",
        "{a:tenant , (id:1){id}}",
        "{o @tenant(id:1){id}}", "{o @include(if:$tenant_id){id}}", "{o(a:1)@b(tenantId:1)}",
        "fragment f on O{o(x__tenant_id:1)}", "subscription($a:A={tenant_id:1}){o}",
        "{o(X_TENANT_ID:1)}",
        "query a($b:C@d(tenantId:1)){e}", "#\n{o(tenantId:1)}", "#\r\n{o(tenantId:1)}",
        "{o(a:\"\"\"\\\"\"\" \"\"\",tenantId:1)}", "{o(a:\"\\\"\",tenantId:1)}",
        "query tenant($a:ID){a}",
        "{o(a:\"\",tenantId:1)}", "{o(a:\"\"\"\"\"\"tenantId:1)}",
    ])
    func `B20 that gives a value for the tenant is refused`(_ document: String) {
        #expect(Self.refusal(document) == .tenantConflict, "\(document)")
        #expect(Self.refusal(document, .rejectArguments) == .tenantConflict, "\(document)")
        #expect(Self.refusal(document, .opaque) == nil)
    }

    @Test(arguments: [
        "{orders{id tenantId}}", "{tenant{id}}", "{tenantId:id}", "{...tenant}",
        "{...on Tenant{id}}",
        "fragment tenant on O{id}", "{o@tenant}", "query tenant{a}", "{tenant:o(a:1)}",
        "{tenant@include(if:true){id}}",
    ])
    func `B20 that only asks for the tenant is refused by reject alone`(_ document: String) {
        #expect(Self.refusal(document) == .tenantConflict)
        #expect(Self.refusal(document, .rejectArguments) == nil)
    }

    @Test(arguments: [
        "", " ", "{orders{id}}", "{o(where:{column:\"tenant_id\",value:\"evil\"}){id}}",
        "{o(a:\"\"\"tenantId:1\"\"\")}", "#tenantId:1\n{o}", "{o(a:\"#\",b:1)}#tenantId",
        "{tenants{id}}",
        "{o(my_tenant_id:1)}", "query($t:ID!){o(t:$t){id}}",
        "{o(a:\"\"\" \\\"\"\" tenantId:1 \"\"\")}",
        "{o(a:\"\\\"tenantId:1\")}",
    ])
    func `B20 that names no tenant passes`(_ document: String) {
        #expect(Self.refusal(document) == nil)
        #expect(Self.refusal(document, .rejectArguments) == nil)
    }

    @Test func `has bounds`() {
        let longest = String(repeating: "a", count: GraphQLLexer.nameBytesMax)
        #expect(Self.refusal(longest) == nil)
        #expect(Self.refusal(longest + "a") == .requestBodyTooLarge)
        let number = String(repeating: "1", count: GraphQLLexer.numberBytesMax)
        #expect(Self.refusal(number) == nil)
        #expect(Self.refusal(number + "1") == .requestBodyTooLarge)
        let tokens = String(repeating: "a ", count: GraphQLLexer.tokensMax)
        #expect(Self.refusal(tokens) == nil)
        #expect(Self.refusal(tokens + "a") == .requestBodyTooLarge)
        // Deep is nothing to a reader of tokens.
        #expect(Self.refusal(String(repeating: "{", count: 60_000)) == nil)
    }

    @Test func `is cut anywhere without a trap`() {
        let document =
            "query A($a:[I!]=-1.5e+3)@c(d:\"\\u00e9\\\"\"){f(h:\"\"\"x\\\"\"\" y\"\"\")...K #é\r\n}"
        let bytes = [UInt8](document.utf8)
        for end in bytes.indices { _ = Self.refusal(Array(bytes[..<end])) }
        for place in bytes.indices {
            for byte: UInt8 in [0x00, 0x22, 0x5c, 0x0d, 0x28, 0x29, 0xe2, 0x2e] {
                var changed = bytes
                changed[place] = byte
                _ = Self.refusal(changed)
            }
        }
    }
}
