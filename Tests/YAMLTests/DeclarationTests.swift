import Foundation
@testable import Policy
import Testing
import YAML

@Suite struct `The declaration of policies` {
    /// `root` with every default of `record` written out where nothing is written.
    private func spelledOut(_ node: PolicyNode, _ record: PolicyRecord) -> PolicyNode {
        var entries = node.entries ?? []
        for key in record.keys {
            let index = entries.firstIndex { $0.key == key.name }
            if let fallback = key.fallback, index == nil {
                let text = "value: \(fallback)\n"
                let value = readPolicy(Array(text.utf8)).root?["value"]
                entries.append(
                    PolicyEntry(
                        key: key.name, keyMark: .none,
                        node: value ?? PolicyNode(.sequence([]), mark: .none)))
            } else if let index {
                entries[index].node = spelledOut(entries[index].node, key.shape)
            } else if case .record(let inner) = key.shape, !inner.keys.contains(where: \.isRequired)
            {
                let empty = PolicyNode(.mapping([]), mark: .none)
                entries.append(
                    PolicyEntry(key: key.name, keyMark: .none, node: spelledOut(empty, inner)))
            }
        }
        return PolicyNode(.mapping(entries), mark: node.mark)
    }

    private func spelledOut(_ node: PolicyNode, _ shape: PolicyShape) -> PolicyNode {
        switch shape {
        case .record(let record): return spelledOut(node, record)
        case .list(let item, _):
            return PolicyNode(
                .sequence((node.items ?? []).map { spelledOut($0, item) }), mark: node.mark)
        case .table(let value, _, _):
            let entries = (node.entries ?? []).map { entry in
                var entry = entry
                entry.node = spelledOut(entry.node, value)
                return entry
            }
            return PolicyNode(.mapping(entries), mark: node.mark)
        case .scalar, .oneOrList, .word, .anything: return node
        }
    }

    /// Everything in a value except where it was written.
    private func contents(of policy: Any) -> String {
        var text = ""
        dump(policy, to: &text)
        var lines: [Substring] = []
        var skipped = 0
        for line in text.split(separator: "\n") {
            if line.contains("SourceMark") {
                skipped = 4
            } else if skipped > 0 {
                skipped -= 1
            } else {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }

    @Test func `declared defaults are those of the policy`() throws {
        let text = plainPolicy.changing(
            "  public: {address: \"127.0.0.1:8443\"}\n", to: "  public: {}\n")
        let root = try #require(readPolicy(Array(text.utf8)).root)
        let full = spelledOut(root, GatewayShape.root)
        #expect(full["listen"]?["public"]?["deadlines"]?["handshake"]?.text == "5s")
        #expect(full["routes"]?.items?[0]["tenant"]?["inject"]?["header"]?.text == "X-Tenant-ID")
        let plain = GatewayPolicy.compile(PolicyDocument(root: root, folder: ""))
        let spelled = GatewayPolicy.compile(PolicyDocument(root: full, folder: ""))
        let one = contents(of: try #require(plain.policy))
        let other = contents(of: try #require(spelled.policy, "\(spelled.diagnostics)"))
        #expect(one == other)
        // The comparison can see a difference.
        let changed = text.changing("  public: {}\n", to: "  public: {deadlines: {drain: 9s}}\n")
        let different = try #require(readPolicy(Array(changed.utf8)).root)
        let third = GatewayPolicy.compile(PolicyDocument(root: different, folder: ""))
        #expect(contents(of: try #require(third.policy)) != one)
    }

    @Test func `declared defaults are those of the backend`() throws {
        let text = """
            version: 1
            listen: {api: {address: unix:api.sock}}
            database: {owner: file:o, runtime: file:r}
            assertion: {key: file:k, audience: delivery}
            """
        let root = try #require(readPolicy(Array(text.utf8)).root)
        let full = spelledOut(root, BackendShape.root)
        #expect(full["database"]?["workers"]?.text == "8")
        let plain = BackendPolicy.compile(PolicyDocument(root: root, folder: "")).policy
        let spelled = BackendPolicy.compile(PolicyDocument(root: full, folder: "")).policy
        #expect(contents(of: try #require(plain)) == contents(of: try #require(spelled)))
    }

    @Test func `no record declares a key twice, or one that is also not yet available`() {
        var pending = [
            GatewayShape.root, BackendShape.root, BackendShape.tenants, PolicyTestShape.root,
        ]
        while let record = pending.popLast() {
            let names = record.keys.map(\.name) + record.notYet
            #expect(Set(names).count == names.count, "\(record.noun)")
            #expect(!names.contains { $0.hasPrefix("x-") })
            for key in record.keys {
                #expect(key.help.hasSuffix("."), "\(key.name)")
                var shape: PolicyShape? = key.shape
                while let current = shape {
                    switch current {
                    case .record(let inner):
                        pending.append(inner)
                        shape = nil
                    case .list(let inner, _), .table(let inner, _, _), .word(_, let inner):
                        shape = inner
                    case .scalar, .oneOrList, .anything: shape = nil
                    }
                }
            }
        }
    }

    @Test func `keys that begin with x- are free in every mapping with declared keys`() {
        let text = `A compiled gateway policy`.full
            .changing("STARTER: {", to: "STARTER: {x-owner: sales, ")
            .changing("deadlines: {", to: "deadlines: {x-why: [because], ")
            .changing("assertion: {", to: "assertion: {x-a: {b: {c: d}}, ")
        #expect(Files(text).gateway().report.codes.isEmpty)
    }

    @Test func `names the user chooses may begin with x-`() {
        let text = plainPolicy.changing(
            "  STARTER:", to: "  x-trial: {requests: nonsense}\n  STARTER:")
        #expect(Files(text).gateway().report.codes == ["E1205"])
    }

    @Test func `keys of later versions are refused by name`() {
        for (old, new) in [
            ("version: 1\n", "version: 1\nportal: {}\n"),
            (":8080\"]}", ":8080\"], health: /healthz}"),
            ("100/min}", "100/min, burst: 5}"),
        ] {
            let loaded = Files(plainPolicy.changing(old, to: new)).gateway()
            #expect(loaded.policy == nil)
            #expect(loaded.report.codes == ["E1203"], "\(new)")
            #expect(loaded.report.text(colour: false).contains("not available in this version"))
        }
    }
}
