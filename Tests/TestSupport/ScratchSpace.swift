import Foundation
import LocalPostgres
import Synchronization

/// A folder of this test process that is deleted when the process ends, after `kill -9` too: a
/// shell in a session of its own waits for our death.
public final class ScratchSpace: Sendable {
    private static let made = Result { try ScratchSpace() }

    public static func shared() throws -> ScratchSpace { try made.get() }

    public let folder: String
    private let names = Atomic<Int>(0)
    private let watcher: Child
    private let lifeline: Descriptor

    private init() throws {
        folder =
            "/tmp/ringfence-test-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        // Others may walk through: the account of a server may be another than ours.
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o711])
        let pair = try Lifeline()
        watcher = try spawn(
            ["sh", "-c", "cd /; read -r _ <&3; rm -rf -- \"$1\"", "ringfence-scratch", folder],
            environment: ["PATH": "/usr/bin:/bin"], files: [3: pair.far.number],
            startsSession: true)
        lifeline = pair.keepNear()
    }

    /// A path in the folder at which nothing exists yet.
    public func newPath(_ name: String) -> String {
        "\(folder)/\(name)\(names.add(1, ordering: .relaxed).newValue)"
    }
}

/// A folder for one test, deleted with the value.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = try ScratchSpace.shared().newPath("f")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders its name needs, and answers its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: file).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}
