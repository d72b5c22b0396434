import Foundation

/// As whom the server runs: PostgreSQL refuses root.
struct ServerAccount: Equatable {
    enum Kind: Equatable {
        /// As ourselves: we are not root.
        case own
        /// Root gives up its identity for that of another account.
        case other(user: UInt32, group: UInt32)
        /// Root without the right to change identity: a user namespace in which we are called by
        /// another number. Files still belong to root.
        case namespace(user: UInt32, group: UInt32)
    }

    let kind: Kind

    /// Owner of the data as the file system sees it.
    var fileOwner: (user: UInt32, group: UInt32) {
        switch kind {
        case .own, .namespace: (geteuid(), getegid())
        case .other(let user, let group): (user, group)
        }
    }

    /// Words to put before a command. The kernel sends `deathSignal` when the process that started
    /// the command dies, which holds after `kill -9` too.
    func prefix(deathSignal: String) throws(LocalPostgresFault) -> [String] {
        let setpriv = try findTool("setpriv", package: "util-linux")
        let death = ["--pdeathsig", deathSignal]
        switch kind {
        case .own: return [setpriv] + death + ["--"]
        case .other(let user, let group):
            let identity = ["--reuid", "\(user)", "--regid", "\(group)", "--clear-groups"]
            return [setpriv] + identity + death + ["--"]
        case .namespace(let user, let group):
            let unshare = try findTool("unshare", package: "util-linux")
            let map = ["--user", "--map-user=\(user)", "--map-group=\(group)"]
            return [unshare] + map + ["--", setpriv] + death + ["--"]
        }
    }

    /// The first identity that works here.
    static func choose() throws(LocalPostgresFault) -> ServerAccount {
        guard geteuid() == 0 else { return ServerAccount(kind: .own) }
        let accounts = ["postgres", "nobody", "daemon"].compactMap(account(named:))
        let kinds =
            accounts.map { Kind.other(user: $0.user, group: $0.group) }
            + accounts.map { Kind.namespace(user: $0.user, group: $0.group) }
        for kind in kinds {
            let candidate = ServerAccount(kind: kind)
            let command = try candidate.prefix(deathSignal: "KILL") + ["true"]
            if run(command, timeoutSeconds: 60).end == .exited(0) { return candidate }
        }
        throw .noUnprivilegedAccount
    }

    /// Accounts as `initdb` will look them up, by `/etc/passwd`: `name:x:uid:gid:…`.
    private static func account(named name: String) -> (user: UInt32, group: UInt32)? {
        guard let file = try? String(contentsOfFile: "/etc/passwd", encoding: .utf8) else {
            return nil
        }
        for line in file.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 4, fields[0] == name, let user = UInt32(fields[2]),
                let group = UInt32(fields[3]), user != 0
            else { continue }
            return (user, group)
        }
        return nil
    }

    /// Whether that owner can walk down to `folder`, judged by the mode of each folder above it.
    func reaches(_ folder: String) -> Bool {
        guard case .other(let user, let group) = kind else { return true }
        var path = ""
        for name in folder.split(separator: "/") {
            path += "/\(name)"
            guard let entry = FolderEntry(path) else { return true }  // From here on we make it.
            let execute: UInt32 =
                entry.user == user ? 0o100 : entry.group == group ? 0o010 : 0o001
            guard entry.mode & execute != 0 else { return false }
        }
        return true
    }
}
