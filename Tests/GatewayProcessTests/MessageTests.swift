import Foundation
import TestSupport
import Testing

/// Heads, bodies and persistence, as clients and upstreams see them.
@Suite struct `Messages through the gateway` {
    @Test func `a client that waits for leave to send its body gets it at once`() throws {
        let upstream = try TestServer.answering { request, wire in
            try wire.respond(200, "\(request.text)|\(request.all("expect").count)")
        }
        let gateway = try RunningGateway(TestPolicy(ports: [upstream.port]))
        let wire = try gateway.connect()
        try wire.send(
            RunningGateway.head(
                "POST", "/open/x", body: "hello", fields: ["Expect: 100-continue"]))
        #expect(try wire.readResponse(interim: true, seconds: 2).status == 100)
        try wire.send("hello")
        let response = try wire.readResponse()
        #expect(response.status == 200)
        #expect(response.text == "hello|0")
    }
}
