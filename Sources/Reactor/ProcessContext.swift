import CLinux

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

    /// Whom files that this process makes belong to.
    public static var userID: UInt32 { rf_user_id() }

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

    /// Writes all of `text`, waiting as long as the reader does. A reader that has gone is no
    /// reason to stop.
    public func write(_ text: String) {
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
                return
            } else {
                written += result
            }
        }
    }
}
