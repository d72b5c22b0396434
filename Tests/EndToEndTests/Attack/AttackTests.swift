import Foundation
import TestSupport
import Testing

/// `ringfence attack`, the built program, against real servers.
///
/// One after the other: what one of them writes, another would take for the ground giving way.
@Suite(.serialized) struct `Attacks on an API` {
    static let everything = ["--get", "/v1/orders", "--get", "/v1/orders/{id}", "--samples", "0"]

    @Test func `find nothing behind the gateway`() throws {
        let site = try AttackSite.get()
        let run = try site.attackGateway(
            Self.everything + ["--public-key", "\(site.material.folder.path)/idp.pub"])
        #expect(run.vectors("LEAK") == [], "\(run.output)")
        #expect(run.vectors("UNPROVEN") == [], "\(run.output)")
        #expect(run.code == .exited(0), "\(run.errors)")
        // A run that tries little would find nothing either.
        let tried = run.vectors("ISOLATED").union(run.vectors("REFUSED"))
        #expect(tried.count > 150)
        #expect(
            run.families("REFUSED").union(run.families("ISOLATED")).isSuperset(of: [
                "token", "place", "header", "trailer", "identity", "query", "path", "cookie",
                "form", "multipart", "json", "body", "object",
            ]))
    }

    @Test func `find every place where the same API believes its client`() throws {
        let site = try AttackSite.get()
        let run = try site.attackAPI(Self.everything + ["--get", "/v1/invoices/{id}"])
        #expect(run.code == .exited(5))
        #expect(
            run.vectors("LEAK").isSuperset(of: [
                "header.plain", "header.underscore", "header.bare-lf", "query.plain",
                "query.encoded", "query.array", "cookie.plain", "cookie.two-lines", "form.plain",
                "multipart.plain", "json.plain", "json.escaped", "json.after-own",
                "json.one-byte-chunks", "trailer.plain", "token.none", "token.tampered",
                "token.stripped", "token.prolonged", "token.jwk-public",
                "token.absent-header", "place.after-own", "object.foreign",
            ]), "\(run.vectors("LEAK").sorted())")
        // What it does not read is no leak.
        #expect(run.vectors("ISOLATED").isSuperset(of: ["identity.user", "body.graphql"]))
    }

    @Test func `find an answer that tells whether an object exists`() throws {
        let site = try AttackSite.get()
        let words = ["--get", "/v1/orders", "--only", "object", "--samples", "0"]
        let told = try site.attackAPI(words + ["--get", "/v1/notes/{id}"])
        #expect(told.code == .exited(5))
        let reasons = told.findings.compactMap { $0["reason"] as? String }
        #expect(reasons.contains { $0.contains("exists") && $0.contains("body /error") })
        let quiet = try site.attackAPI(words + ["--get", "/v1/orders/{id}"])
        #expect(quiet.code == .exited(0), "\(quiet.output)")
        #expect(quiet.vectors("REFUSED") == ["object.foreign"])
    }

    @Test func `say that an answer is suspicious by its time, and prove nothing by it`() throws {
        let site = try AttackSite.get()
        let run = try site.attackAPI([
            "--get", "/v1/orders", "--get", "/v1/files/{id}", "--only", "object", "--samples",
            "30",
        ])
        #expect(run.code == .exited(1), "\(run.output)")
        #expect(run.vectors("UNPROVEN") == ["object.timing"])
        let finding = try #require(run.findings.first { $0["timing"] != nil })
        let timing = try #require(finding["timing"] as? [String: Any])
        // The API sleeps for 100 ms.
        let low = try #require(timing["low_ns"] as? Int)
        #expect(low > 10_000_000)
        #expect(try #require(timing["high_ns"] as? Int) >= low)
    }

    @Test func `need --allow-writes to change anything, and then see where it went`() throws {
        let site = try AttackSite.get()
        let folder = try TemporaryFolder()
        let list = try folder.write(
            """
            # what the API takes
            GET /v1/orders
            POST /v1/orders application/json {"name":"{canary}"}
            """, to: "requests")
        let words = ["--requests", list, "--only", "json,header.plain,override"]
        let careful = try site.attackAPI(words)
        #expect(careful.vectors("SKIPPED").contains("calibration"))
        #expect(!careful.findings.contains { "\($0["vector"] ?? "")".hasPrefix("override") })
        let bold = try site.attackAPI(words + ["--allow-writes"])
        #expect(bold.code == .exited(5))
        let writes = bold.findings.filter { $0["endpoint"] as? String == "POST /v1/orders" }
        #expect(writes.contains { $0["vector"] as? String == "json.plain" })
        let traced = writes.filter { $0["verdict"] as? String == "ISOLATED" }
        #expect(!traced.isEmpty)
        #expect(traced.allSatisfy { $0["reason"] as? String == "written among A's data" })
        let gateway = try site.attackGateway(words + ["--allow-writes"])
        #expect(gateway.code == .exited(0), "\(gateway.output)")
    }

    @Test func `write reports without tokens, and requests with them for the owner alone`() throws {
        let site = try AttackSite.get()
        let folder = try TemporaryFolder()
        let place = folder.path
        let run = try site.attackAPI([
            "--get", "/v1/orders", "--only", "header.plain,token", "--report", "\(place)/r.json",
            "--junit", "\(place)/r.xml", "--sarif", "\(place)/r.sarif", "--requests-to", place,
        ])
        #expect(run.code == .exited(5))
        let signatures = [site.material.acme, site.material.globex].compactMap {
            $0.split(separator: ".").last
        }
        for name in ["r.json", "r.xml", "r.sarif"] {
            let text = try String(contentsOfFile: "\(place)/\(name)", encoding: .utf8)
            #expect(text.contains("header.plain"))
            for signature in signatures { #expect(!text.contains(signature), "\(name)") }
        }
        let xml = try ChildProcess.run(
            "python3",
            ["-c", "import sys,xml.dom.minidom as d; d.parse(sys.argv[1])", "\(place)/r.xml"])
        #expect(xml.end == .exited(0), "\(xml.errorOutput)")
        let sarif = try #require(
            JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(filePath: "\(place)/r.sarif"))) as? [String: Any])
        #expect(sarif["version"] as? String == "2.1.0")
        let names = try FileManager.default.contentsOfDirectory(atPath: place)
        let name = try #require(names.first { $0.hasSuffix("header.plain.http") })
        let bytes = try String(contentsOfFile: "\(place)/\(name)", encoding: .utf8)
        #expect(bytes.contains("Bearer \(site.material.acme)\r\n"))
        #expect(bytes.contains("X-Tenant-ID: globex\r\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: "\(place)/\(name)")
        #expect(mode[.posixPermissions] as? Int == 0o600)
        // The exact bytes do it again.
        let client = try RawClient(port: site.port)
        try client.send(bytes)
        #expect(try client.readResponse().text.contains("sulphur lamp"))
    }
}
