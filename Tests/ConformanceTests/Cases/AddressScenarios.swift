import Foundation
import TestSupport

/// R8 and J16: what an address may ask before anybody knows who it is.
extension Scenario {
    static let addresses: [Scenario] = [
        Scenario(
            "R8a", "40 requests without a credential and 40 with a bad one from one address",
            "401, then 429 with `Retry-After`; good tokens of that address, known and new, and "
                + "another address are answered"
        ) {
            let bench = try Bench.limited.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            try client.send(bench.request(token: "r8-known"))
            var found: [String] = []
            let first = try client.readResponse().status
            if first != 200 { found.append("the good token was answered \(first)") }
            var statuses: [Int] = []
            let start = Date()
            for number in 0..<80 {
                let credential = number < 40 ? "" : "Authorization: Bearer a.b.c\r\n"
                try client.send(
                    bench.bytes("GET /a/\(number) HTTP/1.1\r\n{host}\(credential)\r\n"))
                let response = try client.readResponse()
                statuses.append(response.status)
                let wait = response.only("Retry-After").flatMap { Int($0) } ?? 0
                if response.status == 429, wait < 1 || wait > 60 {
                    found.append("told to wait \(wait)")
                }
            }
            let wrong = statuses.prefix(Bench.unauthenticated).contains { $0 != 401 }
            if wrong || statuses.count(where: { $0 != 429 }) > most(since: start) {
                found.append("answered \(statuses)")
            }
            for token in ["r8-known", "r8-new"] {
                try client.send(bench.request(token: token))
                let status = try client.readResponse().status
                if status != 200 { found.append("\(token) was answered \(status)") }
            }
            let other = try bench.answer("GET /a", token: "").status
            return other == 401 ? found : found + ["another address was answered \(other)"]
        },
        Scenario(
            "R8b", "60 requests to a public page from one address, then one with a token",
            "200, then 429; the token is answered; bad tokens spend another budget"
        ) {
            let bench = try Bench.limited.get()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            var statuses: [Int] = []
            let start = Date()
            for _ in 0..<60 {
                try client.send(bench.bytes("GET /open/x HTTP/1.1\r\n{host}\r\n"))
                statuses.append(try client.readResponse().status)
            }
            var found: [String] = []
            let isStarted = statuses.prefix(Bench.unauthenticated).allSatisfy { $0 == 200 }
            if !isStarted || statuses.count(where: { $0 != 429 }) > most(since: start) {
                found.append("answered \(statuses)")
            }
            for (token, expected) in [("r8-known", 200), ("", 401)] {
                try client.send(bench.request(token: token))
                let status = try client.readResponse().status
                if status != expected { found.append("`\(token)` was answered \(status)") }
            }
            return found
        },
        Scenario(
            "J16a", "200 tokens with forged RS256 signatures, as fast as they are answered",
            "401, then 429 before any signature work; a good token meanwhile is answered"
        ) {
            let bench = try Bench.limited.get()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            let good = try RawClient(port: bench.port, from: bench.newSource())
            var codes: [String] = []
            var found: [String] = []
            let token = bench.material.tokens["acme"] ?? ""
            let start = Date()
            try client.send((0..<200).flatMap { bench.request(bearer: forged(token, $0)) })
            for number in 0..<200 {
                let text = try client.readResponse().text
                codes.append(text.contains("token.rate_limited") ? "spent" : "checked")
                guard number % 20 == 0 else { continue }
                try good.send(bench.request(token: "acme"))
                let status = try good.readResponse().status
                if status != 200 { found.append("the good token was answered \(status)") }
            }
            let checked = codes.count { $0 == "checked" }
            let budget = 10 * (Date().timeIntervalSince(start) + 1) + 1
            if codes.first != "checked" || checked == codes.count || Double(checked) > budget {
                found.append("\(checked) were checked, with a budget of \(Int(budget))")
            }
            return found
        },
    ]

    /// How many requests without a credential the budget of `limited` admits in that time.
    private static func most(since start: Date) -> Int {
        let rate = Double(Bench.unauthenticated) / 60
        return Bench.unauthenticated + Int(Date().timeIntervalSince(start) * rate) + 1
    }

    /// The token with other bits in its signature.
    private static func forged(_ token: String, _ number: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let parts = token.split(separator: ".").map(String.init)
        guard parts.count == 3 else { return "" }
        var signature = Array(parts[2])
        for place in 10..<13 { signature[place] = alphabet[(number >> (2 * (place - 10))) & 63] }
        if String(signature) == parts[2] { signature[13] = signature[13] == "A" ? "B" : "A" }
        return "\(parts[0]).\(parts[1]).\(String(signature))"
    }
}
