import Foundation
import Policy
import Testing

@testable import Gateway

@Suite struct `Policies to begin with` {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../policies").standardized

    /// Where a template stands in the repository, and its files as they are there: schemas are kept
    /// once for all.
    private static func files(_ template: PolicyTemplate) -> [String: String] {
        let isBelow = template != .full
        let prefix = isBelow ? template.rawValue + "/" : ""
        var files: [String: String] = [:]
        for file in template.files {
            files[prefix + file.path] =
                isBelow
                ? file.text.replacingOccurrences(of: "$schema=", with: "$schema=../") : file.text
        }
        return files
    }

    static var all: [String: String] {
        var all: [String: String] = [:]
        for template in PolicyTemplate.allCases { all.merge(files(template)) { $1 } }
        for schema in PolicyTemplate.schemas { all[schema.path] = schema.text }
        return all
    }

    @Test func `are those of the repository`() throws {
        for (path, text) in Self.all {
            let file = Self.folder.appending(path: path)
            if ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            } else {
                let written = try String(contentsOf: file, encoding: .utf8)
                #expect(written == text, "\(path)")
            }
        }
        let found = FileManager.default.enumerator(atPath: Self.folder.path)?.compactMap {
            $0 as? String
        }
        let files = (found ?? []).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }
        #expect(Set(files) == Set(Self.all.keys))
    }

    @Test(arguments: PolicyTemplate.allCases)
    func `name a schema for editors in every file`(_ template: PolicyTemplate) {
        let schemas = Set(PolicyTemplate.schemas.map(\.path))
        for file in template.files {
            let line = file.text.prefix { $0 != "\n" }
            let depth = file.path.split(separator: "/").count - 1
            let start = "# yaml-language-server: $schema=" + String(repeating: "../", count: depth)
            #expect(line.hasPrefix(start), "\(file.path)")
            #expect(schemas.contains(String(line.dropFirst(start.count))), "\(file.path)")
        }
    }

    @Test func `are described by schemas that are JSON`() throws {
        for schema in PolicyTemplate.schemas {
            _ = try JSONSerialization.jsonObject(with: Data(schema.text.utf8))
        }
    }
}
