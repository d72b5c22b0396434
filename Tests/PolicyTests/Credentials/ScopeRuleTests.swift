import HTTP1
@testable import Policy
import Testing

@Suite struct `Scopes of a route` {
    private func allows(
        _ requirements: [(String, [String])], _ method: KnownMethod, _ scopes: [String]
    ) throws -> Bool {
        let rule = ScopeRule(
            requirements.map { ScopeRequirement(method: $0.0, scopes: $0.1) })
        return try #require(rule).allows(method, scopes.map { [UInt8]($0.utf8) })
    }

    @Test func `are needed all together, byte for byte`() throws {
        let both = [("POST", ["a:write", "b"])]
        #expect(try allows(both, .post, ["b", "x", "a:write"]))
        for scopes in [[], ["b"], ["a:write"], ["a:write b"], ["A:write", "b"], ["*"]] {
            #expect(try !allows(both, .post, scopes), "\(scopes)")
        }
    }

    @Test func `are none for a method that is not listed, unless there are others`() throws {
        #expect(try allows([("POST", ["a"])], .get, []))
        let others = [("GET", ["read"]), ("*", ["write"])]
        #expect(try !allows(others, .delete, ["read"]))
        #expect(try allows(others, .delete, ["write"]))
        #expect(try allows(others, .get, ["read"]))
    }

    @Test func `are for HEAD what they are for GET`() throws {
        #expect(try !allows([("GET", ["a"])], .head, []))
        #expect(try allows([("GET", ["a"]), ("HEAD", ["b"])], .head, ["b"]))
    }

    @Test func `let nobody use a method no route takes`() throws {
        for method: KnownMethod in [.other, .trace, .connect] {
            #expect(try !allows([("GET", ["a"])], method, ["a"]))
        }
    }
}
