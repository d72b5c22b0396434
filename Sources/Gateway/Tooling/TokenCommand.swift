import JSON
import Policy
import Reactor
import Tokens

/// `token inspect` and `token verify`: what a token says, and whether the policy would believe it.
struct TokenCommand {
    static func inspect(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let token = try token(&words)
            try words.end()
            return inspect(token, isJSON: isJSON)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    static func verify(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let path = try words.option("--config") ?? "policies/"
            let name = try words.option("--issuer")
            let overlay = try words.overlay()
            let token = try token(&words)
            try words.end()
            return verify(token, (path, overlay), issuer: name, isJSON: isJSON)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func token(_ words: inout Words) throws(Misuse) -> [UInt8] {
        [UInt8](try ExplainCommand.token(try words.option("--token-file") ?? "-").utf8)
    }

    // MARK: - Without trust

    private static func inspect(_ token: [UInt8], isJSON: Bool) -> Int32 {
        let decoded: UncheckedToken
        do throws(TokenDefect) {
            decoded = try UncheckedToken(token.span)
        } catch {
            return GatewayProgram.complain(
                "this is no token: \(error.message) (\(error.code))", GatewayProgram.Exit.found)
        }
        let header = CanonicalJSON.text(of: decoded.header)
        let claims = CanonicalJSON.text(of: decoded.claims)
        if isJSON {
            var out = JSONWriter()
            out.beginObject()
            out.member("v", 1)
            out.member("verified", false)
            for (name, text) in [("header", header), ("claims", claims)] {
                out.key(name)
                if let text { out.raw([UInt8](text.utf8).span) } else { out.null() }
            }
            out.member("signature_bytes", decoded.signatureBytes)
            out.endObject()
            write(String(decoding: out.bytes, as: UTF8.self) + "\n", to: .output)
            return GatewayProgram.Exit.fine
        }
        write("NOT VERIFIED: anybody can write a token that says this\n", to: .error)
        write(lines("header", decoded.header), to: .output)
        write(lines("claims", decoded.claims), to: .output)
        write("signature: \(decoded.signatureBytes) bytes, not checked\n", to: .output)
        return GatewayProgram.Exit.fine
    }

    /// The members of a part, one a line; times also as people read them.
    private static func lines(_ title: String, _ bytes: [UInt8]) -> String {
        var document = JSONDocument()
        guard (try? document.parse(bytes.span)) != nil else {
            return "\(title): not one strict JSON object\n"
        }
        let view = document.view(of: bytes.span)
        var rows: [[String]] = []
        let now = WallClock.now().seconds
        var members = view.children(of: view.root)
        while let member = members.next() {
            let key = String(decoding: view.key(of: member) ?? [], as: UTF8.self)
            var value = String(decoding: copy(view.rawLexeme(of: member)), as: UTF8.self)
            if ["exp", "nbf", "iat"].contains(key), let seconds = view.integer(at: member) {
                let distance = Explanation.duration(abs(seconds - now))
                value += seconds >= now ? "  (in \(distance))" : "  (\(distance) ago)"
            }
            rows.append([key.printableText, value.printableText])
        }
        return "\(title):\n" + TextTable.text(rows)
    }

    // MARK: - By the policy

    private static func verify(
        _ token: [UInt8], _ place: (path: String, overlay: String?), issuer name: String?,
        isJSON: Bool
    ) -> Int32 {
        do throws(ToolFault) {
            guard let snapshot = try snapshot(place.path, place.overlay) else {
                return GatewayProgram.Exit.invalid
            }
            let keys = try issuer(of: token, named: name, in: snapshot)
            guard let issuer = keys.issuer else {
                throw ToolFault(message: "there are no keys of issuer `\(keys.policy.name)`")
            }
            var verifier = try verifier()
            do throws(TokenDefect) {
                let claims = try verifier.verify(
                    token.span, issuer: issuer, now: WallClock.now().seconds)
                try show(claims, keys.policy, snapshot, isJSON: isJSON)
                return GatewayProgram.Exit.fine
            } catch {
                return refuse(error, keys.policy, isJSON: isJSON)
            }
        } catch {
            return GatewayProgram.complain(error.message, GatewayProgram.Exit.found)
        }
    }

    private static func verifier() throws(ToolFault) -> TokenVerifier {
        do throws(KeyDefect) {
            return try TokenVerifier()
        } catch {
            throw ToolFault(message: error.message)
        }
    }

    /// The policy with its keys; `nil` after diagnostics were shown.
    private static func snapshot(
        _ path: String, _ overlay: String?
    ) throws(ToolFault) -> Snapshot? {
        do throws(RehearsalFault) {
            let resolver = try ToolResolver.make()
            var loader = SnapshotLoader(path: path, resolver: resolver, overlay: overlay)
            loader.substitutes = Substitutes(upstream: .ip(IPAddress(v4: 0), port: 0))
            let loaded = loader.load(version: 1, toleratesMissing: true)
            if loaded.snapshot == nil {
                write(loaded.report.text(colour: isTerminal(.error)), to: .error)
            }
            if let snapshot = loaded.snapshot {
                for line in FetchedKeys.fetch(for: snapshot, resolver) {
                    write("ringfence-gateway: \(line)\n", to: .error)
                }
            }
            return loaded.snapshot
        } catch {
            throw ToolFault(message: error.description)
        }
    }

    /// The issuer that is named, or the one the token says it is from.
    private static func issuer(
        of token: [UInt8], named name: String?, in snapshot: Snapshot
    ) throws(ToolFault) -> IssuerKeys {
        let names = snapshot.issuers.map(\.policy.name).joined(separator: ", ")
        if let name {
            guard let found = snapshot.issuers.first(where: { $0.policy.name == name }) else {
                throw ToolFault(message: "there is no issuer `\(name)`; there is \(names)")
            }
            return found
        }
        guard snapshot.issuers.count != 1 else { return snapshot.issuers[0] }
        let said = (try? UncheckedToken(token.span)).flatMap { claimedIssuer($0.claims) }
        let found = snapshot.issuers.filter { $0.policy.issuer == said }
        guard found.count == 1 else {
            throw ToolFault(message: "name an issuer with --issuer: \(names)")
        }
        return found[0]
    }

    private static func claimedIssuer(_ claims: [UInt8]) -> String? {
        var document = JSONDocument()
        guard (try? document.parse(claims.span)) != nil else { return nil }
        let view = document.view(of: claims.span)
        guard let node = view.member(of: view.root, named: "iss") else { return nil }
        return view.string(at: node).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func show(
        _ claims: VerifiedClaims, _ issuer: IssuerPolicy, _ snapshot: Snapshot, isJSON: Bool
    ) throws(TokenDefect) {
        var rows = [["issuer", issuer.name]]
        rows.append(["subject", String(decoding: claims.subject, as: UTF8.self)])
        rows.append(["tenant", claims.tenant?.text ?? "none"])
        if let role = claims.role { rows.append(["role", String(decoding: role, as: UTF8.self)]) }
        var refusal: Refusal?
        do throws(Refusal) {
            let principal = try snapshot.rules.resolve(claims)
            rows.append(["tier", String(decoding: principal.tierName, as: UTF8.self)])
            rows.append(["tenant id", principal.tenant.text])
        } catch {
            refusal = error
        }
        let left = claims.expires - WallClock.now().seconds
        rows.append(["good for", Explanation.duration(left)])
        if isJSON {
            var out = JSONWriter()
            out.beginObject()
            out.member("v", 1)
            out.member("verified", true)
            for row in rows { out.member(row[0], row[1]) }
            out.key("code")
            if let refusal { out.string(refusal.code) } else { out.null() }
            out.endObject()
            write(String(decoding: out.bytes, as: UTF8.self) + "\n", to: .output)
            return
        }
        write("verified\n" + TextTable.text(rows), to: .output)
        if let refusal {
            write(
                "but requests with it are refused, \(refusal.code): \(refusal.title)\n", to: .error)
        }
    }

    private static func refuse(
        _ defect: TokenDefect, _ issuer: IssuerPolicy, isJSON: Bool
    ) -> Int32 {
        if isJSON {
            var out = JSONWriter()
            out.beginObject()
            out.member("v", 1)
            out.member("verified", false)
            out.member("issuer", issuer.name)
            out.member("check", "\(defect.code)")
            out.member("message", "\(defect.message)")
            out.endObject()
            write(String(decoding: out.bytes, as: UTF8.self) + "\n", to: .output)
        } else {
            write(
                "NOT VERIFIED as a token of \(issuer.name): \(defect.message) (\(defect.code))\n",
                to: .output)
        }
        return GatewayProgram.Exit.found
    }
}
