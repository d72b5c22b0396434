import HTTP1

/// Takes the fields that name a tenant out of `application/x-www-form-urlencoded`: a query by
/// another way, and cleaned as one.
struct FormBodyRule: Sendable {
    private let rule: QueryRule

    init(names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject field: String?) {
        rule = QueryRule(names: names, clientValue: clientValue, inject: field)
    }

    func clean(
        _ bytes: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer,
        _ report: inout BodyReport
    ) throws(Refusal) {
        let begin = out.count
        var found = QueryReport()
        defer {
            report.removed += found.removed
            report.different += found.different
            report.overridesRemoved += found.overridesRemoved
        }
        do throws(Refusal) {
            try rule.clean(bytes, tenant: tenant, into: &out, &found)
        } catch {
            switch error {
            case .requestTargetTooLong: throw .requestBodyTooLarge
            case .tenantConflict: throw error
            default: throw .requestBodyMalformed
            }
        }
        let isCut = found.removed + found.overridesRemoved > 0
        report.isChanged = isCut || out.count - begin != bytes.count
    }
}
