import Testing

@testable import Policy

@Suite struct `Skeleton of a name` {
    let names = SkeletonSet(names: ["tenant_id", "x-scope-orgid"])

    @Test(arguments: [
        "tenant_id", "tenantId", "Tenant-ID", "X-Tenant-ID", "x_tenant_id", "tenant.id", "TENANTID",
        "HTTP_X_TENANT_ID", "Grpc-Metadata-Tenant-Id", "tenant-id-bin", "x-x-tenant-id",
        "%74enant_id", "tenant%5Fid", "tenant%5fid", "%74%65%6e%61%6e%74%5f%69%64",
        "tenant%255Fid", "%2574enant_id", " tenant id ", "tenant+id", "tenant\u{e9}_id",
        "X-Scope-OrgID", "scope_org_id", "HTTP-X-Scope-OrgID",
        // U+017F and U+212A fold to s and k.
        "x-\u{17f}cope-orgid", "x-%C5%BFcope-orgid",
    ])
    func `one skeleton covers the spelling`(_ name: String) {
        #expect(withBytes(name) { names.contains($0) })
        #expect(withBytes(name) { names.judge($0) } == .listed)
    }

    @Test func `the Kelvin sign is a k`() {
        let names = SkeletonSet(names: ["key"])
        #expect(withBytes("\u{212a}ey") { names.contains($0) })
        #expect(withBytes("%E2%84%AAey") { names.judge($0) } == .listed)
    }

    @Test(arguments: [
        "tenant", "tenant_ids", "my_tenant_id", "tenantid2", "", "id", "x", "http", "bin",
        "tenant%5Gid", "tenant%", "%", "%2", "orgid",
        // Other alphabets and confusables are left to the upstream (docs/tenant-names.md).
        "\u{ff34}enant_id", "t\u{435}nant_id",
    ])
    func `another name stays another name`(_ name: String) {
        #expect(withBytes(name) { names.judge($0) } == .clean)
    }

    @Test(arguments: [
        "tenant_id[]", "tenant_id%5B%5D", "tenant_id[0]", "tenant_id[$ne]", "filter[tenant_id]",
        "a[b][tenant_id]", "[tenant_id]", "a.b.tenant_id", "filter%5Btenant_id%5D",
        "filter%255Btenant_id%255D", "tenant_id__in", "tenant_id:eq", "tenant[id", "a/tenant_id",
        "where(tenant_id)", "{tenant_id}", "filter[tenant id]", "filter[tenant+id]", "a.tenant+id",
        "[tenant%20+id]", "a tenant_id", "a[x tenant_id+y]",
    ])
    func `Q5 every component of a name is looked at`(_ name: String) {
        #expect(withBytes(name) { names.judge($0) } == .listed)
    }

    @Test(arguments: [
        "tenant_id%00x", "tenant_id%0d%0a", "a\u{1}", "%7f", "a%2500b", "x%250a", "%00",
    ])
    func `Q10 a control byte in any reading is told apart`(_ name: String) {
        #expect(withBytes(name) { names.judge($0) } == .control)
    }

    @Test func `a long first component does not hide a later one`() {
        for length in [
            1, 63, 64, 65, 119, 120, 127, 128, 129, 247, 248, 249, 255, 256, 257, 500, 8_000,
        ] {
            let filler = String(repeating: "a", count: length)
            #expect(withBytes("\(filler)[tenant_id]") { names.judge($0) } == .listed, "\(length)")
            #expect(withBytes("tenant_id[\(filler)]") { names.judge($0) } == .listed, "\(length)")
            #expect(withBytes("\(filler)tenant_id") { names.judge($0) } == .clean, "\(length)")
        }
    }

    @Test func `a name longer than the scratch matches nothing and does no harm`() {
        let long = String(repeating: "x", count: 20_000) + "tenant_id"
        #expect(withBytes(long) { names.contains($0) } == false)
        // Prefixes count as far as there is room for them.
        let deep = String(repeating: "x-", count: 200) + "tenant_id"
        #expect(withBytes(deep) { names.contains($0) })
    }

    @Test func `configured names without a usable skeleton are told`() {
        #expect(SkeletonSet.skeleton(of: "X-Tenant-ID") == "tenantid")
        #expect(SkeletonSet.skeleton(of: "___") == nil)
        for prefix in ["x", "HTTP", "x-http", "grpc-metadata"] {
            #expect(SkeletonSet.skeleton(of: prefix) == nil)
        }
        #expect(SkeletonSet.skeleton(of: "\u{442}\u{435}\u{43d}") == nil)
        #expect(SkeletonSet.skeleton(of: String(repeating: "a", count: 65)) == nil)
        #expect(SkeletonSet(names: ["___"]).isEmpty)
        #expect(withBytes("___") { SkeletonSet(names: ["___"]).contains($0) } == false)
    }

    @Test func `every default name matches itself`() {
        let names = SkeletonSet(names: TenantNames.defaults)
        for name in TenantNames.defaults {
            #expect(withBytes(name) { names.contains($0) }, "\(name)")
            #expect(withBytes("X-" + name) { names.contains($0) }, "\(name)")
        }
    }
}
