import JSON
import Testing

/// A document and what must become of it; `kind` is nil where it is accepted.
struct GrammarRow: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let kind: JSONDefect.Kind?

    var testDescription: String { name }

    static func y(_ name: String, _ text: String) -> GrammarRow {
        GrammarRow(name: "y \(name)", bytes: Array(text.utf8), kind: nil)
    }

    static func y(_ name: String, bytes: [UInt8]) -> GrammarRow {
        GrammarRow(name: "y \(name)", bytes: bytes, kind: nil)
    }

    static func n(_ name: String, _ text: String, _ kind: JSONDefect.Kind) -> GrammarRow {
        GrammarRow(name: "n \(name)", bytes: Array(text.utf8), kind: kind)
    }

    static func n(_ name: String, bytes: [UInt8], _ kind: JSONDefect.Kind) -> GrammarRow {
        GrammarRow(name: "n \(name)", bytes: bytes, kind: kind)
    }

    /// `bytes` between the quotes of a string.
    static func n(_ name: String, quoted bytes: [UInt8], _ kind: JSONDefect.Kind) -> GrammarRow {
        n(name, bytes: Array("[\"".utf8) + bytes + Array("\"]".utf8), kind)
    }

    static func y(_ name: String, quoted bytes: [UInt8]) -> GrammarRow {
        y(name, bytes: Array("[\"".utf8) + bytes + Array("\"]".utf8))
    }
}

@Suite struct `JSON grammar` {
    @Test(arguments: GrammarRow.accepted)
    func `a document of the grammar is accepted`(row: GrammarRow) {
        #expect(defect(of: row.bytes) == nil)
    }

    @Test(arguments: GrammarRow.refusedStructure + GrammarRow.refusedNumbers)
    func `a document outside the grammar is refused for its reason`(row: GrammarRow) {
        #expect(defect(of: row.bytes)?.kind == row.kind)
    }

    @Test(arguments: GrammarRow.refusedStrings)
    func `a string outside the grammar is refused for its reason`(row: GrammarRow) {
        #expect(defect(of: row.bytes)?.kind == row.kind)
    }

    @Test func `the table has at least 150 rows, each with its own name and bytes`() {
        let rows =
            GrammarRow.accepted + GrammarRow.refusedStructure + GrammarRow.refusedNumbers
            + GrammarRow.refusedStrings
        #expect(rows.count >= 150)
        #expect(Set(rows.map(\.name)).count == rows.count)
        #expect(Set(rows.map(\.bytes)).count == rows.count)
    }

    @Test func `every defect a document can have is in the table or has a test of its bound`() {
        let rows =
            GrammarRow.refusedStructure + GrammarRow.refusedNumbers + GrammarRow.refusedStrings
        var seen = Set(rows.compactMap(\.kind))
        seen.formUnion([.tooLong, .tooDeep, .tooManyKeys, .tooManyNodes])
        #expect(seen == Set(JSONDefect.Kind.allCases))
    }
}
