import Glibc
import LocalPostgres

/// The part of `bench/database` that must run in one process with libpq: it starts a database,
/// says where it is, and then obeys standard input, a line at a time:
///
///     scoped COUNT | admitted COUNT | plain COUNT | scoped-page COUNT | plain-page COUNT
///
/// Each is answered with the CPU time of this process and of the server's process, in nanoseconds.
///
/// `hold FOLDER` is for `bench/directory/real`: a database without a schema, until standard input
/// ends.
@main struct Program {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        do {
            if words.first == "modes" {
                let numbers = words.dropFirst(2).compactMap { Int($0) }.filter { $0 > 0 }
                try ModeBench.run(
                    in: words.dropFirst().first ?? ".", transactions: numbers.first ?? 2000,
                    rounds: numbers.dropFirst().first ?? 9)
                return
            }
            if words.first == "hold" {
                try hold(in: words.dropFirst().first ?? ".")
                return
            }
            try run(in: words.first ?? ".")
        } catch {
            say("fault \(error)")
            exit(1)
        }
    }

    private static func run(in folder: String) throws {
        let database = try BenchDatabase(in: folder)
        let scoped = try ScopedReader(database.access.runtimeURL)
        let plain = try PlainReader(database.access.runtimeURL)
        say("ready \(database.server.processID) \(database.access.runtimeURL)")
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, let count = Int(words[1]), count > 0 else {
                throw BenchFault("cannot read `\(line)`")
            }
            let cost =
                switch words[0] {
                case "scoped":
                    try Cost(server: scoped.serverPID) {
                        try scoped.read(count, isAdmitted: false)
                    }
                case "admitted":
                    try Cost(server: scoped.serverPID) {
                        try scoped.read(count, isAdmitted: true)
                    }
                case "scoped-page":
                    try Cost(server: scoped.serverPID) { try scoped.readPages(count) }
                case "plain-page":
                    try Cost(server: plain.serverPID) { try plain.readPages(count) }
                case "plain": try Cost(server: plain.serverPID) { try plain.read(count) }
                default: throw BenchFault("cannot read `\(line)`")
                }
            say("cost \(cost.clientNanoseconds) \(cost.serverNanoseconds) \(cost.bytes)")
        }
    }

    private static func hold(in folder: String) throws {
        let database = try BenchDatabase(in: folder, isEmpty: true)
        let admin = try database.server.adminURL(database: BenchDatabase.name)
        let access = database.access
        say("ready \(database.server.processID) \(access.ownerURL) \(access.runtimeURL) \(admin)")
        while readLine() != nil {}
    }

    /// At once, because `bench/database` waits for it.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

/// What some transactions cost on both sides.
struct Cost {
    let clientNanoseconds: Int64
    let serverNanoseconds: Int64
    /// Of payload, so that equal work can be told.
    let bytes: Int

    init(server: Int64, of work: () throws -> Int) throws {
        let client = Self.ownRunTime()
        let before = try Self.runTime(of: server)
        bytes = try work()
        clientNanoseconds = Self.ownRunTime() - client
        serverNanoseconds = try Self.runTime(of: server) - before
    }

    private static func ownRunTime() -> Int64 {
        var reading = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &reading)
        return Int64(reading.tv_sec) * 1_000_000_000 + Int64(reading.tv_nsec)
    }

    /// The kernel brings the figure up to date when the process goes to sleep, which the server
    /// does a moment after its last answer.
    private static func runTime(of process: Int64) throws -> Int64 {
        usleep(20_000)
        guard let file = unsafe fopen("/proc/\(process)/schedstat", "r") else {
            throw BenchFault("no process \(process)")
        }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard unsafe fgets(&line, CInt(line.count), file) != nil else {
            throw BenchFault("cannot read schedstat")
        }
        let text = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let time = text.split(separator: " ").first.flatMap({ Int64($0) }) else {
            throw BenchFault("cannot read schedstat")
        }
        return time
    }
}
