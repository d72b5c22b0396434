import Foundation
import LocalPostgres

/// The folder `.ringfence` and the right to use it.
///
///     lock                  held while a playground runs here; names its process
///     dev.env               for scripts; there while everything is ready
///     certificate.pem, .key kept from run to run, because clients are told to trust it
///     policies/             what gateway and backend are started with
///     keys/                 issuer, assertion, vendor, pepper of API keys, database access
///     logs/                 of the last run
///     run/                  scratch of a run, and the socket of the feed
///     data/, kept/          PostgreSQL of a run; of all runs with --keep
///
/// Only the account that made it can look inside.
final class PlaygroundState {
    let folder: String
    let keepsData: Bool
    private let lock: Descriptor

    static let name = ".ringfence"

    /// Takes the folder for this process, and removes what an interrupted run left behind.
    static func open(
        in parent: String, keepsData: Bool
    ) throws(CommandFault) -> PlaygroundState {
        let folder = (parent as NSString).appendingPathComponent(name)
        try makeFolder(folder)
        let path = folder + "/lock"
        let file = try System.openPrivate(path, .keeping)
        guard System.lock(file) else {
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let number = holder.trimmingCharacters(in: .whitespacesAndNewlines)
            throw .alreadyRuns(
                folder: name, processID: number.isEmpty ? "unknown" : number)
        }
        _ = System.replaceContent(of: file, "\(getpid())\n")
        let state = PlaygroundState(folder: folder, keepsData: keepsData, lock: file)
        state.clear()
        for name in ["policies", "keys", "logs", "run"] {
            try makeFolder("\(folder)/\(name)")
        }
        // Keys and databases do not belong into anybody's history.
        try state.write("*\n", to: ".gitignore")
        return state
    }

    private init(folder: String, keepsData: Bool, lock: consuming Descriptor) {
        self.folder = folder
        self.keepsData = keepsData
        self.lock = lock
    }

    /// Makes a folder for us alone, or accepts one of ours.
    private static func makeFolder(_ path: String) throws(CommandFault) {
        let files = FileManager.default
        if let facts = try? files.attributesOfItem(atPath: path) {
            guard facts[.type] as? FileAttributeType == .typeDirectory else {
                throw .folderUnusable(path, reason: "it is not a folder")
            }
            guard (facts[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid() else {
                throw .folderUnusable(path, reason: "it belongs to another account")
            }
        }
        do {
            try files.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch {
            throw .folderUnusable(path, reason: error.localizedDescription)
        }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path(name))
    }

    func read(_ name: String) -> String? {
        try? String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// Writes a file for us alone; whoever reads it meanwhile sees it as it was before.
    func write(_ text: String, to name: String) throws(CommandFault) {
        let fresh = path(name) + ".new"
        let file = try System.openPrivate(fresh, .truncating)
        guard System.replaceContent(of: file, text), System.move(fresh, over: path(name)) else {
            throw .folderUnusable(path(name), reason: "it cannot be written")
        }
    }

    /// Opens a log and forgets what the run before wrote.
    func openLog(_ name: String) throws(CommandFault) -> Descriptor {
        try System.openPrivate(path(name), .appending)
    }

    func remove(_ name: String) { try? FileManager.default.removeItem(atPath: path(name)) }

    /// Removes what belongs to one run. Logs and certificate stay: one tells what happened, and
    /// the other was given to clients to trust.
    func clear() {
        remove("dev.env")
        remove("run")
        guard !keepsData else { return }
        for name in ["policies", "keys", "data"] { remove(name) }
    }
}
