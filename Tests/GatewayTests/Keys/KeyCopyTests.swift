import Foundation
import Reactor
import TestSupport
import Testing

@testable import Gateway

@Suite struct `The copy of a key set on disk` {
    static let source = "https://idp.example.com/keys"
    static let bytes = Array("{\"keys\":[\n]}\n".utf8)

    static func copy(_ fetchedAt: Int64 = 1_000) -> KeyCopy {
        KeyCopy(source: source, fetchedAt: fetchedAt, bytes: bytes)
    }

    static func read(
        _ path: String, source: String = source, now: Int64 = 1_100, bytesMax: Int = 1_000
    ) -> Result<KeyCopy, KeyCopy.Defect> {
        do throws(KeyCopy.Defect) {
            return .success(
                try KeyCopy.read(path, source: source, now: now, bytesMax: bytesMax))
        } catch {
            return .failure(error)
        }
    }

    @Test func `is read as it was written`() throws {
        let folder = try TemporaryFolder()
        let path = KeyCopy.path(folder: folder.path, issuer: "idp.1")
        #expect(path == folder.path + "/keys-idp.1.jwks")
        #expect(Self.read(path) == .failure(.missing))
        try Self.copy().write(path)
        #expect(Self.read(path) == .success(Self.copy()))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    @Test func `is none for another source, from the future, or too large`() throws {
        let path = try TemporaryFolder.kept("keys")
        try Self.copy(2_000).write(path)
        #expect(Self.read(path, source: "https://evil.example/keys") == .failure(.otherSource))
        #expect(Self.read(path, now: 1_939) == .failure(.future))
        #expect(Self.read(path, now: 1_940) == .success(Self.copy(2_000)))
        try KeyCopy(
            source: Self.source, fetchedAt: 1, bytes: [UInt8](repeating: 32, count: 6_000)
        ).write(path)
        #expect(Self.read(path) == .failure(.unreadable(.tooLarge)))
    }

    @Test(arguments: [0o666, 0o620, 0o640, 0o604, 0o602])
    func `is none where others may read or write it`(mode: Int) throws {
        let path = try TemporaryFolder.kept("mode")
        try Self.copy().write(path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(Self.read(path) == .failure(.notOurs))
    }

    @Test(arguments: [
        "", "\n", "\n\n", "ringfence-keys 1\n\n{}", "ringfence-keys 2 1000\nsource\n{}",
        "ringfence-keys 1 -5\nhttps://idp.example.com/keys\n{}",
        "ringfence-keys 1 1e3\nhttps://idp.example.com/keys\n{}",
        "ringfence-keys 1 1000", "ringfence-keys 1 99999999999999999999\na\n{}", "{\"keys\":[]}",
    ])
    func `is none when it is malformed`(text: String) throws {
        let path = try TemporaryFolder.kept("text")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(Self.read(path) == .failure(.malformed))
    }
}

extension TemporaryFolder {
    /// A path in a folder that stays for the run.
    fileprivate static func kept(_ name: String) throws -> String {
        try ScratchSpace.shared().newPath(name)
    }
}
