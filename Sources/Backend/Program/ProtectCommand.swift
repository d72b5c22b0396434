import Postgres
import Reactor
import Verification

/// `db protect`: brings tables under the guard, or prints how.
struct ProtectCommand: Equatable {
    var options: ProtectOptions
    /// backend.yaml, for the owner's login, the application's role and the mode.
    var config: String?
    /// A file with the owner's connection string, for a database without our configuration.
    var ownerFile: String?
    var applies = false

    /// - Parameter words: behind `db protect`.
    init(_ words: ArraySlice<String>) throws(BackendCommand.UsageFault) {
        var options = ProtectOptions(tables: [])
        var backfills: [(table: String, expression: String)] = []
        var seen: Set<String> = []
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                options.tables.append(ProtectOptions.Table(name: word))
                continue
            }
            if word != "--backfill", !seen.insert(word).inserted {
                throw BackendCommand.UsageFault(message: "`\(word)` is given twice")
            }
            if word == "--apply" {
                applies = true
                continue
            }
            guard let value = rest.popFirst(), !value.isEmpty else {
                throw BackendCommand.UsageFault(message: "`\(word)` needs a value")
            }
            switch word {
            case "--config": config = value
            case "--owner-file": ownerFile = value
            case "--role": options.role = value
            case "--column": options.column = value
            case "--setting": options.setting = value
            case "--type": options.type = try Self.word(word, value)
            case "--until": options.stage = try Self.word(word, value)
            case "--mode": options.mode = try Self.word(word, value) as ProtectOptions.Mode
            case "--lock-timeout":
                options.lockTimeoutMilliseconds = try Self.number(
                    word, value, ProtectOptions.lockTimeouts)
            case "--attempts":
                options.attempts = try Self.number(word, value, ProtectOptions.attemptCounts)
            case "--pages":
                options.backfillPages = try Self.number(word, value, ProtectOptions.pageCounts)
            case "--backfill":
                guard let place = value.firstIndex(of: "="), place > value.startIndex else {
                    throw BackendCommand.UsageFault(
                        message: "`--backfill` takes TABLE=EXPRESSION, not `\(value)`")
                }
                backfills.append(
                    (String(value[..<place]), String(value[value.index(after: place)...])))
            default: throw BackendCommand.UsageFault(message: "unknown option `\(word)`")
            }
        }
        for (table, expression) in backfills {
            guard let index = options.tables.firstIndex(where: { $0.name == table }) else {
                throw BackendCommand.UsageFault(
                    message: "`--backfill` is for `\(table)`, which is not among the tables")
            }
            guard options.tables[index].backfill == nil else {
                throw BackendCommand.UsageFault(
                    message: "`--backfill` of `\(table)` is given twice")
            }
            options.tables[index].backfill = expression
        }
        guard (1...ProtectOptions.tablesMax).contains(options.tables.count) else {
            throw BackendCommand.UsageFault(
                message: "`db protect` takes 1 to \(ProtectOptions.tablesMax) tables")
        }
        if config != nil, ownerFile != nil {
            throw BackendCommand.UsageFault(
                message: "`--config` and `--owner-file` both say where the database is")
        }
        self.options = options
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ option: String, _ value: String
    ) throws(BackendCommand.UsageFault) -> Word where Word.RawValue == String {
        if let word = Word(rawValue: value) { return word }
        let words = Word.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        throw BackendCommand.UsageFault(message: "`\(option)` takes one of \(words)")
    }

    private static func number(
        _ option: String, _ value: String, _ range: ClosedRange<Int>
    ) throws(BackendCommand.UsageFault) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw BackendCommand.UsageFault(
                message: "`\(option)` takes \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    // MARK: Doing it

    func perform() throws(StartupFault) -> ExitCode {
        var options = options
        let address = try address(&options)
        do throws(ProtectRun.Stop) {
            let plan =
                applies
                ? try ProtectRun.apply(options, at: address) { line in
                    StandardStream.error.write(line + "\n")
                } : try ProtectRun.plan(options, at: address)
            return tell(plan, options)
        } catch {
            throw Self.fault(error)
        }
    }

    private func address(_ options: inout ProtectOptions) throws(StartupFault) -> DatabaseAddress {
        if let ownerFile {
            return DatabaseAddress(try connectionLine(in: ownerFile))
        }
        let (setup, warnings) = try BackendSetup.load(config ?? BackendCommand.configDefault)
        StandardStream.error.write(warnings)
        if options.role == nil { options.role = setup.runtime.user }
        return setup.ownerAddress
    }

    private func tell(_ plan: ProtectPlan, _ options: ProtectOptions) -> ExitCode {
        guard plan.refusals.isEmpty else {
            for refusal in plan.refusals { StandardStream.error.write("refused: \(refusal)\n") }
            return .failed
        }
        guard applies else {
            StandardStream.output.write(plan.script(options))
            return .fine
        }
        for words in plan.remaining { StandardStream.output.write("left for you: \(words)\n") }
        let count = plan.steps.count
        StandardStream.output.write(
            count == 0
                ? "nothing was left to do\n"
                : "\(plan.tables.joined(separator: ", ")): \(count) steps done; "
                    + "`ringfence db verify` shows whether isolation is proven\n")
        return .fine
    }

    private static func fault(_ stop: ProtectRun.Stop) -> StartupFault {
        switch stop {
        case .unreachable(let fault):
            StartupFault(
                exit: .outOfReach, message: "error: the owner's login failed: \(fault.message)\n")
        case .catalog(let fault):
            StartupFault(
                exit: fault.state == nil ? .outOfReach : .failed,
                message: "error: the catalogs could not be read: \(fault.message)\n")
        case .step(let title, let sql, let fault):
            StartupFault(
                exit: .failed,
                message: "error: to \(title): \(fault.message) (\(fault.state ?? "no answer"))\n"
                    + "  the statement was:\n\(sql)\n"
                    + "  what was done before is kept; run the same again to go on\n")
        case .locked(let title, let attempts):
            StartupFault(
                exit: .failed,
                message: "error: to \(title): a lock was not free in \(attempts) attempts; what "
                    + "was done before is kept; run the same again to go on\n")
        case .busy:
            StartupFault(
                exit: .failed,
                message: "error: another `db protect` is at work in this database\n")
        case .unfinished(let titles):
            StartupFault(
                exit: .failed,
                message: "error: all steps ran, and there are some again; somebody else changes "
                    + "these tables:\n  \(titles.joined(separator: "\n  "))\n")
        }
    }
}
