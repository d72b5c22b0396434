import Foundation

/// The checked-out tree these tests read.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    struct Source {
        /// Relative to the root, such as `Sources/Policy/Model/Identity.swift`.
        let path: String
        let text: String
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// Every file below `folder` whose name ends with one of `endings`.
    static func files(in folder: String, endings: [String] = [".swift"]) throws -> [Source] {
        let base = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var found: [Source] = []
        for case let name as String in walk where endings.contains(where: name.hasSuffix) {
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            found.append(Source(path: folder + "/" + name, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }

    /// Runs a tool to its end and answers its status and everything it printed.
    static func run(_ tool: String, _ arguments: [String]) throws -> (status: Int32, output: String)
    {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// The folder that holds the built programs: that of the running test bundle.
    static let products: URL = {
        let executable = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        var folder = executable.deletingLastPathComponent()
        while folder.path != "/" {
            let program = folder.appending(path: "ringfence-gateway").path
            if FileManager.default.isExecutableFile(atPath: program) { return folder }
            folder.deleteLastPathComponent()
        }
        return root.appending(path: ".build/debug")
    }()
}
