import CLinux

/// Why a file could not be read or written.
public enum FileFault: Error, Equatable, Sendable {
    case missing
    case denied
    /// More bytes than the caller allows.
    case tooLarge
    /// Empty, or with a NUL.
    case badPath
    case full
    /// A folder, where a file was wanted.
    case folder
    /// A named pipe into which nobody wrote in time.
    case stalled
    case other(Int32)

    init(negative result: Int32) {
        switch -result {
        case ENOENT, ENOTDIR: self = .missing
        case EACCES, EPERM, EROFS: self = .denied
        case ENOSPC, EDQUOT: self = .full
        case EISDIR: self = .folder
        case let code: self = .other(code)
        }
    }
}

/// Who may do what with a file.
public struct FileMode: Equatable, Sendable {
    /// The nine permission bits and set-id bits.
    public let permissions: UInt16
    public let ownerID: UInt32
    public let isRegular: Bool
    public let isFolder: Bool

    /// Whoever it is can put anything there.
    public var isWritableByOthers: Bool { permissions & 0o022 != 0 }

    /// A key file that says yes deserves a warning.
    public var isReadableByOthers: Bool { permissions & 0o044 != 0 }
}

/// The mode of what `path` leads to.
public func fileMode(_ path: String) throws(FileFault) -> FileMode {
    try check(path)
    var file = rf_file()
    let result = unsafe rf_stat(path, 1, &file)
    guard result == 0 else { throw FileFault(negative: result) }
    return FileMode(
        permissions: UInt16(truncatingIfNeeded: file.mode & 0o7777), ownerID: file.owner,
        isRegular: rf_is_regular(file.mode) != 0, isFolder: file.mode & 0o170000 == 0o040000)
}

/// The whole content of a file, or of a pipe up to its end; blocks, so it is for start-up and the
/// control thread.
///
/// - Parameters:
///   - bytesMax: a longer file is `tooLarge`, and no more than this is read of it.
///   - patienceMilliseconds: a pipe that gives nothing for this long is `stalled`; -1 waits for
///     ever, as a terminal is waited for in any case.
public func readFile(
    _ path: String, bytesMax: Int, patienceMilliseconds: Int32 = -1
) throws(FileFault) -> [UInt8] {
    precondition(bytesMax >= 0 && bytesMax < Int.max)
    try check(path)
    // Opening a named pipe would wait for a writer.
    let number = unsafe rf_open(path, O_RDONLY | O_NONBLOCK, 0)
    guard number >= 0 else { throw FileFault(negative: number) }
    let descriptor = unsafe FileDescriptor(adopting: number)
    var file = rf_file()
    var result = unsafe rf_fstat(number, &file)
    guard result == 0 else { throw FileFault(negative: result) }
    let isRegular = rf_is_regular(file.mode) != 0
    if isRegular, file.size > UInt64(bytesMax) { throw .tooLarge }
    let patience = rf_is_terminal(number) != 0 ? -1 : patienceMilliseconds

    // The size is a guess: files of /proc say 0, and a file may grow meanwhile.
    var content: [UInt8] = []
    var isComplete = false
    while !isComplete {
        let guess = content.isEmpty ? Int(clamping: file.size) : content.count
        let room = min(max(guess, 4_096), bytesMax - content.count + 1)
        if !isRegular, rf_poll_readable(number, patience) == 0 { throw .stalled }
        let part = unsafe [UInt8](unsafeUninitializedCapacity: room) { space, count in
            let read = unsafe rf_read(descriptor.number, space.baseAddress, room)
            count = max(read, 0)
            result = Int32(clamping: min(read, 0))
        }
        guard result == 0 else { throw FileFault(negative: result) }
        isComplete = part.isEmpty
        content += part
        guard content.count <= bytesMax else { throw .tooLarge }
    }
    return content
}

/// Writes a file so that a reader, or a crash, meets the old content or the new, never a part:
/// a new file beside it, flushed to disk, is renamed over it.
///
/// - Parameter mode: permissions of the new file, subject to the umask.
public func writeFileAtomically(
    _ path: String, _ content: Span<UInt8>, mode: UInt16 = 0o644
) throws(FileFault) {
    var file = try AtomicFileWriter(path, mode: mode)
    try file.write(content)
    try file.commit()
}

/// C would read a path only up to its NUL, that is another file than the one named.
func check(_ path: String) throws(FileFault) {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .badPath }
}

/// Fills `bytes` from the kernel's generator. It cannot fail once the machine has started; if it
/// does, the process ends rather than go on with predictable identifiers.
public func randomBytes(into bytes: inout MutableSpan<UInt8>) {
    var filled = 0
    while filled < bytes.count {
        let result = unsafe bytes.withUnsafeMutableBytes { space in
            unsafe rf_random(space.baseAddress.map { unsafe $0 + filled }, space.count - filled)
        }
        guard result > 0 else { preconditionFailure("getrandom met error \(-result)") }
        filled += result
    }
}

/// Eight random bytes; one system call.
public func randomUInt64() -> UInt64 {
    var bytes = InlineArray<8, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    randomBytes(into: &span)
    var value: UInt64 = 0
    for index in 0..<8 { value = value << 8 | UInt64(bytes[index]) }
    return value
}
