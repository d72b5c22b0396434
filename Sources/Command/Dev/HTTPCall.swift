import Foundation
import LocalPostgres

/// What a server answered.
struct HTTPReply {
    let status: Int
    let body: String

    var isSuccess: Bool { (200..<300).contains(status) }

    /// Whether it says that somebody on the way had no time.
    var isBusy: Bool { status == 503 || status == 504 }

    /// Enough of it for a message.
    var summary: String { "answered \(status) \(body.prefix(Self.summaryCharactersMax))" }

    private static let summaryCharactersMax = 400

    /// A member of the JSON object that it is.
    func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
        try? JSONDecoder().decode(type, from: Data(body.utf8))
    }
}

/// A request as the playground makes it: to its own gateway, and through the same TLS as users.
struct HTTPCall {
    var method = "GET"
    let url: String
    /// For `Authorization: Bearer`.
    var credential: String?
    /// JSON.
    var body: String?

    /// It ends a hang; the machine may be busy with anything, a build for one.
    static let timeoutSeconds = 60

    /// The words for `curl --config -`. Everything goes in there: the words of a process are seen
    /// by everybody on the machine.
    func configuration(certificatePath: String) -> String {
        var settings = [
            ("url", url), ("request", method), ("cacert", certificatePath),
            ("proto", "=http,https"), ("max-time", "\(Self.timeoutSeconds)"),
            ("write-out", "\n%{http_code}"),
        ]
        if let credential { settings.append(("header", "Authorization: Bearer \(credential)")) }
        if let body {
            settings.append(("header", "Content-Type: application/json"))
            settings.append(("data-raw", body))
        }
        let lines = settings.map { "\($0) = \(Self.quote($1))\n" }.joined()
        return lines + "silent\nshow-error\ngloboff\nhttp1.1\n"
    }

    /// curl's quotes: a backslash takes the meaning of what follows, and `\n` is a line's end.
    private static func quote(_ value: String) -> String {
        var text = "\""
        for character in value {
            switch character {
            case "\"", "\\": text += "\\\(character)"
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text + "\""
    }
}

extension PlaygroundState {
    /// Performs a request with curl: this program links no TLS of its own.
    func perform(_ call: HTTPCall) throws(CommandFault) -> HTTPReply {
        // `--disable` keeps the user's .curlrc out, the bare environment their proxies.
        let words = ["curl", "--disable", "--config", "-"]
        let result = try runTool(
            words, input: call.configuration(certificatePath: path("certificate.pem")),
            environment: ["LC_ALL": "C"], timeoutSeconds: HTTPCall.timeoutSeconds + 5)
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        guard result.end == .exited(0), let last = lines.last, let status = Int(last) else {
            let reason = result.errors.trimmingCharacters(in: .whitespacesAndNewlines)
            throw .unexpectedAnswer(to: "\(call.method) \(call.url)", reason)
        }
        return HTTPReply(status: status, body: lines.dropLast().joined(separator: "\n"))
    }
}
