import Foundation

/// The programs of one installed PostgreSQL server.
struct ServerBinaries {
    let initdb: String
    let postgres: String
    let psql: String

    /// The ones on `path`, else the newest of the distributions' folders, which are not on PATH.
    static func find(path: String?) throws(LocalPostgresFault) -> ServerBinaries {
        let onPath = (path ?? "").split(separator: ":").map(String.init)
        for folder in onPath + distributionFolders() {
            let found = ServerBinaries(
                initdb: folder + "/initdb", postgres: folder + "/postgres",
                psql: folder + "/psql")
            let all = [found.initdb, found.postgres, found.psql]
            if all.allSatisfy({ FileManager.default.isExecutableFile(atPath: $0) }) {
                return found
            }
        }
        throw .serverNotInstalled
    }

    /// Debian's `/usr/lib/postgresql/17/bin` and Red Hat's `/usr/pgsql-17/bin`, newest first.
    private static func distributionFolders() -> [String] {
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        let redHat = (try? FileManager.default.contentsOfDirectory(atPath: "/usr")) ?? []
        let found =
            versions.map { (Int($0) ?? 0, "\(debian)/\($0)/bin") }
            + redHat.filter { $0.hasPrefix("pgsql-") }
            .map { (Int($0.dropFirst("pgsql-".count)) ?? 0, "/usr/\($0)/bin") }
        return found.sorted { $0.0 > $1.0 }.map(\.1)
    }
}

/// Where a program of the system lies on PATH.
func findTool(_ name: String, package: String) throws(LocalPostgresFault) -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":").map(String.init) + ["/usr/bin", "/bin"] {
        let candidate = "\(folder)/\(name)"
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    throw .toolMissing(name, package: package)
}
