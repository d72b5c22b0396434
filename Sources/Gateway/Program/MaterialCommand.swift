import HTTP1
import JSON
import Policy
import Reactor
import TLS
import Tokens

/// `certificate create` and `key create`: what the playground and tests need to start from nothing.
enum MaterialCommand {
    static func createCertificate(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let hosts = try words.required("--hosts").split(separator: ",").map(String.init)
            let certificate = try words.required("--certificate")
            let key = try words.required("--key")
            let text = try words.option("--days") ?? "30"
            let replaces = words.flag("--force")
            try words.end()
            try check(privateFile: key, beside: certificate, replaces: replaces)
            guard let days = Int(text), (1...3650).contains(days) else {
                throw Misuse(message: "--days takes 1 to 3650")
            }
            return create(hosts: hosts, days: days, certificate: certificate, key: key)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func create(
        hosts: [String], days: Int, certificate: String, key: String
    ) -> Int32 {
        let made: SelfSignedCertificate
        do throws(TLSFault) {
            // An hour back: clocks differ.
            made = try SelfSignedCertificate(
                hosts: hosts, notBeforeSeconds: WallClock.now().seconds - 3_600, days: days)
        } catch {
            return GatewayProgram.complain(
                "no certificate for `\(hosts.joined(separator: ","))`: \(error)", 1)
        }
        return save([(certificate, made.certificatePEM, 0o644), (key, made.keyPEM, 0o600)])
    }

    static func createKey(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let name = try words.required("--algorithm")
            let privateFile = try words.required("--private")
            let publicFile = try words.option("--public")
            let replaces = words.flag("--force")
            try words.end()
            try check(privateFile: privateFile, beside: publicFile, replaces: replaces)
            guard let algorithm = TokenAlgorithm(name: name) else {
                throw Misuse(message: "--algorithm takes one of \(algorithms)")
            }
            guard algorithm.isSymmetric == (publicFile == nil) else {
                throw Misuse(
                    message: algorithm.isSymmetric
                        ? "\(name) has no public key" : "\(name) needs --public FILE")
            }
            return create(algorithm, privateFile: privateFile, publicFile: publicFile)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static var algorithms: String {
        TokenAlgorithm.names.joined(separator: ", ")
    }

    private static func create(
        _ algorithm: TokenAlgorithm, privateFile: String, publicFile: String?
    ) -> Int32 {
        guard let publicFile else {
            var secret: [UInt8] = []
            for _ in 0..<8 {
                var word = randomUInt64()
                for _ in 0..<16 {
                    let digit = UInt8(truncatingIfNeeded: word) & 15
                    secret.append(digit < 10 ? 48 + digit : 87 + digit)
                    word >>= 4
                }
            }
            return save([(privateFile, secret, 0o600)])
        }
        do throws(KeyDefect) {
            let pair = try KeyPair(algorithm: algorithm)
            return save([
                (privateFile, pair.privatePEM, 0o600), (publicFile, pair.publicPEM, 0o644),
            ])
        } catch {
            return GatewayProgram.complain("no key: \(error.message)", 1)
        }
    }

    /// A private key that is overwritten is lost, with all that was made for it.
    private static func check(
        privateFile: String, beside other: String?, replaces: Bool
    ) throws(Misuse) {
        guard ProcessContext.absolute(privateFile) != other.map(ProcessContext.absolute) else {
            throw Misuse(message: "`\(privateFile)` cannot hold the private key and the other, too")
        }
        guard !replaces, let mode = try? fileMode(privateFile), mode.isRegular else { return }
        throw Misuse(
            message: "`\(privateFile)` is there already; --force replaces it",
            exit: GatewayProgram.Exit.found)
    }

    private static func save(_ files: [(path: String, bytes: [UInt8], mode: UInt16)]) -> Int32 {
        for file in files {
            do throws(FileFault) {
                try writeFileAtomically(file.path, file.bytes.span, mode: file.mode)
            } catch {
                return GatewayProgram.complain("cannot write \(file.path): \(error)", 1)
            }
        }
        return 0
    }
}

/// `token mint`: a token for tests of a policy, from a private key in a file.
enum MintCommand {
    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let keyFile = try words.required("--key")
            let name = try words.required("--algorithm")
            let claims = try words.required("--claims")
            let keyName = try words.option("--kid")
            let type = try words.option("--type")
            let lifetime = try words.option("--ttl") ?? "1h"
            try words.end()
            guard let algorithm = TokenAlgorithm(name: name) else {
                throw Misuse(message: "unknown algorithm `\(name)`")
            }
            guard let seconds = seconds(lifetime) else {
                throw Misuse(message: "--ttl takes a time such as 90s, 15m, 12h or 30d")
            }
            return try mint(keyFile, algorithm, claims, keyName, type, seconds)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func seconds(_ text: String) -> Int64? {
        guard let unit = text.last, let count = Int64(text.dropLast()),
            (1...100_000).contains(count)
        else { return nil }
        switch unit {
        case "s": return count
        case "m": return count * 60
        case "h": return count * 3_600
        case "d": return count * 86_400
        default: return nil
        }
    }

    private static func mint(
        _ keyFile: String, _ algorithm: TokenAlgorithm, _ claims: String, _ keyName: String?,
        _ type: String?, _ seconds: Int64
    ) throws(Misuse) -> Int32 {
        let whole = try complete([UInt8](claims.utf8), seconds: seconds)
        let key: [UInt8]
        do throws(FileFault) {
            key = try readFile(keyFile, bytesMax: 65_536)
        } catch {
            throw .unreadable(keyFile, error)
        }
        do throws(KeyDefect) {
            let signer = try TokenSigner(algorithm: algorithm, keyFile: key.span)
            do throws(TokenSigner.Defect) {
                let token = try signer.mint(claims: whole.span, keyName: keyName, type: type)
                write(String(decoding: token, as: UTF8.self) + "\n", to: .output)
                return 0
            } catch {
                return GatewayProgram.complain("the token cannot be minted: \(error)", 1)
            }
        } catch {
            return GatewayProgram.complain("\(keyFile) \(error.message)", 1)
        }
    }

    /// Adds `iat` and `exp` where the claims do not say them.
    private static func complete(_ claims: [UInt8], seconds: Int64) throws(Misuse) -> [UInt8] {
        var document = JSONDocument()
        do throws(JSONDefect) {
            try document.parse(claims.span)
        } catch {
            throw Misuse(message: "--claims is not JSON: \(error.kind) at byte \(error.offset)")
        }
        let view = document.view(of: claims.span)
        guard view.kind(of: view.root) == .object else {
            throw Misuse(message: "--claims takes one JSON object")
        }
        let now = WallClock.now().seconds
        var added = ""
        if view.member(of: view.root, named: "iat") == nil { added += "\"iat\":\(now)" }
        if view.member(of: view.root, named: "exp") == nil {
            added += (added.isEmpty ? "" : ",") + "\"exp\":\(now + seconds)"
        }
        guard !added.isEmpty else { return claims }
        var whole = claims
        let close = view.range(of: view.root).upperBound - 1
        let isEmpty = view.childCount(of: view.root) == 0
        whole.insert(contentsOf: Array(((isEmpty ? "" : ",") + added).utf8), at: close)
        return whole
    }
}
