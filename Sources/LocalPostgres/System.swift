package import Foundation
import Glibc
import Synchronization

// Foundation's Process can neither start a session of its own nor keep descriptors of concurrent
// starts apart, and both are needed for "dies with its parent". What needs
// `unsafe` in this target is in this file.

/// How a child ended.
package enum ChildEnd: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
}

/// A child process: reaped once, and killed if its owner forgets it.
package final class Child: Sendable {
    package let pid: Int32
    private let end = Mutex<ChildEnd?>(nil)

    fileprivate init(pid: Int32) { self.pid = pid }

    deinit {
        guard check() == nil else { return }
        kill(pid, SIGKILL)
        _ = wait(until: .distantFuture)
    }

    /// How it ended, or `nil` while it runs.
    package func check() -> ChildEnd? {
        end.withLock { end in
            if let end { return end }
            var status: Int32 = 0
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7F
            end = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
            return end
        }
    }

    /// Waits for the end; `nil` when `deadline` comes first.
    package func wait(until deadline: Date) -> ChildEnd? {
        while true {
            if let end = check() { return end }
            if Date() >= deadline { return nil }
            pause(milliseconds: 5)
        }
    }

    /// Sends a signal unless the child has been reaped.
    package func signal(_ number: Int32) {
        if check() == nil { kill(pid, number) }
    }
}

/// A descriptor that is closed once, and never inherited by accident.
package struct Descriptor: ~Copyable, Sendable {
    package let number: Int32
    package init(adopting number: Int32) { self.number = number }
    deinit { close(number) }

    /// Takes the file's lock, which every copy of this descriptor holds until the last has closed.
    func tryLock() -> Bool { flock(number, LOCK_EX | LOCK_NB) == 0 }

    /// Whether the file open here is the one to be found at `path`.
    func isStill(at path: String) -> Bool {
        var open = stat()
        var found = stat()
        guard unsafe fstat(number, &open) == 0, unsafe stat(path, &found) == 0 else { return false }
        return open.st_dev == found.st_dev && open.st_ino == found.st_ino
    }

    /// For small private files: all of it or a fault.
    func write(_ text: String) throws(LocalPostgresFault) {
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else {
            throw .systemCallFailed("write", code: errno)
        }
    }
}

/// Two connected ends: what waits at `far` is told when the last copy of `near` closes.
package struct Lifeline: ~Copyable {
    package let near: Descriptor
    package let far: Descriptor

    /// A pair of sockets, because only they can be born closed-on-exec: between `pipe` and `fcntl`
    /// another thread's child could inherit an end and keep it open.
    package init() throws(LocalPostgresFault) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .systemCallFailed("socketpair", code: errno)
        }
        near = Descriptor(adopting: ends[0])
        far = Descriptor(adopting: ends[1])
    }

    /// Our end, once the child holds the other.
    package consuming func keepNear() -> Descriptor { near }
}

/// Opens a file that only we may read and that is not a link, making it if needed.
func openPrivateFile(
    _ path: String, truncating: Bool
) throws(LocalPostgresFault) -> Descriptor {
    let flags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW | (truncating ? O_TRUNC : 0)
    let number = unsafe open(path, flags, 0o600)
    guard number >= 0 else { throw .systemCallFailed("open \(path)", code: errno) }
    return Descriptor(adopting: number)
}

/// Gives a path to another account.
func changeOwner(of path: String, to owner: (user: UInt32, group: UInt32)) -> Bool {
    unsafe chown(path, owner.user, owner.group) == 0
}

/// Starts a program with exactly the descriptors in `files` (child's number to ours) and the
/// standard ones left out read from and written to `/dev/null`.
package func spawn(
    _ arguments: [String], environment: [String: String], files: [Int32: Int32] = [:],
    startsSession: Bool = false
) throws(LocalPostgresFault) -> Child {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // By way of numbers above all others, or one could be overwritten before it is copied. Where
    // they are above the limit of descriptors the program is not started.
    let detour = 1 + max(2, files.values.max() ?? 2, files.keys.max() ?? 2)
    for (number, ours) in files {
        unsafe posix_spawn_file_actions_adddup2(&actions, ours, number + detour)
    }
    for number in Int32(0)...2 where files[number] == nil {
        unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
    }
    for number in files.keys {
        unsafe posix_spawn_file_actions_adddup2(&actions, number + detour, number)
        unsafe posix_spawn_file_actions_addclose(&actions, number + detour)
    }

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGCHLD] {
        unsafe sigaddset(&signals, number)
    }
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    let sessionFlag: Int32 = 0x80  // POSIX_SPAWN_SETSID, which only _GNU_SOURCE declares.
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (startsSession ? sessionFlag : 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    let settings = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (words + settings).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawnp(&pid, arguments[0], &actions, &attributes, words, settings)
    guard code == 0 else { throw .systemCallFailed("starting \(arguments[0])", code: code) }
    return Child(pid: pid)
}

/// Rests the thread between two looks at something that cannot be waited for.
package func pause(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }
