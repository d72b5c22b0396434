import Policy

@testable import Tokens

/// A token of an odd kind, nearly always with a signature that is good for its bytes: what is to be
/// judged is how its parts are read.
struct GeneratedToken {
    let bytes: [UInt8]
    let issuer: TokenIssuer
    let row: AlgorithmCase
    /// What was done, for a failure.
    let words: String
}

/// Makes tokens from a seed: good ones, and all that readers are known to disagree about.
struct TokenGenerator {
    private var random: Randomness
    private let issuers: [(AlgorithmCase, TokenIssuer)]
    private var words: [String] = []

    init(seed: UInt64) throws {
        random = Randomness(seed: seed)
        issuers = try AlgorithmCase.all.map { row in
            (row, Fixture.issuer([row.algorithm], try row.keySet()))
        }
    }

    private mutating func chance(_ one: Int) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    mutating func next() -> GeneratedToken {
        words = []
        // RSA takes ten times as long to sign as the others.
        let isQuick = !chance(4)
        let rows = issuers.filter { isQuick == ($0.0.signerIsQuick) }
        let (row, issuer) = pick(rows)
        let header = header(row.algorithm.rawValue)
        let claims = claims()
        var token = row.signer.token(header: Array(header.utf8), claims: claims)
        if chance(6) { token = respelt(token) }
        return GeneratedToken(
            bytes: token, issuer: issuer, row: row, words: words.joined(separator: "; "))
    }

    // MARK: - Header

    private mutating func header(_ name: String) -> String {
        var members = [(#""alg""#, "\"\(name)\""), (#""typ""#, #""JWT""#)]
        if chance(3) { members[1].1 = pick(Self.types) }
        if chance(5) { members.remove(at: 1) }
        if chance(6) { members[0].1 = algorithm(name) }
        if chance(5) { members.append(pick(Self.headerMembers)) }
        if chance(20) { members.append((#""alg""#, pick([#""none""#, "\"\(name)\""]))) }
        if chance(20) { members[0].0 = pick([#""\u0061lg""#, #""Alg""#, #""alg ""#]) }
        let text = joined(members)
        if text != #"{"alg":"\#(name)","typ":"JWT"}"# { words.append("header \(text)") }
        return text
    }

    private mutating func algorithm(_ name: String) -> String {
        pick([
            "\"\(name.lowercased())\"", "\"\(name) \"", #""none""#, #""HS256""#, #""RS256""#, "1",
            "null", "[\"\(name)\"]", #""EdDSA""#, #""Ed25519""#, "\"\(name)\"",
            "\"\\u00\(String(name.utf8.first ?? 65, radix: 16))\(name.dropFirst())\"",
        ])
    }

    private static let types = [
        #""jwt""#, #""at+jwt""#, #""application/at+jwt""#, #""application/jwt""#, #""JOSE""#, "1",
        "null", #""""#, #""JWT ""#, #""ringfence-session+jwt""#,
    ]

    private static let headerMembers = [
        (#""kid""#, #""k1""#), (#""kid""#, "1"), (#""kid""#, #""../x""#), (#""kid""#, "null"),
        (#""crit""#, #"["exp"]"#), (#""crit""#, "[]"), (#""b64""#, "false"), (#""b64""#, "true"),
        (#""zip""#, #""DEF""#), (#""cty""#, #""JWT""#), (#""cty""#, #""json""#),
        (#""enc""#, #""A128GCM""#), (#""jku""#, #""https://evil.example/""#),
        (#""jwk""#, #"{"kty":"oct","k":"AA"}"#), (#""x5c""#, #"["AA"]"#), (#""x""#, "1e999"),
    ]

    // MARK: - Claims

    private mutating func claims() -> [UInt8] {
        var members: [(String, String)] = [
            (#""iss""#, #""https://idp.example.com/""#),
            (#""aud""#, #""https://api.example.com""#), (#""sub""#, #""alice""#),
            (#""tenant_id""#, #""acme""#), (#""tier""#, #""STARTER""#), (#""role""#, #""admin""#),
            (#""iat""#, "\(Fixture.now - 60)"), (#""exp""#, "\(Fixture.now + 300)"),
        ]
        for _ in 0..<Int.random(in: 0...2, using: &random) { change(&members) }
        let text = joined(members)
        words.append("claims \(text)")
        var bytes = Array(text.utf8)
        if chance(25) { bytes = odd(bytes) }
        return bytes
    }

    private mutating func change(_ members: inout [(String, String)]) {
        let place = Int.random(in: 0..<members.count, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: members.remove(at: place)
        case 1: members.append((members[place].0, pick(Self.values)))
        case 2: members.insert((members[place].0, pick(Self.values)), at: 0)
        case 3: members[place].1 = pick(Self.values)
        case 4: members.append(pick(Self.moreClaims))
        case 5: members[place].0 = escaped(members[place].0)
        case 6: members[place].1 = escaped(members[place].1)
        case 7: members.shuffle(using: &random)
        default: time(&members)
        }
        if members.isEmpty { members.append((#""x""#, "1")) }
    }

    private mutating func time(_ members: inout [(String, String)]) {
        let now = Fixture.now
        let name = pick([#""exp""#, #""iat""#, #""nbf""#])
        members.removeAll { $0.0 == name }
        members.append(
            (
                name,
                pick([
                    "\(now)", "\(now + 4)", "\(now - 4)", "\(now + 5)", "\(now - 5)", "\(now - 6)",
                    "\(now + 6)", "\(now + 300).0", "\(now + 300).5", "1e10", "\(now)e0", "-1", "0",
                    "\"\(now + 300)\"", "9007199254740993", "9223372036854775807",
                    "9223372036854775808", "18446744073709551616", "253402300799", "null",
                    "[\(now + 300)]", "true", "\(now + 86_400)", "\(now + 200)", "0\(now + 300)",
                    "+\(now + 300)", "\(now + 300) ",
                ])
            ))
    }

    private static let values = [
        #""acme""#, #""evil""#, #"["acme"]"#, #"["acme","evil"]"#, "1", "1.0", "true", "null",
        #""""#,
        "{}", #"{"tenant_id":"evil"}"#, #"" acme""#, #""acme ""#, #""ACME""#, #""acm\u00e9""#,
        #""acme\u0000""#, #""ac\u006de""#, #""acme\n""#, "\"acme\u{e9}\"", #""\ud800""#,
        #""\ud83d\ude00""#, "12345678901234567890", "1e400", "-0", #""https://api.example.com""#,
        #"["https://api.example.com"]"#, #"["x","https://api.example.com"]"#,
        #"["https://api.example.com",1]"#, #""https://idp.example.com/""#,
        #""https://idp.example.com""#,
    ]

    private static let moreClaims = [
        (#""jti""#, #""t1""#), (#""jti""#, "1"), (#""nbf""#, "\(Fixture.now)"),
        (#""Tenant_id""#, #""evil""#), (#""tenant_id ""#, #""evil""#), (#""x""#, #"{"a":1,"a":2}"#),
        (#""x""#, "NaN"), (#""x""#, "Infinity"), (#""x""#, "0x1"), (#""x""#, "01"), (#""x""#, "1."),
        (#""x""#, ".5"), (#""x""#, "'a'"), (#""x""#, "/* */1"), (#""""#, "1"),
        (#""__proto__""#, #"{"tenant_id":"evil"}"#), (#""x""#, "[[[[[[[[[[1]]]]]]]]]]"),
        (#""x""#, "1e308"), (#""x""#, "1E+2"), (#""tenant_id\u0000""#, #""evil""#),
        (#""x""#, "\"\u{7f}\""), (#""x""#, "\"\t\""),
    ]

    /// The first letter behind the first quotation mark as JSON's escape.
    private func escaped(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "\""), bytes[1] < 0x80, bytes[1] > 0x20,
            bytes[1] != UInt8(ascii: "\\"), bytes[1] != UInt8(ascii: "\"")
        else { return text }
        let digits = String(bytes[1], radix: 16)
        bytes.replaceSubrange(1..<2, with: Array("\\u00\(digits)".utf8))
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func joined(_ members: [(String, String)]) -> String {
        let space = chance(8) ? pick([" ", "\n", "\t", "\r\n", "\u{c}", "\u{a0}"]) : ""
        return "{" + space + members.map { "\($0.0):\(space)\($0.1)" }.joined(separator: ",") + "}"
    }

    /// Bytes before, behind or inside a document.
    private mutating func odd(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes = [0xEF, 0xBB, 0xBF] + bytes
        case 1: bytes += Array("{}".utf8)
        case 2: bytes += [0]
        case 3: bytes += Array(" \n".utf8)
        case 4: bytes.insert(0xFF, at: Int.random(in: 0...bytes.count, using: &random))
        case 5: bytes.insert(0, at: Int.random(in: 0...bytes.count, using: &random))
        default: bytes.remove(at: Int.random(in: 0..<bytes.count, using: &random))
        }
        words.append("odd bytes in the claims")
        return bytes
    }

    // MARK: - Form

    /// Another spelling of the finished token.
    private mutating func respelt(_ token: [UInt8]) -> [UInt8] {
        var token = token
        let dots = token.indices.filter { token[$0] == UInt8(ascii: ".") }
        let tail = pick(["=", "==", "A", "AA", ".", ".AAAA", "\n", " ", "!", "\0", "+", "/", "%3D"])
        words.append("`\(tail)` added, or a byte changed")
        switch Int.random(in: 0..<6, using: &random) {
        case 0: token += Array(tail.utf8)
        case 1: token.insert(contentsOf: Array(tail.utf8), at: pick(dots))
        case 2: token.insert(contentsOf: Array(tail.utf8), at: 0)
        case 3:
            // A bit nothing needs, where there is one.
            token[token.count - 1] = token[token.count - 1] == 65 ? 66 : token[token.count - 1] + 1
        case 4: token.removeLast(Int.random(in: 1...4, using: &random))
        default:
            let place = Int.random(in: 0..<token.count, using: &random)
            token[place] = pick(Array("AZaz09-_.+/= ".utf8))
        }
        return token
    }
}

extension AlgorithmCase {
    var signerIsQuick: Bool {
        switch signer {
        case .rsa, .pss: false
        case .hmac, .ecdsa, .edwards, .bytes: true
        }
    }
}
