import CLinux
import Glibc
import Synchronization

/// What the process was given by whoever started it.
public enum ProcessContext {
    /// An environment variable; `nil` when it is not set.
    public static func variable(_ name: String) -> String? {
        guard !name.utf8.contains(0), let value = unsafe rf_environment(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All environment variables whose name begins with `prefix`, in the environment's order.
    public static func variables(beginningWith prefix: String) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        var index = 0
        while let entry = unsafe rf_environment_at(index) {
            index += 1
            let text = unsafe String(cString: entry)
            guard text.hasPrefix(prefix), let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
            else { continue }
            found.append((String(text[..<equals]), String(text[text.utf8.index(after: equals)...])))
        }
        return found
    }

    /// `path` from the root on, without `.` and empty parts; nobody asks whether anything is there.
    /// Links and `..` stay as they are.
    public static func absolute(_ path: String) -> String {
        var whole = path
        if !path.hasPrefix("/") {
            var buffer = [CChar](repeating: 0, count: 4_096)
            if let folder = unsafe rf_working_folder(&buffer, buffer.count) {
                whole = unsafe String(cString: folder) + "/" + path
            }
        }
        let parts = whole.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    /// Whether a signal was ignored by whoever started this process.
    public static func isIgnored(_ signal: Int32) -> Bool { rf_is_ignored(signal) != 0 }

    /// Whom files that this process makes belong to.
    public static var userID: UInt32 { rf_user_id() }

    /// A program's whole life: `body`, then the end with the exit code it answers.
    ///
    /// Standard descriptors that were closed by whoever started it are filled first, so that
    /// nothing else is opened under their numbers; writing to them fails all the same. An output
    /// that could not be written (a full disk, not a reader that has gone) makes 1 of 0: half of a
    /// proof or a script, taken for the whole, is worse than none.
    public static func run(_ program: String, _ body: () -> Int32) -> Never {
        rf_prepare_standard_descriptors()
        let code = body()
        if let fault = StandardStream.fault {
            StandardStream.error.write("\(program): cannot write standard output: \(fault)\n")
            exit(code == 0 ? 1 : code)
        }
        exit(code)
    }

    /// Has the kernel kill this process when the thread that started it ends.
    ///
    /// - Returns: `false` when the parent went meanwhile, or the kernel refused.
    public static func endWithParent() -> Bool {
        let parent = rf_parent()
        // A parent that ended before the call sends no signal: then we have a new one by now.
        return rf_end_with_parent() == 0 && rf_parent() == parent
    }
}

/// The process's own output, for people and scripts; logs go through `AppendLog`.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// The first error that standard output met, less a reader that has gone; zero for none.
    private static let lostWith = Atomic<Int32>(0)

    /// Why something written to standard output is not there.
    static var fault: FileFault? {
        let code = lostWith.load(ordering: .relaxed)
        return code == 0 ? nil : FileFault(negative: -code)
    }

    /// Writes all of `text`, waiting as long as the reader does. A reader that has gone is no
    /// reason to stop.
    ///
    /// - Returns: whether all of it was taken, or the reader had gone.
    @discardableResult public func write(_ text: String) -> Bool {
        let bytes = [UInt8](text.utf8)
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBufferPointer { space in
                unsafe rf_write(
                    rawValue, space.baseAddress.map { unsafe $0 + written },
                    space.count - written)
            }
            if result == Int(-EAGAIN) {
                _ = rf_poll_writable(rawValue, -1)
            } else if result <= 0 {
                let code = Int32(clamping: -result)
                if code == EPIPE { return true }
                if self == .output {
                    let (none, first) = (Int32(0), code == 0 ? EIO : code)
                    _ = Self.lostWith.compareExchange(
                        expected: none, desired: first, ordering: .relaxed)
                }
                return false
            } else {
                written += result
            }
        }
        return true
    }
}
