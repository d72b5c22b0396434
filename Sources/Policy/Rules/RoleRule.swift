public import HTTP1

/// Which roles a route's methods ask for. A role is compared byte for byte with what the credential
/// says; a method that is not listed asks for none.
struct RoleRule: Sendable {
    /// By the bit of the method in `MethodSet`.
    private let allowed: [ByteTable?]

    /// `nil` where no method asks for a role.
    init?(_ requirements: [RoleRequirement]) {
        guard !requirements.isEmpty else { return nil }
        var allowed = [ByteTable?](repeating: nil, count: 7)
        for requirement in requirements {
            guard let place = Self.place(of: requirement.method) else { continue }
            allowed[place] = ByteTable(requirement.roles.map { [UInt8]($0.utf8) })
        }
        // What GET answers HEAD tells of, so it asks for the same unless it is listed itself.
        let (get, head) = (MethodSet.get.bit, MethodSet.head.bit)
        if allowed[head] == nil { allowed[head] = allowed[get] }
        self.allowed = allowed
    }

    private static func place(of method: String) -> Int? {
        let set = MethodSet(name: [UInt8](method.utf8).span)
        return set.isEmpty ? nil : set.bit
    }

    /// Whether a caller with this role may use the method.
    func allows(_ method: KnownMethod, role: [UInt8]?) -> Bool {
        let set = MethodSet(method)
        // No route takes other methods; if one did, nobody would be asked for.
        guard !set.isEmpty else { return false }
        guard let roles = allowed[set.bit] else { return true }
        guard let role else { return false }
        return roles.ordinal(of: role.span) != nil
    }
}

extension MethodSet {
    /// The bit of a set of one method.
    fileprivate var bit: Int { rawValue.trailingZeroBitCount }
}

extension RouteRule {
    /// Step 6: whether the caller's role lets it use the method. Before anything is cleaned or
    /// charged: a refusal costs the tenant nothing.
    ///
    /// - Throws: `role.missing`.
    public func checkRole(_ method: KnownMethod, _ role: [UInt8]?) throws(Refusal) {
        guard let roles else { return }
        guard roles.allows(method, role: role) else { throw .roleMissing }
    }
}
