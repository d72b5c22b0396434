public import HTTP1

/// The rules of a route as they judge where nothing is taken out: each counts on to the end, and
/// what the route would refuse is told from the counts.
struct ShadowRule: Sendable {
    let query: QueryRule
    let cookies: CookieRule
    let path: PathTenantRule
    let bodies: BodyRule?
    let responses: ResponseRule
    /// The injected field's name.
    let injectHeader: [UInt8]

    init(_ route: RoutePolicy, names: SkeletonSet, responses: ResponseRule) {
        let graphQL = route.body.graphQL.map { GraphQLRule($0, names: names) }
        query = QueryRule(
            names: names, clientValue: .strip, inject: route.injectQuery, graphQL: graphQL)
        cookies = CookieRule(names: names, clientValue: .strip)
        path = PathTenantRule(pattern: route.path, clientValue: .strip)
        bodies =
            !route.body.isCleaned
            ? nil
            : BodyRule(
                names: names, clientValue: .strip,
                inject: BodyInjection(pointer: route.injectJSON, formField: route.injectForm),
                graphQL: graphQL)
        self.responses = responses
        injectHeader = [UInt8](route.injectHeader.utf8)
    }
}

// Step 7 in shadow. docs/shadow.md says what passes, what does not, and what is counted.
extension RouteRule {
    /// Judges as `plan` would, and plans to pass everything on that is not the injected field.
    func planInShadow(
        _ rule: ShadowRule, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ tenant: ExternalID?, _ target: inout ByteBuffer, _ plan: inout RewritePlan
    ) throws(Refusal) {
        let path = bytes[head.target.path]
        guard path.count > 0 else { throw .requestTarget }
        var report = ShadowReport()
        if PathRule.namesTenant(path, tenantNames) { report.refuse(.requestPathAmbiguous, .path) }
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            let name = bytes[field.name]
            let judged = fields.fate(of: field.known, name: name, isHopByHop: field.isHopByHop)
            judge(judged, bytes[field.value], rule, tenant, &report)
            let fate = fields.shadowFate(
                judged, name: name, isHopByHop: field.isHopByHop, injected: rule.injectHeader)
            plan[index] = fate
            if fate == .keep, field.known == .cookie, cookies.holdsSession(bytes[field.value]) {
                plan[index] = .cleanCookies
            }
            if case .drop(let reason) = fate { plan.report.count(reason) }
            if judged == .keep, dropsCharset(head, bytes, at: index) {
                report.add(.headerCharset, .stripped)
            }
        }
        if misreadsQuery(head, bytes) { report.refuse(.requestBodyType, .body) }
        judgeTarget(head, bytes, rule, tenant, &target, &report)
        plan.shadow = report
        let query = head.target.query.map { $0.count + 1 } ?? 0
        guard target.freeCapacityMax > path.count + query else { throw .requestTargetTooLong }
        target.append(path)
        guard let slice = head.target.query else { return }
        target.append(UInt8(ascii: "?"))
        target.append(bytes[slice])
    }

    private func judge(
        _ fate: FieldFate, _ value: Span<UInt8>, _ rule: ShadowRule, _ tenant: ExternalID?,
        _ report: inout ShadowReport
    ) {
        switch fate {
        case .keep, .replaced: break
        case .cleanCookies:
            let found = rule.cookies.judge(value, tenant: tenant)
            report.add(found, .cookie, policy.clientValue, tenant: tenant)
        case .drop(.tenant):
            var found = TenantFindings()
            found.add(isSame: Self.isSame(value, tenant))
            report.add(found, .header, policy.clientValue, tenant: tenant)
        case .drop(.irregularName): report.add(.irregularHeader, .stripped)
        case .drop: break
        }
    }

    /// Judges path and query by writing them, and takes back what was written.
    private func judgeTarget(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ rule: ShadowRule,
        _ tenant: ExternalID?, _ target: inout ByteBuffer, _ report: inout ShadowReport
    ) {
        let begin = target.count
        defer { target.truncate(to: begin) }
        do throws(Refusal) {
            let path = bytes[head.target.path]
            guard target.freeCapacityMax > path.count + rule.path.growthMax else {
                return report.refuse(.requestTargetTooLong, .path)
            }
            let others = try rule.path.write(path, tenant: tenant, into: &target)
            report.add(.path, .overridden, others)
            if others > 0, policy.clientValue != .strip { report.refuse(.routeNotFound, .path) }
        } catch {
            report.refuse(error, .path)
        }
        guard let slice = head.target.query, slice.count > 0 else { return }
        var found = QueryReport()
        var refusal: Refusal?
        do throws(Refusal) {
            try rule.query.clean(bytes[slice], tenant: tenant, into: &target, &found)
        } catch {
            refusal = error
        }
        let names = TenantFindings(count: found.removed, different: found.different)
        report.add(names, .query, policy.clientValue, tenant: tenant)
        report.add(.queryMethod, .stripped, found.overridesRemoved)
        if let refusal { report.refuse(refusal, .query) }
    }

    /// Whether a route that is in shadow judges bodies.
    public var judgesBodies: Bool { shadow?.bodies != nil }

    /// Bytes that a body grows by at most while it is judged.
    public func judgedGrowthMax(of bytes: Span<UInt8>, as type: ContentType) -> Int {
        shadow?.bodies?.growthMax(of: bytes, as: type) ?? 0
    }

    /// Judges a whole body, without any content coding, of a route in shadow.
    ///
    /// - Parameters:
    ///   - scrap: overwritten; has room for the body and `judgedGrowthMax` more.
    ///   - type: read from `typeText`, the client's `Content-Type`.
    public func judgeBody(
        _ bytes: Span<UInt8>, as type: ContentType, _ typeText: Span<UInt8>, tenant: ExternalID?,
        _ scratch: inout BodyScratch, scrap: inout ByteBuffer, report: inout ShadowReport
    ) {
        guard let rule = shadow?.bodies else { return report.passBody() }
        var found = BodyReport()
        var refusal: Refusal?
        do throws(Refusal) {
            try rule.clean(
                bytes, as: type, typeText, tenant: tenant, &scratch, into: &scrap, &found)
        } catch {
            refusal = error
        }
        let names = TenantFindings(count: found.removed, different: found.different)
        report.add(names, .body, policy.clientValue, tenant: tenant)
        report.add(.bodyMethod, .stripped, found.overridesRemoved)
        if let refusal { report.refuse(refusal, .body) }
    }

    /// Judges the head of a response of a route in shadow.
    public func judgeResponse(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, report: inout ShadowReport
    ) {
        guard let rule = shadow?.responses else { return }
        let ownCaching = carriesTenant && !isPrivate(head, bytes)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            // What is only added, where a response says nothing of caching, is no finding.
            if ownCaching, field.known == .cacheControl { report.add(.responseCaching, .stripped) }
            let fate = rule.fate(
                of: field.known, name: bytes[field.name], isHopByHop: field.isHopByHop)
            if fate == .drop(.tenant) { report.add(.responseHeader, .stripped) }
            guard field.known == .setCookie, fate == .keep,
                SetCookieValue.namesDomain(bytes[field.value])
            else { continue }
            switch rule.cookieDomain {
            case .keep: break
            case .strip: report.add(.responseCookie, .stripped)
            case .reject: report.refuse(.upstreamCookieDomain, .responseCookie)
            }
        }
    }

    static func isSame(_ value: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
        guard let tenant else { return false }
        return value.equals(tenant.bytes.span)
    }
}
