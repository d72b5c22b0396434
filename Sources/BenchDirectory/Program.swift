@_spi(TenantDirectory) import Policy
import Reactor

/// What a directory of many tenants costs: memory, loading, finding, changing. Prints one line for
/// each number; docs/directory.md has what they were.
@main struct DirectoryBench {
    static func main() throws {
        let words = CommandLine.arguments
        let tenants = words.count > 1 ? Int(words[1]) ?? 1_000_000 : 1_000_000
        let keys = words.count > 2 ? Int(words[2]) ?? 0 : 0
        let changes = 10_000
        print("tenants \(tenants), one domain each; API keys \(keys)")
        say("resident before", megabytes(residentBytes()))
        var replica = DirectoryReplica(seed: randomUInt64(), vendors: [vendor])
        try load(&replica, tenants: tenants, keys: keys)
        let edition = replica.edition()
        say("resident after loading", megabytes(residentBytes()))
        say("counted by the tables", megabytes(edition.bytes))
        find(edition, tenants: tenants, keys: keys, "in the base")
        try change(&replica, changes: changes, tenants: tenants, together: 1)
        try change(&replica, changes: changes, tenants: tenants, together: 1_000)
        find(replica.edition(), tenants: tenants, keys: keys, "with \(changes) in the overlay")
        try writeAndRead(&replica)
        let start = Monotonic.now()
        try compact(&replica, tenants: tenants)
        say("until compacted (and the changes before it)", seconds(since: start))
        say("resident at most", peak())
    }

    static let vendor = [UInt8]("default".utf8)

    /// Pages as the backend makes them.
    static func load(_ replica: inout DirectoryReplica, tenants: Int, keys: Int) throws {
        let start = Monotonic.now()
        var written: UInt64 = 0
        var number = 0
        let total = tenants + keys
        while number < total {
            let next = min(number + 4_000, total)
            var page: [UInt8] = []
            DirectoryLine.section(
                DirectorySection(
                    vendor: vendor, head: Int64(total), mark: vendor, isReset: number == 0,
                    sizes: DirectorySizes(
                        tenants: tenants, domains: tenants, keys: keys, textBytes: tenants * 40))
            ).append(to: &page)
            for index in number..<next {
                let change: DirectoryChange =
                    index < tenants ? .tenant(try tenant(index)) : .key(try key(index - tenants))
                DirectoryLine.change(version: Int64(index + 1), change).append(to: &page)
            }
            DirectoryLine.end(version: Int64(next), hasMore: next < total).append(to: &page)
            // Making the page is the backend's work.
            let made = Monotonic.now()
            _ = try replica.take(page: page.span)
            written += Monotonic.now().nanoseconds(since: made)
            number = next
        }
        say("loading, of it in the gateway", "\(Double(written / 1_000_000) / 1_000) s")
        say("loading, with making the pages", seconds(since: start))
    }

    static func change(
        _ replica: inout DirectoryReplica, changes: Int, tenants: Int, together: Int
    ) throws {
        var version = replica.positions[0].version
        var slowest: UInt64 = 0
        let start = Monotonic.now()
        var held: DirectoryEdition?
        for first in stride(from: 0, to: changes, by: together) {
            var page: [UInt8] = []
            let head = version + Int64(together)
            DirectoryLine.section(
                DirectorySection(vendor: vendor, head: head, mark: vendor)
            ).append(to: &page)
            for index in first..<first + together {
                version += 1
                var facts = try tenant(index &* 97 % tenants)
                facts.state = version % 2 == 0 ? .active : .suspended
                DirectoryLine.change(version: version, .tenant(facts)).append(to: &page)
            }
            DirectoryLine.end(version: head, hasMore: false).append(to: &page)
            let one = Monotonic.now()
            _ = try replica.take(page: page.span)
            held = replica.edition()
            slowest = max(slowest, Monotonic.now().nanoseconds(since: one))
        }
        _ = held
        let all = Monotonic.now().nanoseconds(since: start)
        let name = "\(changes) changes, \(together) at a time"
        say(name, "\(Double(all / 1_000) / 1_000) ms, slowest edition \(slowest / 1_000) us")
        say(name + ", resident", megabytes(residentBytes()))
    }

    static func find(_ edition: DirectoryEdition, tenants: Int, keys: Int, _ where_: String) {
        var policy = GatewayPolicy()
        policy.tiers = [
            TierPolicy(name: "STARTER", requests: .limit(.perMinute(100))),
            TierPolicy(name: "GROWTH", requests: .limit(.perMinute(500))),
        ]
        let directory = TenantDirectory(policy: policy, edition: edition)
        let rounds = 1_000_000
        let names = (0..<4_096).map { [UInt8]("tenant-\($0 &* 7_919 % tenants)".utf8) }
        let hosts = (0..<4_096).map { [UInt8]("t\($0 &* 7_919 % tenants).example.com".utf8) }
        var found = 0
        func time(_ name: String, _ body: (Int) -> Bool) {
            let start = Monotonic.now()
            for round in 0..<rounds where body(round) { found += 1 }
            let each = Monotonic.now().nanoseconds(since: start) / UInt64(rounds)
            say("finding by \(name) \(where_)", "\(each) ns")
        }
        time("vendor and name") {
            let name = names[$0 & 4_095]
            return directory.tenant(vendor: 0, externalID: name.span) != nil
        }
        time("host") {
            let host = hosts[$0 & 4_095]
            return directory.tenant(domain: host.span) != nil
        }
        if keys > 0 {
            let ids = (0..<4_096).compactMap { number -> APIKeyID? in
                let name = keyID(number &* 7_919 % keys)
                return APIKeyID(name.span)
            }
            time("key") { directory.key(ids[$0 & 4_095]) != nil }
        }
        precondition(found >= rounds, "nothing was found")
    }

    static func writeAndRead(_ replica: inout DirectoryReplica) throws {
        var start = Monotonic.now()
        var bytes = 0
        var lines: [[UInt8]] = []
        DirectoryReplica.write(
            replica.edition(), at: replica.positions, asOf: 1, of: Array("feed".utf8)
        ) {
            bytes += $0.count
            lines.append($0)
        }
        say("a copy, written", "\(seconds(since: start)), \(megabytes(bytes))")
        start = Monotonic.now()
        var copy = DirectoryReplica(seed: 1, vendors: [vendor])
        var isFirst = true
        for piece in lines {
            for line in piece.split(separator: UInt8(ascii: "\n")) {
                let line = Array(line)
                if isFirst {
                    copy.expect(replica.edition().sizes)
                } else {
                    try copy.restore(line.span)
                }
                isFirst = false
            }
        }
        say("a copy, read", seconds(since: start))
    }

    static func compact(_ replica: inout DirectoryReplica, tenants: Int) throws {
        var version = replica.positions[0].version
        while try !replica.compactIfDue(now: 0) {
            var page: [UInt8] = []
            let head = version + 10_000
            DirectoryLine.section(DirectorySection(vendor: vendor, head: head, mark: vendor))
                .append(to: &page)
            for index in 0..<10_000 {
                version += 1
                DirectoryLine.change(
                    version: version, .tenant(try tenant((Int(version) &* 13 + index) % tenants))
                ).append(to: &page)
            }
            DirectoryLine.end(version: head, hasMore: false).append(to: &page)
            _ = try replica.take(page: page.span)
        }
    }

    struct Unexpected: Error {}

    static func tenant(_ number: Int) throws -> TenantFacts {
        let digits = String(number, radix: 16)
        let text =
            "01890a5d-ac96-774b-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        let bytes = [UInt8](text.utf8)
        guard let id = TenantID(canonical: bytes.span),
            let name = ExternalID("tenant-\(number)", format: .opaque)
        else { throw Unexpected() }
        var facts = TenantFacts(
            id: id, vendor: vendor, externalID: name,
            tier: [UInt8]((number % 2 == 0 ? "STARTER" : "GROWTH").utf8))
        facts.domains = [[UInt8]("t\(number).example.com".utf8)]
        return facts
    }

    static func keyID(_ number: Int) -> [UInt8] {
        var left = number
        return (0..<16).map { _ in
            defer { left /= 32 }
            return [UInt8]("abcdefghijklmnopqrstuvwxyz234567".utf8)[left % 32]
        }
    }

    static func key(_ number: Int) throws -> APIKeyFacts {
        let secret = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
        let name = keyID(number)
        guard let id = APIKeyID(name.span),
            let digest = CredentialDigest(bytes: secret.span)
        else { throw Unexpected() }
        return APIKeyFacts(id: id, tenant: try tenant(number).id, digest: digest)
    }

    // MARK: Saying

    static func say(_ name: String, _ value: String) { print("\(name): \(value)") }

    static func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000) MB" }

    static func seconds(since start: Monotonic) -> String {
        "\(Double(Monotonic.now().nanoseconds(since: start) / 1_000_000) / 1_000) s"
    }

    static func peak() -> String {
        guard let status = try? readFile("/proc/self/status", bytesMax: 65_536) else { return "?" }
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0
        return megabytes(kilobytes * 1_024)
    }
}
