import HTTP1
@_spi(TokenVerifier) @_spi(TenantDirectory) import Policy
import Testing

@testable import Tokens

/// The gateway's side with every value that a test may want to change.
struct AssertionDraft {
    var key = Array("assertion key of 32 bytes or more".utf8)
    var audience = "orders"
    var requestID = "0190163d-8694-739b-aea5-966c26f8ad91"
    var method = "POST"
    var target = #"/v1/orders?x=1&q="quoted\""#
    var body: String? = "the body"
    var tenant: String? = "acme"
    var id: TenantID? = TenantID(high: 0x0190_163d_8694_739b, low: 0xaea5_966c_26f8_ad92)
    var subject = "alice \u{7}\"\\ müller"
    var role: String? = "admin"
    var tier: String? = "STARTER"
    var lifetime: Int64 = 30
    var seal = ""

    var principal: AssertionPrincipal {
        let claims = VerifiedClaims(
            issuer: 0, vendor: 0, tenant: tenant.flatMap { ExternalID($0, format: .opaque) },
            derivedID: nil, subject: Array(subject.utf8), role: role.map { Array($0.utf8) },
            tier: nil, notBefore: 0, expires: .max)
        return AssertionPrincipal(
            claims: claims, tenant: id, vendor: Array("default".utf8),
            tier: tier.map { Array($0.utf8) })
    }

    var digest: [UInt8] {
        guard let body, var digest = try? BodyDigest() else { return [] }
        var out = ByteBuffer(capacityMax: 64)
        let bytes = Array(body.utf8)
        digest.update(bytes.span.extracting(0..<bytes.count / 2))
        digest.update(bytes.span.extracting(bytes.count / 2..<bytes.count))
        digest.finish(into: &out)
        return out.bytes
    }

    func signed(now: Int64 = Fixture.now) throws -> [UInt8] {
        var signer = try AssertionSigner(keyFile: key.span)
        var out = ByteBuffer(capacityMax: AssertionSigner.bytesMax)
        let audience = Array(audience.utf8)
        let id = Array(requestID.utf8)
        let method = Array(method.utf8)
        let target = Array(target.utf8)
        let digest = digest
        let seal = Array(seal.utf8)
        let request = AssertionRequest(
            audience: audience.span, requestID: id.span, method: method.span,
            target: target.span, bodyDigest: digest.span, seal: seal.span)
        try signer.sign(
            request, for: principal, now: now, lifetimeSeconds: lifetime, into: &out)
        return out.bytes
    }

    func verify(
        _ bytes: [UInt8], now: Int64 = Fixture.now
    ) throws -> Result<Assertion, AssertionDefect> {
        var verifier = try AssertionVerifier(keyFile: key.span)
        let audience = Array("orders".utf8)
        do throws(AssertionDefect) {
            return .success(try verifier.verify(bytes.span, audience: audience.span, now: now))
        } catch {
            return .failure(error)
        }
    }

    func defect(_ bytes: [UInt8], now: Int64 = Fixture.now) throws -> AssertionDefect? {
        if case .failure(let defect) = try verify(bytes, now: now) { return defect }
        return nil
    }
}

@Suite struct `Assertions` {
    let draft = AssertionDraft()

    func signed(_ header: String, _ payload: String) -> [UInt8] {
        TestSigner.hmac("SHA256", draft.key).token(header: header, claims: payload)
    }

    @Test func `what the gateway writes the upstream reads`() throws {
        let assertion = try draft.verify(draft.signed()).get()
        let id = try #require(draft.id)
        #expect(assertion.scope == .tenant(id, externalID: Array("acme".utf8)))
        #expect(assertion.vendor == Array("default".utf8))
        #expect(assertion.subject == Array(draft.subject.utf8))
        #expect(assertion.role == Array("admin".utf8))
        #expect(assertion.tier == Array("STARTER".utf8))
        #expect(assertion.requestID == Array(draft.requestID.utf8))
        #expect(assertion.issuedAt == Fixture.now && assertion.expires == Fixture.now + 30)
        let method = Array(draft.method.utf8)
        let target = Array(draft.target.utf8)
        let get = Array("GET".utf8)
        let other = target + [65]
        let right = assertion.covers(method: method.span, target: target.span)
        let wrongMethod = assertion.covers(method: get.span, target: target.span)
        let wrongTarget = assertion.covers(method: method.span, target: other.span)
        #expect(right && !wrongMethod && !wrongTarget)
        let digest = draft.digest
        var changed = digest
        changed[0] ^= 1
        let body = assertion.covers(bodyDigest: digest.span)
        let wrongBody = assertion.covers(bodyDigest: changed.span)
        #expect(body && !wrongBody && digest.count == BodyDigest.textBytes)
    }

    @Test func `a body digest is base64url of SHA-256`() throws {
        var draft = draft
        draft.body = "abc"
        // FIPS 180-2 B.1.
        #expect(
            String(decoding: draft.digest, as: UTF8.self)
                == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0")
        var digest = try BodyDigest()
        let junk = Array("junk".utf8)
        let abc = Array("abc".utf8)
        digest.update(junk.span)
        digest.reset()
        digest.update(abc.span)
        var out = ByteBuffer(capacityMax: 64)
        digest.finish(into: &out)
        #expect(out.bytes == draft.digest)
    }

    @Test func `a vendor's assertion names no tenant and a streamed body is not covered`() throws {
        var draft = draft
        draft.tenant = nil
        draft.id = nil
        draft.body = nil
        draft.role = nil
        draft.tier = nil
        draft.subject = ""
        let bytes = try draft.signed()
        let assertion = try draft.verify(bytes).get()
        #expect(assertion.scope == .vendor && assertion.bodyDigest == nil)
        #expect(assertion.role == nil && assertion.tier == nil && assertion.subject == nil)
        let stream = Array("stream".utf8)
        let covered = assertion.covers(bodyDigest: stream.span)
        let nothing: [UInt8] = []
        let empty = assertion.covers(bodyDigest: nothing.span)
        #expect(!covered && !empty)
    }

    @Test func `a seal is carried as it is`() throws {
        var draft = draft
        #expect(try draft.verify(draft.signed()).get().seal == nil)
        draft.seal = String(repeating: "s", count: SealMinter.byteCount)
        #expect(try draft.verify(draft.signed()).get().seal == Array(draft.seal.utf8))
    }

    @Test func `a tenant that is only half there is not signed`() {
        var half = draft
        half.id = nil
        #expect(throws: AssertionDefect.claims) { _ = try half.signed() }
        half = draft
        half.tenant = nil
        #expect(throws: AssertionDefect.claims) { _ = try half.signed() }
    }

    @Test func `no byte of an assertion can be changed`() throws {
        let good = try draft.signed()
        var verifier = try AssertionVerifier(keyFile: draft.key.span)
        let audience = Array("orders".utf8)
        var accepted = 0
        for place in good.indices {
            for byte: UInt8 in [65, 66, 46, 61, 0] where byte != good[place] {
                var tampered = good
                tampered[place] = byte
                do throws(AssertionDefect) {
                    _ = try verifier.verify(
                        tampered.span, audience: audience.span, now: Fixture.now)
                    accepted += 1
                } catch {
                    #expect(error.refusal == .assertionInvalid)
                }
            }
        }
        #expect(accepted == 0)
        for tail in ["", "A", "AA", ".", ".AAAA", " ", "\n"] {
            let bytes = tail.isEmpty ? Array(good.dropLast()) : good + Array(tail.utf8)
            #expect(try draft.defect(bytes) != nil)
        }
        var other = draft
        other.key[0] ^= 1
        #expect(try other.defect(good) == .signature)
    }

    @Test func `times are bounded on both sides`() throws {
        let now = Fixture.now
        let good = try draft.signed()
        #expect(try draft.defect(good, now: now + 34) == nil)
        #expect(try draft.defect(good, now: now + 35) == .expired)
        #expect(try draft.defect(good, now: now - 5) == nil)
        #expect(try draft.defect(good, now: now - 6) == .notYetValid)
        var eternal = draft
        eternal.lifetime = 1_000_000
        #expect(try eternal.verify(eternal.signed()).get().expires == now + 300)
    }

    @Test func `a validly signed payload must say exactly what is expected`() throws {
        let header = #"{"alg":"HS256","typ":"ringfence-assertion+jwt"}"#
        func payload(_ changes: KeyValuePairs<String, String?> = [:]) -> String {
            var members: [(String, String)] = [
                ("iss", #""ringfence-gateway""#), ("aud", #""orders""#),
                ("scope", #""tenant""#), ("tid", #""0190163d-8694-739b-aea5-966c26f8ad92""#),
                ("ext", #""acme""#), ("vendor", #""default""#), ("rid", "\"\(draft.requestID)\""),
                ("m", #""GET""#), ("p", #""/""#), ("bd", #""stream""#), ("iat", "\(Fixture.now)"),
                ("exp", "\(Fixture.now + 30)"),
            ]
            for (name, value) in changes {
                members.removeAll { $0.0 == name }
                if let value { members.append((name, value)) }
            }
            return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        }
        #expect(try draft.defect(signed(header, payload())) == nil)
        let cases: [(KeyValuePairs<String, String?>, AssertionDefect)] = [
            (["iss": #""idp""#], .issuer), (["iss": nil], .claims),
            (["aud": #""delivery""#], .audience), (["aud": #"["orders"]"#], .claims),
            (["scope": #""admin""#], .claims), (["scope": nil], .claims),
            (["scope": #""vendor""#], .claims), (["tid": nil], .claims),
            (["tid": #""0190163D-8694-739B-AEA5-966C26F8AD92""#], .claims),
            (["tid": #""acme""#], .claims), (["ext": nil], .claims), (["ext": #""""#], .claims),
            (["vendor": nil], .claims), (["rid": #""1""#], .claims), (["rid": nil], .claims),
            (["m": nil], .claims), (["p": nil], .claims), (["bd": nil], .claims),
            (["bd": #""none""#], .claims), (["extra": "1"], .claims), (["tier": "1"], .claims),
            (["tier": "null"], .claims), (["iat": nil], .claims), (["exp": nil], .claims),
            (["exp": #""1""#], .claims), (["exp": "\(Fixture.now + 301)"], .lifetime),
            (["exp": "\(Fixture.now - 1)"], .lifetime), (["exp": "1e9"], .claims),
        ]
        for (changes, defect) in cases {
            #expect(try draft.defect(signed(header, payload(changes))) == defect, "\(changes)")
        }
        let twice = String(payload().dropLast()) + #","ext":"evil"}"#
        #expect(try draft.defect(signed(header, twice)) == .claims)
        for header in [
            #"{"alg":"HS256","typ":"JWT"}"#, #"{"alg":"none"}"#, #"{"alg":"HS512"}"#,
            #"{"typ":"ringfence-assertion+jwt","alg":"HS256"}"#,
        ] {
            #expect(try draft.defect(signed(header, payload())) == .header)
        }
        // A token of an issuer who happens to share the key is no assertion.
        #expect(
            try draft.defect(signed(Fixture.header("HS256"), Fixture.claims())) == .header)
        for payload in ["[]", "", "{", #"{"a":{"b":1}}"#] {
            #expect(try draft.defect(signed(header, payload)) != nil)
        }
    }

    @Test func `the longest assertion fits and a longer one is not made`() throws {
        var long = draft
        long.target = "/" + String(repeating: "x", count: 8_191)
        let bytes = try long.signed()
        #expect(try long.defect(bytes) == nil)
        long.target = "/" + String(repeating: "x", count: 13_000)
        #expect(throws: AssertionDefect.length) { _ = try long.signed() }
        let huge = [UInt8](repeating: 65, count: AssertionSigner.bytesMax + 1)
        #expect(try draft.defect(huge) == .length)
        var signer = try AssertionSigner(keyFile: draft.key.span)
        var small = ByteBuffer(capacityMax: 300)
        let text = Array("/x".utf8)
        let request = AssertionRequest(
            audience: text.span, requestID: text.span, method: text.span, target: text.span,
            bodyDigest: text.span, seal: text.span)
        var defect: AssertionDefect?
        do throws(AssertionDefect) {
            try signer.sign(
                request, for: draft.principal, now: Fixture.now, lifetimeSeconds: 30,
                into: &small)
        } catch {
            defect = error
        }
        let left = small.count
        #expect(defect == .length && left == 0)
    }

    @Test func `a weak or mistaken key is refused`() {
        for (file, defect) in [
            ([UInt8](repeating: 1, count: 31), KeyDefect.secretTooShort(bytesMin: 32)),
            ([UInt8](repeating: 1, count: 31) + [10], .secretTooShort(bytesMin: 32)),
            (TestKey.rsa.publicPEM, .secretIsKeyFile),
        ] {
            #expect(throws: defect) { _ = try AssertionSigner(keyFile: file.span) }
            #expect(throws: defect) { _ = try AssertionVerifier(keyFile: file.span) }
        }
    }

    @Test func `every defect has a code of its own`() {
        #expect(Set(AssertionDefect.allCases.map { "\($0.code)" }).count == 12)
        #expect(AssertionDefect.replayed.refusal == .assertionReplayed)
        #expect(AssertionDefect.replayMemoryFull.refusal == .overloaded)
    }
}

@Suite struct `Request ids` {
    func assertion(_ number: Int, now: Int64 = Fixture.now) throws -> Assertion {
        var draft = AssertionDraft()
        let digits = String(number, radix: 16)
        draft.requestID =
            "0190163d-8694-739b-aea5-" + String(repeating: "0", count: 12 - digits.count) + digits
        return try draft.verify(draft.signed(now: now), now: now).get()
    }

    func accept(
        _ assertion: Assertion, now: Int64, _ cache: inout RequestIDCache
    ) -> AssertionDefect? {
        do throws(AssertionDefect) {
            try cache.accept(assertion, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `each is accepted once until its assertion is dead anyway`() throws {
        var cache = RequestIDCache(capacity: 8)
        let now = Fixture.now
        let one = try assertion(1)
        for (time, expected) in [
            (now, nil), (now, AssertionDefect.replayed), (now + 34, .replayed),
            (now + 35, .expired), (now, .expired),
        ] {
            let defect = accept(one, now: time, &cache)
            #expect(defect == expected)
        }
    }

    @Test func `when the memory is full requests are refused until ids expire`() throws {
        var cache = RequestIDCache(capacity: 3)
        let now = Fixture.now
        for number in 0..<3 {
            let defect = accept(try assertion(number), now: now, &cache)
            #expect(defect == nil)
        }
        let full = accept(try assertion(3), now: now, &cache)
        let replayed = accept(try assertion(1), now: now, &cache)
        #expect(full == .replayMemoryFull && replayed == .replayed)
        let later = now + 35
        let next = accept(try assertion(3, now: later), now: later, &cache)
        let count = cache.count
        #expect(next == nil && count == 1)
    }

    @Test func `ids stay apart while places are used again`() throws {
        var cache = RequestIDCache(capacity: 16)
        for number in 0..<200 {
            let now = Fixture.now + Int64(number) * 4
            let fresh = accept(try assertion(number, now: now), now: now, &cache)
            #expect(fresh == nil)
            if number > 0 {
                let before = try assertion(number - 1, now: now - 4)
                let defect = accept(before, now: now, &cache)
                #expect(defect == .replayed)
            }
        }
    }
}
