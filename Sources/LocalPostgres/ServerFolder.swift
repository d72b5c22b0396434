import Foundation

/// What the file system says about a path itself, not about where a link leads.
struct FolderEntry {
    let user: UInt32
    let group: UInt32
    let mode: UInt32
    let isFolder: Bool

    init?(_ path: String) {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
            let user = facts[.ownerAccountID] as? NSNumber,
            let group = facts[.groupOwnerAccountID] as? NSNumber,
            let mode = facts[.posixPermissions] as? NSNumber
        else { return nil }
        self.user = user.uint32Value
        self.group = group.uint32Value
        self.mode = mode.uint32Value
        isFolder = facts[.type] as? FileAttributeType == .typeDirectory
    }
}

/// The places one server needs on disk.
///
///     base/            ours, others may walk through
///     base/lock        held while a process of ours runs the server
///     base/tenure      held until the supervisor of that server has ended, too
///     base/secrets/    ours alone: one password a file
///     base/server.log
///     base/data/       the server account's alone
///     socket/          the server account's alone; in base unless that path is too long
struct ServerFolder {
    let base: String
    let data: String
    let socket: String
    let secrets: String
    let log: String
    let serverPIDFile: String
    var lock: String { base + "/lock" }
    var tenure: String { base + "/tenure" }

    /// A Unix socket's path has 107 bytes at most; some clients allow less.
    static let socketPathBytesMax = 99

    /// Prepares `requested`, or a folder under `/var/tmp` with a name that is always the same for
    /// `requested` when the server's account cannot reach it.
    static func prepare(
        _ requested: String, for account: ServerAccount
    ) throws(LocalPostgresFault) -> ServerFolder {
        let wanted = URL(fileURLWithPath: requested).resolvingSymlinksInPath().path
        let mark = fingerprint(of: wanted)
        let base =
            account.reaches(wanted) ? wanted : "/var/tmp/ringfence-\(geteuid())-\(mark)"
        let nearby = base + "/socket"
        let isShort = (nearby + "/.s.PGSQL.65535").utf8.count <= socketPathBytesMax
        let folder = ServerFolder(
            base: base, data: base + "/data",
            socket: isShort ? nearby : "/tmp/ringfence-\(geteuid())-\(mark)",
            secrets: base + "/secrets", log: base + "/server.log",
            serverPIDFile: base + "/server.pid")
        let owner = account.fileOwner
        try make(folder.base, mode: 0o711, owner: (geteuid(), getegid()))
        try make(folder.secrets, mode: 0o700, owner: (geteuid(), getegid()))
        try make(folder.data, mode: 0o700, owner: owner)
        try make(folder.socket, mode: 0o700, owner: owner)
        return folder
    }

    /// Makes a folder, or accepts one that is a real folder of the right owner into which nobody
    /// else writes: names under `/tmp` can be taken by anybody first.
    private static func make(
        _ path: String, mode: Int, owner: (user: UInt32, group: UInt32)
    ) throws(LocalPostgresFault) {
        if let entry = FolderEntry(path) {
            guard entry.isFolder, entry.user == owner.user, entry.mode & 0o022 == 0 else {
                throw .folderUnusable(path, reason: "it is not a folder of its owner alone")
            }
            return
        }
        do {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: parent, withIntermediateDirectories: true)
            // Fails if somebody made it meanwhile, and then it is not ours.
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: path)
        } catch {
            throw .folderUnusable(path, reason: error.localizedDescription)
        }
        guard owner.user == geteuid() || changeOwner(of: path, to: owner) else {
            throw .folderUnusable(path, reason: "it cannot be given to the server's account")
        }
    }

    /// A password kept from run to run, or a new one of 192 random bits.
    func secret(_ name: String) throws(LocalPostgresFault) -> String {
        let path = "\(secrets)/\(name)"
        if let kept = try? String(contentsOfFile: path, encoding: .utf8), kept.count == 48 {
            return kept
        }
        var source = SystemRandomNumberGenerator()
        let made = (0..<3).map { _ in
            let digits = String(source.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(made.utf8), attributes: [.posixPermissions: 0o600])
        else { throw .folderUnusable(path, reason: "cannot write") }
        return made
    }

    /// The end of the server's log.
    var logTail: String {
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: log))) ?? Data()
        return String(decoding: bytes.suffix(4000), as: UTF8.self)
    }

    /// FNV-1a: names a folder, protects nothing.
    private static func fingerprint(of path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

/// The server a data folder says is running on it.
struct LeftoverServer {
    let pid: Int32

    /// `nil` unless the process named in `postmaster.pid` lives and is a server on this very
    /// folder: numbers of processes are used again.
    init?(in folder: ServerFolder) {
        guard let pid = Self.recordedPID(in: folder),
            let command = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline")),
            command.split(separator: 0).contains(where: { $0.elementsEqual(folder.data.utf8) })
        else { return nil }
        self.pid = pid
    }

    static func recordedPID(in folder: ServerFolder) -> Int32? {
        let path = folder.data + "/postmaster.pid"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Asks it to stop at once, then harder.
    func stop(in folder: ServerFolder, until deadline: Date) throws(LocalPostgresFault) {
        kill(pid, SIGINT)
        let patience = Date(timeIntervalSinceNow: deadline.timeIntervalSinceNow / 2)
        var isPressed = false
        while LeftoverServer(in: folder)?.pid == pid {
            if Date() >= deadline { throw .leftoverServer(pid: pid) }
            if !isPressed, Date() >= patience {
                kill(pid, SIGQUIT)
                isPressed = true
            }
            pause(milliseconds: 20)
        }
    }
}
