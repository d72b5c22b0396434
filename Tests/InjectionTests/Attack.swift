@testable @_spi(TenantBinding) import Postgres
import TestSupport

extension Trick {
    static let groups = [
        ("The tenant, changed by an expression", expressions),
        ("The tenant, changed by a statement", settings),
        ("Left for the next tenant", sessions),
        ("Another role", roles),
        ("Other definitions", definitions),
        ("Files, programs and other servers", files),
        ("The guard", guards),
        ("Rows named, written, referred to", writes),
        ("Learning without reading", sideChannels),
    ]
    static let all = groups.flatMap(\.1)

    /// How long the endpoint waits for the database.
    fileprivate var seconds: Int {
        if case .time = aim { return 1 }
        return requests.contains { $0.texts.contains { $0.contains("pg_sleep") } } ? 15 : 60
    }

    /// Whether another tenant has a transaction open meanwhile.
    fileprivate var hasBystander: Bool {
        if case .disturbance = aim { return true }
        return requests.contains { $0.texts.contains { $0.contains("pg_stat_activity") } }
    }
}

/// Runs tricks on one database, and sees what came of each.
struct Attack: ~Copyable {
    enum Road: String, CaseIterable, Sendable {
        /// As the product talks to its database.
        case pipeline
        /// The same without clearing the session for the next tenant.
        case neglected
        /// As many services do.
        case simple
    }

    let attacked: AttackedDatabase
    private let road: Road
    private var watch: Watch
    private var minted: Minted
    /// What globex finds in a session that nobody else has used.
    private let clean: String

    /// Seals live for minutes, so they are made anew from time to time.
    private struct Minted {
        let at = ContinuousClock.now
        let acme: TenantScope
        let globex: TenantScope
        let placeholders: [(String, String)]

        init(_ attacked: AttackedDatabase) throws {
            acme = try attacked.scope(AttackedDatabase.acme)
            globex = try attacked.scope(AttackedDatabase.globex)
            let tampered = try attacked.seal(AttackedDatabase.acme)
                .replacing(AttackedDatabase.acme, with: AttackedDatabase.globex)
            placeholders = [
                ("{A}", AttackedDatabase.acme), ("{B}", AttackedDatabase.globex),
                ("{VB}", AttackedDatabase.otherVendor),
                ("{none}", "018f0000-0000-7000-8000-0000000000ff"),
                ("{own}", acme.seal?.text ?? ""), ("{tampered}", tampered),
                ("{live}", try attacked.seal(AttackedDatabase.globex)),
                ("{expired}", try attacked.seal(AttackedDatabase.globex, seconds: -5)),
                ("{file}", attacked.secretFile), ("{folder}", attacked.secretFolder),
                ("{dsn}", attacked.database.runtimeURL),
            ]
        }
    }

    init(on attacked: AttackedDatabase, by road: Road) throws {
        let minted = try Minted(attacked)
        let watch = try Watch(attacked)
        self.attacked = attacked
        self.road = road
        self.watch = watch
        self.minted = minted
        clean = Self.traces(of: minted.globex, attacked, road)
    }

    /// What globex finds in a session of its own.
    private static func traces(
        of tenant: TenantScope, _ attacked: AttackedDatabase, _ road: Road
    ) -> String {
        switch road {
        case .pipeline, .neglected:
            var endpoint = PipelineEndpoint(
                attacked.database.runtimeURL, attacked.mode, scrubs: road == .pipeline)
            return endpoint.ask([Self.traces], for: tenant, seconds: 60).text
        case .simple:
            var endpoint = SimpleEndpoint(attacked.database.runtimeURL, attacked.mode)
            return endpoint.ask([Self.traces], for: tenant, seconds: 60).text
        }
    }

    // MARK: One trick

    mutating func outcome(of trick: Trick) throws -> Outcome {
        if ContinuousClock.now - minted.at > .seconds(60) { minted = try Minted(attacked) }
        guard trick.hasBystander else { return try alone(trick) }
        var bystander = Connection(
            to: ConnectionString(attacked.database.runtimeURL), context: attacked.mode)
        var outcome: Result<Outcome, any Error>?
        let survived =
            (try? bystander.withTransaction(for: minted.globex, deadline: AttackedDatabase.soon) {
                transaction throws(DatabaseFault) in
                _ = try transaction.rows(.listNamed, [.text("canary of a parameter")])
                outcome = Result { try alone(trick) }
                return try transaction.rows(.listNamed, ["x"]).count == 0
            }) ?? false

        var found = try outcome?.get() ?? Outcome()
        if !survived { found.effects.insert(.disturbed) }
        return found
    }

    private mutating func alone(_ trick: Trick) throws -> Outcome {
        switch road {
        case .pipeline, .neglected:
            var endpoint = PipelineEndpoint(
                attacked.database.runtimeURL, attacked.mode, scrubs: road == .pipeline)
            return try run(trick, on: &endpoint)
        case .simple:
            var endpoint = SimpleEndpoint(attacked.database.runtimeURL, attacked.mode)
            return try run(trick, on: &endpoint)
        }
    }

    private mutating func run(
        _ trick: Trick, on endpoint: inout some VulnerableEndpoint & ~Copyable
    ) throws -> Outcome {
        var outcome = Outcome()
        _ = endpoint.ask(["SELECT nextval('ringfence.numbers')"], for: minted.globex, seconds: 60)
        let honest = endpoint.list(for: minted.globex)
        guard honest == .cells(AttackedDatabase.rowsOfGlobex) else {
            throw TestSupportError.malformedResponse("before \(trick.id): \(honest)")
        }
        let start = ContinuousClock.now
        let answers = trick.requests.map { request in
            endpoint.ask(texts(of: request), for: minted.acme, seconds: trick.seconds)
        }
        outcome.refusal = answers.lazy.compactMap(\.refusal).first
        var heard = answers.map(\.text).joined(separator: "\n")
        switch trick.aim {
        case .rows, .disturbance: break
        case .answer: if isAnswered(answers, trick) { outcome.effects.insert(.answered) }
        case .difference:
            if Set(answers.map { "\($0.refusal ?? $0.text)" }).count > 1 {
                outcome.effects.insert(.told)
            }
        case .time:
            let isLate = ContinuousClock.now - start > .seconds(60)
            if try isLate || goesOn(trick) { outcome.effects.insert(.outlasted) }
        }
        // The next tenant of the connection, and then the attacker again.
        let list = endpoint.list(for: minted.globex)
        let traces = endpoint.ask([Self.traces], for: minted.globex, seconds: 60)
        if let collect = trick.collect {
            heard += "\n" + endpoint.ask([collect], for: minted.acme, seconds: 60).text
        }
        if heard.contains(AttackedDatabase.canary) { outcome.effects.insert(.read) }
        let change = try watch.change()
        if change.ofRows { outcome.effects.insert(.wrote) }
        // Rows that were changed answer differently in every session.
        let isOther = list != .cells(AttackedDatabase.rowsOfGlobex) && !change.ofRows
        if isOther || traces.text != clean { outcome.effects.insert(.left) }
        if change.ofLogin { outcome.effects.insert(.relogged) }
        return outcome
    }

    private func isAnswered(_ answers: [Answer], _ trick: Trick) -> Bool {
        guard case .cells(let cells)? = answers.last, answers.allSatisfy({ $0.refusal == nil })
        else { return false }
        return trick.requests.last?.position == .statement || !cells.isEmpty
    }

    /// Whether the server still works on it, well after we stopped waiting.
    private mutating func goesOn(_ trick: Trick) throws -> Bool {
        let part = trick.id == "C7" ? "generate_series(1, 100000)" : "pg_sleep(3600)"
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try !watch.seesRunning(part) { return false }
            try watch.pause()
        }
        return true
    }

    private func texts(of request: Trick.Request) -> [String] {
        request.texts.map { text in
            let filled = minted.placeholders.reduce(text) { $0.replacing($1.0, with: $1.1) }
            return switch road {
            case .pipeline, .neglected: request.position.statement(with: filled)
            // One text holds them all, behind the quote of the first.
            case .simple: request.position.stacked(filled)
            }
        }
    }

    /// What a session could hold of somebody else, as its present user sees it.
    private static let traces = """
        SELECT concat_ws(' ', current_user = session_user,
            (SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings
                WHERE source = 'session'),
            (SELECT count(*) FROM pg_listening_channels()),
            (SELECT count(*) FROM pg_cursors WHERE is_holdable),
            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
            (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
            (SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema()),
            (SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
            'x' || coalesce(current_setting('x.loot', true), ''))
        """
}

extension Statement {
    fileprivate static let listNamed = Statement(
        "list named", "SELECT note FROM ringfence.invoices WHERE note = $1", parameters: 1)
}
