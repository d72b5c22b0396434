import HTTP1
import Policy

/// A request as somebody describes it, and the bytes a client would send for it.
struct RequestDraft {
    var method: String
    /// Host and port, as in `Host`; `nil` where none was named.
    var authority: String?
    /// Path and query.
    var target: String
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// Reads `GET /v1/orders?x=1`, or a URL in place of the path. Without a method it is GET.
    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        switch words.count {
        case 1:
            // A method alone is not a path.
            guard words[0].hasPrefix("/") || words[0].contains("://") else { return nil }
            self.init(method: "GET", url: String(words[0]))
        case 2: self.init(method: String(words[0]), url: String(words[1]))
        default: return nil
        }
    }

    /// - Parameter url: with scheme and host, or a path.
    init?(method: String, url: String) {
        self.method = method
        var rest = url[...]
        for scheme in ["https://", "http://"] where url.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard slash > rest.startIndex else { return nil }
            authority = String(rest[..<slash])
            rest = rest[slash...]
        }
        if rest.first == "?" || rest.isEmpty, authority != nil { rest = "/" + rest }
        guard !rest.isEmpty else { return nil }
        target = String(rest)
    }

    /// Reads `Name: value`.
    static func field(_ text: String) -> (name: String, value: String)? {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else { return nil }
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return (String(text[..<colon]), String(value))
    }

    /// The first value of a field.
    func value(of name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// What `Host` says: the one named, or the only one the policy serves.
    func host(in policy: GatewayPolicy) -> String {
        if let named = value(of: "host") ?? authority { return named }
        let known = Set(policy.routes.compactMap(\.host))
        return known.count == 1 ? known.first ?? "localhost" : "localhost"
    }

    /// The request on the wire.
    func bytes(host: String) -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if value(of: "host") == nil { head += "Host: \(host)\r\n" }
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        let isFramed = value(of: "content-length") != nil || value(of: "transfer-encoding") != nil
        if !body.isEmpty, !isFramed { head += "Content-Length: \(body.count)\r\n" }
        return [UInt8]((head + "\r\n").utf8) + body
    }

    /// What a TLS client asks for: the host without its port, where it is a plain name.
    static func serverName(of host: String) -> String {
        guard let name = HostName([UInt8](host.utf8).span), name.kind == .name,
            !host.utf8.contains(UInt8(ascii: "_"))
        else { return "localhost" }
        var plain = host[...]
        if name.port != nil, let colon = plain.lastIndex(of: ":") { plain = plain[..<colon] }
        if plain.last == "." { plain = plain.dropLast() }
        return plain.lowercased()
    }
}
