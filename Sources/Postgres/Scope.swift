/// The tenant inside which a transaction runs.
///
/// Anybody can make one from a seal, because the database verifies it. Without a seal only code
/// that imports this module with `@_spi(TenantBinding)` can: elsewhere a tenant that nobody vouched
/// for does not compile.
public struct TenantScope: Hashable, Sendable {
    /// 36 characters, lower case.
    public let text: String
    let seal: Seal?

    /// `nil` when the seal is a vendor's.
    public init?(seal: Seal) {
        guard seal.subject == .tenant else { return nil }
        text = seal.uuidText
        self.seal = seal
    }

    /// For connections in plain mode. `nil` unless `uuidText` is a UUID in canonical lower-case
    /// form (RFC 9562 §4).
    @_spi(TenantBinding) public init?(uuidText: String) {
        guard isCanonicalUUID(uuidText.utf8) else { return nil }
        text = uuidText
        seal = nil
    }

    /// The same tenant, by whatever seal.
    public static func == (one: TenantScope, other: TenantScope) -> Bool { one.text == other.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The vendor inside which a vendor's transaction runs; made like `TenantScope`.
public struct VendorScope: Hashable, Sendable {
    /// 36 characters, lower case.
    public let text: String
    let seal: Seal?

    /// `nil` when the seal is a tenant's.
    public init?(seal: Seal) {
        guard seal.subject == .vendor else { return nil }
        text = seal.uuidText
        self.seal = seal
    }

    /// For connections in plain mode. `nil` unless `uuidText` is a UUID in canonical lower-case
    /// form (RFC 9562 §4).
    @_spi(TenantBinding) public init?(uuidText: String) {
        guard isCanonicalUUID(uuidText.utf8) else { return nil }
        text = uuidText
        seal = nil
    }

    /// The same vendor, by whatever seal.
    public static func == (one: VendorScope, other: VendorScope) -> Bool { one.text == other.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// What the database believes while a transaction runs; the empty text is "none".
struct BoundScope: Equatable {
    var tenant = ""
    var vendor = ""
    /// What proves it, where the mode asks for a proof.
    var seal = ""

    init(tenant: String = "", vendor: String = "") {
        self.tenant = tenant
        self.vendor = vendor
    }

    init(_ tenant: TenantScope) {
        self.tenant = tenant.text
        seal = tenant.seal?.text ?? ""
    }

    init(_ vendor: VendorScope) {
        self.vendor = vendor.text
        seal = vendor.seal?.text ?? ""
    }

    var isNobody: Bool { tenant.isEmpty && vendor.isEmpty }

    /// By subject: seals come and go.
    func isSame(as other: BoundScope) -> Bool { tenant == other.tenant && vendor == other.vendor }
}

/// Whether `bytes` are 8-4-4-4-12 lower-case hexadecimal digits.
func isCanonicalUUID(_ bytes: some Collection<UInt8>) -> Bool {
    guard bytes.count == 36 else { return false }
    for (index, byte) in bytes.enumerated() {
        switch (index, byte) {
        case (8, _), (13, _), (18, _), (23, _):
            guard byte == UInt8(ascii: "-") else { return false }
        case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")):
            continue
        default: return false
        }
    }
    return true
}

extension ContextMode {
    /// Whether a scope can be entered only by its seal.
    var needsSeal: Bool { self != .plain }
}
