public import HTTP1

/// Decides the fate of each field a client sends on one route (attacks H1 to H6, H16 to H18, U5,
/// U8). Compiled once; known fields are looked up by number, others by name.
public struct FieldRule: Sendable {
    private let names: SkeletonSet
    private let table: FateTable
    /// By `KnownField.rawValue`.
    private let known: [FieldFate]
    private let identity = RuleIdentity.make()

    /// - Parameters:
    ///   - names: every tenant name of the route, the name of the injected field included.
    ///   - forwardsCredential: whether the client's credential goes on to the upstream.
    public init(names: SkeletonSet, forwardsCredential: Bool) {
        self.names = names
        let credential = forwardsCredential ? FieldFate.keep : .drop(.credential)
        let table = FateTable(
            exact: [
                (FieldNames.replaced, .replaced), (FieldNames.hopByHop, .drop(.hopByHop)),
                (FieldNames.credential, credential), (FieldNames.apiKey, .drop(.credential)),
                (["Cookie"], .cleanCookies),
                (FieldNames.gatewayOwn, .drop(.gatewayOwn)),
                (FieldNames.identity, .drop(.identity)),
            ],
            prefixes: [
                (FieldNames.hopByHopPrefixes, .drop(.hopByHop)),
                (FieldNames.gatewayOwnPrefixes, .drop(.gatewayOwn)),
                (FieldNames.identityPrefixes, .drop(.identity)),
            ])
        self.table = table
        known = KnownField.allCases.map { Self.judge($0.name.bytes, names, table) }
    }

    /// - Parameters:
    ///   - isHopByHop: whether the head says so (listed or nominated by `Connection`).
    ///   - field: what the parser took `name` for.
    public func fate(of field: KnownField, name: Span<UInt8>, isHopByHop: Bool) -> FieldFate {
        let fate =
            field == .other
            ? Self.judge(name, names, table) : known[Int(field.rawValue)]
        return Self.fate(fate, isHopByHop: isHopByHop)
    }

    /// The same, for who asks in every request: a name is judged once.
    @inline(__always)
    func fate(
        of field: KnownField, name: Span<UInt8>, isHopByHop: Bool, _ memo: inout FieldMemo
    ) -> FieldFate {
        let fate =
            field == .other
            ? memo.fate(of: name, rule: identity) { Self.judge($0, names, table) }
            : known[Int(field.rawValue)]
        return Self.fate(fate, isHopByHop: isHopByHop)
    }

    @inline(__always)
    private static func fate(_ fate: FieldFate, isHopByHop: Bool) -> FieldFate {
        // A nominated field is gone either way; a tenant's spelling is still counted as one, and
        // what the gateway writes itself (Host) cannot be nominated away.
        if isHopByHop, fate == .keep || fate == .cleanCookies { return .drop(.hopByHop) }
        return fate
    }

    private static func judge(
        _ name: Span<UInt8>, _ names: SkeletonSet, _ table: FateTable
    ) -> FieldFate {
        var skeleton = Skeleton()
        let isTenant = names.contains(name, using: &skeleton)
        let isRegular = isRegular(name)
        // A longer name than the scratch holds is none of those in the table, but may begin like
        // one; what was folded of it is enough for prefixes.
        if let fate = table.fate(of: skeleton.letters()) {
            // `Transfer_Encoding` must not count as the field it resembles.
            if case .drop = fate { return isTenant ? .drop(.tenant) : fate }
            // Nor may `C-ookie` be taken for cookies, which are written as one `Cookie`.
            let isCookie = KnownField(name) == .cookie
            if isRegular, isCookie || fate != .cleanCookies, !isTenant || fate == .replaced {
                return fate
            }
        }
        if isTenant { return .drop(.tenant) }
        return isRegular ? .keep : .drop(.irregularName)
    }

    /// The fate in shadow of a field whose fate would be `fate`: only what was taken out because of
    /// the tenant passes, and of that nothing that says it is something of this hop or of ours.
    ///
    /// - Parameter injected: the name of the field that carries the tenant.
    func shadowFate(
        _ fate: FieldFate, name: Span<UInt8>, isHopByHop: Bool, injected: [UInt8]
    ) -> FieldFate {
        switch fate {
        case .keep, .replaced, .drop(.hopByHop), .drop(.identity), .drop(.gatewayOwn),
            .drop(.credential):
            return fate
        case .cleanCookies, .drop(.charset): return .keep
        case .drop(.tenant), .drop(.irregularName): break
        }
        if isHopByHop { return .drop(.hopByHop) }
        if Self.merges(name, with: injected) { return .drop(.tenant) }
        var skeleton = Skeleton()
        for index in name.indices { skeleton.take(name[index]) }
        guard let known = table.fate(of: skeleton.letters()) else { return .keep }
        switch known {
        // `Content_Length` is one variable with `Content-Length` to whoever reads it as CGI does.
        case .replaced: return .drop(.irregularName)
        case .keep, .cleanCookies: return .keep
        case .drop: return known
        }
    }

    /// Whether an upstream may take one name for the other: CGI, WSGI and Rack read all but letters
    /// and digits as `_` (RFC 3875 section 4.1.18), and nobody minds case.
    static func merges(_ name: Span<UInt8>, with other: [UInt8]) -> Bool {
        guard name.count == other.count else { return false }
        for index in other.indices where variable(name[index]) != variable(other[index]) {
            return false
        }
        return true
    }

    private static func variable(_ byte: UInt8) -> UInt8 {
        if (byte | 0x20) &- UInt8(ascii: "a") < 26 { return byte | 0x20 }
        return byte &- UInt8(ascii: "0") < 10 ? byte : UInt8(ascii: "_")
    }

    private static func isRegular(_ name: Span<UInt8>) -> Bool {
        for index in name.indices {
            let byte = name[index]
            guard
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                    || byte == UInt8(ascii: "-")
            else { return false }
        }
        return true
    }
}
