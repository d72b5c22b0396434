import Foundation
import Glibc

/// Words for people on standard error; data on standard output. Nothing is held back in a buffer,
/// and a reader who went away is no fault.
enum Message {
    /// Ends the process where the output is lost, on a full disk for one: half of it, taken for the
    /// whole, is worse than none.
    static func output(_ text: String) {
        let code = write(text)
        guard code != 0 else { return }
        error("cannot write standard output: \(System.describe(code))")
        exit(1)
    }

    /// - Returns: the error by which some of it was lost; 0 for none.
    static func write(_ text: String) -> Int32 {
        _ = signal(SIGPIPE, SIG_IGN)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(1, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EPIPE: return 0
            case EINTR: continue
            case EAGAIN:
                var entry = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&entry, 1, -1)
            case let code: return code
            }
        }
        return 0
    }

    static func plain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    static func error(_ text: String) { plain("ringfence: \(text)") }
}

/// Whether, and how, output is made to stand out.
struct Paint {
    let isOn: Bool

    /// For standard output.
    init(isWanted: Bool, environment: [String: String]) {
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        isOn = isWanted && !refused && environment["TERM"] != "dumb" && System.isTerminal(1)
    }

    func bold(_ text: String) -> String { isOn ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func faint(_ text: String) -> String { isOn ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
