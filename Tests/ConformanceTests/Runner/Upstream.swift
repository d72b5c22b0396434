import Foundation
import Synchronization
import TestSupport

/// What the recorder answers: everything INV-6 forbids is in it.
enum Upstream {
    static let secret = "recorder-secret"

    @Sendable static func answer(_ request: RecorderUpstream.Request) -> RecorderUpstream.Answer {
        let words = request.requestLine.components(separatedBy: " ")
        let target = words.count > 1 ? words[1] : ""
        let isHead = words[0] == "HEAD"
        let body = "ok \(target)"
        let head = [
            "HTTP/1.1 200 OK", "Content-Length: \(body.utf8.count)", "Content-Type: text/plain",
            "X-Tenant-ID: evil", "x_tenant_id: evil", "X-Tenant-Tier: evil", "X-Org-Id: evil",
            "X-Internal-Host: \(secret)", "X-Accel-Redirect: /\(secret)",
            "X-Envoy-Upstream: \(secret)", "Connection: X-Hop", "X-Hop: \(secret)",
            "Keep-Alive: timeout=5, host=\(secret)", "Cache-Control: public, max-age=600",
            "CDN-Cache-Control: public, max-age=600", "Surrogate-Control: max-age=600",
            "RateLimit: \(secret)", "Access-Control-Allow-Origin: *", "Set-Cookie: s=1",
        ].joined(separator: "\r\n")
        let lines = request.all("X-Answer")
        if !lines.isEmpty { return .bytes(scripted(request, lines, isHead ? "" : body)) }
        let answer = Array((head + "\r\n\r\n" + (isHead ? "" : body)).utf8)
        let surplus = Array("HTTP/1.1 200 Poison\r\nContent-Length: 6\r\n\r\npoison".utf8)
        switch target {
        case "/slow": return .pieces([answer], pauseMilliseconds: 50)
        case "/surplus": return .bytes(answer + surplus)
        case "/surplus/later": return .pieces([answer, surplus], pauseMilliseconds: 5)
        default: return .bytes(answer)
        }
    }
}

extension Upstream {
    /// What a row wants to be answered: its `X-Answer` lines, among them perhaps a status.
    /// `(tenant)` is the id that the assertion tells.
    private static func scripted(
        _ request: RecorderUpstream.Request, _ lines: [String], _ body: String
    ) -> [UInt8] {
        var status = "200 OK"
        var fields = ["Content-Type: text/plain"]
        for line in lines {
            if line.hasPrefix("Status: ") {
                status = String(line.dropFirst(8))
            } else {
                fields.append(line.replacing("(tenant)", with: tenant(of: request)))
            }
        }
        if fields.contains("Transfer-Encoding: chunked") {
            let trailer = "X-Tenant-ID: \(secret)\r\nRingfence-Tenant: \(secret)\r\n"
            let head = "HTTP/1.1 \(status)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n"
            return Array((head + "2\r\nok\r\n0\r\n\(trailer)\r\n").utf8)
        }
        // RFC 9110 section 8.6: these have neither a body nor a length.
        let isBare = status.hasPrefix("204") || status.hasPrefix("304")
        let body = isBare ? "" : body
        if !isBare { fields.append("Content-Length: \(body.utf8.count)") }
        let head = "HTTP/1.1 \(status)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n"
        return Array((head + body).utf8)
    }

    private static func tenant(of request: RecorderUpstream.Request) -> String {
        let claims = Token.claims(request.all("Ringfence-Assertion").first)
        return claims?["tid"] as? String ?? "none"
    }
}

/// Reads a token without checking it.
enum Token {
    static func claims(_ token: String?) -> [String: Any]? {
        let parts = token?.split(separator: ".") ?? []
        guard parts.count == 3, let text = decoded(parts[1]) else { return nil }
        return (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    /// The text of a part; nil where it is not base64url (RFC 7515 section 2).
    static func decoded(_ part: Substring) -> String? {
        var text = part.replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        return Data(base64Encoded: String(text)).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Answers as soon as it has a head, whatever is still to come, and keeps what comes.
final class HastyUpstream: Sendable {
    let port: UInt16
    private let listener: RawSocket
    private let state = Mutex([[UInt8]]())
    private let isStopped = Atomic<Bool>(false)

    init() throws {
        listener = try RawSocket.listen(address: "127.0.0.1")
        port = listener.port
        let listener = listener
        let thread = Thread { [weak self] in
            while true {
                let arrival = listener.accept(seconds: 0.25)
                guard let self, !self.isStopped.load(ordering: .relaxed) else { return }
                if let arrival { self.serve(arrival) }
            }
        }
        thread.start()
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        listener.shutDown(Int32(SHUT_RDWR))
    }

    /// What came on each connection, in order of arrival.
    var received: [[UInt8]] { state.withLock { $0 } }

    private func serve(_ socket: RawSocket) {
        let number = state.withLock { connections in
            connections.append([])
            return connections.count - 1
        }
        Thread.detachNewThread { [weak self] in
            var hasAnswered = false
            while let more = socket.receive(seconds: 30), !more.isEmpty {
                guard let self else { return }
                let text = self.state.withLock { connections in
                    connections[number] += more
                    return String(decoding: connections[number], as: UTF8.self)
                }
                if !hasAnswered, text.contains("\r\n\r\n") {
                    hasAnswered = true
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhasty"
                    try? socket.send(answer.utf8)
                }
            }
        }
    }
}
