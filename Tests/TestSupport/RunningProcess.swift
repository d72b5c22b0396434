import Foundation
import Glibc

/// What the kernel says about a process.
public struct RunningProcess: Sendable {
    public let pid: Int32

    public init(_ pid: Int32) { self.pid = pid }

    /// Memory that is in RAM, in KiB; 0 when the process is gone.
    public var residentKiB: Int {
        let path = "/proc/\(pid)/statm"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * (sysconf(Int32(_SC_PAGESIZE)) / 1024)
    }

    /// Open descriptors; 0 when the process is gone.
    public var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
    }

    /// The processes it started that live.
    public var children: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { Self.parent(of: $0) == pid }
    }

    private static func parent(of pid: Int32) -> Int32? {
        let path = "/proc/\(pid)/stat"
        // The command's name, in parentheses, may hold anything; what follows it does not.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: end)...].split(separator: " ")
        return words.dropFirst().first.flatMap { Int32($0) }
    }
}
