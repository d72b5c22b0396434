import Foundation
import TestSupport

/// What one row cannot show of tokens: clocks that move, and floods.
extension Scenario {
    static let clocks: [Scenario] = [
        Scenario(
            "J15a", "the wall clock is stepped by an hour, forward and back, under the gateway",
            "tokens end and begin by it, and limits do not notice"
        ) { try SteppedClock().defects() }
    ]

    static let floods: [Scenario] = [
        Scenario(
            "J16b",
            "thousands of tokens with forged signatures from one address, as fast as it can",
            "401 as long as its budget lasts, then 429 before any signature is checked; a good "
                + "token from elsewhere is answered all the while"
        ) {
            let rate = 10.0
            let bench = try Bench("flood", isSecure: false) {
                $0.replacingOccurrences(of: "64MiB}", with: "64MiB, signature_checks: 10/s}")
            }
            let forged = bench.material.tokens["forged"] ?? ""
            let neighbour = try RawClient(port: bench.port, from: bench.newSource())
            let flood = try RawClient(port: bench.port, from: bench.newSource())
            var counts: [Int: Int] = [:]
            let start = Date()
            for batch in 0..<40 where counts[429, default: 0] < 1_000 {
                let requests = (0..<100).map { number in
                    "GET /a HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer "
                        + another(forged, batch * 100 + number) + "\r\n\r\n"
                }
                try flood.send(Array(requests.joined().utf8))
                try neighbour.send(bench.bytes("GET /a HTTP/1.1\r\n{host}{auth}\r\n"))
                let status = try neighbour.readResponse().status
                if status != 200 { return ["the neighbour was answered \(status)"] }
                for _ in 0..<100 {
                    let answer = try flood.readResponse()
                    counts[answer.status, default: 0] += 1
                    if answer.status == 429, answer.only("retry-after") == nil {
                        return ["429 without Retry-After"]
                    }
                }
            }
            var found: [String] = []
            if Set(counts.keys) != [401, 429] { found.append("answered \(counts)") }
            let budget = rate * (Date().timeIntervalSince(start) + 1) + 1
            if Double(counts[401, default: 0]) > budget {
                found.append("\(counts) with a budget of \(Int(budget))")
            }
            return found
        }
    ]

    /// The same token with another signature for every number below 4,096.
    private static func another(_ token: String, _ number: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = Array(token)
        guard let dot = text.lastIndex(of: "."), text.count > dot + 8 else { return token }
        text[dot + 1] = alphabet[number / 64 % 64]
        text[dot + 2] = alphabet[number % 64]
        return String(text)
    }
}

/// A gateway of its own under libfaketime, which moves the wall clock and leaves the monotonic one.
private struct SteppedClock {
    let material: Material
    let recorder: RecorderUpstream
    let gateway: ChildProcess
    let port: UInt16
    private let clock: String
    private let log: AccessLog

    init() throws {
        material = try Material.shared.get()
        recorder = try RecorderUpstream(script: Upstream.answer)
        let folder = material.folder
        clock = try folder.write("+0\n", to: "clock")
        let policy = BenchPolicy.text(
            upstream: recorder.port, hasty: recorder.port, log: "stepped.log", isSecure: false,
            bodyMemory: "64MiB", deadline: "10s")
        let file = try folder.write(policy, to: "stepped.yaml")
        let announced = "\(folder.path)/stepped.announced"
        var environment = ProcessInfo.processInfo.environment
        environment["LD_PRELOAD"] = try Self.library()
        environment["FAKETIME_TIMESTAMP_FILE"] = clock
        environment["FAKETIME_NO_CACHE"] = "1"
        environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        let gateway = try ChildProcess(
            material.program,
            ["run", "--config", file, "--announce", announced, "--die-with-parent"],
            environment: environment)
        self.gateway = gateway
        try eventually("the gateway\n\(gateway.errorOutput)") {
            if gateway.end != nil { throw TestSupportError.closedEarly(gateway.errorOutput) }
            return FileManager.default.fileExists(atPath: announced)
        }
        let text = try String(contentsOfFile: announced, encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("public=") }
        guard let port = line?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw TestSupportError.malformedResponse(text)
        }
        self.port = port
        log = AccessLog(path: "\(folder.path)/stepped.log")
    }

    /// Of the package `faketime`, wherever this machine's kind of library lies.
    private static func library() throws -> String {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        for folder in folders {
            let path = "/usr/lib/\(folder)/faketime/libfaketimeMT.so.1"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw TestSupportError.productMissing("libfaketimeMT.so.1")
    }

    private func step(_ seconds: Int) throws {
        try Data("\(seconds < 0 ? "" : "+")\(seconds)\n".utf8).write(
            to: URL(fileURLWithPath: clock), options: .atomic)
    }

    private func ask(_ token: String) throws -> String {
        let client = try RawClient(port: port)
        try client.send(Wire.bytes("GET /a HTTP/1.1\r\n{host}{auth}\r\n", tokens: ["acme": token]))
        let answer = try client.readResponse()
        return "\(answer.status)"
    }

    func defects() throws -> [String] {
        let short = material.tokens["acme"] ?? ""
        let long = material.tokens["tiny"] ?? ""
        var found: [String] = []
        func expect(_ token: String, _ status: String, _ when: String) throws {
            let answered = try ask(token)
            if answered != status { found.append("\(when): \(answered) in place of \(status)") }
        }
        try expect(short, "200", "at first")
        for number in 1...5 { try expect(long, "200", "request \(number) of 5") }
        try expect(long, "429", "request 6 of 5")
        // The token of an hour is remembered by now, and ends all the same.
        try step(3_700)
        try expect(short, "401", "an hour later")
        try expect(long, "429", "an hour later, for the limit")
        // Issued in an hour from now.
        try step(-3_600)
        try expect(short, "401", "an hour before")
        try expect(long, "401", "an hour before, long token")
        try step(0)
        try expect(short, "200", "back again")
        try expect(long, "429", "back again, for the limit")
        return found
    }
}
