import Glibc
import LocalPostgres
@_spi(TenantBinding) import Postgres

/// What each way to tell tenants apart costs, side by side (`bench/isolation`):
///
///     ringfence-bench modes FOLDER [TRANSACTIONS [ROUNDS]]
///
/// Every variant runs a block of transactions in turn, round after round, over a connection of its
/// own. Times are CPU time of this process and of the serving process together, so neither waiting
/// nor other programs are in them; the table shows the least and the median of the rounds.
struct ModeBench {
    private enum Reader {
        case open(OpenReader)
        case guarded(ModeReader)
    }

    private struct Variant {
        let name: String
        let reader: Reader
        let changesTenant: Bool
        let scrubs: Bool
        /// Microseconds a transaction, in the order of `shapes`.
        var costs: [[Double]] = Array(repeating: [], count: ModeBench.shapes.count)
    }

    /// Queries in a transaction, and whether they are pipelined.
    private static let shapes = [(1, true), (5, true), (1, false), (5, false)]

    static func run(in folder: String, transactions: Int, rounds: Int) throws {
        var options = PostgresServer.Options(folder: folder + "/postgres")
        options.isDurable = false
        options.isThrowaway = true
        let server = try PostgresServer.start(options)
        defer { server.stop() }
        let databases = try [ContextMode.plain, .statement, .sealed].map {
            try ModeDatabase($0, on: server)
        }
        var variants = [
            Variant(
                name: "no RLS, WHERE", reader: .open(try OpenReader(databases[0])),
                changesTenant: true, scrubs: false)
        ]
        for database in databases {
            let reader = Reader.guarded(try ModeReader(database))
            for (words, changes, scrubs) in [
                ("one tenant", false, true), ("tenants in turn, no scrub", true, false),
                ("tenants in turn, scrub", true, true),
            ] {
                variants.append(
                    Variant(
                        name: "\(database.mode.rawValue), \(words)", reader: reader,
                        changesTenant: changes, scrubs: scrubs))
            }
        }
        // The first round announces statements and fills caches, and is not counted.
        for round in 0...rounds {
            for step in variants.indices {
                let place = (step + round) % variants.count
                try measure(&variants[place], transactions, isCounted: round > 0)
            }
        }
        report(variants, transactions, rounds)
    }

    private static func measure(
        _ variant: inout Variant, _ transactions: Int, isCounted: Bool
    ) throws {
        if case .guarded(let reader) = variant.reader { try reader.renewSeals() }
        for (place, (queries, isPipelined)) in shapes.enumerated() {
            let work = ModeWork(
                queries: queries, isPipelined: isPipelined, changesTenant: variant.changesTenant,
                scrubs: variant.scrubs)
            let cost =
                switch variant.reader {
                case .open(let reader):
                    try Cost(server: reader.serverPID) { try reader.run(transactions, work) }
                case .guarded(let reader):
                    try Cost(server: reader.serverPID) { try reader.run(transactions, work) }
                }
            guard cost.bytes == transactions * queries * 160 else {
                throw BenchFault("\(variant.name) read \(cost.bytes) bytes")
            }
            let both = cost.clientNanoseconds + cost.serverNanoseconds
            if isCounted {
                variant.costs[place].append(Double(both) / Double(transactions) / 1000)
            }
        }
    }

    private static func report(_ variants: [Variant], _ transactions: Int, _ rounds: Int) {
        print(
            "CPU µs a transaction, client and server together: least (median) of \(rounds) rounds")
        print("of \(transactions) transactions; a further statement is (5 queries - 1 query) / 4\n")
        print(
            row("", "1 query", "5 queries", "a further one", "1, stepwise", "5, stepwise"))
        for variant in variants {
            let cells = variant.costs.map { costs in
                let sorted = costs.sorted()
                return "\(tenths(sorted[0])) (\(tenths(sorted[sorted.count / 2])))"
            }
            let least = variant.costs.map { $0.min() ?? 0 }
            print(
                row(
                    variant.name, cells[0], cells[1], tenths((least[1] - least[0]) / 4), cells[2],
                    cells[3]))
        }
    }

    private static func row(_ name: String, _ cells: String...) -> String {
        padded(name, 40) + cells.map { padded($0, 16) }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(abs(tenths) % 10)"
    }
}
