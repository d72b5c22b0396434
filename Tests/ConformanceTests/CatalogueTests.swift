import Foundation
import Testing

@Suite struct `The catalogue` {
    @Test func `has a row for every vector that must have one`() {
        let covered = Set(Catalogue.tested.map(\.vector) + Scenario.all.map(\.vector))
        #expect(Vector.required.filter { !covered.contains($0) }.isEmpty)
        #expect(Vector.required.count == 169)
    }

    @Test func `has a pending row for every vector that waits for what is not built`() {
        let covered = Set(Catalogue.pending.map(\.vector))
        #expect(Vector.waiting.filter { !covered.contains($0) }.isEmpty)
        #expect(covered.subtracting(Vector.waiting).isEmpty)
    }

    @Test func `has at least 1800 rows that hold`() {
        #expect(Catalogue.tested.count >= 1_800)
    }

    @Test func `has at least 100 texts that are almost JSON`() {
        #expect(Catalogue.tested.filter { $0.vector == "B8" }.count >= 100)
    }

    @Test func `has at least 20 disguises of a transfer coding`() {
        #expect(Catalogue.tested.filter { $0.vector == "S3" }.count >= 20)
    }

    @Test func `names every row once, and its vector in words`() {
        let ids = Catalogue.all.map(\.id) + Scenario.all.map(\.id)
        let twice = Dictionary(grouping: ids) { $0 }.filter { $0.value.count > 1 }.keys
        #expect(twice.isEmpty)
        let vectors = Set(Vector.all.map(\.id))
        #expect(ids.filter { !vectors.contains(Vector.part(of: $0)) }.isEmpty)
    }

    @Test func `sends what no other row sends`() {
        // A row that was copied and not changed proves nothing.
        let rows = Catalogue.all.filter { $0.recipe == nil }
        let groups = Dictionary(grouping: rows, by: \.wire).values.filter { $0.count > 1 }
        let copies = groups.map { $0.map(\.id).sorted() }.filter {
            !Self.sameOnPurpose.contains($0)
        }
        #expect(copies.isEmpty)
    }

    /// The same request, looked at for different things.
    private static let sameOnPurpose: [[String]] = [
        ["A6a", "X9a", "X9b", "X9c"], ["A2o", "X9f"], ["P14f", "S16j"], ["S16i", "U6b"],
    ]

    @Test func `is what docs conformance md says`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/conformance.md").standardized
        if ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil {
            return try Data(Page.text.utf8).write(to: file)
        }
        let written = try String(contentsOf: file, encoding: .utf8)
        let isSame = written == Page.text
        #expect(isSame, "run again with RINGFENCE_WRITE_GOLDEN=1 and read the difference")
    }
}

@Suite struct `Every scenario` {
    @Test(arguments: Scenario.all.map(\.id))
    func holds(_ id: String) throws {
        let scenario = try #require(Scenario.all.first { $0.id == id })
        let defects = try scenario.defects()
        if !defects.isEmpty {
            let lines = ["\(id): \(scenario.sent)", "  required: \(scenario.required)"]
            let wrong = defects.map { "  WRONG:    \(Report.escaped($0, limit: 2_000))" }
            Issue.record(Comment(rawValue: (lines + wrong).joined(separator: "\n")))
        }
    }
}
