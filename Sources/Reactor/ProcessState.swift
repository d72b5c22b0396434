import CLinux

/// The bytes of an environment variable, or `nil` when it is not set. For start-up: the environment
/// of a running process belongs to nobody.
public func environmentVariable(_ name: String) -> [UInt8]? {
    guard let value = unsafe rf_environment(name) else { return nil }
    var bytes: [UInt8] = []
    var index = 0
    while unsafe value[index] != 0 {
        bytes.append(UInt8(bitPattern: unsafe value[index]))
        index += 1
    }
    return bytes
}

/// Asks the kernel to end this process when its parent ends.
///
/// - Returns: `false` when the parent is gone already, or the kernel refuses.
public func dieWithParent() -> Bool {
    let parent = rf_parent()
    guard rf_die_with_parent() == 0 else { return false }
    // A parent that ended between the two calls would never be noticed.
    return rf_parent() == parent && parent != 1
}

/// Keeps memory, which holds keys and tokens, out of core files and other users' debuggers.
public func forbidMemoryDumps() { _ = rf_forbid_dumps() }

/// Where a message of the program goes.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2
}

/// Writes `text` as it is. Failures are ignored: there is nobody left to tell.
public func write(_ text: String, to stream: StandardStream) {
    var text = text
    text.withUTF8 { bytes in
        _ = unsafe rf_write_all(stream.rawValue, bytes.baseAddress, bytes.count)
    }
}

extension FileFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing: "no such file"
        case .denied: "permission denied"
        case .tooLarge: "the file is too large"
        case .badPath: "the path is empty or holds a NUL"
        case .full: "no space left on the device"
        case .other(let code): "error \(code)"
        }
    }
}

extension WallClock {
    /// Milliseconds since 1970; zero before.
    public var milliseconds: UInt64 {
        UInt64(max(seconds, 0)) &* 1_000 &+ UInt64(nanoseconds / 1_000_000)
    }
}

/// Whether `stream` is a terminal, so that colours make sense.
public func isTerminal(_ stream: StandardStream) -> Bool { rf_is_terminal(stream.rawValue) != 0 }
