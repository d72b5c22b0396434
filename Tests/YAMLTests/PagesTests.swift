import Foundation
import HTTP1
import Policy
import Testing
import YAML

@Suite struct `Pages and examples` {
    @Test func `docs codes md is what the registry says`() throws {
        let file = repository.appending(path: "docs/codes.md")
        let expected = CodeReference.markdown()
        if writesGoldens { return try Data(expected.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == expected)
    }

    @Test func `docs codes md has a heading for every diagnostic and every refusal`() throws {
        let file = repository.appending(path: "docs/codes.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let headings = lines.filter { $0.hasPrefix("### ") }.map { String($0.dropFirst(4)) }
        let codes = DiagnosticCode.allCases.map(\.rawValue) + Refusal.allCases.map { "\($0.code)" }
        #expect(headings == codes)
        #expect(Set(codes).count == codes.count)
    }

    @Test func `the type of every problem body is explained by help`() throws {
        for refusal in Refusal.allCases {
            var out = ByteBuffer(capacityMax: ProblemBody.bytesMax)
            ProblemBody.write(refusal, requestID: Array("1".utf8).span, into: &out)
            let body = try JSONSerialization.jsonObject(with: Data(out.bytes))
            let type = try #require((body as? [String: Any])?["type"] as? String)
            let help = try #require(CodeReference.help(for: type), "\(type)")
            #expect(help.hasPrefix("\(refusal.code) (HTTP \(refusal.status))"))
        }
        #expect(CodeReference.help(for: "urn:ringfence:problem:none") == nil)
    }

    @Test func `docs policy md lists every declared key`() throws {
        let file = repository.appending(path: "docs/policy.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(page.range(of: "a test compares them -->\n"))
        let end = try #require(page.range(of: "<!-- end of keys -->"))
        let keys = "\n" + PolicyReference.markdown()
        if writesGoldens {
            let written = page[..<start.upperBound] + keys + page[end.lowerBound...]
            return try Data(written.utf8).write(to: file)
        }
        #expect(page[start.upperBound..<end.lowerBound] == keys)
    }

    private func read(_ path: String) throws(UnreadableFile) -> [UInt8] {
        let file = repository.appending(path: path)
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw UnreadableFile(reason: "No such file or directory")
        }
        return Array(data)
    }

    private func list(_ folder: String) throws(UnreadableFile) -> [String] {
        let path = repository.appending(path: folder).path
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw UnreadableFile(reason: "No such file or directory")
        }
        return names
    }

    @Test func `the example policies have no problems`() throws {
        let gateway = loadGatewayPolicy(path: "policies/gateway.yaml", list: list, read: read)
        #expect(
            gateway.report.text(colour: false)
                == "checked 5 files, 4 routes, 1 issuer, 4 tiers: no problems\n")
        #expect(gateway.report.exitCode(strict: true) == 0)
        let policy = try #require(gateway.policy)
        guard case .file(let tenants) = policy.tenants else { throw Unexpected() }
        #expect(tenants.count == 4)
        let backend = loadBackendPolicy(path: "policies/backend.yaml", read: read)
        #expect(backend.report.text(colour: false) == "checked 1 file: no problems\n")
    }

    @Test func `the two example programs find each other`() throws {
        let gateway = try #require(
            loadGatewayPolicy(path: "policies/gateway.yaml", list: list, read: read).policy)
        let backend = try #require(
            loadBackendPolicy(path: "policies/backend.yaml", read: read).policy)
        let assertion = try #require(gateway.assertion)
        let upstream = try #require(
            gateway.upstreams.firstIndex { $0.name == backend.assertion.audience })
        #expect(assertion.upstreams == [upstream])
        #expect(assertion.key.name == backend.assertion.key.name)
        #expect("unix:" + gateway.upstreams[upstream].targets[0].host == backend.api.text)
        #expect(gateway.listen.health?.text != backend.health?.text)
    }
}

@Suite struct `A compiled backend policy` {
    @Test func `every key arrives`() throws {
        let text = """
            version: 1
            x-note: free
            listen: {api: {address: "127.0.0.1:7000"}, health: {address: "127.0.0.1:7001"}}
            database: {owner: cred:owner, runtime: file:../runtime.dsn, workers: 3, deadline: 250ms}
            assertion: {key: file:/k, audience: delivery}
            """
        let loaded = Files(["policies/backend.yaml": Array(text.utf8)]).backend()
        #expect(loaded.report.codes.isEmpty)
        let policy = try #require(loaded.policy)
        #expect(policy.api.text == "127.0.0.1:7000" && policy.health?.text == "127.0.0.1:7001")
        #expect(policy.database.owner.kind == .cred && policy.database.owner.name == "owner")
        #expect(policy.database.runtime.name == "policies/../runtime.dsn")
        #expect(policy.database.workers == 3 && policy.database.deadlineMilliseconds == 250)
        #expect(policy.assertion.key.name == "/k" && policy.assertion.audience == "delivery")
    }

    @Test func `nothing that is required has a default`() {
        let loaded = Files(["policies/backend.yaml": Array("version: 1\n".utf8)]).backend()
        #expect(loaded.policy == nil)
        #expect(loaded.report.codes == ["E1202", "E1202", "E1202"])
        let feed = "version: 1\nlisten: {feed: {}, api: {address: unix:a}}\n"
        let other = Files(["policies/backend.yaml": Array(feed.utf8)]).backend()
        #expect(other.report.codes == ["E1202", "E1202", "E1202"])
    }

    @Test func `health and api have different addresses`() {
        let text = """
            version: 1
            listen: {api: {address: "127.0.0.1:7000"}, health: {address: "127.0.0.1:7000"}}
            database: {owner: file:o, runtime: file:r}
            assertion: {key: file:/k, audience: delivery}
            """
        let loaded = Files(["policies/backend.yaml": Array(text.utf8)]).backend()
        #expect(loaded.report.codes == ["E1314"])
    }
}
