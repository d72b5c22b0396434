import Foundation
import TestSupport

/// How a token is made, right or wrong. Signed by OpenSSL's program, so that no row trusts the code
/// it tests; `BenchPolicy.mintedTokens` has those the gateway's own `token mint` makes.
struct TokenRecipe: Sendable {
    enum Signer: Sendable {
        /// RSA with the issuer's key and SHA-256, unless said otherwise.
        case rsa(key: String = "idp.key", hash: String = "sha256")
        /// ECDSA: the two numbers, after `change`.
        case ecdsa(
            key: String = "es.key", hash: String = "sha256", change: ECDSASignature.Change = .none)
        /// RSASSA-PSS; the salt has 32 bytes unless said otherwise.
        case pss(key: String = "ps.key", hash: String = "sha256", salt: Int = 32)
        /// Ed25519.
        case edwards(key: String = "ed.key")
        /// HMAC with a file's bytes as the secret.
        case hmac(file: String, hash: String = "sha256")
        /// These bytes are the signature.
        case bytes([UInt8])
        /// Nothing behind the last dot.
        case empty

        /// How OpenSSL's program signs; empty where nothing is signed.
        fileprivate var command: String {
            switch self {
            case .rsa(let key, let hash), .ecdsa(let key, let hash, _):
                "openssl dgst -\(hash) -sign \(key)"
            case .pss(let key, let hash, let salt):
                "openssl dgst -\(hash) -sigopt rsa_padding_mode:pss "
                    + "-sigopt rsa_pss_saltlen:\(salt) -sign \(key)"
            case .edwards(let key): "edwards \(key)"
            case .hmac(let file, let hash):
                "openssl dgst -\(hash) -mac HMAC -macopt "
                    + "hexkey:$(od -An -v -tx1 \(file) | tr -d ' \\n')"
            case .bytes, .empty: ""
            }
        }

        fileprivate func signature(_ signed: () throws -> [UInt8]) throws -> [UInt8] {
            switch self {
            case .rsa, .pss, .edwards, .hmac: try signed()
            case .ecdsa(_, _, let change): try ECDSASignature(der: signed()).changed(change)
            case .bytes(let bytes): bytes
            case .empty: []
            }
        }
    }

    /// What becomes of the finished token.
    struct Finish: Sendable {
        let words: String
        let apply: @Sendable (String) -> String

        static let none = Finish(words: "") { $0 }

        static func tail(_ text: String) -> Finish {
            Finish(words: "`\(Report.escaped(text, limit: 40))` behind it") { $0 + text }
        }
    }

    /// One scalar a byte, as in `Case.wire`. `{keys}` is a host where somebody listens.
    var header = #"{"alg":"RS256","typ":"JWT"}"#
    /// Claims that are not the usual ones; a claim with an empty value is left out. Values are
    /// JSON, and `now+5` is a time.
    var changes: [(name: String, value: String)] = []
    /// The whole payload, in place of claims.
    var payload: String?
    var signer = Signer.rsa()
    var finish = Finish.none

    init(
        header: String = #"{"alg":"RS256","typ":"JWT"}"#,
        changes: KeyValuePairs<String, String> = [:], payload: String? = nil,
        signer: Signer = .rsa(), finish: Finish = .none
    ) {
        self.header = header
        self.changes = changes.map { ($0, $1) }
        self.payload = payload
        self.signer = signer
        self.finish = finish
    }

    /// Whether the finished token is larger than what a gateway reads of a refused request.
    var isHuge: Bool {
        finish.apply("").utf8.count > 200_000 || (payload?.utf8.count ?? 0) > 150_000
    }

    /// The claims every token has unless a row says otherwise.
    private static let usual: [(name: String, value: String)] = [
        ("iss", #""https://idp.test/""#), ("aud", #""api""#), ("sub", #""u1""#),
        ("tenant_id", #""acme""#), ("tier", #""FREE""#), ("iat", "now-5"), ("exp", "now+3000"),
    ]

    /// The usual claims with these changes.
    static func claims(_ changes: [(name: String, value: String)]) -> String {
        var members = usual
        for (name, value) in changes {
            members.removeAll { $0.name == name }
            if !value.isEmpty { members.append((name, value)) }
        }
        let now = Int(Date().timeIntervalSince1970)
        let texts = members.map { member in
            var value = member.value
            if value.hasPrefix("now") { value = "\(now + (Int(value.dropFirst(3)) ?? 0))" }
            return "\"\(member.name)\":\(value)"
        }
        return "{" + texts.joined(separator: ",") + "}"
    }

    func naming(keyHost: String) -> TokenRecipe {
        var copy = self
        copy.header = header.replacingOccurrences(of: "{keys}", with: keyHost)
        return copy
    }

    private var message: String {
        let claims = payload ?? Self.claims(changes)
        return Self.encode(Wire.latin(header)) + "." + Self.encode(Wire.latin(claims))
    }

    /// Makes all of them with two shells, one signature for rows that differ only in what becomes
    /// of the finished token.
    ///
    /// - Parameter folder: has the key files, and room for more.
    static func make(
        _ recipes: [(name: String, recipe: TokenRecipe)], in folder: TemporaryFolder
    ) throws -> [String: String] {
        var numbers: [String: Int] = [:]
        // Called as the others are: with a key, `-binary -out`, and two files.
        let edwards =
            "edwards() { openssl pkeyutl -sign -rawin -inkey $1 -out $4 -in $5; }; set -e"
        var scripts = [edwards, edwards]
        var tokens: [String: (message: String, file: String)] = [:]
        for (name, recipe) in recipes {
            let message = recipe.message
            let command = recipe.signer.command
            let number = numbers[message + command] ?? numbers.count
            let file = "sign/\(number)"
            tokens[name] = (message, "\(folder.path)/\(file).out")
            guard numbers.updateValue(number, forKey: message + command) == nil else { continue }
            try folder.write(message, to: file)
            if command.isEmpty { continue }
            scripts[number % 2] += "\n\(command) -binary -out \(file).out \(file)"
        }
        let both = "(\(scripts[0])) & first=$!\n(\(scripts[1]))\nwait $first"
        try Material.runShell("set -e\n" + both, in: folder)
        var finished: [String: String] = [:]
        for (name, recipe) in recipes {
            guard let (message, file) = tokens[name] else { continue }
            let signature = try recipe.signer.signature {
                Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            }
            finished[name] = recipe.finish.apply(message + "." + encode(signature))
        }
        return finished
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}

/// The two numbers of a signature, which OpenSSL writes in DER and tokens as plain bytes.
struct ECDSASignature {
    enum Change: Sendable {
        case none
        /// Left in DER, as no token has it.
        case der
        /// The other `s` that verifies as well: the order of P-256 less `s`.
        case mirrored
        case withoutLastByte
        case withZeroByte
    }

    private let der: [UInt8]

    init(der: [UInt8]) { self.der = der }

    func changed(_ change: Change) throws -> [UInt8] {
        switch change {
        case .none: try numbers(of: size)
        case .der: der
        case .mirrored: try mirrored()
        case .withoutLastByte: try numbers(of: size).dropLast()
        case .withZeroByte: try numbers(of: size) + [0]
        }
    }

    /// Bytes of one number: by the length of what was signed with, P-256 or P-384.
    private var size: Int { der.count > 80 ? 48 : 32 }

    private func numbers(of size: Int) throws -> [UInt8] {
        // SEQUENCE, length, then twice INTEGER, length, bytes with a sign; all lengths are short.
        var rest = der.dropFirst(2)
        var out: [UInt8] = []
        for _ in 0..<2 {
            guard let length = rest.dropFirst().first, rest.count >= Int(length) + 2 else {
                throw TestSupportError.malformedResponse("signature")
            }
            let number = rest.dropFirst(2).prefix(Int(length)).drop { $0 == 0 }
            out += [UInt8](repeating: 0, count: max(0, size - number.count)) + number
            rest = rest.dropFirst(2 + Int(length))
        }
        return out
    }

    private static let order: [UInt8] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ]

    private func mirrored() throws -> [UInt8] {
        var both = try numbers(of: 32)
        var borrow = 0
        for index in (0..<32).reversed() {
            let difference = Int(Self.order[index]) - Int(both[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            both[32 + index] = UInt8(truncatingIfNeeded: difference)
        }
        return both
    }
}
