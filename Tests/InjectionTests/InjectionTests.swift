import Foundation
import TestSupport
import Testing

@testable import Postgres

/// What came of every trick in one mode.
struct Results: Sendable {
    let mode: ContextMode
    let posture: String
    let pipeline: [String: Outcome]
    let simple: [String: Outcome]

    private static let all = ContextMode.allCases.map { mode in
        (mode, Task { try await onThread { try Results(mode) } })
    }

    /// Run once and kept.
    static func of(_ mode: ContextMode) async throws -> Results {
        guard let task = all.first(where: { $0.0 == mode })?.1 else {
            throw TestSupportError.malformedResponse("\(mode)")
        }
        return try await task.value
    }

    /// Minutes of waiting for a database are not to hold up the tests of other suites.
    static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try work() }) }.start()
        }
    }

    private init(_ mode: ContextMode) throws {
        self.mode = mode
        let attacked = try AttackedDatabase(mode)
        posture = attacked.posture
        pipeline = try Self.run(attacked, .pipeline)
        simple = try Self.run(attacked, .simple)
    }

    private static func run(
        _ attacked: AttackedDatabase, _ road: Attack.Road
    ) throws -> [String: Outcome] {
        var attack = try Attack(on: attacked, by: road)
        var outcomes: [String: Outcome] = [:]
        for trick in Trick.all { outcomes[trick.id] = try attack.outcome(of: trick) }
        return outcomes
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Injected SQL` {
    @Test func `comes in more than fifty ways, each under a name of its own`() {
        #expect(Trick.all.count >= 100)
        #expect(Set(Trick.all.map(\.id)).count == Trick.all.count)
        #expect(Set(Trick.all.map(\.requests.description)).count == Trick.all.count)
    }

    @Test func `meets no foreign row and leaves nothing where the context is sealed`() async throws
    {
        for (id, outcome) in try await Results.of(.sealed).pipeline {
            let bad = outcome.effects.intersection(Outcome.forbidden)
            #expect(bad.isEmpty, "\(id): \(outcome.words)")
        }
    }

    @Test func `does so in mode statement only with another's valid seal`() async throws {
        let outcomes = try await Results.of(.statement).pipeline
        for trick in Trick.all {
            let outcome = try #require(outcomes[trick.id])
            let bad = outcome.effects.intersection(Outcome.forbidden)
            #expect(
                bad == (trick.threat == .secondSeal ? [.read] : []), "\(trick.id): \(outcome.words)"
            )
        }
    }

    @Test func `meets foreign rows in mode plain, and leaves nothing there either`() async throws {
        let outcomes = try await Results.of(.plain).pipeline
        let reading = outcomes.filter { $0.value.effects.contains(.read) }.map(\.key)
        #expect(reading.count >= 10)
        #expect(outcomes.values.contains { $0.effects.contains(.wrote) })
        for (id, outcome) in outcomes where outcome.effects.contains(.left) {
            Issue.record("\(id): \(outcome.words)")
        }
    }

    @Test(arguments: ContextMode.allCases)
    func `succeeds in nothing else but what the documents say`(_ mode: ContextMode) async throws {
        let outcomes = try await Results.of(mode).pipeline
        for trick in Trick.all {
            let outcome = try #require(outcomes[trick.id])
            let other = outcome.effects.subtracting(Outcome.forbidden)
            let isForged = mode == .plain && trick.threat?.isOfContext == true
            if !isForged {
                #expect(!other.isEmpty == trick.isAccepted, "\(trick.id): \(outcome.words)")
            }
        }
    }

    @Test(arguments: ContextMode.allCases)
    func `does what db posture says`(_ mode: ContextMode) async throws {
        let results = try await Results.of(mode)
        let posture = try JSONDecoder().decode(Posture.self, from: Data(results.posture.utf8))
        #expect(posture.context == mode.rawValue)
        for threat in Trick.Threat.allCases {
            let said = try #require(posture.threats.first { $0.threat == threat.rawValue })
            let succeeding = Trick.all.filter {
                $0.threat == threat && results.pipeline[$0.id]?.effects.isEmpty == false
            }.map(\.id)
            // Nothing is sealed in mode plain, so there is nothing to do with a seal either.
            if mode == .plain, threat == .secondSeal { continue }
            #expect(said.stopped == succeeding.isEmpty, "\(threat.rawValue): \(succeeding)")
        }
    }

    private struct Posture: Decodable {
        struct Threat: Decodable {
            let threat: String
            let stopped: Bool
        }
        let context: String
        let threats: [Threat]
    }

    @Test func `leaves something in every way where the session is not cleared`() async throws {
        let outcomes = try await Results.onThread {
            var attack = try Attack(on: AttackedDatabase(.sealed), by: .neglected)
            return try Trick.sessions.filter { $0.stop == Trick.scrubbed }
                .map { ($0.id, try attack.outcome(of: $0)) }
        }
        for (id, outcome) in outcomes {
            #expect(!outcome.effects.isDisjoint(with: [.left, .read]), "\(id)")
        }
    }

    @Test func `over the simple protocol reaches what the product's way does not let it`()
        async throws
    {
        let sealed = try await Results.of(.sealed)
        let reached = Trick.all.map(\.id).filter {
            sealed.simple[$0]?.effects.isDisjoint(with: Outcome.forbidden) == false
        }
        #expect(reached.contains("P6"), "\(reached)")
        #expect(reached.contains("P15"), "\(reached)")
    }

    @Test func `is what docs injection md says`() async throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/injection.md").standardized
        let text = try await Page.text()
        if ProcessInfo.processInfo.environment["RINGFENCE_WRITE_GOLDEN"] != nil {
            return try Data(text.utf8).write(to: file)
        }
        let written = try String(contentsOf: file, encoding: .utf8)
        let difference = text.split(separator: "\n").difference(
            from: written.split(separator: "\n"))
        #expect(
            difference.isEmpty && written == text,
            "run again with RINGFENCE_WRITE_GOLDEN=1 and read the difference: \(difference)")
    }
}
