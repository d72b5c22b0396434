/// The tenant inside which a transaction runs.
///
/// Only code that imports this module with `@_spi(TenantBinding)` can make one: elsewhere a tenant
/// that no verified assertion named does not compile.
public struct TenantScope: Hashable, Sendable {
    /// 36 characters, lower case.
    public let text: String

    /// `nil` unless `uuidText` is a UUID in canonical lower-case form (RFC 9562 §4).
    @_spi(TenantBinding) public init?(uuidText: String) {
        guard isCanonicalUUID(uuidText.utf8) else { return nil }
        text = uuidText
    }
}

/// The vendor inside which a vendor's transaction runs; made like `TenantScope`.
public struct VendorScope: Hashable, Sendable {
    /// 36 characters, lower case.
    public let text: String

    /// `nil` unless `uuidText` is a UUID in canonical lower-case form (RFC 9562 §4).
    @_spi(TenantBinding) public init?(uuidText: String) {
        guard isCanonicalUUID(uuidText.utf8) else { return nil }
        text = uuidText
    }
}

/// What the session settings hold while a transaction runs; the empty text is "none".
struct BoundScope: Equatable {
    var tenant = ""
    var vendor = ""
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
