import Release

/// What is printed when everything is ready: where things are, and lines to paste.
extension Playground {
    func instructions(_ paint: Paint) -> String {
        let isComplete = options.upstream == nil
        var out = """

            \(paint.bold("Ringfence \(Release.version) playground")): generated keys, self-signed \
            certificate, 127.0.0.1 only. Not for production.

              gateway   \(facts.url)
              health    \(facts.healthURL)/readyz and /metrics

            """
        if let upstream = options.upstream {
            out += "  upstream  \(upstream.text)\n"
        } else {
            out += "  backend   \(facts.backendURL) (for going around the gateway, below)\n"
            out += "  data      \(dataFolder ?? "") (PostgreSQL)\n"
        }
        let tenants = DemoTenant.all.map { "\($0.externalID) \($0.tier) \($0.limit)" }
        let tokens = DemoTenant.all.map { "$\($0.tokenVariable)" }
        out += """
              tenants   \(tenants.joined(separator: ", "))
              tokens    \(tokens.joined(separator: ", ")), for \(DemoTenant.tokenLifetime)
              state     \(PlaygroundState.name)/ (policies, keys, logs)

            \(paint.bold("Try it")): in another shell, in this folder

              . \(PlaygroundState.name)/dev.env


            """
        for example in isComplete ? backendExamples : upstreamExamples {
            out += paint.faint("# \(example.title)") + "\n" + example.line + "\n"
            out += paint.faint("#   -> \(example.result)") + "\n\n"
        }
        let rest = options.keepsData ? "data and keys are kept" : "data and keys are removed"
        return out + "^C stops everything; \(rest).\n"
    }

    struct Example {
        let title: String
        let line: String
        /// What is to be seen.
        let result: String
    }

    /// A line that shows the answer and its status. The certificate is named each time, so that
    /// each line can be pasted alone.
    private static func curl(_ words: String, token: String = "$TOKEN_ACME") -> String {
        "curl -sS -w '\\n%{http_code}\\n' --cacert \"$RINGFENCE_CA\" "
            + "-H \"Authorization: Bearer \(token)\" \(words)"
    }

    var backendExamples: [Example] {
        let events = "\"$RINGFENCE_URL/v1/events\""
        return [
            Example(
                title: "acme's own events", line: Self.curl(events),
                result: "200, three events of acme"),
            Example(
                title: "send one",
                line: Self.curl(
                    "-H 'Content-Type: application/json' "
                        + "-d '{\"topic\":\"order.created\",\"payload\":{\"n\":1}}' \(events)"),
                result: "202 and the event"),
            Example(
                title: "the vendor's view of its tenants",
                line: Self.curl("\"$RINGFENCE_URL/v1/tenants\"", token: "$VENDOR_KEY"),
                result: "200, four tenants"),
            suspension(events),
            keyUse(events),
            Example(
                title: "attack: name another tenant in a header",
                line: Self.curl("-H 'X-Tenant-ID: globex' \(events)"),
                result: "200, still acme's events: the header was replaced"),
            Example(
                title: "attack: name another tenant in the query",
                line: Self.curl("\"$RINGFENCE_URL/v1/events?tenant_id=globex\""),
                result: "200, still acme's events: the parameter was removed"),
            Example(
                title: "attack: ask for an event of globex",
                line: Self.curl("\"$RINGFENCE_URL/v1/events/\(foreignEventID)\""),
                result: "404, as for an event that does not exist"),
            forgery(events),
            Example(
                title: "attack: go around the gateway",
                line: "curl -sS -w '\\n%{http_code}\\n' -H \"Authorization: Bearer $TOKEN_ACME\" "
                    + "-H 'X-Tenant-ID: acme' \"$RINGFENCE_BACKEND_URL/v1/events\"",
                result: "401: the backend believes the gateway's assertion only"),
            Example(
                title: "attack: log in as the backend does, and claim to be globex",
                line: "psql \"$RINGFENCE_DATABASE_URL\" -qAt -c \"SELECT set_config("
                    + "'app.current_tenant', '\(foreignTenantID)', false)\" "
                    + "-c 'SELECT count(*) FROM ringfence.events'",
                result: "0 events: the database believes the gateway's seal only"),
            flood(events),
        ]
    }

    var upstreamExamples: [Example] {
        let root = "\"$RINGFENCE_URL/\""
        return [
            Example(
                title: "a request of acme", line: Self.curl(root),
                result: "what the upstream answers; it got X-Tenant-ID: acme"),
            Example(
                title: "attack: name another tenant in header and query",
                line: Self.curl("-H 'X-Tenant-ID: globex' \"$RINGFENCE_URL/?tenant_id=globex\""),
                result: "the upstream still got acme, and no tenant_id"),
            Example(
                title: "attack: no credential",
                line: "curl -sS -w '\\n%{http_code}\\n' --cacert \"$RINGFENCE_CA\" \(root)",
                result: "401"),
            forgery(root),
            flood(root),
        ]
    }

    private func suspension(_ events: String) -> Example {
        let change = Self.vendorCall(
            "-X PATCH -d \"{\\\"state\\\":\\\"$state\\\"}\"", "umbrella")
        return Example(
            title: "suspend umbrella, and resume it (or: ringfence tenant suspend umbrella)",
            line: "for state in suspended active; do \(change) >/dev/null; sleep 1; "
                + "curl -sS -o /dev/null -w '%{http_code}\\n' --cacert \"$RINGFENCE_CA\" "
                + "-H \"Authorization: Bearer $TOKEN_UMBRELLA\" \(events); done",
            result: "403, then 200: the gateway follows the backend's tenants within a second")
    }

    private func keyUse(_ events: String) -> Example {
        let make = Self.vendorCall("-d '{\"name\":\"demo\"}'", "initech/keys")
        return Example(
            title: "an API key in place of a token (or: ringfence key create initech --name demo)",
            line: "KEY=$(\(make) | sed -n 's/.*\"key\":\"\\([^\"]*\\)\".*/\\1/p'); sleep 1; "
                + "curl -sS -w '\\n%{http_code}\\n' --cacert \"$RINGFENCE_CA\" "
                + "-H \"X-API-Key: $KEY\" \(events)",
            result: "200, initech's events; tiers STARTER and GROWTH have no API keys: 403")
    }

    /// What the vendor's own server would say about a tenant.
    private static func vendorCall(_ words: String, _ tenant: String) -> String {
        "curl -sS --cacert \"$RINGFENCE_CA\" -H \"Authorization: Bearer $VENDOR_KEY\" "
            + "-H 'Content-Type: application/json' \(words) "
            + "\"$RINGFENCE_URL/v1/tenants/\(tenant)\""
    }

    private func forgery(_ target: String) -> Example {
        let payload = "$(printf %s \"$TOKEN_GLOBEX\" | cut -d. -f2)"
        return Example(
            title: "attack: the claims of globex under the signature of acme's token",
            line: "FORGED=\"${TOKEN_ACME%%.*}.\(payload).${TOKEN_ACME##*.}\"; "
                + Self.curl(target, token: "$FORGED"),
            result: "401")
    }

    private func flood(_ target: String) -> Example {
        Example(
            title: "attack: 101 requests of a STARTER tenant within a minute",
            line: "for n in $(seq 101); do curl -s -o /dev/null -w '%{http_code}\\n' "
                + "--cacert \"$RINGFENCE_CA\" -H \"Authorization: Bearer $TOKEN_ACME\" "
                + "\(target); done | sort | uniq -c",
            result: "429 from the 101st on (what was sent in the minute before counts)")
    }
}
