/// Names of what a migration makes. They hold the number of what they replace, so that a second run
/// finds what the first one built.
enum ProtectNames {
    /// The CHECK by which NOT NULL is reached without a scan under a lock.
    static let presence = "ringfence_tenant_present"
    static let fillTrigger = "ringfence_fill_tenant"
    static let floor = "tenant_floor"
    static let rows = "tenant_rows"

    static func fillFunction(_ table: TableState) -> String {
        "\(table.schema).ringfence_fill_\(table.oid)"
    }

    /// The index that takes the place of `index`; on a partition it is that of its own index.
    static func key(_ index: TableState.Index) -> String { "ringfence_key_\(index.oid)" }

    static func reference(_ reference: ReferenceState) -> String {
        "ringfence_reference_\(reference.oid)"
    }

    static func leading(_ table: TableState) -> String { "ringfence_tenant_\(table.oid)" }
}
