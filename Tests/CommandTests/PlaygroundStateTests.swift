import Foundation
import TestSupport
import Testing

@testable import ringfence

@Suite struct `State of a playground` {
    static func mode(_ path: String) -> Int? {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        return (facts?[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func `only its account can look inside`() throws {
        let folder = try TemporaryFolder()
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        try state.write("x", to: "dev.env")
        #expect(state.folder == folder.path + "/.ringfence")
        #expect(Self.mode(state.folder) == 0o700)
        for name in ["policies", "keys", "logs", "run"] {
            #expect(Self.mode(state.path(name)) == 0o700, "\(name)")
        }
        for name in ["dev.env", "lock", ".gitignore"] {
            #expect(Self.mode(state.path(name)) == 0o600, "\(name)")
        }
    }

    @Test func `a folder that others can enter is closed`() throws {
        let folder = try TemporaryFolder()
        try folder.write("old", to: ".ringfence/dev.env")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: folder.path + "/.ringfence")
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        #expect(Self.mode(state.folder) == 0o700)
    }

    @Test func `a second one in the same folder is refused and names the first`() throws {
        let folder = try TemporaryFolder()
        let first = try PlaygroundState.open(in: folder.path, keepsData: false)
        #expect(throws: CommandFault.alreadyRuns(folder: ".ringfence", processID: "\(getpid())")) {
            try PlaygroundState.open(in: folder.path, keepsData: false)
        }
        withExtendedLifetime(first) {}
    }

    @Test func `a lock file without its process is no lock`() throws {
        let folder = try TemporaryFolder()
        try folder.write("1\n", to: ".ringfence/lock")
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        #expect(state.read("lock") == "\(getpid())\n")
    }

    @Test func `what an interrupted run left is removed, and its certificate is kept`() throws {
        let folder = try TemporaryFolder()
        for name in [
            "dev.env", "certificate.pem", "keys/vendor.key", "policies/gateway.yaml",
            "logs/gateway.log", "run/ringfence-gateway", "data/x", "kept/x",
        ] {
            try folder.write("old", to: ".ringfence/" + name)
        }
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        for name in ["dev.env", "keys/vendor.key", "run/ringfence-gateway", "data"] {
            #expect(!state.exists(name), "\(name)")
        }
        for name in ["certificate.pem", "logs/gateway.log", "kept/x"] {
            #expect(state.exists(name), "\(name)")
        }
    }

    @Test func `keys stay where data is kept`() throws {
        let folder = try TemporaryFolder()
        for name in ["dev.env", "keys/vendor.key", "kept/x"] {
            try folder.write("old", to: ".ringfence/" + name)
        }
        let state = try PlaygroundState.open(in: folder.path, keepsData: true)
        state.clear()
        #expect(!state.exists("dev.env"))
        #expect(state.exists("keys/vendor.key"))
        #expect(state.exists("kept/x"))
    }

    @Test func `a link or a file in its place is refused`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/.ringfence"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/tmp")
        let refusal = CommandFault.folderUnusable(path, reason: "it is not a folder")
        #expect(throws: refusal) {
            try PlaygroundState.open(in: folder.path, keepsData: false)
        }
        try FileManager.default.removeItem(atPath: path)
        try folder.write("", to: ".ringfence")
        #expect(throws: refusal) {
            try PlaygroundState.open(in: folder.path, keepsData: false)
        }
    }

    @Test func `a file that is written is never seen half`() throws {
        let folder = try TemporaryFolder()
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        try state.write("first", to: "dev.env")
        let reader = try #require(FileHandle(forReadingAtPath: state.path("dev.env")))
        try state.write("second, and longer", to: "dev.env")
        #expect(try reader.readToEnd() == Data("first".utf8))
        #expect(state.read("dev.env") == "second, and longer")
        #expect(!state.exists("dev.env.new"))
    }
}
