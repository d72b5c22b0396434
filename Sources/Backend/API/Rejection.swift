import HTTP1
import Policy

/// Why a request was not carried out, with what its sender may be told.
struct Rejection: Error, Equatable, Sendable {
    let refusal: Refusal
    /// Names the field or says what else to do; never a value.
    var detail: String?
    /// The methods of a route, for 405.
    var allowed: [KnownMethod] = []

    init(_ refusal: Refusal, _ detail: String? = nil) {
        self.refusal = refusal
        self.detail = detail
    }

    /// A field of a body, or a parameter, that breaks its rule.
    static func field(_ name: String, _ rule: String) -> Rejection {
        Rejection(.inputInvalid, "`\(name)` \(rule)")
    }
}
