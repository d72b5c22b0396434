import Foundation

/// Keys, tokens, tenants and events: what makes an empty gateway worth looking at.
extension Playground {
    /// Hosts the playground is reached by.
    private static let hosts = "localhost,127.0.0.1,::1"
    /// A certificate lives longer than it is used, so that it does not end during a run.
    private static let certificateDays = 30
    private static let certificateReusedDays = 25

    func prepareKeys() throws(CommandFault) {
        try prepareCertificate()
        // An issuer that stays the same keeps the tokens of the run before valid.
        if !(state.exists("keys/issuer.key") && state.exists("keys/issuer.pub")) {
            state.remove("keys/issuer.key")
            state.remove("keys/issuer.pub")
            try run(
                .gateway,
                [
                    "key", "create", "--algorithm", "ES256",
                    "--private", state.path("keys/issuer.key"),
                    "--public", state.path("keys/issuer.pub"),
                ])
        }
        if !state.exists("keys/assertion.key") {
            try state.write(Self.secret() + "\n", to: "keys/assertion.key")
        }
        guard options.upstream == nil else { return }
        for name in ["vendor", "pepper", "feed"] where !state.exists("keys/\(name).key") {
            try state.write(Self.secret() + "\n", to: "keys/\(name).key")
        }
        facts.vendorKey = (state.read("keys/vendor.key") ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Reuses the certificate of an earlier run: users have told their clients to trust it. When it
    /// was made lies beside it, because a copied file has another date.
    private func prepareCertificate() throws(CommandFault) {
        let record = (state.read("certificate.made") ?? "").split(separator: " ")
        let now = Date().timeIntervalSince1970
        if record.count == 2, record[0] == Self.hosts, let made = Double(record[1]),
            (0..<Double(Self.certificateReusedDays * 86_400)).contains(now - made),
            state.exists("certificate.pem"), state.exists("certificate.key")
        {
            return
        }
        for name in ["made", "pem", "key"] { state.remove("certificate.\(name)") }
        try run(
            .gateway,
            [
                "certificate", "create", "--hosts", Self.hosts,
                "--certificate", state.path("certificate.pem"),
                "--key", state.path("certificate.key"), "--days", "\(Self.certificateDays)",
            ])
        try state.write("\(Self.hosts) \(Int(now))\n", to: "certificate.made")
    }

    /// 256 random bits in hexadecimal digits, from the system's generator.
    private static func secret() -> String {
        var source = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String(format: "%016llx", source.next()) }.joined()
    }

    func mintTokens() throws(CommandFault) {
        for tenant in DemoTenant.all {
            let output = try run(
                .gateway,
                [
                    "token", "mint", "--key", state.path("keys/issuer.key"),
                    "--algorithm", "ES256", "--claims", tenant.claims,
                    "--ttl", DemoTenant.tokenLifetime,
                ])
            facts.tokens[tenant.externalID] = output.trimmingCharacters(
                in: .whitespacesAndNewlines)
        }
    }

    private struct TenantRecord: Decodable { let id: String }

    /// Creates the tenants as a vendor's own server would, through the gateway, and answers their
    /// ids by external id. One that is there already, kept from a run before, is as good, and let
    /// in again should it be suspended.
    func createTenants() throws(CommandFault) -> [String: String] {
        var identifiers: [String: String] = [:]
        for tenant in DemoTenant.all {
            let limits = tenant.requests.map { ",\"limits\":{\"requests\":\"\($0)\"}" } ?? ""
            var call = HTTPCall(
                method: "POST", url: facts.url + "/v1/tenants", credential: facts.vendorKey,
                body: """
                    {"external_id":"\(tenant.externalID)","name":"\(tenant.name)",\
                    "tier":"\(tenant.tier)"\(limits)}
                    """)
            var reply = try performPatiently(call)
            if reply.status == 409 {
                call = HTTPCall(
                    method: "PATCH", url: facts.url + "/v1/tenants/\(tenant.externalID)",
                    credential: facts.vendorKey, body: #"{"state":"active"}"#)
                reply = try performPatiently(call)
            }
            guard reply.isSuccess, let record = reply.decode(TenantRecord.self),
                let id = UUID(uuidString: record.id)
            else {
                throw .unexpectedAnswer(to: "\(call.method) \(call.url)", reply.summary)
            }
            identifiers[tenant.externalID] = id.uuidString.lowercased()
        }
        return identifiers
    }

    private struct EventPage: Decodable {
        struct Event: Decodable { let id: String }
        let data: [Event]
    }

    /// Sends each tenant's events with the tenant's own token. Their ids are the caller's, so that
    /// sending them again, to data kept from a run before, makes no second ones.
    func sendEvents() throws(CommandFault) {
        for tenant in DemoTenant.all {
            for (topic, number) in [("order.created", 1), ("order.paid", 2), ("order.sent", 3)] {
                let name = "demo-\(tenant.externalID)-\(number)"
                let call = HTTPCall(
                    method: "POST", url: facts.url + "/v1/events",
                    credential: facts.tokens[tenant.externalID],
                    body: """
                        {"topic":"\(topic)","id":"\(name)",\
                        "payload":{"order":"\(tenant.name)-1001","total":"19.90"}}
                        """)
                let reply = try performPatiently(call)
                guard reply.isSuccess || reply.status == 409 else {
                    throw .unexpectedAnswer(to: "\(call.method) \(call.url)", reply.summary)
                }
            }
        }
        let call = HTTPCall(
            url: facts.url + "/v1/events?limit=1",
            credential: facts.tokens[DemoTenant.all[1].externalID])
        let reply = try performPatiently(call)
        guard reply.isSuccess, let page = reply.decode(EventPage.self), let event = page.data.first
        else { throw .unexpectedAnswer(to: "GET \(call.url)", reply.summary) }
        foreignEventID = event.id
    }
}
