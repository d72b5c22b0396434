import HTTP1
import Policy
@_spi(OtherCredentials) import Tokens

/// Callers for tenants that a place names, or an internal caller, as one worker has met them: for
/// as long as the directory is the same.
struct PlacedCallers {
    static let countMax = 4_096

    struct Key: Hashable {
        /// See `TenantDirectory.Found.number`.
        let tenant: Int
        /// Who named it; `nil` for a place.
        let by: ObjectIdentifier?
    }
    private struct Kept {
        let caller: Caller
        /// Held, so that nobody else gets its identity.
        let by: VerifiedClaims?
    }

    private var directory: UInt64 = 0
    private var kept: [Key: Kept] = [:]

    mutating func caller(_ key: Key, in view: DirectoryView) -> Caller? {
        guard directory == view.generation else { return nil }
        return kept[key]?.caller
    }

    mutating func keep(
        _ caller: Caller, under key: Key, by: VerifiedClaims?, in view: DirectoryView
    ) {
        if directory != view.generation || kept.count >= Self.countMax {
            directory = view.generation
            kept.removeAll()
        }
        kept[key] = Kept(caller: caller, by: by)
    }
}

extension Authenticator {
    /// Who is calling for a tenant that the directory has found: the place itself, or the internal
    /// caller who named it.
    mutating func caller(
        for found: TenantDirectory.Found, namedBy caller: Caller?, _ snapshot: Snapshot,
        _ view: DirectoryView, _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        let key = PlacedCallers.Key(
            tenant: found.number, by: caller.map { ObjectIdentifier($0.claims) })
        if let known = places.caller(key, in: view) { return known }
        guard let vendor = found.vendor, let name = view.directory.externalID(of: found) else {
            throw .tenantNotFound
        }
        let vendorName = snapshot.vendorNames[vendor]
        let claims: VerifiedClaims
        if let caller {
            guard caller.claims.vendor == vendor,
                let made = witness.naming(
                    name, id: found.id, vendorName: vendorName, by: caller.claims)
            else { throw .internalError }
            claims = made
        } else {
            claims = witness.place(of: name, id: found.id, vendor: vendor, vendorName: vendorName)
        }
        let made = try Self.caller(claims, view, &observation)
        places.keep(made, under: key, by: caller?.claims, in: view)
        return made
    }
}
