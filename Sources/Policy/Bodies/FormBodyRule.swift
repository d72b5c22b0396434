import HTTP1

/// Takes the fields that name a tenant out of `application/x-www-form-urlencoded`: a query by
/// another way, and cleaned as one.
struct FormBodyRule: Sendable {
    private let rule: QueryRule

    init(names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject field: String?) {
        rule = QueryRule(names: names, clientValue: clientValue, inject: field)
    }

    func clean(
        _ bytes: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer
    ) throws(Refusal) -> BodyReport {
        let begin = out.count
        let found: QueryReport
        do throws(Refusal) {
            found = try rule.clean(bytes, tenant: tenant, into: &out)
        } catch {
            switch error {
            case .requestTargetTooLong: throw .requestBodyTooLarge
            case .tenantConflict: throw error
            default: throw .requestBodyMalformed
            }
        }
        let isCut = found.removed + found.overridesRemoved > 0
        return BodyReport(
            removed: found.removed, isChanged: isCut || out.count - begin != bytes.count)
    }
}
