import Foundation
import TestSupport
import Testing

@Suite struct `Views of a policy` {
    @Test func `routes are listed with what is less than usual about them`() throws {
        let place = try PolicyFolder()
        let result = try place.run("routes")
        #expect(result.end == .exited(0), "\(result.errors)")
        #expect(
            PolicyFolder.lines(result.output) == [
                "ROUTE METHODS HOST PATH AUTH TENANT UPSTREAM PLACE",
                "orders GET,POST any /v1/orders/** idp strip orders policies/gateway.yaml:15",
                "reports any any /v1/reports/** idp strip, bodies unread reports "
                    + "policies/gateway.yaml:20",
                "health any any /healthz NONE no tenant orders policies/gateway.yaml:25",
            ])
        #expect(
            try place.run("routes", "--overlaps").output == "no two routes share a request\n")
    }

    @Test func `routes that share a request are named with the one that gets it`() throws {
        let place = try PolicyFolder(
            PolicyFolder.policy.changing(
                "  - {name: health",
                to:
                    "  - {name: all, match: {path: \"/*/orders/**\"}, auth: idp, "
                    + "upstream: orders}\n  - {name: health"))
        let result = try place.run("routes", "--overlaps")
        #expect(
            result.output
                == "/v1/orders/x goes to `orders`, which is more specific than `all`\n")
        let object = try place.object(try place.run("routes", "--json").output)
        let overlaps = try #require(object["overlaps"] as? [[String: Any]])
        #expect(overlaps.map { $0["winner"] as? String } == ["orders"])
    }

    @Test func `every value is shown with its origin, and no secret`() throws {
        let place = try PolicyFolder(
            PolicyFolder.policy + "vendors: {default: {key: file:vendor.key}}\n")
        try place.folder.write("hunter2-hunter2-hunter2-hunter2-hunter2", to: "policies/vendor.key")
        let result = try place.run("config", "show", "--origin")
        #expect(result.end == .exited(0), "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        for line in [
            "listen.public.address: 127.0.0.1:0  # policies/gateway.yaml:2",
            "listen.public.deadlines.head: 10s  # default",
            "issuers.idp.algorithms: [ES256]  # policies/gateway.yaml:8",
            "routes.orders.match.methods: [GET, POST]  # policies/gateway.yaml:16",
            "routes.orders.tenant.mode: enforce  # default",
            "tiers.STARTER.requests: 100/min  # policies/gateway.yaml:27",
            "tenants.source.acme.tier: STARTER  # policies/tenants.yaml:2",
            "vendors.default.key: <file:vendor.key>  # policies/gateway.yaml:29",
        ] {
            #expect(lines.contains(line), "\(line)\n\(result.output)")
        }
        #expect(!result.output.contains("hunter2"))
        let object = try place.object(try place.run("config", "show", "--json").output)
        let values = try #require(object["values"] as? [[String: Any]])
        #expect(values.count == lines.count)
    }

    @Test func `a token is shown without being believed`() throws {
        let place = try PolicyFolder()
        let result = try place.run("token", "inspect", "--token-file", "alice.jwt")
        #expect(result.end == .exited(0))
        #expect(result.errors.contains("NOT VERIFIED"))
        let lines = PolicyFolder.lines(result.output)
        #expect(lines.contains("alg \"ES256\"") && lines.contains("tenant_id \"acme\""))
        #expect(lines.contains { $0.hasPrefix("exp ") && $0.contains("(in ") })
        let object = try place.object(
            try place.run("token", "inspect", "--json", input: place.token).output)
        #expect(object["verified"] as? Bool == false)
        let garbage = try place.run("token", "inspect", input: "no token")
        #expect(garbage.end == .exited(1) && garbage.errors.contains("this is no token"))
    }

    @Test func `a token is verified by the policy's keys, or the check that failed is named`()
        throws
    {
        let place = try PolicyFolder()
        let good = try place.run("token", "verify", "--token-file", "alice.jwt")
        #expect(good.end == .exited(0), "\(good.output)\(good.errors)")
        #expect(
            PolicyFolder.lines(good.output).prefix(3) == [
                "verified", "issuer idp", "subject alice",
            ])
        let other = try PolicyFolder.mint(
            in: place.folder, tenant: "acme", audience: "https://other.test")
        let bad = try place.run("token", "verify", input: other)
        #expect(bad.end == .exited(1))
        #expect(bad.output.contains("(claims.aud)"))
        let end = place.token.hasSuffix("AAAA") ? "BAAA" : "AAAA"
        let forged = String(place.token.dropLast(4)) + end
        #expect(try place.run("token", "verify", input: forged).output.contains("(signature)"))
        #expect(
            try place.run("token", "verify", "--issuer", "nobody", input: forged).end == .exited(1))
    }
}

@Suite struct `A running gateway` {
    static let admin = PolicyFolder.policy.changing(
        "access_log: none}", to: "access_log: none}, admin: {address: unix:../admin.sock}")

    /// The gateway of the folder, until the value goes.
    final class Running {
        let process: ChildProcess

        init(_ place: PolicyFolder) throws {
            let announcement = place.folder.path + "/announced"
            let process = try ChildProcess(
                BuiltProducts.path("ringfence"),
                ["gateway", "run", "--announce", announcement, "--die-with-parent"],
                folder: place.folder.path)
            self.process = process
            try eventually("the gateway: \(process.errorOutput)") {
                FileManager.default.fileExists(atPath: announcement)
            }
        }

        deinit {
            process.signal(SIGTERM)
            _ = try? process.wait()
        }
    }

    @Test func `tells its status, and that a reload was refused until one is not`() throws {
        let place = try PolicyFolder(Self.admin)
        let running = try Running(place)
        let fresh = try place.run("gateway", "status")
        #expect(fresh.end == .exited(0), "\(fresh.errors)")
        #expect(PolicyFolder.lines(fresh.output).contains("last reload none since the start"))
        #expect(PolicyFolder.lines(fresh.output).contains("issuers idp (1 keys)"))
        let good = try place.run("gateway", "reload")
        #expect(good.end == .exited(0) && good.output == "reloaded: snapshot 2 is in force\n")

        try place.folder.write(
            Self.admin.changing("auth: idp", to: "auth: ipd"), to: "policies/gateway.yaml")
        let refused = try place.run("gateway", "reload")
        #expect(refused.end == .exited(1) && refused.output == "")
        #expect(refused.errors.contains("error[E1301]: there is no issuer `ipd`"))
        #expect(refused.errors.contains("reload refused, snapshot 2 stays"))
        // The policy on disk is broken by now: its socket is still found.
        let red = try place.run("status")
        #expect(red.end == .exited(1))
        #expect(red.output.contains("REFUSED: the policy has errors"))
        #expect(red.output.contains("error[E1301]"))
        let object = try place.object(try place.run("status", "--json").output)
        #expect((object["snapshot"] as? [String: Any])?["version"] as? Int == 2)

        try place.folder.write(Self.admin, to: "policies/gateway.yaml")
        #expect(try place.run("gateway", "reload").end == .exited(0))
        #expect(try place.run("status").end == .exited(0))
        #expect(running.process.end == nil)
    }

    @Test func `is as ready as its probe says, and gives the same reason`() throws {
        let dead = try ReservedPort.choose()
        let place = try PolicyFolder(
            Self.admin.replacing(
                /jwks: [^,}\n]+/,
                with: """
                    jwks: "https://127.0.0.1:\(dead)/keys.json"
                        jwks_private: true
                    """))
        let running = try Running(place)
        let status = try place.run("gateway", "status")
        #expect(status.end == .exited(1), "\(status.output)\(status.errors)")
        #expect(status.output.contains("NOT READY (no keys of issuer idp)"), "\(status.output)")
        let object = try place.object(try place.run("status", "--json").output)
        #expect(object["ready"] as? Bool == false)
        #expect(object["reason"] as? String == "no keys of issuer idp")
        #expect(running.process.end == nil)
    }

    /// Nobody writes into it: the reload is refused in the end, and signals are heard meanwhile
    /// or afterwards.
    @Test func `is not held by a pipe among its files`() throws {
        let place = try PolicyFolder(Self.admin)
        let running = try Running(place)
        let pipe = place.folder.path + "/policies/pipe"
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        try place.folder.write(
            Self.admin.replacing(/jwks: [^,}\n]+/, with: "jwks: file:pipe"),
            to: "policies/gateway.yaml")
        let refused = try place.run("gateway", "reload")
        #expect(refused.end == .exited(1))
        #expect(refused.errors.contains("nobody writes into the pipe"), "\(refused.errors)")
        running.process.signal(SIGTERM)
        #expect(try running.process.wait() == .exited(0))
    }

    @Test func `ends when it is told to drain, and takes its socket away`() throws {
        let place = try PolicyFolder(Self.admin)
        let running = try Running(place)
        let result = try place.run("gateway", "drain")
        #expect(result.end == .exited(0) && result.output.hasPrefix("draining"))
        #expect(try running.process.wait() == .exited(0))
        let after = try place.run("gateway", "status")
        #expect(after.end == .exited(4) && after.errors.contains("no gateway answers on"))
        #expect(!FileManager.default.fileExists(atPath: place.folder.path + "/admin.sock"))
    }

    @Test func `does not change the admin socket without a restart`() throws {
        let place = try PolicyFolder(Self.admin)
        let running = try Running(place)
        try place.folder.write(
            Self.admin.changing("../admin.sock", to: "../other.sock"), to: "policies/gateway.yaml")
        let result = try place.run("gateway", "reload", "--admin", "unix:admin.sock")
        #expect(result.end == .exited(1) && result.errors.contains("need a restart"))
        #expect(running.process.end == nil)
    }

    @Test func `without an admin socket is not asked`() throws {
        let place = try PolicyFolder()
        let result = try place.run("gateway", "status")
        #expect(result.end == .exited(2) && result.errors.contains("has no `listen.admin`"))
    }
}
