import Glibc

/// The part of `bench/cleaning` that runs the rules: it says what it can measure, a line each, and
/// then obeys standard input, a line at a time: `NAME<TAB>COUNT`. Each is answered with the CPU
/// time of this thread in nanoseconds.
@main struct Program {
    static func main() {
        guard let bench = CleaningBench() else {
            say("fault the rules refuse what is to be measured")
            exit(1)
        }
        for subject in bench.subjects {
            let checksum = String(subject.checksum, radix: 16)
            say(
                "\(subject.name)\t\(subject.unit)\t\(subject.size)\t\(subject.names)\t\(checksum)"
            )
        }
        say("ready")
        while let line = readLine() {
            let words = line.split(separator: "\t")
            guard words.count == 2, let count = Int(words[1]), count > 0,
                let subject = bench.subjects.first(where: { $0.name == words[0] })
            else {
                say("fault cannot read `\(line)`")
                exit(1)
            }
            let before = runTime()
            subject.work(count)
            say("cost \(runTime() - before)")
        }
    }

    /// At once, because `bench/cleaning` waits for it.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func runTime() -> Int64 {
        var reading = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &reading)
        return Int64(reading.tv_sec) * 1_000_000_000 + Int64(reading.tv_nsec)
    }
}
