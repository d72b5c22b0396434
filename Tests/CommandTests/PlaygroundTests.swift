import Foundation
import TestSupport
import Testing

@testable import ringfence

/// A playground of the programs as they were built.
final class LivePlayground: Sendable {
    let folder: TemporaryFolder
    let process: ChildProcess

    /// A start is some fifty programs, one after the other, and so are the lines of a test.
    static let patienceSeconds = 600.0

    init(_ words: [String] = [], in folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        process = try ChildProcess(
            try BuiltProducts.path("ringfence"), ["dev", "--port", "0"] + words,
            folder: self.folder.path)
        try process.waitForOutput("^C stops everything", seconds: Self.patienceSeconds)
    }

    /// Runs lines of shell as a user would, with dev.env read.
    func shell(_ lines: String) throws -> String {
        let result = try ChildProcess.run(
            "sh", ["-c", ". .ringfence/dev.env\n\(lines)"], folder: folder.path,
            seconds: Self.patienceSeconds)
        #expect(result.errorOutput == "")
        return result.output
    }

    struct Example {
        let title: String
        let line: String
        let result: String
    }

    /// The lines to paste, with what is said to come of each.
    var examples: [Example] {
        let lines = process.output.components(separatedBy: "\n")
        return lines.indices.compactMap { index in
            guard index + 2 < lines.count, lines[index].hasPrefix("# "),
                lines[index + 2].hasPrefix("#   -> ")
            else { return nil }
            return Example(
                title: String(lines[index].dropFirst(2)), line: lines[index + 1],
                result: String(lines[index + 2].dropFirst(7)))
        }
    }

    /// Where PostgreSQL keeps its data, which may be outside of our folder.
    var dataFolder: String? {
        let line = process.output.split(separator: "\n").first { $0.hasPrefix("  data ") }
        return line?.split(separator: " ").dropFirst().first.map(String.init)
    }

    /// The port of an address in dev.env.
    func port(_ variable: String) throws -> String {
        try shell("printf %s \"${\(variable)##*:}\"")
    }

    /// Runs the line of 101 requests, whose statuses are `wanted` if all that counts with them
    /// since `began` is within one window of 60 seconds. On a machine that takes longer some have
    /// left it meanwhile.
    func checkFlood(_ flood: Example, since began: Date, _ wanted: [[String]]) throws {
        let counts = try shell(flood.line).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        if Date().timeIntervalSince(began) < 50 {
            #expect(counts == wanted)
            return
        }
        let isKnown = counts.allSatisfy { $0.count == 2 && ["200", "429"].contains($0[1]) }
        #expect(isKnown, "\(counts)")
        #expect(counts.reduce(0) { $0 + (Int($1.first ?? "") ?? 0) } == 101, "\(counts)")
    }

    func interrupt() throws {
        process.signal(SIGINT)
        #expect(try process.wait() == .exited(0))
        let left = folder.path + "/.ringfence/dev.env"
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    /// Whether this build has a program that serves: skipped tests say so, and none passes by not
    /// looking.
    static func serves(_ program: String) -> Bool {
        let result = try? ChildProcess.run(
            try BuiltProducts.path(program), ["version"])
        return result?.output.hasPrefix(program) ?? false
    }
}

@Suite struct `A playground in front of an existing API` {
    @Test func `does what its printed lines say`() throws {
        let api = try RecorderUpstream()
        defer { api.stop() }
        let playground = try LivePlayground(["--upstream", "http://127.0.0.1:\(api.port)"])
        let examples = playground.examples
        #expect(examples.count == 5)
        for example in examples where example.result == "401" {
            let output = try playground.shell(example.line)
            #expect(output.hasSuffix("\n401\n"), "\(example.title): \(output)")
        }
        #expect(api.requests.count == 0)
        let began = Date()
        for example in examples.prefix(2) {
            #expect(try playground.shell(example.line) == "ok\n200\n", "\(example.title)")
        }
        for request in try api.waitForRequests(2) {
            #expect(request.all("x-tenant-id") == ["acme"])
            #expect(request.requestLine == "GET / HTTP/1.1")
            #expect(request.all("authorization") == [])
        }
        let flood = try #require(examples.last)
        try playground.checkFlood(flood, since: began, [["98", "200"], ["3", "429"]])
        try playground.interrupt()
    }

    @Test func `leaves nobody listening after kill -9, and starts again`() throws {
        let api = try RecorderUpstream()
        defer { api.stop() }
        let words = ["--upstream", "http://127.0.0.1:\(api.port)"]
        let first = try LivePlayground(words)
        let port = try first.port("RINGFENCE_URL")
        // Somebody else may get the port then, but has no certificate of this playground.
        func isAnswered() throws -> Bool {
            let result = try ChildProcess.run(
                "curl",
                [
                    "--disable", "-s", "-o", "/dev/null", "--max-time", "60", "--cacert",
                    first.folder.path + "/.ringfence/certificate.pem",
                    "https://127.0.0.1:\(port)/",
                ])
            return result.end == .exited(0)
        }
        try eventually("an answer of the gateway") { try isAnswered() }
        first.process.signal(SIGKILL)
        try first.process.wait()
        try eventually("the gateway to end") { try !isAnswered() }
        let second = try LivePlayground(words, in: first.folder)
        #expect(try second.shell("test -s \"$RINGFENCE_CA\" && echo there") == "there\n")
        try second.interrupt()
    }
}

@Suite(
    .enabled(
        if: LivePlayground.serves("ringfence-backend"),
        "the backend of this build does not serve yet"))
struct `A playground with a backend` {
    @Test func `does what its printed lines say`() throws {
        let playground = try LivePlayground()
        let examples = playground.examples
        #expect(examples.count == 12)
        // First, for it proves that setting up has cost acme nothing.
        let flood = try #require(examples.last)
        try playground.checkFlood(flood, since: Date(), [["100", "200"], ["1", "429"]])
        for example in examples.dropLast() {
            // Acme's minute is used up.
            let line = example.line.replacingOccurrences(of: "TOKEN_ACME", with: "TOKEN_INITECH")
            if example.title.hasPrefix("suspend") {
                let output = try Self.repeatedly(line, in: playground) { $0 == "403\n200\n" }
                #expect(output == "403\n200\n")
                continue
            }
            if line.hasPrefix("psql ") {
                let output = try playground.shell(line)
                #expect(output.hasSuffix("\n0\n"), "\(example.title): \(output)")
                continue
            }
            let status = example.result.prefix(3)
            let output = try Self.repeatedly(line, in: playground) {
                $0.hasSuffix("\n\(status)\n")
            }
            #expect(output.hasSuffix("\n\(status)\n"), "\(example.title): \(output)")
            // The vendor sees the names of its tenants; a tenant sees itself.
            let isVendor = example.title.hasPrefix("the vendor")
            #expect(output.contains("Globex") == isVendor, "\(example.title): \(output)")
        }
        try playground.interrupt()
    }

    /// Runs a line until its output is as wanted. A second is said to be enough for the gateway to
    /// hear of a change, but is not on a machine that tests keep busy: each time it is given twice
    /// as long. A line that does not wait is run once.
    private static func repeatedly(
        _ line: String, in playground: LivePlayground, until isWanted: (String) -> Bool
    ) throws -> String {
        var output = try playground.shell(line)
        var pauseSeconds = 1
        while !isWanted(output), line.contains("sleep 1;"), pauseSeconds < 64 {
            pauseSeconds *= 2
            output = try playground.shell(
                line.replacingOccurrences(of: "sleep 1;", with: "sleep \(pauseSeconds);"))
        }
        return output
    }

    private func manual(_ page: String) throws -> String {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/" + page).path
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `takes the vendor's commands of the quickstart`() throws {
        let lines = try manual("quickstart.md").split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("    set -a; ") })
        let block = lines[start...].prefix { $0.hasPrefix("    ") }
        #expect(block.filter { $0.hasPrefix("    ringfence ") }.count == 3)
        let playground = try LivePlayground()
        let program = try BuiltProducts.path("ringfence")
        // The key is shown once, and what the page has is none.
        let script = """
            ringfence() { '\(program)' "$@"; }
            status() {
                n=0
                until [ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$RINGFENCE_CA" \
                    -H "Authorization: Bearer $TOKEN_UMBRELLA" \
                    "$RINGFENCE_URL/v1/events")" = "$1" ]
                do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.2; done
                echo "umbrella $1"
            }
            # What it prints goes through no pipe: grep would close it early, and curl say so.
            until_initech() {
                n=0
                until case $("$@") in *Initech*) ;; *) false ;; esac
                do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.2; done
            }
            """
        let commands = block.map { printed -> String in
            let line = printed.replacingOccurrences(of: "rf_live_...", with: "$KEY")
            return switch line {
            case _ where line.contains(" suspend "): line + "\nstatus 403"
            case _ where line.contains(" resume "): line + "\nstatus 200"
            case _ where line.contains(" key create "):
                "KEY=$(\(line) 2>&1 | grep -o 'rf_live_[^ ]*')"
            case _ where line.contains("$KEY"): "until_initech\(line)\n\(line)"
            default: line
            }
        }
        let output = try playground.shell(script + "\n" + commands.joined(separator: "\n"))
        #expect(output.contains("umbrella 403\n"), "\(output)")
        #expect(output.contains("umbrella 200\n"), "\(output)")
        #expect(output.contains("Initech-1001"), "\(output)")
        try playground.interrupt()
    }

    @Test func `shows the manual's way to its database, row security and all`() throws {
        let manual = try manual("backend.md")
        let section = try #require(manual.components(separatedBy: "## Verifying it yourself").last)
            .components(separatedBy: "\n## ")[0]
        // What is indented is the preparation, and runs as it stands.
        let preparation = section.split(separator: "\n").filter { $0.hasPrefix("    ") }
            .joined(separator: "\n")
        let commands = section.split(separator: "\n").filter { $0.hasPrefix("$ ") }
            .map { "(\($0.dropFirst(2))) 2>&1" }
        #expect(commands.count == 5)
        let wanted = section.components(separatedBy: "```console\n").last?
            .components(separatedBy: "```")[0].split(separator: "\n")
            .filter { !$0.hasPrefix("$ ") }.map(String.init)
        let playground = try LivePlayground()
        let output = try playground.shell(
            preparation + "\necho \"$ACME $GLOBEX\"\n" + commands.joined(separator: "\n"))
        let lines = output.split(separator: "\n").map(String.init)
        let ids = try #require(lines.first).split(separator: " ")
        #expect(ids.count == 2 && Set(ids).count == 2)
        #expect(
            lines.dropFirst().map { $0 == ids[0] ? "$ACME" : $0 } == wanted)
        try playground.interrupt()
    }

    @Test func `says that it is ready only when the gateway knows its tenants`() throws {
        let stage = try Stage()
        // The end of the folder ends it when the test breaks.
        try stage.addLateFeed(
            after: """
                while [ -d "$folder" ] && [ ! -e "$folder/open" ]; do sleep 0.1; done
                ln -s late.sock "$folder/run/feed.sock"
                """)
        let process = try stage.start(["dev", "--port", "0"])
        let patience = LivePlayground.patienceSeconds
        // By then all else is there.
        try eventually(within: patience, "a refusal; \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            let log = stage.read(".ringfence/logs/access.log") ?? ""
            return log.contains("\"path\":\"/v1/events\"")
        }
        let socket = stage.place + "/.ringfence/run/late.sock"
        #expect(FileManager.default.fileExists(atPath: socket))
        #expect(stage.read(".ringfence/dev.env") == nil)
        try stage.files.write("", to: "place/.ringfence/open")
        try process.waitForOutput("^C stops everything", seconds: patience)
        let status = try ChildProcess.run(
            "sh",
            [
                "-c",
                """
                . .ringfence/dev.env
                curl -sS -o /dev/null -w '%{http_code}' --cacert "$RINGFENCE_CA" \
                    -H "Authorization: Bearer $TOKEN_ACME" "$RINGFENCE_URL/v1/events"
                """,
            ], folder: stage.place)
        #expect(status.output == "200", "\(status.errorOutput)")
        process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
    }

    @Test func `ends when its gateway hears nothing of tenants, and says what that said`() throws {
        let stage = try Stage()
        try stage.addLateFeed(after: ":")
        let process = try stage.start(["dev", "--port", "0"])
        #expect(try process.wait(seconds: LivePlayground.patienceSeconds) == .exited(1))
        #expect(process.output == "")
        let seconds = Playground.readyTimeoutSeconds
        #expect(
            process.errorOutput.contains(
                "ringfence-gateway was not ready within \(seconds) seconds"),
            "\(process.errorOutput)")
        #expect(stage.read(".ringfence/dev.env") == nil)
    }

    @Test func `keeps its data with --keep, once`() throws {
        let list = """
            curl -sS --cacert "$RINGFENCE_CA" -H "Authorization: Bearer $TOKEN_GLOBEX" \
                "$RINGFENCE_URL/v1/events"
            """
        let first = try LivePlayground(["--keep"])
        let before = try first.shell(list)
        let token = try first.shell("echo \"$TOKEN_GLOBEX\"")
        let data = try #require(first.dataFolder)
        defer { try? FileManager.default.removeItem(atPath: data) }
        // One that is left suspended is let in again.
        _ = try first.shell(
            """
            curl -sS --cacert "$RINGFENCE_CA" -H "Authorization: Bearer $VENDOR_KEY" -X PATCH \
                -H 'Content-Type: application/json' -d '{"state":"suspended"}' \
                "$RINGFENCE_URL/v1/tenants/globex"
            """)
        try first.interrupt()
        let second = try LivePlayground(["--keep"], in: first.folder)
        #expect(try second.shell(list) == before)
        // A token of the run before is as good: the issuer is the same.
        #expect(try second.shell("TOKEN_GLOBEX=\(token)\(list)") == before)
        try second.interrupt()
    }

    @Test func `runs again after kill -9 with fresh data`() throws {
        let first = try LivePlayground()
        let tenants = """
            curl -sS --cacert "$RINGFENCE_CA" -H "Authorization: Bearer $VENDOR_KEY" \
                "$RINGFENCE_URL/v1/tenants/acme"
            """
        let before = try first.shell(tenants)
        first.process.signal(SIGKILL)
        try first.process.wait()
        let second = try LivePlayground([], in: first.folder)
        let after = try second.shell(tenants)
        #expect(after.contains("acme"))
        #expect(after != before)
        try second.interrupt()
    }

    @Test func `names a role of its database that row security holds for`() throws {
        let playground = try LivePlayground()
        let role = try playground.shell(
            """
            psql "$RINGFENCE_DATABASE_URL" -AtX -c 'SELECT rolname, rolsuper, rolbypassrls
                FROM pg_roles WHERE rolname = current_user'
            """)
        #expect(role == "ringfence_runtime|f|f\n")
        try playground.interrupt()
    }
}
