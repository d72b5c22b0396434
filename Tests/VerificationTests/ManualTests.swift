import Foundation
import Testing
import Verification

@Suite struct `The manual of the rules` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let start = "swift test --filter VerificationTests -->\n"
    private static let end = "<!-- end of rules -->"

    private static var tables: String {
        var text = ""
        var group = ""
        for rule in Rule.allCases {
            if rule.group != group {
                group = rule.group
                text += "\n### \(group)\n\n| rule | finding | why it matters | what to do |\n"
                text += "| --- | --- | --- | --- |\n"
            }
            let cells = [rule.rawValue, rule.title, rule.meaning, rule.remedy]
            text += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return text + "\n"
    }

    @Test func `docs verify md says what the registry says`() throws {
        let file = Self.root.appending(path: "docs/verify.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let from = try #require(page.range(of: Self.start)?.upperBound)
        let to = try #require(page.range(of: Self.end)?.lowerBound)
        if ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil {
            let new = page[..<from] + Self.tables + page[to...]
            try String(new).write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let isSame = String(page[from..<to]) == Self.tables
        #expect(isSame, "run again with RINGFENCE_WRITE_GOLDEN=1 and read the difference")
    }
}
