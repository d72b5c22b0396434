import HTTP1
import JSON
import Policy

/// Something to measure.
struct Subject {
    let name: String
    /// What `size` counts: `bytes`, whose throughput is of interest, or `requests`.
    let unit: String
    let size: Int
    let names: Int
    /// Of all that goes in, FNV-1a: figures of equal ones can be compared.
    let checksum: UInt64
    /// Does it so many times.
    let work: (Int) -> Void
}

/// The rules of one route, and all that they are given. What is measured is checked once before.
final class CleaningBench {
    private let route: RouteRule
    private let tenant: ExternalID
    private var scratch = BodyScratch()
    private var document = JSONDocument()
    private var out = ByteBuffer(capacityMax: 4 << 20, allocating: 4 << 20)
    private var head = RequestHead()
    private var plan = RewritePlan()
    private(set) var subjects: [Subject] = []

    /// As a browser sends it through a proxy, with eleven fields.
    static let request = [UInt8](
        """
        GET /v1/orders?status=open&limit=50&sort=-created_at&fields=id,total&page=3 HTTP/1.1\r
        Host: api.example.com\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r
        Accept: application/json, text/plain, */*\r
        Accept-Language: en-GB,en;q=0.7,de;q=0.3\r
        Accept-Encoding: gzip, deflate, br\r
        Content-Type: application/json\r
        X-Requested-With: XMLHttpRequest\r
        X-Correlation-ID: 7f9c1d8e-54aa-4f0e-9f0e-6a8b1c2d3e4f\r
        Referer: https://app.example.com/orders\r
        Cookie: session=k3j4h5k3j4h5; theme=dark; consent=yes\r
        If-None-Match: "686897696a7c876b7e"\r
        \r

        """.utf8)

    init?() {
        var policy = GatewayPolicy()
        var route = RoutePolicy(
            name: "bench", path: PathPattern(text: "/**", segments: [.rest]),
            authentication: .none(reason: "measured"), upstream: 0)
        route.body.isCleaned = true
        policy.routes = [route]
        self.route = RuleSet(policy: policy).routes[0]
        guard let tenant = ExternalID("acme", format: .opaque) else { return nil }
        self.tenant = tenant
        for corpus in Corpus.all { guard addBody(corpus) else { return nil } }
        guard addHeads() else { return nil }
    }

    /// `nil` where the rules refuse the corpus.
    private func clean(_ corpus: Corpus, _ type: ContentType, _ text: Span<UInt8>) -> Int? {
        guard let rule = route.bodies else { return nil }
        out.removeAll()
        let report = try? rule.clean(
            corpus.bytes.span, as: type, text, tenant: tenant, &scratch, into: &out)
        return report.map { _ in out.count }
    }

    private func addBody(_ corpus: Corpus) -> Bool {
        let text = [UInt8](corpus.contentType.utf8)
        guard let type = try? ContentType(text.span), clean(corpus, type, text.span) != nil else {
            return false
        }
        subjects.append(
            Subject(
                name: corpus.name, unit: "bytes", size: corpus.bytes.count, names: corpus.names,
                checksum: corpus.checksum
            ) { [self] count in
                for _ in 0..<count { _ = clean(corpus, type, text.span) }
            })
        if type.form == .json, corpus.name.hasSuffix("KB") { addParse(corpus) }
        return true
    }

    /// Parsing alone: what the rest costs is the difference.
    private func addParse(_ corpus: Corpus) {
        subjects.append(
            Subject(
                name: "\(corpus.name): parsed only", unit: "bytes", size: corpus.bytes.count,
                names: corpus.names,
                checksum: corpus.checksum
            ) { [self] count in
                for _ in 0..<count { try? document.parse(corpus.bytes.span) }
            })
    }

    private func addHeads() -> Bool {
        let bytes = Self.request
        guard case .complete = try? head.parse(bytes.span, limits: .request),
            let slice = head.target.query, decide(bytes.span)
        else { return false }
        let query = slice.range
        let rule = route.query
        subjects.append(
            Subject(
                name: "head", unit: "requests", size: bytes.count, names: head.fields.count,
                checksum: Corpus.checksum(of: bytes)
            ) {
                [self] count in
                for _ in 0..<count { _ = decide(bytes.span) }
            })
        subjects.append(
            Subject(
                name: "query", unit: "requests", size: query.count, names: 5,
                checksum: Corpus.checksum(of: bytes)
            ) {
                [self] count in
                for _ in 0..<count {
                    out.removeAll()
                    _ = try? rule.clean(
                        bytes.span.extracting(query), tenant: tenant, into: &out)
                }
            })
        return true
    }

    /// What becomes of every field, every cookie and every parameter of the query.
    private func decide(_ bytes: Span<UInt8>) -> Bool {
        out.removeAll()
        let done: Void? = try? route.plan(head, bytes, principal: nil, target: &out, plan: &plan)
        return done != nil
    }
}
