import Foundation
import TestSupport
import Testing

/// `db verify` through pgbouncer, which `scripts/bootstrap test` installs.
@Suite(.timeLimit(.minutes(30)), .enabled(if: Pooler.program != nil))
struct `Proof through a pooler` {
    typealias Place = `Proof of our own database`.Place

    /// The exit code, and what the report says of sessions that clients share.
    private func verify(_ settings: [String], _ place: Place) throws -> (
        end: ChildProcess.End, output: String
    ) {
        let pooler = try Pooler(before: place.database.runtimeURL, settings)
        let file = try place.folder.write(pooler.url + "\n", to: "pooler.dsn")
        let result = try place.run("db", "verify", "--pooler-file", file, "--json")
        withExtendedLifetime(pooler) {}
        return (result.end, result.output + result.errorOutput)
    }

    private func results(_ json: String, _ rule: String) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let probes = try #require(object?["probes"] as? [[String: Any]])
        var found: [String: String] = [:]
        for probe in probes where probe["probe"] as? String == rule {
            found[probe["attempt"] as? String ?? ""] = probe["result"] as? String ?? ""
        }
        return found
    }

    @Test(arguments: ["plain", "sealed"])
    func `transactions in a shared session leave settings and plants behind`(
        _ context: String
    ) throws {
        let place = try Place(context)
        let (end, output) = try verify(["pool_mode = transaction"], place)
        #expect(end == .exited(5), "\(output)")
        #expect(
            try results(output, "L7") == [
                "a context set for the session by another client": "failed"
            ]
        )
        let plants = try results(output, "L8")
        #expect(plants["a setting"] == "failed", "\(plants)")
        #expect(plants["a prepared statement"] == "failed", "\(plants)")
        #expect(plants["an advisory lock"] == "failed", "\(plants)")
        // TEMP is not given to the login.
        #expect(plants["a temporary table"] == "passed", "\(plants)")
    }

    @Test(arguments: [
        [
            "pool_mode = transaction", "server_reset_query = DISCARD ALL",
            "server_reset_query_always = 1",
        ],
        ["pool_mode = session", "server_reset_query = DISCARD ALL"],
    ]) func `a session that is cleared is proven`(_ settings: [String]) throws {
        let place = try Place("sealed")
        let (end, output) = try verify(settings, place)
        #expect(end == .exited(0), "\(output)")
        #expect(
            try results(output, "L7") == [
                "a context set for the session by another client": "passed"
            ]
        )
        let plants = try results(output, "L8")
        #expect(plants.count == 5 && plants.values.allSatisfy { $0 == "passed" }, "\(plants)")
    }
}
