/// What is known of a schema beyond "rows with a tenant column".
struct Profile: Sendable {
    /// A kind of subject a context can name.
    struct Axis: Sendable {
        /// `t` or `v` in a seal.
        let scope: String
        /// The function that tells it; nil: whatever the policies call.
        let function: String?
    }

    /// A column that says whose a row is.
    struct Key: Sendable, Equatable {
        let column: String
        let axis: Int
        /// Gives rows to read only.
        var onlyReads = false
    }

    let name: String
    let axes: [Axis]
    /// By `schema.table`.
    let keys: [String: [Key]]
    /// For relations not named above: the first of these columns that they have.
    let columns: [Key]
    let globals: [String]
    /// Unique keys that look across by design, and why.
    let designedKeys: [String: String]
    let firesTriggers: Bool

    static func generic(columns: [String]) -> Profile {
        Profile(
            name: "generic", axes: [Axis(scope: "t", function: nil)], keys: [:],
            columns: columns.map { Key(column: $0, axis: 0) }, globals: [], designedKeys: [:],
            firesTriggers: false)
    }

    /// The schema of our own backend: rows of tenants, and rows of the vendors above them.
    static let ringfence = Profile(
        name: "ringfence",
        axes: [
            Axis(scope: "t", function: "ringfence.tenant"),
            Axis(scope: "v", function: "ringfence.vendor"),
        ],
        keys: [
            "ringfence.vendors": [Key(column: "id", axis: 1)],
            "ringfence.tenants": [
                Key(column: "vendor_id", axis: 1), Key(column: "id", axis: 0, onlyReads: true),
            ],
        ],
        columns: [Key(column: "tenant_id", axis: 0), Key(column: "vendor_id", axis: 1)],
        globals: ["ringfence_migrations.applied"],
        designedKeys: [
            "ringfence.domains_pkey":
                "a host belongs to one vendor in the world; a request names it before anybody is "
                + "known",
            "ringfence.api_keys_pkey":
                "ids of keys are drawn at random and named before anybody is known",
        ],
        firesTriggers: true)
}
