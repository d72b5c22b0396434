import HTTP1
import Reactor

/// Where the API under attack is: `http[s]://host[:port][/path[?query]]`.
package struct TargetLocation: Equatable, Sendable {
    package let isSecure: Bool
    /// Without brackets.
    package let host: String
    package let port: UInt16
    /// As the URL has it, for `Host`.
    package let authority: String
    /// Path with query, beginning with `/`.
    package let target: String

    static let textBytesMax = 4_096

    /// `nil` for anything else: other schemes, user names, fragments, bytes that no URL has.
    package init?(_ url: String) {
        guard url.utf8.count <= Self.textBytesMax else { return nil }
        let scheme = ["https://", "http://"].first { url.hasPrefix($0) }
        guard let scheme else { return nil }
        for byte in url.utf8 where byte <= 0x20 || byte >= 0x7f || byte == UInt8(ascii: "#") {
            return nil
        }
        isSecure = scheme == "https://"
        let rest = url.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard let name = HostName([UInt8](authority.utf8).span) else { return nil }
        var host = String(authority)
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
        } else if let colon = authority.firstIndex(of: ":") {
            host = String(authority[..<colon])
        }
        self.host = host
        port = name.port ?? (isSecure ? 443 : 80)
        self.authority = String(authority)
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// Scheme and authority, for reports.
    var origin: String { (isSecure ? "https://" : "http://") + authority }
}
