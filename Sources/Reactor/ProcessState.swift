import CLinux

/// Keeps memory, which holds keys and tokens, out of core files and debuggers.
public func forbidMemoryDumps() { _ = rf_forbid_dumps() }

/// Bytes of memory the process occupies, libraries included; 0 when the kernel does not say.
public func residentBytes() -> Int { Int(clamping: rf_resident_bytes()) }

/// Gives the pages that the allocator holds free back to the system. Takes some milliseconds when
/// they are many, in which other threads may wait for memory: not for a worker, and not often.
public func returnFreeMemory() { rf_return_free_memory() }

/// Has freed blocks of `largeBytes` and more returned to the system at once, and lets each thread
/// keep about `keptBytes` of free memory. To be said before the first thread starts.
public func boundFreeMemory(largeBytes: Int32, keptBytes: Int32) {
    rf_bound_free_memory(largeBytes, keptBytes)
}

/// Writes `text` as it is; see `StandardStream.write`.
@discardableResult public func write(_ text: String, to stream: StandardStream) -> Bool {
    stream.write(text)
}

/// Whether `stream` is a terminal, so that colours make sense.
public func isTerminal(_ stream: StandardStream) -> Bool { rf_is_terminal(stream.rawValue) != 0 }

extension FileFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing: "no such file"
        case .denied: "permission denied"
        case .tooLarge: "the file is too large"
        case .badPath: "the path is empty or holds a NUL"
        case .full: "no space left on the device"
        case .folder: "it is a folder"
        case .stalled: "nobody writes into the pipe"
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
