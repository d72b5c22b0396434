import Foundation

/// A message as it came over a wire, written for tests and independent of the project's parser.
struct Message {
    /// Request or status line.
    var line = ""
    /// In order of arrival.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
    var status: Int { Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var method: String { String(line.split(separator: " ").first ?? "") }
    var target: String { String(line.split(separator: " ").dropFirst().first ?? "") }
    /// The dotted code of a problem body.
    var code: String? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        else { return nil }
        return object["code"] as? String
    }

    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of a field that is there exactly once.
    func only(_ name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }

    var isChunked: Bool { only("transfer-encoding")?.lowercased() == "chunked" }
    var length: Int? { only("content-length").flatMap { Int($0) } }
}

extension Wire {
    /// A head, with the empty line taken off.
    func readHead(seconds: Double = patience) throws -> Message {
        var message = Message()
        message.line = try readLine(seconds: seconds)
        while true {
            let line = try readLine(seconds: seconds)
            if line.isEmpty { return message }
            guard let colon = line.firstIndex(of: ":") else { throw WireEnd.malformed(line) }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            message.fields.append((String(line[..<colon]), value))
        }
    }

    /// The body of a message, handed over as it comes; `untilClose` for a response without framing.
    func readBody(
        of message: Message, untilClose: Bool = false, seconds: Double = patience,
        _ body: ([UInt8]) throws -> Void
    ) throws {
        if message.isChunked {
            while true {
                let line = try readLine(seconds: seconds)
                guard let size = Int(line.prefix { $0.isHexDigit }, radix: 16) else {
                    throw WireEnd.malformed("chunk size `\(line)`")
                }
                if size == 0 { break }
                try read(size, seconds: seconds, body)
                guard try readLine(seconds: seconds).isEmpty else {
                    throw WireEnd.malformed("end of chunk")
                }
            }
            while try !readLine(seconds: seconds).isEmpty {}
        } else if let length = message.length {
            try read(length, seconds: seconds, body)
        } else if untilClose {
            let rest = try readToEnd(seconds: seconds)
            try body(rest.bytes)
            if !rest.isOrderly { throw WireEnd.cut }
        }
    }

    /// One whole response; interim ones are skipped unless they are asked for.
    func readResponse(
        toHead: Bool = false, interim: Bool = false, seconds: Double = patience
    ) throws -> Message {
        while true {
            var message = try readHead(seconds: seconds)
            if message.status < 200 {
                if interim { return message }
                continue
            }
            guard !toHead, message.status != 204, message.status != 304 else { return message }
            var body: [UInt8] = []
            try readBody(of: message, untilClose: true, seconds: seconds) { body += $0 }
            message.body = body
            return message
        }
    }

    /// One whole request; `nil` when the peer has ended.
    func readRequest(seconds: Double = patience) throws -> Message? {
        var message: Message
        do {
            message = try readHead(seconds: seconds)
        } catch WireEnd.ended {
            return nil
        }
        var body: [UInt8] = []
        try readBody(of: message, seconds: seconds) { body += $0 }
        message.body = body
        return message
    }

    /// Sends a response with `Content-Length`.
    func respond(_ status: Int = 200, _ body: String = "ok", fields: [String] = []) throws {
        let lines =
            ["HTTP/1.1 \(status) Scripted", "Content-Length: \(body.utf8.count)"] + fields
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }
}
