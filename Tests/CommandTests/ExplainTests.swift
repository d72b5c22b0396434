import Foundation
import TestSupport
import Testing

@Suite struct `ringfence explain` {
    @Test func `says for each step what was decided and where the policy says so`() throws {
        let place = try PolicyFolder()
        let result = try place.run(
            "explain", "--request", "GET /v1/orders?tenant_id=evil&x=1", "-H",
            "X-Tenant-Id: evil", "-H", "Cookie: a=1; tenant_id=evil", "--token-file", "alice.jwt")
        #expect(result.end == .exited(0), "\(result.errors)")
        let lines = PolicyFolder.lines(result.output)
        try #require(lines.count == 7, "\(result.output)")
        #expect(
            lines[0] == "1 route orders: path /v1/orders/**, GET POST policies/gateway.yaml:15")
        #expect(
            lines[1].hasPrefix("2 token ok: iss https://idp.example.test/, alg ES256, kid 2026-10"))
        #expect(lines[1].hasSuffix("policies/gateway.yaml:4"))
        #expect(lines[2].hasPrefix("3 tenant acme ("))
        #expect(lines[2].hasSuffix("claim tenant_id policies/gateway.yaml:9"))
        #expect(
            lines[3]
                == "4 stripped header X-Tenant-Id=evil, cookie tenant_id=evil, "
                + "query tenant_id=evil policies/gateway.yaml:18")
        #expect(lines[4].hasPrefix("5 limit STARTER 100/min: 99 left"))
        #expect(lines[4].hasSuffix("policies/gateway.yaml:27"))
        // Nobody listens there: the upstream is played.
        #expect(
            lines[5]
                == "6 forward orders at 127.0.0.1:1: GET /v1/orders?tenant_id=acme&x=1 "
                + "policies/gateway.yaml:12")
        #expect(lines[6] == "decision: FORWARD")
    }

    @Test(arguments: [
        (["--request", "GET /v1/orders"], "token.missing", "token", 401),
        (
            ["--request", "GET /v1/orders", "-H", "Authorization: Bearer a.b.c"], "token.invalid",
            "token", 401
        ),
        (["--request", "GET /nowhere"], "route.not_found", "route", 404),
        (["--request", "DELETE /healthz/../x"], "request.path.ambiguous", "route", 400),
        (["--request", "GET /v1/orders", "-H", "Bad Name: 1"], "request.malformed", "route", 400),
        (
            [
                "--request", "POST /v1/orders", "--token-file", "alice.jwt", "--body-file",
                "alice.jwt",
            ],
            "request.body.type", "body", 415
        ),
    ]) func `names the step that refuses, and exits 1`(
        _ words: [String], _ code: String, _ step: String, _ status: Int
    ) throws {
        let place = try PolicyFolder()
        let result = try ChildProcess.run(
            BuiltProducts.path("ringfence"), ["explain"] + words, folder: place.folder.path)
        #expect(result.end == .exited(1), "\(result.errorOutput)")
        let lines = PolicyFolder.lines(result.output)
        #expect(lines.last == "decision: REFUSE \(status) \(code) (ringfence help \(code))")
        let refused = try #require(lines.dropLast().last)
        #expect(refused.contains(" \(step) "), "\(refused)")
        #expect(refused.contains("refused, \(code):"), "\(refused)")
        let json = try ChildProcess.run(
            BuiltProducts.path("ringfence"), ["explain", "--json"] + words,
            folder: place.folder.path)
        let object = try place.object(json.output)
        #expect(object["code"] as? String == code && object["decision"] as? String == "refuse")
    }

    @Test func `says which check a token failed`() throws {
        let place = try PolicyFolder()
        let other = try PolicyFolder.mint(
            in: place.folder, tenant: "acme", audience: "https://other.test")
        let result = try place.run(
            "explain", "--request", "GET /v1/orders", "--token-file", "-", input: other + "\n")
        #expect(result.end == .exited(1))
        #expect(result.output.contains("(`aud` is not among the audiences of this issuer)"))
        let stranger = try PolicyFolder.mint(in: place.folder, tenant: "nobody")
        let unknown = try place.run(
            "explain", "--request", "GET /v1/orders", "--token-file", "-", input: stranger)
        #expect(unknown.output.contains("3 tenant"), "\(unknown.output)")
        #expect(unknown.output.contains("REFUSE 403 tenant.unknown"))
    }

    @Test func `says when an issuer's keys cannot be had, and goes on`() throws {
        let place = try PolicyFolder(
            PolicyFolder.policy.changing(
                "jwks: file:idp.pub",
                to: "jwks: https://127.0.0.1:1/keys\n    jwks_private: true"))
        let result = try place.run(
            "explain", "--request", "GET /v1/orders", "--token-file", "alice.jwt")
        #expect(result.end == .exited(1))
        #expect(result.output.contains("REFUSE 401 token.invalid"), "\(result.output)")
        #expect(result.errors.contains("issuer idp: its key set cannot be fetched"))
        // What needs no token needs no keys.
        #expect(try place.run("explain", "--request", "GET /healthz").end == .exited(0))
    }

    @Test func `names what a body, a path and a shadow gave away`() throws {
        let place = try PolicyFolder(
            PolicyFolder.policy.changing(
                "  - {name: health",
                to:
                    "  - {name: path, match: {path: \"/t/{tenant}/x\"}, auth: idp, "
                    + "upstream: orders}\n"
                    + "  - name: watched\n    match: {path: /watched}\n    auth: idp\n"
                    + "    tenant: {mode: shadow}\n    upstream: orders\n  - {name: health"))
        let path = try place.run(
            "explain", "--request", "GET /t/globex/x", "--token-file", "alice.jwt")
        #expect(path.output.contains("path {tenant}=globex"), "\(path.output)")
        #expect(path.output.contains("GET /t/acme/x"))
        let watched = try place.run(
            "explain", "--request", "GET /watched?tenant_id=evil", "--token-file", "alice.jwt")
        #expect(watched.output.contains("in shadow, passed on: query tenant_id=evil"))
        #expect(watched.output.contains("GET /watched?tenant_id=evil"))
        try place.folder.write("a=1&org_id=evil&b=2", to: "form")
        let form = try place.run(
            "explain", "--request", "POST /v1/orders", "--token-file", "alice.jwt", "-H",
            "Content-Type: application/x-www-form-urlencoded", "--body-file", "form")
        #expect(form.output.contains("stripped   body org_id"), "\(form.output)")
    }

    @Test func `shows programs the request as it would be sent`() throws {
        let place = try PolicyFolder()
        try place.folder.write(#"{"a":1,"tenantId":"evil"}"#, to: "body.json")
        let result = try place.run(
            "explain", "--json", "--request", "POST /v1/orders", "--token-file", "alice.jwt", "-H",
            "Content-Type: application/json", "--body-file", "body.json", "--from", "192.0.2.7")
        let object = try place.object(result.output)
        #expect(object["decision"] as? String == "forward" && object["tenant"] as? String == "acme")
        let sent = try #require(object["sent"] as? [String: Any])
        #expect(sent["target"] as? String == "/v1/orders?tenant_id=acme")
        let headers = try #require(sent["headers"] as? [[String]])
        #expect(headers.contains(["X-Tenant-ID", "acme"]))
        #expect(headers.contains(["X-Forwarded-For", "192.0.2.7"]))
        #expect(!headers.contains { $0[0].lowercased() == "authorization" })
        let stripped = try #require(object["stripped"] as? [[String: Any]])
        #expect(
            stripped.contains {
                $0["carrier"] as? String == "body" && $0["name"] as? String == "tenantId"
            })
    }

    @Test func `needs no certificate to say what a TLS listener would do`() throws {
        let place = try PolicyFolder(
            PolicyFolder.policy.changing(
                "access_log: none}",
                to: "access_log: none, tls: {certificate: file:/no.crt, key: file:/no.key}}"))
        let result = try place.run(
            "explain", "--json", "--request", "GET https://api.example.test/v1/reports",
            "--token-file", "alice.jwt")
        #expect(result.end == .exited(0), "\(result.errors)")
        let object = try place.object(result.output)
        let sent = try #require(object["sent"] as? [String: Any])
        let headers = try #require(sent["headers"] as? [[String]])
        #expect(headers.contains(["X-Forwarded-Proto", "https"]))
        #expect(headers.contains(["Host", "api.example.test"]))
    }

    @Test func `takes a token from a file and never prints it`() throws {
        let place = try PolicyFolder()
        let result = try place.run(
            "explain", "--json", "--request", "GET /v1/reports", "--token-file", "alice.jwt")
        #expect(result.end == .exited(0), "\(result.errors)")
        #expect(!result.output.contains(place.token) && !result.errors.contains(place.token))
    }

    @Test(arguments: [
        [], ["--request", "a b c"], ["--request", "GET"], ["--request", ""],
        ["--request", "GET /x", "-H", "nonsense"], ["--request", "GET /x", "--from", "nowhere"],
        ["--request", "GET /x", "--frob"],
    ]) func `refuses words it does not understand`(_ words: [String]) throws {
        let place = try PolicyFolder()
        let result = try ChildProcess.run(
            BuiltProducts.path("ringfence"), ["explain"] + words, folder: place.folder.path)
        #expect(result.end == .exited(64))
        #expect(result.output == "")
    }

    @Test func `shows what is wrong with a policy that cannot be used`() throws {
        let place = try PolicyFolder(PolicyFolder.policy.changing("auth: idp", to: "auth: ipd"))
        let result = try place.run("explain", "--request", "GET /v1/orders")
        #expect(result.end == .exited(2))
        #expect(result.errors.contains("error[E1301]") && result.output == "")
    }
}
