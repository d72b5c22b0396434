import Foundation
import TestSupport
import Testing

@Suite struct `Credentials whose surroundings are not what they were` {
    private typealias G = CredentialGateway
    private let bench: CredentialGateway

    init() throws { bench = try CredentialGateway.get() }

    /// Asks once over a connection that stays.
    private func ask(_ client: RawClient, _ path: String, _ field: String) throws -> Int {
        try client.send(
            "GET \(path) HTTP/1.1\r\nHost: api.example.test\r\n\(field)\r\n\r\n")
        return try client.readResponse().status
    }

    @Test func `a key of another vendor's tenant of the same name is none`() throws {
        // The upstream knows tenants by their names alone, and this one's name is acme.
        for path in ["/events/vendor", "/keys/vendor"] {
            let answer = try bench.answer(
                "GET \(path)", ["Authorization: Bearer \(G.ofOther)"])
            #expect(answer == "401 token.invalid", "\(path)")
            #expect(!bench.wasSent(path))
        }
    }

    @Test func `a copy of the directory that others can write is not believed`() throws {
        let place = bench.material.folder.path
        let loose = "\(place)/loose.copy"
        try FileManager.default.copyItem(atPath: "\(place)/directory.copy", toPath: loose)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: loose)
        let text = G.policy(place, upstream: bench.recorder.port)
        let gateway = try RunningGateway(
            text: text.replacingOccurrences(of: "directory.copy", with: "loose.copy"))
        let client = try RawClient(port: gateway.port)
        #expect(try ask(client, "/keys/loose", "X-API-Key: \(G.reader)") == 503)
        #expect(gateway.process.errorOutput.contains("others than this user and root can write it"))
    }

    @Test func `a session stays one when a reload brings another issuer`() throws {
        let place = bench.material.folder.path
        let text = G.policy(place, upstream: bench.recorder.port)
        let gateway = try RunningGateway(text: text)
        let client = try RawClient(port: gateway.port)
        let field = "Authorization: Bearer \(try bench.session())"
        #expect(try ask(client, "/events/before", field) == 200)
        let partner = """
            issuers:
              partner:
                issuer: https://partner.example.test/
                jwks: file:\(place)/idp.pub
                audience: [https://api.example.test]
                algorithms: [ES256]
                tenant: {claim: tenant_id}

            """
        try gateway.reload(
            text: text.replacingOccurrences(of: "issuers:\n", with: partner),
            expecting: "reloaded, snapshot")
        #expect(try ask(client, "/events/after", field) == 200)
    }
}
