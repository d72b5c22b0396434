import CLinux

/// A file read from its beginning to its end, some bytes at a time; blocks, so it is for start-up
/// and threads of their own.
public struct FileReader: ~Copyable {
    private let descriptor: FileDescriptor

    public init(_ path: String) throws(FileFault) {
        try check(path)
        let number = unsafe rf_open(path, O_RDONLY, 0)
        guard number >= 0 else { throw FileFault(negative: number) }
        descriptor = unsafe FileDescriptor(adopting: number)
    }

    /// The next bytes, at most `count`; empty at the end.
    public mutating func read(_ count: Int) throws(FileFault) -> [UInt8] {
        var result = 0
        let part = unsafe [UInt8](unsafeUninitializedCapacity: count) { space, filled in
            result = unsafe rf_read(descriptor.number, space.baseAddress, count)
            filled = max(result, 0)
        }
        guard result >= 0 else { throw FileFault(negative: Int32(clamping: result)) }
        return part
    }
}

/// A file written piece by piece that appears as a whole: a reader, or a crash, meets the old
/// content or the new, never a part. What is not committed leaves nothing behind.
///
/// What is no regular file (a named pipe) and all below `/dev` and `/proc` (`/dev/stdout`) is
/// written in place, as it comes: renaming a file over one would take it away from everybody else.
/// A symbolic link stays, and the file it leads to is replaced; one that leads nowhere is
/// `missing`, because whoever made it chose where the new file would be.
public struct AtomicFileWriter: ~Copyable {
    private let descriptor: FileDescriptor
    private let path: String
    private let folder: String
    /// `nil` when it is written in place.
    private let temporary: String?
    private var isCommitted = false

    /// - Parameter mode: permissions of the new file, subject to the umask.
    public init(_ path: String, mode: UInt16 = 0o644) throws(FileFault) {
        try check(path)
        let target = try Target(path)
        let path = target.path
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard !name.isEmpty else { throw .badPath }
        var temporary: String?
        let number: Int32
        if target.isWrittenInPlace {
            number = unsafe rf_open(path, O_WRONLY | O_TRUNC, 0)
        } else {
            let suffix = String(randomUInt64(), radix: 16)
            let beside = (folder == "/" ? "/." : folder + "/.") + name + "." + suffix + ".tmp"
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
            number = unsafe rf_open(beside, flags, UInt32(mode & 0o777))
            temporary = beside
        }
        guard number >= 0 else { throw FileFault(negative: number) }
        descriptor = unsafe FileDescriptor(adopting: number)
        self.path = path
        self.folder = folder
        self.temporary = temporary
    }

    /// Where the content goes.
    private struct Target {
        var path: String
        var isWrittenInPlace = false

        init(_ path: String) throws(FileFault) {
            self.path = path
            var file = rf_file()
            guard unsafe rf_stat(path, 0, &file) == 0, rf_is_regular(file.mode) == 0 else { return }
            let result = unsafe rf_stat(path, 1, &file)
            guard result == 0 else { throw FileFault(negative: result) }
            let whole = ProcessContext.absolute(path)
            isWrittenInPlace =
                rf_is_regular(file.mode) == 0 || whole.hasPrefix("/dev/")
                || whole.hasPrefix("/proc/")
            guard !isWrittenInPlace else { return }
            var buffer = [CChar](repeating: 0, count: 4_096)
            guard let real = unsafe rf_real_path(path, &buffer, buffer.count) else {
                throw .badPath
            }
            self.path = unsafe String(cString: real)
        }
    }

    deinit {
        if !isCommitted, let temporary { _ = unsafe rf_unlink(temporary) }
    }

    public mutating func write(_ content: Span<UInt8>) throws(FileFault) {
        var written = 0
        while written < content.count {
            let rest = content.extracting(written..<content.count)
            let result = unsafe rest.withUnsafeBufferPointer {
                unsafe rf_write(descriptor.number, $0.baseAddress, $0.count)
            }
            guard result >= 0 else { throw FileFault(negative: Int32(clamping: result)) }
            written += result
        }
    }

    /// Brings what was written to the disk and gives it its name.
    public mutating func commit() throws(FileFault) {
        guard let temporary else {
            // Pipes and terminals cannot be brought to a disk.
            _ = rf_fsync(descriptor.number)
            isCommitted = true
            return
        }
        var result = rf_fsync(descriptor.number)
        if result == 0 { result = unsafe rf_rename(temporary, path) }
        guard result == 0 else { throw FileFault(negative: result) }
        isCommitted = true
        // Without this the rename itself may be lost by a crash. The content is in place already,
        // so file systems that cannot do it are no reason to fail.
        let number = unsafe rf_open(folder, O_RDONLY | O_DIRECTORY, 0)
        if number >= 0 {
            _ = rf_fsync(number)
            rf_close(number)
        }
    }
}
