/// The forms most rows have.
extension Case {
    /// A request of these bytes.
    static func raw(_ id: String, _ wire: String, _ verdict: Verdict, _ facts: Fact...) -> Case {
        Case(id, wire, verdict, facts)
    }

    /// A good GET of `/a` with these lines after the credential.
    static func get(
        _ id: String, _ lines: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "GET /a HTTP/1.1\r\n{host}{auth}\(lines)\r\n\r\n", verdict, facts)
    }

    /// A good GET of this target.
    static func target(
        _ id: String, _ target: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "GET \(target) HTTP/1.1\r\n{host}{auth}\r\n", verdict, facts)
    }

    /// A good GET that the upstream answers with these lines.
    static func answered(
        _ id: String, _ lines: [String], _ verdict: Verdict = .forwarded, _ facts: Fact...,
        to start: String = "GET /a", credential: String = "{auth}"
    ) -> Case {
        let answer = lines.map { "X-Answer: \($0)\r\n" }.joined()
        return Case(id, "\(start) HTTP/1.1\r\n{host}\(credential)\(answer)\r\n", verdict, facts)
    }

    /// A request of `/a` with this method and nothing else.
    static func method(
        _ id: String, _ method: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "\(method) /a HTTP/1.1\r\n{host}{auth}\r\n", verdict, facts)
    }

    /// A POST of `/a` with these lines and this body; nothing frames the body but the lines.
    static func post(
        _ id: String, _ lines: String, _ body: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "POST /a HTTP/1.1\r\n{host}{auth}\(lines)\r\n\r\n\(body)", verdict, facts)
    }

    /// A chunked POST of `/a` whose body is exactly this.
    static func chunked(
        _ id: String, _ body: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        let lines = "Transfer-Encoding: chunked"
        return Case(id, "POST /a HTTP/1.1\r\n{host}{auth}\(lines)\r\n\r\n\(body)", verdict, facts)
    }

    /// A GET of `/a` with these lines and no credential but what they say.
    static func bare(
        _ id: String, _ lines: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "GET /a HTTP/1.1\r\n{host}\(lines)\r\n\r\n", verdict, facts)
    }

    /// A GET of `/a` with this `Host` line in place of the good one.
    static func host(_ id: String, _ lines: String, _ verdict: Verdict, _ facts: Fact...) -> Case {
        Case(id, "GET /a HTTP/1.1\r\n\(lines){auth}\r\n", verdict, facts)
    }
}
