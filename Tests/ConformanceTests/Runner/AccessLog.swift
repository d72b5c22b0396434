import Foundation
import Synchronization
import TestSupport

/// The access log of a bench, read as it grows.
final class AccessLog: Sendable {
    private let path: String
    private let state = Mutex((offset: UInt64(0), entries: [String: [LogEntry]]()))

    init(path: String) { self.path = path }

    /// The lines of one client, in order; as many as there are when fewer than `count` come in
    /// time.
    func entries(of source: String, atLeast count: Int) throws -> [LogEntry] {
        var found: [LogEntry] = []
        do {
            try eventually("\(count) lines") {
                found = try state.withLock { state in
                    try read(&state)
                    return state.entries[source] ?? []
                }
                return found.count >= count
            }
        } catch TestSupportError.timedOut {}
        return found
    }

    /// The whole file.
    var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private func read(_ state: inout (offset: UInt64, entries: [String: [LogEntry]])) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        try file.seek(toOffset: state.offset)
        let data = try file.readToEnd() ?? Data()
        guard let end = data.lastIndex(of: 10) else { return }
        state.offset += UInt64(end - data.startIndex + 1)
        for line in data[..<end].split(separator: 10) {
            guard let object = try JSONSerialization.jsonObject(with: line) as? [String: Any],
                let peer = object["peer"] as? String
            else {
                throw TestSupportError.malformedResponse(String(decoding: line, as: UTF8.self))
            }
            state.entries[peer, default: []].append(
                LogEntry(
                    requestID: object["request_id"] as? String ?? "",
                    status: object["status"] as? Int ?? 0, code: object["code"] as? String ?? "",
                    cause: (object["violation"] ?? object["defect"]) as? String,
                    stripped: Set(object["stripped"] as? [String] ?? []),
                    shadow: object["shadow"] as? [String]))
        }
    }
}

/// What the tests look at of a line of the access log.
struct LogEntry: Sendable {
    var requestID = ""
    var status = 0
    var code = ""
    var cause: String?
    var stripped: Set<String> = []
    /// On routes in shadow.
    var shadow: [String]?
}
