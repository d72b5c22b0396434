import HTTP1
import NaiveReading
import Policy

// Documents of GraphQL.
extension CleaningOracle {
    /// Routes that differ in what they do about documents.
    static func graphQLRules() -> [BodyPolicy.GraphQL: BodyRule] {
        var rules: [BodyPolicy.GraphQL: BodyRule] = [:]
        for handling in BodyPolicy.GraphQL.allCases {
            var policy = GatewayPolicy()
            var route = RoutePolicy(
                name: handling.rawValue, path: PathPattern(text: "/**", segments: [.rest]),
                authentication: .issuer(0), upstream: 0)
            route.body.graphQL = handling
            policy.routes = [route]
            rules[handling] = RuleSet(policy: policy).routes[0].bodies
        }
        return rules
    }

    /// One document by itself, in JSON, in a batch of JSON, in a form and in a form in parts: all
    /// end alike, and where it passes, no reader finds a name in it that means the tenant.
    public func checkGraphQL(_ document: [UInt8]) -> String? {
        for handling in BodyPolicy.GraphQL.allCases {
            let refusal = refusal(document, as: "application/graphql", handling)
            if handling == .opaque {
                guard refusal == nil else { return "what nobody reads is refused" }
                continue
            }
            guard self.refusal(document, as: "application/graphql", handling) == refusal else {
                return "two answers"
            }
            if let failure = checkCarriers(document, handling, refusal) { return failure }
            guard refusal == nil else { continue }
            for reading in NaiveGraphQL.Reading.all {
                for name in NaiveGraphQL(document, reading).names
                where names.mustGo(name.bytes) && (handling == .reject || name.isInput) {
                    return "passed: \(String(decoding: name.bytes, as: UTF8.self))"
                }
            }
        }
        // What the strict one lets through, the other does too.
        if refusal(document, as: "application/graphql", .reject) == nil,
            refusal(document, as: "application/graphql", .rejectArguments) != nil
        {
            return "`reject-arguments` refuses more than `reject`"
        }
        return nil
    }

    private func checkCarriers(
        _ document: [UInt8], _ handling: BodyPolicy.GraphQL, _ expected: Refusal?
    ) -> String? {
        let json = [UInt8](#"{"query":"#.utf8) + Self.quoted(document) + [UInt8]("}".utf8)
        guard refusal(json, as: "application/json", handling) == expected else {
            return "in JSON it ends in another way"
        }
        let batch = [UInt8](#"[{"query":"{a}"},"#.utf8) + json + [UInt8]("]".utf8)
        guard refusal(batch, as: "application/json", handling) == expected else {
            return "in a batch it ends in another way"
        }
        var form = [UInt8]("a=1&query=".utf8)
        for byte in document {
            let digits = String(byte, radix: 16)
            form += [UInt8]((digits.utf8.count < 2 ? "%0" : "%").utf8) + [UInt8](digits.utf8)
        }
        let type = "application/x-www-form-urlencoded"
        guard refusal(form, as: type, handling) == expected else {
            return "in a form it ends in another way"
        }
        // A document with a delimiter in it is two parts.
        let head = "--Boundary\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n"
        guard !String(decoding: document, as: UTF8.self).contains("--Boundary") else { return nil }
        let parts = [UInt8](head.utf8) + document + [UInt8]("\r\n--Boundary--\r\n".utf8)
        guard
            refusal(parts, as: "multipart/form-data; boundary=Boundary", handling) == expected
        else { return "in a part it ends in another way" }
        return nil
    }

    /// A JSON string of these bytes.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            if byte < 0x20 {
                let digits = String(byte, radix: 16)
                out += [UInt8]((digits.utf8.count < 2 ? "\\u000" : "\\u00").utf8)
                out += [UInt8](digits.utf8)
            } else {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    out.append(UInt8(ascii: "\\"))
                }
                out.append(byte)
            }
        }
        return out + [UInt8(ascii: "\"")]
    }

    private func refusal(
        _ bytes: [UInt8], as type: String, _ handling: BodyPolicy.GraphQL
    ) -> Refusal? {
        guard let rule = graphQL[handling] else { return .internalError }
        let typeText = [UInt8](type.utf8)
        var scratch = BodyScratch()
        do throws(Refusal) {
            let type = try ContentType(typeText.span)
            var out = ByteBuffer(
                capacityMax: bytes.count + rule.growthMax(of: bytes.span, as: type))
            _ = try rule.clean(
                bytes.span, as: type, typeText.span, tenant: tenant, &scratch, into: &out)
            return nil
        } catch {
            return error
        }
    }
}
