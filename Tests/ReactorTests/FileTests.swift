import Glibc
import HTTP1
import Testing

@testable import Reactor

@Suite struct `Files` {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test(arguments: [0, 1, 4_095, 4_096, 4_097, 100_000])
    func `are read as they were written`(_ size: Int) throws {
        let path = scratch.path("content")
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try writeFileAtomically(path, content.span)
        let read = try readFile(path, bytesMax: size)
        #expect(read == content)
    }

    @Test func `longer than allowed are refused`() throws {
        let path = scratch.path("long")
        try writeFileAtomically(path, [UInt8](repeating: 1, count: 101).span)
        var fault = #expect(throws: FileFault.self) { _ = try readFile(path, bytesMax: 100) }
        #expect(fault == .tooLarge)
        // Files that say they are empty and never end.
        fault = #expect(throws: FileFault.self) { _ = try readFile("/dev/zero", bytesMax: 9_999) }
        #expect(fault == .tooLarge)
    }

    @Test func `of proc are read although they say they are empty`() throws {
        let status = try readFile("/proc/self/status", bytesMax: 65_536)
        #expect(status.starts(with: Array("Name:".utf8)))
    }

    /// What is at the path itself.
    private func kind(_ path: String) -> mode_t {
        var file = stat()
        return unsafe lstat(path, &file) == 0 ? file.st_mode & S_IFMT : 0
    }

    @Test func `that are pipes are read to the end, and waited for only so long`() throws {
        let path = scratch.path("pipe")
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let fault = #expect(throws: FileFault.self) {
            _ = try readFile(path, bytesMax: 10, patienceMilliseconds: 20)
        }
        #expect(fault == .stalled)
        let content = [UInt8](repeating: 7, count: 200_000)
        let writer = try WorkerThread(name: "writer") {
            // Waits for the reader, as a shell's redirection does.
            try? writeFileAtomically(path, content.span)
        }
        #expect(try readFile(path, bytesMax: 200_000) == content)
        writer.join()
        #expect(kind(path) == S_IFIFO)
    }

    @Test func `behind a link are replaced, and the link stays`() throws {
        let (path, link) = (scratch.path("file"), scratch.path("link"))
        try writeFileAtomically(path, [1, 2, 3].span, mode: 0o644)
        try #require(unsafe symlink(path, link) == 0)
        try writeFileAtomically(link, [4].span, mode: 0o600)
        #expect(kind(link) == S_IFLNK)
        #expect(try readFile(path, bytesMax: 9) == [4])
        // A key in a file that everybody may read would be none.
        #expect(try fileMode(path).permissions == 0o600)
        // Whoever made it would choose where a new file is.
        let dangling = scratch.path("dangling")
        try #require(unsafe symlink(scratch.path("made"), dangling) == 0)
        var fault = #expect(throws: FileFault.self) {
            try writeFileAtomically(dangling, [5].span, mode: 0o600)
        }
        #expect(fault == .missing && kind(scratch.path("made")) == 0)
        fault = #expect(throws: FileFault.self) {
            try writeFileAtomically(scratch.folder, [1].span)
        }
        #expect(fault == .folder)
    }

    @Test func `a link to standard output is written, not replaced`() throws {
        let path = scratch.path("out")
        try writeFileAtomically(path, [1, 2, 3].span)
        let number = unsafe open(path, O_WRONLY)
        try #require(number >= 0)
        defer { close(number) }
        try writeFileAtomically("/dev/fd/\(number)", [4, 5].span)
        #expect(unsafe write(number, "x", 1) == 1)
        #expect(try readFile(path, bytesMax: 9) == [0x78, 5])
    }

    @Test func `missing, badly named and folders are told apart`() throws {
        for (path, expected) in [
            (scratch.path("none"), FileFault.missing), ("", .badPath), ("a\0b", .badPath),
            (scratch.folder, .folder),
        ] {
            let fault = #expect(throws: FileFault.self) { _ = try readFile(path, bytesMax: 10) }
            #expect(fault == expected)
        }
        #expect(FileFault(negative: -EACCES) == .denied)
    }

    @Test func `are replaced whole, and nothing is left beside them`() throws {
        let path = scratch.path("state")
        try writeFileAtomically(path, [1].span)
        try writeFileAtomically(path, [2, 3].span, mode: 0o600)
        let content = try readFile(path, bytesMax: 10)
        #expect(content == [2, 3])
        let mode = try fileMode(path)
        #expect(mode.permissions == 0o600 && mode.isRegular && !mode.isReadableByOthers)
        let names = try folderNames()
        #expect(names == ["state"])
    }

    @Test func `that cannot be renamed into place leave nothing behind`() throws {
        let path = scratch.path("folder")
        let made = unsafe mkdir(path, 0o700)
        #expect(made == 0)
        #expect(throws: FileFault.self) { try writeFileAtomically(path, [1].span) }
        let removed = unsafe rmdir(path)
        #expect(removed == 0)
        let names = try folderNames()
        #expect(names.isEmpty)
    }

    @Test func `readable by others are told`() throws {
        let path = scratch.path("key")
        for (permissions, expected) in [(0o600, false), (0o640, true), (0o604, true)] {
            try writeFileAtomically(path, [1].span)
            let changed = unsafe chmod(path, mode_t(permissions))
            #expect(changed == 0)
            let mode = try fileMode(path)
            #expect(mode.isReadableByOthers == expected)
        }
    }

    @Test func `and sockets are not inherited by child processes`() throws {
        let path = scratch.path("one.sock")
        let listener = try Listener(on: .unix(path: path))
        let socket = try Socket.connect(to: .unix(path: path))
        let mailbox = try Mailbox<Int>(capacity: 1)
        let flags = [listener.number, socket.number, mailbox.number].map { fcntl($0, F_GETFD) }
        #expect(flags == [FD_CLOEXEC, FD_CLOEXEC, FD_CLOEXEC])
        try Socket.withPair { near, _ in
            let accepted = try near.peerAddress()
            #expect(accepted == .unix)
            #expect(fcntl(near.number, F_GETFD) == FD_CLOEXEC)
        }
    }

    @Test func `random bytes fill everything and differ`() {
        var bytes = [UInt8](repeating: 0, count: 1_000)
        var span = bytes.mutableSpan
        randomBytes(into: &span)
        #expect(Set(bytes).count > 100)
        #expect(randomUInt64() != randomUInt64())
    }

    private func folderNames() throws -> [String] {
        var names: [String] = []
        let listing = unsafe try #require(opendir(scratch.folder))
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe closedir(listing)
        return names.sorted()
    }
}

@Suite struct `Append log` {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `lines of a turn are appended in one piece`() throws {
        let path = scratch.path("access.log")
        try writeFileAtomically(path, Array("old\n".utf8).span)
        var log = try AppendLog(.file(path: path))
        log.lines.append("one\n")
        log.lines.append("two\n")
        log.flush()
        let content = try readFile(path, bytesMax: 100)
        #expect(content == Array("old\none\ntwo\n".utf8))
        let state = (log.lines.isEmpty, log.droppedLines)
        #expect(state == (true, 0))
    }

    @Test func `two workers on one file never overwrite each other`() throws {
        let path = scratch.path("access.log")
        var one = try AppendLog(.file(path: path))
        var two = try AppendLog(.file(path: path))
        for _ in 0..<100 {
            one.lines.append("a\n")
            one.flush()
            two.lines.append("b\n")
            two.flush()
        }
        let content = try readFile(path, bytesMax: 1_000)
        #expect(content == (0..<100).flatMap { _ in Array("a\nb\n".utf8) })
    }

    @Test func `a full disk drops whole lines and counts them`() throws {
        var log = try AppendLog(.file(path: "/dev/full"))
        for turn in 1...3 as ClosedRange<UInt64> {
            log.lines.append("one\ntwo\n")
            log.flush()
            let state = (log.lines.isEmpty, log.droppedLines)
            #expect(state == (true, 2 * turn))
        }
    }

    @Test func `a bounded log makes room by flushing and drops a line beyond the bound`() throws {
        let path = scratch.path("small.log")
        var log = try AppendLog(.file(path: path), bytesMax: 10)
        for _ in 0..<3 {
            let hasRoom = log.makeRoom(for: 6)
            #expect(hasRoom)
            log.lines.append("12345\n")
        }
        let hasRoom = log.makeRoom(for: 11)
        #expect(!hasRoom)
        log.flush()
        let content = try readFile(path, bytesMax: 100)
        #expect(content == Array("12345\n12345\n12345\n".utf8))
        let dropped = log.droppedLines
        #expect(dropped == 1)
    }

    @Test func `after a rotation new lines go to a new file`() throws {
        let path = scratch.path("access.log")
        var log = try AppendLog(.file(path: path))
        log.lines.append("before\n")
        log.flush()
        let moved = unsafe rename(path, scratch.path("access.log.1"))
        #expect(moved == 0)
        log.lines.append("between\n")
        try log.reopen()
        log.lines.append("after\n")
        log.flush()
        let old = try readFile(scratch.path("access.log.1"), bytesMax: 100)
        let new = try readFile(path, bytesMax: 100)
        #expect(old == Array("before\nbetween\n".utf8) && new == Array("after\n".utf8))
    }

    @Test func `a log that cannot be opened anew goes on with the old file`() throws {
        let folder = scratch.path("sub")
        let made = unsafe mkdir(folder, 0o700)
        #expect(made == 0)
        var log = try AppendLog(.file(path: folder + "/log"))
        let moved = unsafe rename(folder + "/log", scratch.path("log"))
        let removed = unsafe rmdir(folder)
        #expect(moved == 0 && removed == 0)
        var fault: FileFault?
        do throws(FileFault) { try log.reopen() } catch { fault = error }
        #expect(fault == .missing)
        log.lines.append("still\n")
        log.flush()
        let content = try readFile(scratch.path("log"), bytesMax: 100)
        #expect(content == Array("still\n".utf8))
    }

    @Test func `a pipe nobody reads costs lines, never time, and no line is torn`() throws {
        let path = scratch.path("pipe")
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        try #require(reader >= 0)
        defer { close(reader) }
        var log = try AppendLog(.file(path: path))
        // Lines of 701 bytes do not divide a pipe's pages.
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 700) + [UInt8(ascii: "\n")]
        var total = 0
        while log.droppedLines == 0 {
            for _ in 0..<50 { log.lines.append(line) }
            total += 50
            log.flush()
            try #require(total < 100_000)
        }
        let written = total - Int(log.droppedLines)
        let received = drain(reader)
        #expect(received.count == written * line.count)
        #expect(received == (0..<written).flatMap { _ in line })
        // With a reader it goes on.
        log.lines.append("next\n")
        log.flush()
        #expect(drain(reader) == Array("next\n".utf8))
    }

    @Test func `the rest of a line cut in two is written first`() throws {
        let path = scratch.path("pipe")
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        try #require(reader >= 0)
        defer { close(reader) }
        var log = try AppendLog(.file(path: path), bytesMax: 1 << 20)
        // Longer than any pipe takes at once: the kernel cuts it.
        let long = [UInt8](repeating: UInt8(ascii: "l"), count: 200_000) + [UInt8(ascii: "\n")]
        log.lines.append(long)
        log.lines.append("dropped\n")
        log.flush()
        var received = drain(reader)
        #expect(!received.isEmpty && received.count < long.count)
        for _ in 0..<20 where received.count < long.count {
            log.flush()
            received += drain(reader)
        }
        log.lines.append("next\n")
        log.flush()
        received += drain(reader)
        #expect(received == long + Array("next\n".utf8))
        let dropped = log.droppedLines
        #expect(dropped == 1)
    }

    @Test func `standard output may be a file, a pipe or a socket`() async {
        await #expect(processExitsWith: .success) {
            _ = try SignalSource()
            var numbers: [Int32] = [0, 0]
            // A pipe shared with us: its own blocking mode must stay as it was.
            guard unsafe pipe(&numbers) == 0, dup2(numbers[1], 1) == 1 else { exit(11) }
            // The test library writes there too when all is over.
            let nowhere = unsafe open("/dev/null", O_WRONLY)
            defer { _ = [dup2(nowhere, 1), dup2(nowhere, 2)] }
            var log = try AppendLog(.standardOutput)
            log.lines.append("through a pipe\n")
            log.flush()
            var room = [UInt8](repeating: 0, count: 100)
            guard unsafe read(numbers[0], &room, 100) == 15 else { exit(12) }
            guard fcntl(1, F_GETFL) & O_NONBLOCK == 0 else { exit(13) }
            while log.droppedLines == 0 {
                log.lines.append("more\n")
                log.flush()
            }
            guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers) == 0,
                dup2(numbers[1], 2) == 2
            else { exit(14) }
            var errors = try AppendLog(.standardError)
            errors.lines.append("through a socket\n")
            errors.flush()
            guard unsafe read(numbers[0], &room, 100) == 17 else { exit(15) }
            while errors.droppedLines == 0 {
                errors.lines.append("more\n")
                errors.flush()
            }
        }
    }

    private func drain(_ number: Int32) -> [UInt8] {
        var received: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(number, &room, room.count)
            guard count > 0 else { return received }
            received += room.prefix(count)
        }
    }
}
