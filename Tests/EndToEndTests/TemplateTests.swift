import Foundation
import TestSupport
import Testing

/// What `init` writes, what `schema` prints, and what both are good for.
@Suite struct `A folder of policies from init` {
    static let templates = ["api", "tiers", "portal", "full"]

    private static func gateway(
        _ words: [String], folder: String? = nil
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        try ChildProcess.run(
            try BuiltProducts.path("ringfence-gateway"), words, folder: folder)
    }

    @Test(arguments: templates)
    func `is right, and its tests pass`(_ template: String) throws {
        let folder = try TemporaryFolder()
        let made = try Self.gateway(["init", "--template", template], folder: folder.path)
        #expect(made.end == .exited(0), "\(made.errorOutput)")
        #expect(made.output.contains("policies/gateway.yaml\n"))
        let checked = try Self.gateway(["check", "--no-color"], folder: folder.path)
        #expect(checked.end == .exited(0), "\(checked.errorOutput)")
        // Key files are the operator's; nothing else is odd.
        let lines = checked.errorOutput.split(separator: "\n")
        let warnings = lines.filter { $0.hasPrefix("warning") }
        #expect(warnings.allSatisfy { $0.hasPrefix("warning[W2012]") }, "\(warnings)")
        let tested = try Self.gateway(["test"], folder: folder.path)
        #expect(tested.end == .exited(0), "\(tested.output)\(tested.errorOutput)")
    }

    @Test func `is right with its overlays`() throws {
        let folder = try TemporaryFolder()
        for template in ["tiers", "full"] {
            _ = try Self.gateway(["init", template, "--template", template], folder: folder.path)
            let checked = try Self.gateway(
                ["check", template, "--env", "production"], folder: folder.path)
            #expect(checked.end == .exited(0), "\(checked.errorOutput)")
            #expect(checked.errorOutput.contains(", env production"))
        }
    }

    @Test func `is written over nothing`() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", to: "notes.txt")
        let refused = try Self.gateway(["init", folder.path])
        #expect(refused.end == .exited(1))
        #expect(refused.errorOutput.contains("is not empty; nothing was written"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
        #expect(try Self.gateway(["init", folder.path + "/notes.txt"]).end == .exited(1))
        #expect(try Self.gateway(["init", folder.path + "/no/such"]).end == .exited(1))
        #expect(try Self.gateway(["init", "--template", "none"]).end == .exited(64))
        #expect(try Self.gateway(["schema", "none"]).end == .exited(64))
    }
}

/// The JSON Schemas, judged by a validator that is not ours.
@Suite struct `JSON Schemas of policy files` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardized

    /// Validates each file with the schema of its name, and prints what does not fit.
    private static let script = """
        import json, sys, yaml
        from jsonschema import Draft7Validator
        schemas, defects = {}, 0
        for line in sys.stdin.read().split("\\n"):
            if not line: continue
            expected, name, path = line.split("\\t")
            if name not in schemas:
                schemas[name] = json.load(open(sys.argv[1] + "/" + name + ".json"))
                Draft7Validator.check_schema(schemas[name])
            with open(path, encoding="utf-8") as file: document = yaml.safe_load(file)
            errors = [e.message for e in Draft7Validator(schemas[name]).iter_errors(document)]
            if bool(errors) == (expected == "good"):
                defects += 1
                print(path, "is", expected, errors[:3])
        print(defects, "defects")
        """

    private func defects(_ rows: [(isGood: Bool, schema: String, path: String)]) throws -> String {
        let lines = rows.map { "\($0.isGood ? "good" : "bad")\t\($0.schema)\t\($0.path)" }
        let run = try ChildProcess.run(
            "python3", ["-c", Self.script, "\(Self.root.path)/policies/schema"],
            input: lines.joined(separator: "\n"))
        try #require(run.end == .exited(0), "\(run.errorOutput)")
        return run.output
    }

    private static func schema(of path: String) -> String {
        let parts = path.split(separator: "/")
        if path.hasSuffix(".test.yaml") { return "test" }
        if parts.contains("env") { return "overlay" }
        if parts.contains("routes") { return "include" }
        switch parts.last {
        case "tenants.yaml": return "tenants"
        case "backend.yaml": return "backend"
        case "gateway.yaml": return "gateway"
        default: return "include"
        }
    }

    @Test func `take the policies of the repository`() throws {
        let folder = Self.root.appending(path: "policies").path
        let found = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        let files = (found ?? []).filter { $0.hasSuffix(".yaml") }
        #expect(files.count > 15)
        let output = try defects(
            files.map { (true, Self.schema(of: $0), "\(folder)/\($0)") })
        #expect(output == "0 defects\n")
    }

    /// Errors of form that a schema sees; what names refer to, and bounds with a unit, it does not.
    private static let visible: Set<String> = ["E1202", "E1204", "E1207", "E1209"]

    @Test func `agree with check about the golden files`() throws {
        let golden = Self.root.appending(path: "Tests/YAMLTests/Golden")
        let folder = try TemporaryFolder()
        var rows: [(Bool, String, String)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: golden.path).sorted() {
            let data = try Data(contentsOf: golden.appending(path: name))
            let text = String(decoding: data, as: UTF8.self)
            for (index, part) in text.components(separatedBy: "\n=== ").enumerated() {
                let halves = part.components(separatedBy: "--- output\n")
                let sections = halves[0].components(separatedBy: "--- policies/gateway.yaml\n")
                guard halves.count == 2, sections.count == 2, !sections[1].contains("--- ")
                else { continue }
                let isGood = !halves[1].contains("error[")
                let isBad = Self.visible.contains { halves[1].contains("error[\($0)]") }
                guard isGood || isBad else { continue }
                let path = try folder.write(sections[1], to: "\(name).\(index).yaml")
                rows.append((isGood, "gateway", path))
            }
        }
        #expect(rows.count > 20)
        #expect(try defects(rows) == "0 defects\n")
    }
}
