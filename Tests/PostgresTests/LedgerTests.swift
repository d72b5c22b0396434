import Testing

@testable import Postgres

/// The bookkeeping of a pipeline, without a server: replies that a real one cannot be made to give.
@Suite struct `Pipeline ledger` {
    private static var answer: Reply { .rows(.none) }

    private func failure(_ state: String, isFatal: Bool = false) -> Reply {
        .failed(
            Reply.Failure(
                state: SQLState(state), constraint: nil, message: "", isFatal: isFatal))
    }

    private func doubt(_ meaning: PipelineLedger.Meaning) -> DatabaseFault? {
        if case .doubt(let fault) = meaning { return fault }
        return nil
    }

    @Test func `a reply to nothing is a doubt`() {
        var ledger = PipelineLedger()
        let meaning = ledger.settle(Self.answer)
        #expect(doubt(meaning)?.kind == .protocolViolation)
    }

    @Test func `a binding the server does not repeat is a doubt`() {
        var ledger = PipelineLedger()
        for reply in [Self.answer, .accepted, .scope(isEchoed: false)] {
            ledger.expect(.binding(BoundScope(tenant: "t", vendor: "")))
            let meaning = ledger.settle(reply)
            #expect(doubt(meaning)?.kind == .scopeLost)
        }
    }

    @Test func `a Sync answered early, or rows in its place, are a doubt`() {
        for (entry, reply) in [
            (PipelineLedger.Entry.statement(ticket: 0, name: ""), Reply.synced),
            (.sync, Self.answer), (.sync, .skipped), (.scopeProof, .unexpected),
            (.rollBack, .done), (.statement(ticket: 0, name: ""), .accepted),
            (.statement(ticket: 0, name: ""), .scope(isEchoed: true)),
            (.scopeProof, .scope(isEchoed: true)),
        ] {
            var ledger = PipelineLedger()
            ledger.expect(entry)
            let meaning = ledger.settle(reply)
            #expect(doubt(meaning)?.kind == .protocolViolation)
            #expect(doubt(meaning)?.outcome == .unknown)
        }
    }

    @Test func `a refusal while committing does not answer the Sync`() {
        var ledger = PipelineLedger()
        ledger.expect(.sync)
        let meaning = ledger.settle(failure("23505"))
        guard case .refused = meaning else {
            Issue.record("not a refusal")
            return
        }
        #expect(!ledger.isSettled)
        guard case .synced = ledger.settle(.synced) else {
            Issue.record("not synced")
            return
        }
        #expect(ledger.isSettled)
    }

    @Test func `dying words leave the outcome open only during the commit`() {
        for (entry, outcome) in [
            (PipelineLedger.Entry.sync, DatabaseFault.Outcome.unknown),
            (.statement(ticket: 0, name: ""), .rolledBack), (.scopeProof, .rolledBack),
        ] {
            var ledger = PipelineLedger()
            ledger.expect(entry)
            let meaning = ledger.settle(failure("57P01", isFatal: true))
            #expect(doubt(meaning)?.kind == .unreachable)
            #expect(doubt(meaning)?.outcome == outcome)
        }
    }

    @Test func `a break without the server's words leaves the outcome open`() {
        for entry in [
            PipelineLedger.Entry.sync, .statement(ticket: 0, name: ""), .scopeProof,
            .preparation(1),
        ] {
            var ledger = PipelineLedger()
            ledger.expect(entry)
            let broken = Reply.Failure(state: nil, constraint: nil, message: "", isFatal: true)
            let meaning = ledger.settle(.failed(broken))
            #expect(doubt(meaning)?.kind == .unreachable)
            #expect(doubt(meaning)?.outcome == .unknown)
        }
    }

    @Test func `whatever the scrub answers but success ends the login`() {
        for (reply, kind) in [
            (failure("22012"), DatabaseFault.Kind.unclean), (failure("57014"), .unclean),
            (failure("26000"), .unclean), (Self.answer, .protocolViolation),
            (.synced, .protocolViolation), (failure("57P01", isFatal: true), .unreachable),
        ] {
            var ledger = PipelineLedger()
            ledger.expect(.scrub)
            let meaning = ledger.settle(reply)
            #expect(doubt(meaning)?.kind == kind)
        }
        var ledger = PipelineLedger()
        ledger.expect(.scrub)
        guard case .fine = ledger.settle(.accepted) else {
            Issue.record("not fine")
            return
        }
    }

    @Test func `28000 ends the login, whoever is told it`() {
        let entries: [PipelineLedger.Entry] = [
            .entering, .statement(ticket: 0, name: "a"), .inner, .scopeProof, .preparation(1),
            .binding(BoundScope()), .sync,
        ]
        for entry in entries {
            var ledger = PipelineLedger()
            ledger.expect(entry)
            let meaning = ledger.settle(failure("28000"))
            #expect(doubt(meaning)?.outcome == .rolledBack)
            let isRefused = doubt(meaning)?.kind == .contextRefused
            if case .entering = entry { #expect(isRefused) } else { #expect(!isRefused) }
        }
    }

    @Test func `what is skipped behind a refusal says nothing`() {
        for entry in [PipelineLedger.Entry.entering, .scrub, .inner] {
            var ledger = PipelineLedger()
            ledger.expect(entry)
            guard case .skipped = ledger.settle(.skipped) else {
                Issue.record("not skipped")
                return
            }
        }
    }

    @Test func `a scope that was lost is told apart from a division of the handler`() {
        var ledger = PipelineLedger()
        ledger.expect(.scopeProof)
        ledger.expect(.statement(ticket: 0, name: "divide"))
        let proof = ledger.settle(failure("22012"))
        #expect(doubt(proof)?.kind == .scopeLost)
        guard case .refused(let fault) = ledger.settle(failure("22012")) else {
            Issue.record("not a refusal")
            return
        }
        #expect(fault.sqlState == .divisionByZero)
        #expect(fault.statement == "divide")
    }
}

@Suite struct `Statements` {
    @Test(arguments: [
        "BEGIN", "  commit", "ROLLBACK", "SET app.x = 1", "COPY t FROM STDIN", "CREATE TABLE x()",
        "LISTEN a", "DISCARD ALL", "DO $$ $$", "-- SELECT\nCOMMIT", "",
    ])
    func `only queries and changes of rows are statements`(_ text: String) {
        #expect(!StatementShape(of: text).changesOnlyRows)
    }

    @Test func `the settings of the scope are out of reach, however they are spelt`() {
        #expect(StatementShape(of: "SELECT SET_Config('a', 'b', true)").mentionsSettings)
        #expect(StatementShape(of: "select current_setting('App.Current_Tenant')").mentionsSettings)
        for name in ["enter", "act_as", "leave"] {
            #expect(StatementShape(of: "SELECT Ringfence_Guard.\(name)(x)").mentionsSettings)
        }
        #expect(StatementShape(of: "SELECT current_setting('app.seal')").mentionsSettings)
        #expect(!StatementShape(of: "SELECT 1").mentionsSettings)
    }

    @Test func `parameters are counted by their highest number`() {
        #expect(StatementShape(of: "SELECT $2, $1, $12").parametersUsed == 12)
        #expect(StatementShape(of: "SELECT 1").parametersUsed == 0)
    }

    @Test func `an SQLSTATE is five digits or capitals`() {
        #expect(SQLState("23505") == .uniqueViolation)
        #expect(SQLState.uniqueViolation.description == "23505")
        for text in ["", "2350", "235055", "2350x", "２3505"] { #expect(SQLState(text) == nil) }
        #expect(
            Wire.stateInMessage("x: FATAL:  28P01: password authentication failed")
                == SQLState("28P01"))
        for text in ["", ":  ", "FATAL:  28P0", "FATAL:  28P01", "no such file"] {
            #expect(Wire.stateInMessage(text) == nil)
        }
    }

    @Test func `waits after failed logins double up to a bound`() {
        var backoff = Backoff()
        let first = backoff.permitsAttempt
        for _ in 0..<100 { backoff.noteFailure() }
        let second = backoff.permitsAttempt
        #expect(first && !second)
        backoff.noteSuccess()
        let third = backoff.permitsAttempt
        #expect(third)
        for _ in 0..<100 { backoff.noteFailure() }
        #expect(backoff.pauseMilliseconds == Backoff.longestPauseMilliseconds)
    }

    @Test func `a deadline never overflows and never wakes early`() {
        #expect(Deadline.after(milliseconds: -1).hasPassed)
        #expect(!Deadline.after(milliseconds: .max).hasPassed)
        #expect(Deadline.after(milliseconds: .max).remainingMilliseconds == Int32.max)
        #expect(Deadline(monotonicNanoseconds: 0).remainingMilliseconds == 0)
        #expect(Deadline.after(milliseconds: 600_000).remainingMilliseconds > 300_000)
    }
}
