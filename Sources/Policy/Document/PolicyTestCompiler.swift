extension PolicyTestFile {
    /// Gives a test file its meaning, or says all that is wrong with it.
    ///
    /// - Parameters:
    ///   - document: of the policy it is about, which has no errors.
    ///   - policy: what that came to.
    /// - Returns: the file exactly when no diagnostic is an error.
    public static func compile(
        _ root: PolicyNode, for policy: GatewayPolicy, document: PolicyDocument,
        isDevelopment: Bool = false
    ) -> (file: PolicyTestFile?, diagnostics: [Diagnostic]) {
        var check = ShapeCheck(isDevelopment: isDevelopment)
        check.check(root: root, PolicyTestShape.root)
        var compiler = PolicyTestCompiler(root, policy, check.list)
        compiler.readTenants(document)
        compiler.run()
        return (compiler.list.hasErrors ? nil : compiler.file, compiler.list.items)
    }
}

extension PolicyDocument {
    /// The same policy with these tenants in place of its own.
    fileprivate func with(tenants: PolicyNode) -> PolicyDocument {
        let path = "tests/tenants"
        func text(_ text: String) -> PolicyNode {
            PolicyNode(.scalar(text, isQuoted: true), mark: tenants.mark)
        }
        func entry(_ key: String, _ node: PolicyNode) -> PolicyEntry {
            PolicyEntry(key: key, keyMark: node.mark, node: node)
        }
        func mapping(_ entries: [PolicyEntry]) -> PolicyNode {
            PolicyNode(.mapping(entries), mark: tenants.mark)
        }
        var copy = self
        var settings = [entry("source", text("file:" + path))]
        // Whose host is whose is the policy's own word.
        if let hosts = root["tenants"]?["hosts"] { settings.append(entry("hosts", hosts)) }
        let source = mapping(settings)
        let others = (root.entries ?? []).filter { $0.key != "tenants" }
        copy.root.value = .mapping(others + [entry("tenants", source)])
        let file = mapping([entry("version", text("1")), entry("tenants", tenants)])
        copy.references = [(PolicyDocument.join(folder, path), file)]
        return copy
    }
}

/// Resolves the names of a test file to those of its policy.
struct PolicyTestCompiler {
    let root: PolicyNode
    var file: PolicyTestFile
    var list: DiagnosticList
    private var tokens: [String: Int] = [:]
    var keys: [String: Int] = [:]
    var sessions: [String: Int] = [:]
    var certificates: [String: Int] = [:]

    init(_ root: PolicyNode, _ policy: GatewayPolicy, _ list: DiagnosticList) {
        self.root = root
        self.list = list
        file = PolicyTestFile(clockSeconds: 0, tokens: [], cases: [], policy: policy)
    }

    /// The file's own tenants are read as the policy's are, by compiling it with them.
    mutating func readTenants(_ document: PolicyDocument) {
        guard let node = root["tenants"] else { return }
        let (policy, diagnostics) = GatewayPolicy.compile(
            document.with(tenants: node), isDevelopment: false, knowsKeys: true)
        // What is said about the policy itself has been said.
        let own = diagnostics.filter { $0.severity == .error || $0.mark?.file == node.mark.file }
        for diagnostic in own where diagnostic.code != .ineffective { list.add(diagnostic) }
        if let policy { file.policy = policy }
    }

    mutating func run() {
        readClock()
        for entry in root["tokens"]?.entries ?? [] { readToken(entry) }
        readCredentials()
        var names: [String: SourceMark] = [:]
        for item in root["cases"]?.items ?? [] {
            guard item.entries != nil else { continue }
            readCase(item)
            guard let name = item["name"] else { continue }
            if let first = names[name.text ?? ""] {
                list.add(
                    .testNameRepeated, "two cases are called `\((name.text ?? "").shortened)`",
                    at: name.mark, label: "the other is in line \(first.line)")
            } else {
                names[name.text ?? ""] = name.mark
            }
        }
    }

    private mutating func readClock() {
        let node = root["clock"]
        guard let seconds = Self.seconds(node?.text ?? "2026-01-01T00:00:00Z") else {
            return list.add(
                .invalidValue, "`\((node?.text ?? "").shortened)` is no time", at: node?.mark,
                label: "write it as `2026-01-01T00:00:00Z`")
        }
        file.clockSeconds = seconds
    }

    /// Seconds since 1970 of `2026-01-01T00:00:00Z`.
    static func seconds(_ text: String) -> Int64? {
        let bytes = [UInt8](text.utf8)
        let marks: [(Int, Character)] = [
            (4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z"),
        ]
        guard bytes.count == 20,
            marks.allSatisfy({ Character(Unicode.Scalar(bytes[$0.0])) == $0.1 })
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + Int64(digit)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            year >= 1970, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60,
            day <= daysOfMonth(month, year)
        else { return nil }
        var days: Int64 = 0
        for past in 1970..<year { days += isLeap(past) ? 366 : 365 }
        for past in 1..<month { days += daysOfMonth(past, year) }
        return ((days + day - 1) * 24 + hour) * 3_600 + minute * 60 + second
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func daysOfMonth(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: isLeap(year) ? 29 : 28
        default: 31
        }
    }

    // MARK: Tokens

    private mutating func readToken(_ entry: PolicyEntry) {
        let node = entry.node
        tokens[entry.key] = file.tokens.count
        var kind = TestToken.Kind.vendor(0)
        switch (node["issuer"], node["vendor"]) {
        case (let issuer?, nil):
            kind = .issuer(
                index(issuer, among: file.policy.issuers.map(\.name), "issuer"),
                claims: claims(node["claims"]))
        case (nil, let vendor?):
            kind = .vendor(index(vendor, among: file.policy.vendors.map(\.name), "vendor"))
            if let claims = node["claims"] {
                list.add(
                    .testTokenIssuer, "the key of a vendor has no claims", at: claims.mark)
            }
        default:
            list.add(
                .testTokenIssuer, "token `\(entry.key)` needs an `issuer` or a `vendor`",
                at: entry.keyMark)
        }
        file.tokens.append(
            TestToken(
                name: entry.key, kind: kind, ttlSeconds: node.seconds("ttl") ?? 300,
                type: node["type"]?.text, isForged: node.boolean("forged") ?? false))
    }

    private mutating func claims(_ node: PolicyNode?) -> [UInt8] {
        guard let node else { return [UInt8]("{}".utf8) }
        guard node.entries != nil else {
            list.add(.wrongKind, "`claims` takes a mapping, not \(node.kind)", at: node.mark)
            return [UInt8]("{}".utf8)
        }
        return node.json
    }

    mutating func index(
        _ node: PolicyNode, among names: [String], _ noun: String
    ) -> Int {
        guard let text = node.text else { return 0 }
        if let index = names.firstIndex(of: text) { return index }
        list.add(
            .unknownReference, "there is no \(noun) `\(text.shortened)`", at: node.mark,
            label: Suggestion.label(for: text, among: names))
        return 0
    }

    // MARK: Cases

    private mutating func readCase(_ item: PolicyNode) {
        let name = item["name"]
        file.cases.append(
            PolicyTestCase(
                name: name?.text ?? "", mark: name?.mark ?? item.mark,
                afterMilliseconds: item.milliseconds("after") ?? 0,
                repeats: item.integer("repeat") ?? 1,
                everyMilliseconds: item.milliseconds("every") ?? 0,
                request: readRequest(item["request"]),
                expectation: readExpectation(item["expect"])))
    }

    private mutating func readRequest(_ node: PolicyNode?) -> TestRequest {
        var request = TestRequest(
            method: node?["method"]?.text ?? "GET", url: node?["url"]?.text ?? "", token: nil,
            fields: [], body: [], from: node?["from"]?.text ?? "192.0.2.1")
        request.token = made(node?["token"], among: tokens, "token")
        request.key = made(node?["key"], among: keys, "key")
        request.session = made(node?["session"], among: sessions, "session")
        request.certificate = made(node?["certificate"], among: certificates, "certificate")
        for entry in node?["headers"]?.entries ?? [] {
            for value in entry.node.items ?? [entry.node] {
                request.fields.append((entry.key, value.text ?? ""))
            }
        }
        if let json = node?["json"] {
            request.body = json.json
            if !request.fields.contains(where: { $0.name.lowercased() == "content-type" }) {
                request.fields.append(("Content-Type", "application/json"))
            }
        }
        if let body = node?["body"] {
            if case .scalar(let text, _) = body.value {
                request.body = [UInt8](text.utf8)
            } else {
                list.add(.wrongKind, "`body` takes a text, not \(body.kind)", at: body.mark)
            }
        }
        if let from = node?["from"], let text = from.text {
            let bits = text.utf8.contains(UInt8(ascii: ":")) ? 128 : 32
            if NetworkText.block("\(text)/\(bits)") == nil {
                list.add(
                    .invalidValue, "`\(text.shortened)` is no address", at: from.mark)
            }
        }
        return request
    }

    /// A credential of the file, by name.
    private mutating func made(
        _ node: PolicyNode?, among known: [String: Int], _ noun: String
    ) -> Int? {
        guard let node, let name = node.text else { return nil }
        if let index = known[name] { return index }
        list.add(
            .testTokenUnknown, "there is no \(noun) `\(name.shortened)`", at: node.mark,
            label: Suggestion.label(for: name, among: known.keys.sorted()))
        return nil
    }

    private mutating func readExpectation(_ node: PolicyNode?) -> TestExpectation {
        var expected = TestExpectation()
        guard let node, let entries = node.entries else { return expected }
        if entries.allSatisfy({ $0.key.hasPrefix("x-") }) {
            list.add(.testExpectsNothing, "nothing is expected", at: node.mark)
        }
        if let item = node["decision"], let text = item.text {
            expected.decision = TestExpectation.Decision(rawValue: text).map {
                .init(value: $0, mark: item.mark)
            }
        }
        if let item = node["status"], let value = node.integer("status") {
            expected.status = .init(value: UInt16(clamping: value), mark: item.mark)
        }
        expected.code = code(node["code"])
        expected.route = text(node["route"])
        if let route = expected.route {
            let names = file.policy.routes.map(\.name)
            if !names.contains(route.value) {
                list.add(
                    .unknownReference, "there is no route `\(route.value.shortened)`",
                    at: route.mark, label: Suggestion.label(for: route.value, among: names))
            }
        }
        expected.tenant = text(node["tenant"])
        if let item = node["upstream"] {
            _ = index(item, among: file.policy.upstreams.map(\.name), "upstream")
            expected.upstream = text(item)
        }
        expected.headers = headers(node["headers"])
        if let sent = node["sent"] { readSent(sent, &expected) }
        checkContradiction(node, expected)
        return expected
    }

    private mutating func readSent(_ node: PolicyNode, _ expected: inout TestExpectation) {
        expected.sentMethod = text(node["method"])
        expected.sentPath = text(node["path"])
        expected.sentQuery = scalar(node["query"])
        expected.sentHeaders = headers(node["headers"])
        for item in node["without"]?.items ?? [] {
            if let name = text(item) { expected.sentWithout.append(name) }
        }
        expected.sentBody = scalar(node["body"])
        expected.sentJSON = node["json"].map { .init(value: $0.json, mark: $0.mark) }
    }

    private mutating func code(_ node: PolicyNode?) -> TestExpectation.Item<String>? {
        guard let code = text(node) else { return nil }
        let known = Refusal.allCases.map { "\($0.code)" }
        if !known.contains(code.value) {
            list.add(
                .testCodeUnknown, "there is no code `\(code.value.shortened)`", at: code.mark,
                label: Suggestion.label(for: code.value, among: known))
        }
        return code
    }

    /// What a refused request and a forwarded one cannot have in common.
    private mutating func checkContradiction(
        _ node: PolicyNode, _ expected: TestExpectation
    ) {
        let isForwarded = expected.decision?.value == .forward || node["sent"] != nil
        if isForwarded, let code = node["code"] {
            list.add(
                .testContradiction, "a request that is forwarded has no code", at: code.mark)
        }
        if let decision = expected.decision, decision.value != .forward, node["sent"] != nil {
            list.add(
                .testContradiction, "a request that is not forwarded is sent nowhere",
                at: node.keyMark("sent"))
        }
    }

    private func text(_ node: PolicyNode?) -> TestExpectation.Item<String>? {
        guard let node, let text = node.text else { return nil }
        return .init(value: text, mark: node.mark)
    }

    /// A text that may be empty.
    private mutating func scalar(_ node: PolicyNode?) -> TestExpectation.Item<String>? {
        guard let node else { return nil }
        guard case .scalar(let text, _) = node.value else {
            list.add(.wrongKind, "a text is expected here, not \(node.kind)", at: node.mark)
            return nil
        }
        return .init(value: text, mark: node.mark)
    }

    private func headers(
        _ node: PolicyNode?
    ) -> [TestExpectation.Item<(name: String, value: String)>] {
        (node?.entries ?? []).compactMap { entry in
            guard let value = entry.node.text else { return nil }
            return .init(value: (entry.key, value), mark: entry.node.mark)
        }
    }
}
