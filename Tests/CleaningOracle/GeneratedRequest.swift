import Policy

/// A request with spellings of the tenant thrown into any of its carriers.
struct GeneratedRequest {
    let variant: CleaningOracle.Variant
    let head: [UInt8]
    let body: [UInt8]
    /// Empty where there is no body.
    let contentType: String

    init(_ choices: inout Choices) {
        variant = choices.pick(CleaningOracle.Variant.allCases)
        (body, contentType) = Self.body(&choices)
        var target =
            variant == .template
            ? "/5/\(choices.pick(["acme", "evil", "%61cme"]))" : "/\(variant.rawValue)"
        for _ in 0..<choices.below(3) {
            target += "/" + choices.pick(["a", "orders", "7", "tenant_id"])
        }
        if choices.once(in: 30) { target += ";" + choices.name() + "=evil" }
        if choices.once(in: 2) { target += "?" + Self.query(&choices) }
        var lines = ["Host: api.example.com"]
        for _ in 0..<choices.below(5) { lines.append(Self.field(&choices)) }
        for _ in 0..<(choices.once(in: 3) ? 1 + choices.below(2) : 0) {
            lines.append("Cookie: " + Self.cookies(&choices))
        }
        if choices.once(in: 4) {
            let nominated = choices.pick(["X-Tenant-ID", choices.name(), "close", "Host", "Cookie"])
            lines.append("\(choices.pick(["Connection", "connection"])): close, \(nominated)")
        }
        if choices.once(in: 6) { lines.swapAt(0, choices.below(lines.count)) }
        if !contentType.isEmpty {
            lines.append("Content-Type: \(contentType)")
            lines.append("Content-Length: \(body.count)")
        } else if choices.once(in: 4) {
            lines.append("Content-Type: text/plain\(Self.parameters(&choices))")
            if choices.once(in: 3) { lines.append("Content-Length: 0") }
        }
        let method = contentType.isEmpty ? "GET" : choices.pick(["POST", "PUT", "GET", "DELETE"])
        let text = "\(method) \(target) HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        head = Array(text.utf8)
    }

    private static func field(_ choices: inout Choices) -> String {
        var name = choices.name().map { " .:/".contains($0) ? "-" : String($0) }.joined()
        if choices.once(in: 20) {
            name = choices.pick(["X-Forwarded-Tenant", "baggage", "tracestate", "Trailer", "TE"])
        }
        return "\(name):\(choices.pick([" ", "", "\t"]))\(choices.value())"
    }

    /// Parameters of a type that describes nothing.
    private static func parameters(_ choices: inout Choices) -> String {
        var text = ""
        for _ in 0..<choices.below(3) {
            let name = choices.pick(["charset", "Charset*", "charset*0", "xcharset", "v"])
            let value = choices.pick([
                "utf-8", "\"utf-8\"", "utf-7", "utf-8''utf-7", "cp037", "\";charset=utf-16\"",
            ])
            text += choices.pick(["; ", ";", " ; "]) + name + "=" + value
        }
        return text
    }

    private static func query(_ choices: inout Choices) -> String {
        var pairs: [String] = []
        for _ in 0..<choices.below(6) {
            let name = choices.path()
            let encoded = choices.encoded(name)
            let value = choices.value()
            pairs.append(choices.once(in: 6) ? encoded : encoded + "=" + choices.encoded(value))
        }
        return pairs.joined(separator: choices.once(in: 20) ? ";" : "&")
    }

    private static func cookies(_ choices: inout Choices) -> String {
        var pairs: [String] = []
        for _ in 0..<choices.below(5) {
            let name = choices.name()
            let value = choices.value()
            let inner = choices.name()
            pairs.append(
                choices.pick([
                    "\(name)=\(value)", "\(name)", "=\(name)=\(value)", "a=1 \(name)=\(value)",
                    "a=\"x,\(name)=\(value)\"", " \(name) = \(value) ", "\(name)=\(inner)=\(value)",
                ]))
        }
        return pairs.joined(separator: choices.pick(["; ", ";", ";;"]))
    }
}

// Bodies.
extension GeneratedRequest {
    private static func body(_ choices: inout Choices) -> ([UInt8], String) {
        switch choices.below(8) {
        case 2, 3: return (Array(document(&choices, 0).utf8), json(&choices))
        case 4:
            return (Array(query(&choices).utf8), "application/x-www-form-urlencoded")
        case 5:
            let boundary = choices.pick(["B", "----x", "a--b"])
            let type = choices.pick([
                "multipart/form-data; boundary=\(boundary)",
                "multipart/form-data; xboundary=evil; boundary=\"\(boundary)\"",
            ])
            return (Array(parts(&choices, boundary).utf8), type)
        case 6:
            var lines: [String] = []
            for _ in 0..<1 + choices.below(3) { lines.append(document(&choices, 1)) }
            return (Array(lines.joined(separator: "\n").utf8), "application/x-ndjson")
        case 7: return (Array(patch(&choices).utf8), json(&choices, isPatch: true))
        default: return ([], "")
        }
    }

    private static func json(_ choices: inout Choices, isPatch: Bool = false) -> String {
        let types = [
            "application/json", "application/vnd.api+json", "text/json; charset=utf-8",
            "application/json; charset*0=utf-7", "application/x-www-form-urlencoded+json",
        ]
        return isPatch && !choices.once(in: 3)
            ? "application/json-patch+json" : choices.pick(types)
    }

    private static func document(_ choices: inout Choices, _ depth: Int) -> String {
        let space = choices.pick(["", "", " ", "\r\t"])
        switch depth == 0 ? 5 : choices.below(depth > 4 ? 4 : 7) {
        case 0: return "\"\(choices.escaped(choices.value()))\""
        case 1: return choices.pick(["1", "-0.0", "1e400", "12345678901234567890"])
        case 2: return choices.pick(["true", "null"])
        case 3: return "{\(space)}"
        case 4:
            var elements: [String] = []
            for _ in 0..<choices.below(4) { elements.append(document(&choices, depth + 1)) }
            return "[\(space)" + elements.joined(separator: ",\(space)") + "]"
        default:
            var members: [String] = []
            for number in 0..<choices.below(5) {
                // Most names are different, or nearly all documents would be refused.
                let name = choices.path() + (choices.once(in: 3) ? "\(number)" : "")
                let key = choices.escaped(name)
                members.append("\"\(key)\"\(space):\(space)" + document(&choices, depth + 1))
            }
            return "{" + members.joined(separator: "\(space),") + "\(space)}"
        }
    }

    private static func patch(_ choices: inout Choices) -> String {
        var operations: [String] = []
        for _ in 0..<choices.below(4) {
            let path = "/" + choices.pick(["a", "b~1", "0"]) + "/" + choices.name()
            let key = choices.pick(["path", "from", "p\\u0061th", "Path", "FROM"])
            let op = choices.once(in: 8) ? choices.pick(["OP", "Op", "\\u004fp"]) : "op"
            let other = choices.once(in: 2) ? ",\"path\":\"/a\"" : ""
            let leads = "\"\(key)\":\"\(choices.escaped(path))\""
            let value = document(&choices, 2)
            operations.append("{\"\(op)\":\"add\"\(other),\(leads),\"value\":\(value)}")
        }
        return "[" + operations.joined(separator: ",") + "]"
    }

    private static func parts(_ choices: inout Choices, _ boundary: String) -> String {
        var text = ""
        for _ in 0..<choices.below(4) {
            let name = choices.once(in: 4) ? choices.encoded(choices.path()) : choices.path()
            let attribute = choices.pick(["name=\"\(name)\"", "NAME=\"\(name)\"", "name=\(name)"])
            let file = choices.once(in: 4) ? "; filename=\"\(choices.name());.txt\"" : ""
            let isJSON = choices.once(in: 4)
            let content = isJSON ? document(&choices, 1) : choices.value()
            let type = isJSON ? "Content-Type: application/json\r\n" : ""
            text +=
                "--\(boundary)\r\n\(type)Content-Disposition: form-data; \(attribute)\(file)\r\n"
            text += "\r\n\(content)\r\n"
        }
        return text + "--\(boundary)--\r\n"
    }
}
