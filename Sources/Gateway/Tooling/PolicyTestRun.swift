import HTTP1
import JSON
import Policy
import Reactor
import TLS

/// What one case came to.
struct TestOutcome {
    struct Difference {
        /// `sent.query`
        var what: String
        var expected: String
        var got: String
        var mark: SourceMark
    }

    var testCase: PolicyTestCase
    var differences: [Difference]
    /// How the request was decided, in one line.
    var verdict: String
    /// What went upstream, in one line; `nil` where nothing did.
    var sent: String?
    var milliseconds: UInt64
    var hasPassed: Bool { differences.isEmpty }
}

/// Runs the cases of one test file, each in a gateway of its own in which nothing has happened.
struct PolicyTestRun {
    let file: PolicyTestFile
    let snapshot: Snapshot
    let authorities: TLSClientAuthorities?
    let upstream: RecordingUpstream
    let credentials: TestCredentials
    let own: TestFileCredentials
    /// Told of every request.
    let coverage: PolicyCoverage

    /// A run of `file`, whose policy has been read by `loader`.
    ///
    /// - Returns: no run where the policy cannot be loaded with the file's tenants.
    static func make(
        _ file: PolicyTestFile, _ loader: SnapshotLoader, _ upstream: RecordingUpstream,
        _ credentials: TestCredentials, _ coverage: PolicyCoverage
    ) throws(ToolFault) -> (run: PolicyTestRun?, report: PolicyReport) {
        let own = try TestFileCredentials(file)
        var loader = loader
        loader.substitutes = Substitutes(
            upstream: upstream.address, keys: credentials.keys,
            vendorKeys: credentials.vendorKeys, credentials: own.material, policy: file.policy)
        let loaded = loader.load(version: 1, toleratesMissing: true)
        let run = loaded.snapshot.map {
            PolicyTestRun(
                file: file, snapshot: $0, authorities: loaded.clientAuthorities,
                upstream: upstream, credentials: credentials, own: own, coverage: coverage)
        }
        return (run, loaded.report)
    }

    func run(_ testCase: PolicyTestCase) throws(ToolFault) -> TestOutcome {
        let started = Monotonic.now()
        let clock = RehearsalClock(wall: WallClock(seconds: file.clockSeconds))
        let draft = try draft(testCase.request)
        let result: RehearsedRequest
        do throws(RehearsalFault) {
            let rehearsal = try Rehearsal(
                snapshot: snapshot, upstream: upstream, clock: clock, authorities: authorities)
            clock.advance(milliseconds: testCase.afterMilliseconds)
            result = try send(draft, testCase, rehearsal, clock)
        } catch {
            throw ToolFault(message: error.description)
        }
        return TestOutcome(
            testCase: testCase, differences: differences(testCase.expectation, result),
            verdict: verdict(result), sent: sent(result),
            milliseconds: Monotonic.now().nanoseconds(since: started) / 1_000_000)
    }

    private func draft(_ request: TestRequest) throws(ToolFault) -> RequestDraft {
        guard var draft = RequestDraft(method: request.method, url: request.url) else {
            throw ToolFault(message: "`\(request.url)` is no URL")
        }
        draft.fields = request.fields
        draft.body = request.body
        if let index = request.token {
            let token = try credentials.credential(
                file.tokens[index], in: file.policy, now: file.clockSeconds)
            draft.fields.append(("Authorization", "Bearer \(token)"))
        }
        try own.add(to: &draft, for: request)
        return draft
    }

    /// Sends the request as often as the case says; the last answer counts.
    private func send(
        _ draft: RequestDraft, _ testCase: PolicyTestCase, _ rehearsal: Rehearsal,
        _ clock: RehearsalClock
    ) throws(RehearsalFault) -> RehearsedRequest {
        let host = draft.host(in: file.policy)
        let bytes = draft.bytes(host: host)
        let address = IPAddress(testCase.request.from) ?? IPAddress(v4: 0xC000_0201)
        var number = 1
        while true {
            let result = try rehearsal.send(
                bytes, from: .ip(address, port: 1_024),
                serverName: RequestDraft.serverName(of: host), isHead: draft.method == "HEAD",
                showing: own.certificate(for: testCase.request))
            coverage.note(result.decision)
            if number == testCase.repeats { return result }
            number += 1
            clock.advance(milliseconds: testCase.everyMilliseconds)
        }
    }

    private func verdict(_ result: RehearsedRequest) -> String {
        let decision = result.decision
        var text = decision.outcome.rawValue.uppercased()
        if decision.outcome != .forward { text += " \(result.status)" }
        if let refusal = decision.refusal { text += " \(refusal.code)" }
        if let check = decision.defect ?? decision.violation { text += " (\(check))" }
        if let route = decision.route { text += ", route \(file.policy.routes[route].name)" }
        return text
    }

    private func sent(_ result: RehearsedRequest) -> String? {
        guard let sent = result.sent else { return nil }
        let fresh = ["x-request-id", "traceparent", "ringfence-assertion"]
        let fields = sent.fields.map { field in
            fresh.contains(field.name.lowercased()) ? field.name : "\(field.name): \(field.value)"
        }
        let body = String(decoding: sent.body, as: UTF8.self)
        return "\(sent.method) \(sent.target)\n\(fields.joined(separator: "\n"))\n\n\(body)"
    }

    // MARK: - What was expected

    private func differences(
        _ expected: TestExpectation, _ result: RehearsedRequest
    ) -> [TestOutcome.Difference] {
        let decision = result.decision
        var found: [TestOutcome.Difference] = []
        func compare(_ what: String, _ item: TestExpectation.Item<String>?, _ got: String?) {
            guard let item, item.value != got else { return }
            found.append(
                .init(what: what, expected: item.value, got: got ?? "none", mark: item.mark))
        }
        if let item = expected.decision {
            compare(
                "decision", .init(value: item.value.rawValue, mark: item.mark),
                decision.outcome.rawValue)
        }
        if let item = expected.status {
            compare("status", .init(value: "\(item.value)", mark: item.mark), "\(result.status)")
        }
        compare("code", expected.code, decision.refusal.map { "\($0.code)" })
        compare("route", expected.route, decision.route.map { file.policy.routes[$0].name })
        compare("tenant", expected.tenant, decision.caller?.principal?.externalID.text)
        let upstream =
            decision.outcome == .forward ? file.policy.upstreams[decision.upstream].name : nil
        compare("upstream", expected.upstream, upstream)
        for item in expected.headers {
            let got = result.fields.last { $0.name.lowercased() == item.value.name.lowercased() }
            compare(
                "headers.\(item.value.name)", .init(value: item.value.value, mark: item.mark),
                got?.value)
        }
        compareSent(expected, result.sent, compare)
        return found
    }

    private func compareSent(
        _ expected: TestExpectation, _ sent: SentRequest?,
        _ compare: (String, TestExpectation.Item<String>?, String?) -> Void
    ) {
        let parts = sent?.target.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        compare("sent.method", expected.sentMethod, sent?.method)
        compare("sent.path", expected.sentPath, parts.map { String($0[0]) })
        compare(
            "sent.query", expected.sentQuery, parts.map { $0.count > 1 ? String($0[1]) : "" })
        for item in expected.sentHeaders {
            let values = sent?.values(item.value.name) ?? []
            compare(
                "sent.headers.\(item.value.name)",
                .init(value: item.value.value, mark: item.mark),
                values.isEmpty ? nil : values.joined(separator: " | "))
        }
        for item in expected.sentWithout {
            let values = sent?.values(item.value) ?? []
            guard sent == nil || !values.isEmpty else { continue }
            compare(
                "sent.without", .init(value: "no \(item.value)", mark: item.mark),
                sent == nil ? nil : "\(item.value): \(values.joined(separator: " | "))")
        }
        let body = sent.map { String(decoding: $0.body, as: UTF8.self) }
        compare("sent.body", expected.sentBody, body)
        if let item = expected.sentJSON {
            let wanted = CanonicalJSON.text(of: item.value) ?? ""
            let got = sent.flatMap { CanonicalJSON.text(of: $0.body) } ?? body
            compare("sent.json", .init(value: wanted, mark: item.mark), got)
        }
    }
}

/// One spelling of a JSON document: members by name, no white space, numbers as written.
enum CanonicalJSON {
    static func text(of bytes: [UInt8]) -> String? {
        var document = JSONDocument()
        guard (try? document.parse(bytes.span)) != nil else { return nil }
        let view = document.view(of: bytes.span)
        var out = JSONWriter()
        write(view.root, in: view, to: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private static func write(
        _ node: JSONNode, in view: borrowing JSONView, to out: inout JSONWriter
    ) {
        switch view.kind(of: node) {
        case .string:
            let text = view.string(at: node) ?? []
            out.string(text.span)
        case .number, .boolean, .null: out.raw(view.rawLexeme(of: node))
        case .array:
            out.beginArray()
            var children = view.children(of: node)
            while let child = children.next() { write(child, in: view, to: &out) }
            out.endArray()
        case .object:
            var members: [(name: [UInt8], node: JSONNode)] = []
            var children = view.children(of: node)
            while let child = children.next() {
                members.append((view.key(of: child) ?? [], child))
            }
            out.beginObject()
            for member in members.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
                out.key(member.name.span)
                write(member.node, in: view, to: &out)
            }
            out.endObject()
        }
    }
}
