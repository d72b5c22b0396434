import Policy

/// Policies to begin with, as `init` writes them. They stand in policies/ of the repository too,
/// where they can be read; a test compares both and runs their tests.
enum PolicyTemplate: String, CaseIterable {
    case api, tiers, portal, full

    struct File {
        /// From the policy's folder.
        let path: String
        let text: String
    }

    /// The policy and its tests.
    var files: [File] {
        switch self {
        case .api: Self.apiFiles
        case .tiers: Self.tiersFiles
        case .portal: Self.portalFiles
        case .full: Self.fullFiles
        }
    }

    /// Schemas for editors: the first line of every file names one of these.
    static let schemas: [File] = PolicySchema.allCases.map {
        File(path: "schema/\($0.rawValue).json", text: $0.json())
    }
}
