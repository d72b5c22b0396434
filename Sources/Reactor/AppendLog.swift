import CLinux
public import HTTP1

/// Where lines leave the process, one write per loop turn.
///
/// Serving never waits for a log: what the disk, the pipe or the terminal does not take at once is
/// dropped as whole lines and counted. A line is never torn: where the kernel took only a part of
/// one, the rest is kept and goes first. Each worker has its own `AppendLog` on the same target,
/// which `O_APPEND` makes safe; only where a full disk tore a line may another worker's lines
/// stand between its two parts.
///
/// The process must ignore SIGPIPE (`SignalSource` does).
public struct AppendLog: ~Copyable {
    public enum Target: Equatable, Sendable {
        case file(path: String)
        case standardOutput
        case standardError
    }

    /// How the target takes bytes without blocking.
    private enum Kind { case file, pipe, socket, other, blocking }

    /// Whole lines waiting for `flush`, each ended by a newline; ask `makeRoom` before appending.
    public var lines: ByteBuffer
    /// Lines lost since the start.
    public private(set) var droppedLines: UInt64 = 0
    private var tornRest: ByteBuffer
    private var descriptor: FileDescriptor
    private var kind: Kind
    private let target: Target
    private let mode: UInt16

    /// - Parameters:
    ///   - bytesMax: lines of one turn; the longest line must fit.
    ///   - mode: permissions of a file made here, subject to the umask.
    public init(
        _ target: Target, bytesMax: Int = 262_144, mode: UInt16 = 0o640
    ) throws(FileFault) {
        let opened = try Self.open(target, mode: mode)
        kind = Self.kind(of: opened, target)
        descriptor = opened
        self.target = target
        self.mode = mode
        lines = ByteBuffer(capacityMax: bytesMax)
        tornRest = ByteBuffer(capacityMax: bytesMax)
    }

    /// Makes sure that `bytes` more fit into `lines`, flushing if they do not.
    ///
    /// - Returns: `false` for a line longer than the bound, which counts as dropped.
    public mutating func makeRoom(for bytes: Int) -> Bool {
        if bytes <= lines.freeCapacityMax { return true }
        guard bytes <= lines.capacityMax else {
            droppedLines += 1
            return false
        }
        flush()
        return true
    }

    /// Hands all lines to the kernel; afterwards `lines` is empty whatever happened.
    public mutating func flush() {
        guard !lines.isEmpty || !tornRest.isEmpty else { return }
        if !tornRest.isEmpty {
            let written = write(tornRest.readable)
            tornRest.consume(written)
            guard tornRest.isEmpty else { return dropLines() }
        }
        while !lines.isEmpty {
            let size = portion(lines.readable)
            let written = write(lines.readable.extracting(0..<size))
            let isTorn = Self.endsInsideLine(lines.readable, written)
            lines.consume(written)
            if written < size {
                if isTorn { Self.moveRestOfLine(from: &lines, to: &tornRest) }
                return dropLines()
            }
        }
    }

    /// Opens the target anew, after a log rotation moved the file away. On failure the old one
    /// stays in use.
    public mutating func reopen() throws(FileFault) {
        flush()
        let opened = try Self.open(target, mode: mode)
        kind = Self.kind(of: opened, target)
        descriptor = opened
        // The rest of a torn line belongs to the file that has its beginning.
        tornRest.removeAll()
    }

    /// How much of `bytes` to write at once. A pipe takes up to `PIPE_BUF` bytes whole or not at
    /// all, which keeps lines whole by itself.
    private func portion(_ bytes: Span<UInt8>) -> Int {
        guard kind == .pipe || kind == .blocking, bytes.count > Self.pipeBytes else {
            return bytes.count
        }
        var end = 0
        for index in 0..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
            if index + 1 > Self.pipeBytes, end > 0 { break }
            end = index + 1
            if end >= Self.pipeBytes { break }
        }
        return end == 0 ? bytes.count : end
    }

    /// Linux' PIPE_BUF.
    private static let pipeBytes = 4_096

    private static func endsInsideLine(_ bytes: Span<UInt8>, _ written: Int) -> Bool {
        written > 0 && bytes[written - 1] != UInt8(ascii: "\n")
    }

    private static func moveRestOfLine(from lines: inout ByteBuffer, to rest: inout ByteBuffer) {
        var end = 0
        do {
            let bytes = lines.readable
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            end = min(end + 1, bytes.count)
            rest.append(bytes.extracting(0..<end))
        }
        lines.consume(end)
    }

    private mutating func dropLines() {
        droppedLines += Self.countLines(lines.readable)
        lines.removeAll()
    }

    private static func countLines(_ bytes: Span<UInt8>) -> UInt64 {
        var count: UInt64 = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { count += 1 }
        return count
    }

    /// - Returns: bytes written; zero when none could be.
    private func write(_ bytes: Span<UInt8>) -> Int {
        if kind == .blocking, rf_poll_writable(descriptor.number, 0) <= 0 { return 0 }
        let result = unsafe bytes.withUnsafeBufferPointer {
            kind == .socket
                ? unsafe rf_send(descriptor.number, $0.baseAddress, $0.count)
                : unsafe rf_write(descriptor.number, $0.baseAddress, $0.count)
        }
        return max(result, 0)
    }
}

// MARK: - Opening

extension AppendLog {
    private static func open(
        _ target: Target, mode: UInt16
    ) throws(FileFault) -> FileDescriptor {
        let flags = O_WRONLY | O_APPEND | O_NONBLOCK
        var result: Int32
        switch target {
        case .file(let path):
            guard !path.isEmpty, !path.utf8.contains(0) else { throw .badPath }
            result = unsafe rf_open(path, flags | O_CREAT, UInt32(mode & 0o777))
        case .standardOutput, .standardError:
            let number: Int32 = target == .standardOutput ? 1 : 2
            var file = rf_file()
            result = unsafe rf_fstat(number, &file)
            guard result == 0 else { throw FileFault(negative: result) }
            // `O_NONBLOCK` belongs to the open file, which we share with our parent and the whole
            // terminal. Opened anew through /proc it is ours alone. Files never block and must
            // keep their common offset; sockets cannot be opened anew and do not need it.
            result = -EINVAL
            if rf_is_regular(file.mode) == 0, rf_is_socket(file.mode) == 0 {
                result = unsafe rf_open("/proc/self/fd/\(number)", flags, 0)
            }
            if result < 0 { result = rf_duplicate(number) }
        }
        guard result >= 0 else { throw FileFault(negative: result) }
        return unsafe FileDescriptor(adopting: result)
    }

    private static func kind(of descriptor: borrowing FileDescriptor, _ target: Target) -> Kind {
        var file = rf_file()
        guard unsafe rf_fstat(descriptor.number, &file) == 0 else { return .blocking }
        if rf_is_regular(file.mode) != 0 { return .file }
        if rf_is_socket(file.mode) != 0 { return .socket }
        guard rf_is_non_blocking(descriptor.number) != 0 else { return .blocking }
        return rf_is_pipe(file.mode) != 0 ? .pipe : .other
    }
}
