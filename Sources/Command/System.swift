import Glibc
import LocalPostgres

// Everything in this target that needs `unsafe` is in this file.

/// The calls of the system that Foundation has not, or has in a form that loses bytes.
enum System {
    /// Becomes another program: same process, same descriptors, same terminal. Its words are
    /// `words` and then ours from `first` on, as the bytes they came as: a `String` would repair
    /// what is not UTF-8. Returns only when that failed, with the error's number.
    static func become(_ program: String, words: [String], ownWordsFrom first: Int) -> Int32 {
        var list = unsafe ([program] + words).map { unsafe strdup($0) }
        let count = Int(CommandLine.argc)
        for index in min(first, count)..<count {
            unsafe list.append(CommandLine.unsafeArgv[index])
        }
        unsafe list.append(nil)
        _ = unsafe execv(program, list)
        return errno
    }

    static func setEnvironment(_ name: String, _ value: String) {
        _ = unsafe setenv(name, value, 1)
    }

    static func describe(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    static func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }
}

// MARK: - Files

extension System {
    enum OpenMode { case keeping, truncating, appending }

    /// Opens a file that only we may read and that is not a link, making it if needed.
    static func openPrivate(
        _ path: String, _ mode: OpenMode
    ) throws(CommandFault) -> Descriptor {
        let extra: Int32 =
            switch mode {
            case .keeping: 0
            case .truncating: O_TRUNC
            // Several writers of one log must not write over each other.
            case .appending: O_TRUNC | O_APPEND
            }
        let flags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW | extra
        let number = unsafe open(path, flags, 0o600)
        guard number >= 0 else { throw .folderUnusable(path, reason: describe(errno)) }
        return Descriptor(adopting: number)
    }

    /// Takes the lock of a file until the descriptor closes, which the kernel does for the dead.
    static func lock(_ file: borrowing Descriptor) -> Bool {
        flock(file.number, LOCK_EX | LOCK_NB) == 0
    }

    /// Makes `text` the whole content of a file.
    static func replaceContent(of file: borrowing Descriptor, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard ftruncate(file.number, 0) == 0, lseek(file.number, 0, SEEK_SET) == 0 else {
            return false
        }
        return unsafe write(file.number, bytes, bytes.count) == bytes.count
    }

    /// Moves a file over another in one step: readers see the old one or the new one, whole.
    static func move(_ source: String, over target: String) -> Bool {
        unsafe rename(source, target) == 0
    }
}

// MARK: - Ports

extension System {
    /// Whether somebody could listen on this port of 127.0.0.1 now.
    static func isFree(loopbackPort port: UInt16) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        let probe = Descriptor(adopting: number)
        // As servers do it: connections of a run before that are still closing do not count.
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(probe.number, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(probe.number, pointer, length)
            }
        }
        return bound == 0 && listen(probe.number, 1) == 0
    }
}

// MARK: - Signals

/// What a process that only watches others has to hear.
enum Occurrence: Equatable {
    /// SIGINT, SIGTERM or SIGHUP.
    case stopAsked
    /// Some child ended; which one is the owners' to find out.
    case childEnded
}

/// The signals of `Occurrence` as something to wait for.
struct SignalQueue {
    private var awaited = sigset_t()

    /// Blocks the signals in this thread and in those it starts: to be made before anything else
    /// runs. Children are started with none blocked. SIGPIPE is ignored, so that a reader who
    /// closes our output does not end what we run.
    init() {
        unsafe sigemptyset(&awaited)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGCHLD] {
            unsafe sigaddset(&awaited, number)
        }
        _ = unsafe pthread_sigmask(SIG_BLOCK, &awaited, nil)
        _ = signal(SIGPIPE, SIG_IGN)
        // Ignored by our parent, it would make the kernel forget how children ended.
        _ = signal(SIGCHLD, SIG_DFL)
    }

    /// The next occurrence, or `nil` when none comes in time.
    func next(withinMilliseconds milliseconds: Int) -> Occurrence? {
        var wanted = awaited
        var patience = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        switch unsafe sigtimedwait(&wanted, nil, &patience) {
        case SIGINT, SIGTERM, SIGHUP: return .stopAsked
        case SIGCHLD: return .childEnded
        default: return nil
        }
    }
}
