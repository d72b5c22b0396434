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

    init(
        _ body: String, as type: String, mode: RoutePolicy.ClientValue = .strip,
        pointer: String? = nil, field: String? = nil, tenant: String? = "acme"
    ) throws(Refusal) {
        try self.init(
            [UInt8](body.utf8), as: type, mode: mode, pointer: pointer, field: field,
            tenant: tenant)
    }

    init(
        _ body: [UInt8], as type: String, mode: RoutePolicy.ClientValue = .strip,
        pointer: String? = nil, field: String? = nil, tenant: String? = "acme"
    ) throws(Refusal) {
        let rule = BodyRule(
            names: SkeletonSet(names: TenantNames.defaults + [field].compactMap(\.self)),
            clientValue: mode, inject: BodyInjection(pointer: pointer, formField: field))
        var scratch = BodyScratch()
        let typeText = [UInt8](type.utf8)
        let type = try ContentType(typeText.span)
        // As much room as a body is promised, and not a byte more.
        var out = ByteBuffer(
            capacityMax: body.count + rule.growthMax(of: body.span, as: type))
        let report = try rule.clean(
            body.span, as: type, typeText.span,
            tenant: tenant.flatMap { ExternalID($0, format: .opaque) }, &scratch, into: &out)
        text = String(decoding: out.bytes, as: UTF8.self)
        removed = report.removed
        isChanged = report.isChanged
    }
}

/// What a body is refused with; `nil` when it is not.
func refusal(
    _ body: String, as type: String, mode: RoutePolicy.ClientValue = .strip,
    pointer: String? = nil, field: String? = nil
) -> Refusal? {
    refusal([UInt8](body.utf8), as: type, mode: mode, pointer: pointer, field: field)
}

func refusal(
    _ body: [UInt8], as type: String, mode: RoutePolicy.ClientValue = .strip,
    pointer: String? = nil, field: String? = nil
) -> Refusal? {
    do throws(Refusal) {
        _ = try CleanedBody(body, as: type, mode: mode, pointer: pointer, field: field)
        return nil
    } catch {
        return error
    }
}
