/// What `.ringfence/dev.env` tells scripts. Every name is always there; what a playground in front
/// of an existing API has not, such as a database, is empty.
struct DevEnvironment: Equatable {
    var url = ""
    var healthURL = ""
    var backendURL = ""
    var certificatePath = ""
    var databaseURL = ""
    /// By external id.
    var tokens: [String: String] = [:]
    var vendorKey = ""

    /// Assignments in the syntax of a POSIX shell.
    var text: String {
        let settings =
            [
                ("RINGFENCE_URL", url), ("RINGFENCE_HEALTH_URL", healthURL),
                ("RINGFENCE_BACKEND_URL", backendURL), ("RINGFENCE_CA", certificatePath),
                ("RINGFENCE_DATABASE_URL", databaseURL),
            ]
            + DemoTenant.all.map { ($0.tokenVariable, tokens[$0.externalID] ?? "") }
            + [("VENDOR_KEY", vendorKey)]
        return settings.map { "\($0)=\(Self.quote($1))\n" }.joined()
    }

    /// One word for a shell, bare where that is safe.
    static func quote(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "%+,-./:@_=".utf8.contains(byte)
            }
        }
        if isPlain { return value }
        let parts = value.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.joined(separator: "'\\''") + "'"
    }
}
