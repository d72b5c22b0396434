/// The names that mean "the tenant" where a policy does not list its own (`tenant_names`), in one
/// place. Each stands for all its spellings (`SkeletonSet`): `tenant_id` also covers `tenantId`,
/// `X-Tenant-ID` and `tenant.id`.
public enum TenantNames {
    public static let defaults: [String] = [
        "tenant", "tenant_id", "tenant_uuid", "tenant_key", "tenant_slug", "tenant_name",
        "current_tenant", "app.current_tenant", "thanos-tenant",
        "org_id", "organization_id", "organisation_id", "x-scope-orgid",
        "account_id", "workspace_id", "customer_external_id",
    ]
}
