import HTTP1
import Testing

@testable import Policy

/// One body cleaned by a rule for `acme`.
struct CleanedBody: Equatable {
    var text: String
    var removed: Int
    var isChanged: Bool

    static let json = "application/json"
    static let form = "application/x-www-form-urlencoded"

    init(text: String, removed: Int, isChanged: Bool) {
        self.text = text
        self.removed = removed
        self.isChanged = isChanged
    }

    init(
        _ body: String, as type: String, mode: RoutePolicy.ClientValue = .strip,
        pointer: String? = nil, field: String? = nil, tenant: String? = "acme",
        graphQL: BodyPolicy.GraphQL? = nil
    ) throws(Refusal) {
        try self.init(
            [UInt8](body.utf8), as: type, mode: mode, pointer: pointer, field: field,
            tenant: tenant, graphQL: graphQL)
    }

    init(
        _ body: [UInt8], as type: String, mode: RoutePolicy.ClientValue = .strip,
        pointer: String? = nil, field: String? = nil, tenant: String? = "acme",
        graphQL: BodyPolicy.GraphQL? = nil
    ) throws(Refusal) {
        let names = SkeletonSet(names: TenantNames.defaults + [field].compactMap(\.self))
        let rule = BodyRule(
            names: names, clientValue: mode,
            inject: BodyInjection(pointer: pointer, formField: field),
            graphQL: graphQL.map { GraphQLRule($0, names: names) })
        var scratch = BodyScratch()
        let typeText = [UInt8](type.utf8)
        let type = try ContentType(typeText.span)
        // As much room as a body is promised, and not a byte more.
        var out = ByteBuffer(
            capacityMax: body.count + rule.growthMax(of: body.span, as: type))
        let report = try rule.clean(
            body.span, as: type, typeText.span,
            tenant: tenant.flatMap { ExternalID($0, format: .opaque) }, &scratch, into: &out)
        text = String(decoding: report.isChanged ? out.bytes : body, as: UTF8.self)
        removed = report.removed
        isChanged = report.isChanged
    }
}

/// What a body is refused with; `nil` when it is not.
func refusal(
    _ body: String, as type: String, mode: RoutePolicy.ClientValue = .strip,
    pointer: String? = nil, field: String? = nil, graphQL: BodyPolicy.GraphQL? = nil
) -> Refusal? {
    refusal(
        [UInt8](body.utf8), as: type, mode: mode, pointer: pointer, field: field, graphQL: graphQL)
}

func refusal(
    _ body: [UInt8], as type: String, mode: RoutePolicy.ClientValue = .strip,
    pointer: String? = nil, field: String? = nil, graphQL: BodyPolicy.GraphQL? = nil
) -> Refusal? {
    do throws(Refusal) {
        _ = try CleanedBody(
            body, as: type, mode: mode, pointer: pointer, field: field, graphQL: graphQL)
        return nil
    } catch {
        return error
    }
}
