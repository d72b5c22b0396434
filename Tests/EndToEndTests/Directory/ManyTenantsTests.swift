import Foundation
import TestSupport
import Testing

/// What `bench/directory/real` measures with a million, small enough for every run.
@Suite struct `A directory of 20,000 tenants` {
    static let count = 20_000
    /// Of a tenant with a domain, in the gateway: 250 MB for a million.
    static let bytesOfTenant = 250

    private func waitUntilKnown(_ site: DirectorySite) throws {
        try eventually("all tenants to be known") {
            try site.gateway.metric("ringfence_directory_tenants") == Self.count + 1
        }
    }

    @Test func `is known from the feed and from a copy, and so are changes`() throws {
        let upstream = try RecorderUpstream()
        var settings = DirectorySite.Settings()
        settings.isCached = true
        let site = try DirectorySite(upstream: upstream.port, settings)
        let acme = site.material.acme
        let last = try site.material.token(tenant: "t\(Self.count)")
        try site.make("acme")
        _ = try site.sql(
            """
            INSERT INTO ringfence.tenants (id, vendor_id, external_id, name, tier)
            SELECT gen_random_uuid(), vendor_id, 't' || n, 'Many', 'GROWTH'
            FROM ringfence.tenants, generate_series(1, \(Self.count)) n;
            INSERT INTO ringfence.domains (host, vendor_id, owner_id)
            SELECT external_id || '.example.com', vendor_id, id FROM ringfence.tenants;
            """)
        // As it follows, and from nothing.
        try waitUntilKnown(site)
        let copy = "\(site.folder.path)/tenants.copy"
        try site.restartGateway { try FileManager.default.removeItem(atPath: copy) }
        try waitUntilKnown(site)
        #expect(
            try site.gateway.metric("ringfence_directory_bytes")
                < Self.count * Self.bytesOfTenant + 1_048_576)
        #expect(try site.gateway.metric("ringfence_directory_faults") == 0)
        try site.expect(200, token: last)
        try site.expect(200, token: acme)
        try site.change("acme", #"{"state":"suspended"}"#)
        try site.expect(403, "tenant.suspended", token: acme)
        try site.restartGateway { try site.killBackend() }
        try waitUntilKnown(site)
        try site.expect(200, token: last)
        try site.expect(403, "tenant.suspended", token: acme)
    }
}
