import HTTP1
import Policy
@_spi(TenantBinding) import Postgres
import Tokens

/// From what an assertion says to a scope the database opens.
extension AssertionDesk {
    /// For whom the request acts. Where the database goes by seals, the seal must be for exactly
    /// the subject the assertion names; whether it is genuine, the database decides.
    func caller(of assertion: Assertion) throws(AssertionRefusal) -> Caller {
        guard let vendorID = Self.vendorID(assertion.vendor) else {
            throw AssertionRefusal(refusal: .internalError, defect: "vendor.id")
        }
        let seal = try seal(of: assertion)
        let vendor = VendorCaller(
            scope: try scope(ofVendor: vendorID, assertion.scope == .vendor ? seal : nil),
            name: String(decoding: assertion.vendor, as: UTF8.self),
            subject: assertion.subject.map { String(decoding: $0, as: UTF8.self) })
        switch assertion.scope {
        case .vendor:
            // It becomes the actor of audit rows, and PostgreSQL's text holds no NUL.
            guard assertion.subject?.contains(0) != true else {
                throw AssertionRefusal(refusal: .assertionInvalid, defect: "assertion.sub")
            }
            return .vendor(vendor)
        case .tenant(let tenant, let externalID):
            return .tenant(
                TenantCaller(
                    scope: try scope(ofTenant: tenant.text, seal), vendor: vendor,
                    externalID: String(decoding: externalID, as: UTF8.self)))
        }
    }

    /// `nil` in plain mode, where nobody asks for one: gateways may mint them before the database
    /// goes by them.
    private func seal(of assertion: Assertion) throws(AssertionRefusal) -> Seal? {
        guard context != .plain else { return nil }
        guard let bytes = assertion.seal else { throw Self.refused("seal.missing") }
        guard let seal = Seal(bytes) else { throw Self.refused("seal.form") }
        return seal
    }

    private func scope(
        ofTenant id: String, _ seal: Seal?
    ) throws(AssertionRefusal) -> TenantScope {
        if context == .plain, let scope = TenantScope(uuidText: id) { return scope }
        guard let seal, let scope = TenantScope(seal: seal), scope.text == id else {
            throw Self.refused("seal.subject")
        }
        return scope
    }

    /// The vendor behind a tenant's credential is only named, never entered: it has no seal.
    private func scope(
        ofVendor id: String, _ seal: Seal?
    ) throws(AssertionRefusal) -> VendorScope {
        guard let named = VendorScope(uuidText: id) else {
            throw AssertionRefusal(refusal: .internalError, defect: "vendor.id")
        }
        guard let seal else { return named }
        guard let scope = VendorScope(seal: seal), scope == named else {
            throw Self.refused("seal.subject")
        }
        return scope
    }

    private static func refused(_ defect: StaticString) -> AssertionRefusal {
        AssertionRefusal(refusal: .assertionSeal, defect: defect)
    }

    /// A vendor's id follows from its name, in every process alike; `nil` when OpenSSL fails.
    static func vendorID(_ name: [UInt8]) -> String? {
        var id = ByteBuffer(capacityMax: 36)
        guard appendDerivedVendorID(name.span, to: &id) else { return nil }
        return String(decoding: id.bytes, as: UTF8.self)
    }
}
