import Foundation
import LocalPostgres
import Synchronization

/// A program run by a test, with collected output. It is killed when the value goes, and by the
/// kernel when the test process dies.
public final class ChildProcess: Sendable {
    public enum End: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    public let pid: Int32
    private let child: Child
    private let outputPath: String
    private let errorPath: String

    /// Bytes of output that are looked at.
    public static let outputBytesMax = 8 << 20

    /// Starts `program`, looked for on PATH if it has no slash. `environment` replaces ours.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        folder: String? = nil, input: String? = nil
    ) throws {
        let scratch = try ScratchSpace.shared()
        outputPath = scratch.newPath("out")
        errorPath = scratch.newPath("err")
        for path in [outputPath, errorPath] {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
        var files = [Int32(1): output.fileDescriptor, 2: errors.fileDescriptor]
        var source: FileHandle?
        if let input {
            let path = scratch.newPath("in")
            try Data(input.utf8).write(to: URL(fileURLWithPath: path))
            source = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            files[0] = source?.fileDescriptor
        }
        let place = folder.map { ["env", "--chdir=\($0)"] } ?? []
        let words = ["setpriv", "--pdeathsig", "KILL", "--"] + place + [program] + arguments
        let settings = environment ?? ProcessInfo.processInfo.environment
        let descriptors = files
        child = try Spawner.shared.perform {
            try spawn(words, environment: settings, files: descriptors)
        }
        pid = child.pid
        withExtendedLifetime((output, errors, source)) {}
    }

    deinit {
        child.signal(SIGKILL)
        _ = child.wait(until: Date(timeIntervalSinceNow: 5))
        for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// What it wrote to its standard output so far.
    public var output: String { Self.read(outputPath) }
    /// What it wrote to its standard error so far.
    public var errorOutput: String { Self.read(errorPath) }

    /// How it ended, or `nil` while it runs.
    public var end: End? { child.check().map(End.init) }

    /// Waits for its end; throws when it still runs after `seconds`.
    @discardableResult
    public func wait(seconds: Double = Patience.seconds) throws -> End {
        guard let end = child.wait(until: Date(timeIntervalSinceNow: seconds)) else {
            throw TestSupportError.timedOut("process \(pid)\n\(errorOutput)")
        }
        return End(end)
    }

    /// Waits until its output or error output contains `text`.
    public func waitForOutput(_ text: String, seconds: Double = Patience.seconds) throws {
        try eventually(within: seconds, "`\(text)` in the output of process \(pid)") {
            // The end is asked first, so that the last words are read before giving up.
            let hasEnded = end != nil
            if output.contains(text) || errorOutput.contains(text) { return true }
            if hasEnded { throw TestSupportError.closedEarly(output + errorOutput) }
            return false
        }
    }

    public func signal(_ number: Int32) { child.signal(number) }

    /// Runs a program to its end.
    public static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        folder: String? = nil, input: String? = nil, seconds: Double = Patience.seconds
    ) throws -> (end: End, output: String, errorOutput: String) {
        let process = try ChildProcess(
            program, arguments, environment: environment, folder: folder, input: input)
        let end = try process.wait(seconds: seconds)
        return (end, process.output, process.errorOutput)
    }

    private static func read(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        let data = try? file.read(upToCount: outputBytesMax)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}

extension ChildProcess.End {
    init(_ end: ChildEnd) {
        switch end {
        case .exited(let code): self = .exited(code)
        case .killed(let signal): self = .killed(signal: signal)
        }
    }
}

/// Looks at a condition until it holds; throws when it does not in time.
public func eventually(
    within seconds: Double = Patience.seconds, _ what: @autoclosure () -> String,
    _ condition: () throws -> Bool
) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try !condition() {
        guard Date() < deadline else { throw TestSupportError.timedOut(what()) }
        pause(milliseconds: 10)
    }
}

/// One thread that lives as long as the process and starts every child: the kernel's "your parent
/// died" is about the thread that started a child, and the threads of tests come and go.
private final class Spawner: Sendable {
    static let shared = Spawner()

    private let work = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                next?()
            }
        }
        thread.start()
    }

    func perform<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let box = Answer<Value>()
        let done = DispatchSemaphore(value: 0)
        work.withLock {
            $0.append {
                box.result.withLock { $0 = Result { try body() } }
                done.signal()
            }
        }
        wake.signal()
        done.wait()
        guard let result = box.result.withLock({ $0 }) else {
            throw TestSupportError.closedEarly("spawner")
        }
        return try result.get()
    }

    private final class Answer<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, any Error>?>(nil)
    }
}
