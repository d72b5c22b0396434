import Glibc
import Testing

@testable import Reactor

@Suite struct `Folders` {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `have the names that were put into them`() throws {
        let folder = scratch.path("folder")
        #expect(try makeFolder(folder))
        #expect(try listFolder(folder) == [])
        for name in [".hidden", "b", "a"] { try writeFileAtomically("\(folder)/\(name)", [1].span) }
        #expect(try makeFolder("\(folder)/inner", mode: 0o700))
        #expect(try listFolder(folder).sorted() == [".hidden", "a", "b", "inner"])
    }

    @Test func `that are there are said to be`() throws {
        let folder = scratch.path("folder")
        #expect(try makeFolder(folder))
        #expect(try !makeFolder(folder))
        // A file of that name is no folder, which whoever writes into it will find out.
        try writeFileAtomically(scratch.path("file"), [1].span)
        #expect(try !makeFolder(scratch.path("file")))
    }

    @Test func `missing, badly named and files are told apart`() throws {
        try writeFileAtomically(scratch.path("file"), [1].span)
        for (path, expected) in [
            (scratch.path("none"), FileFault.missing), ("", .badPath), ("a\0b", .badPath),
            (scratch.path("file"), .missing),
        ] {
            let fault = #expect(throws: FileFault.self) { _ = try listFolder(path) }
            #expect(fault == expected)
        }
        let fault = #expect(throws: FileFault.self) { _ = try makeFolder("a\0b") }
        #expect(fault == .badPath)
        let orphan = #expect(throws: FileFault.self) { _ = try makeFolder(scratch.path("a/b")) }
        #expect(orphan == .missing)
    }
}

@Suite struct `The environment` {
    @Test func `has its variables by prefix`() {
        _ = unsafe setenv("FOLDER_TESTS_A", "x=y", 1)
        let found = ProcessContext.variables(beginningWith: "FOLDER_TESTS_")
        #expect(found.map(\.name) == ["FOLDER_TESTS_A"])
        #expect(found.map(\.value) == ["x=y"])
    }
}
