import Foundation
import TestSupport

/// The keys, certificates and tokens of all benches, made once per run.
final class Material: Sendable {
    static let shared = Result { try Material() }

    let folder: TemporaryFolder
    let program: String
    /// By the name rows use.
    let tokens: [String: String]
    /// Where a forged header says that keys are to be had; nobody may come.
    let keyHost: KeyHost
    /// Wall-clock second shortly before the tokens were made.
    let begun = Int(Date().timeIntervalSince1970)

    private init() throws {
        folder = try TemporaryFolder()
        program = try BuiltProducts.path("ringfence-gateway")
        keyHost = try KeyHost()
        for command in Self.commands { try Self.run(program, command, in: folder) }
        try Self.runShell(Self.weakKeys, in: folder)
        try Self.writeSets(folder)
        tokens = try Self.tokens(program, keyHost, in: folder)
    }

    private static let commands = [
        "key create --algorithm RS256 --private idp.key --public idp.pub",
        "key create --algorithm RS256 --private foreign.key --public foreign.pub",
        "key create --algorithm ES256 --private es.key --public es.pub",
        "key create --algorithm PS256 --private ps.key --public ps.pub",
        "key create --algorithm EdDSA --private ed.key --public ed.pub",
        "key create --algorithm HS256 --private hs.key",
        "key create --algorithm HS256 --private assertion.key",
        "key create --algorithm HS256 --private vendor.key",
        "key create --algorithm HS256 --private session.key",
        "certificate create --hosts localhost,127.0.0.1 --certificate tls.crt --key tls.key",
    ]

    /// What no gateway should take for a key, and other forms of the one it has.
    private static let weakKeys = """
        set -e
        openssl genrsa -out rsa1024.key 1024
        openssl rsa -in rsa1024.key -pubout -out rsa1024.pub
        openssl genrsa -out rsa512.key 512
        openssl rsa -in rsa512.key -pubout -out rsa512.pub
        openssl ecparam -name secp384r1 -genkey -noout -out p384.key
        openssl ec -in p384.key -pubout -out p384.pub
        openssl pkey -pubin -in idp.pub -outform DER -out idp.der
        openssl rsa -pubin -in idp.pub -RSAPublicKey_out -out idp.pkcs1
        for name in idp foreign ps; do
            openssl rsa -pubin -in $name.pub -noout -modulus | cut -d= -f2 > modulus.hex
            perl -ne 'chomp; print pack "H*", $_' modulus.hex > $name.modulus
        done
        head -c -1 idp.pub > idp.trimmed
        (cat idp.pub; echo) > idp.longer
        : > empty.key
        printf x > short.key
        chmod 600 *.key
        """

    /// Two sets whose names differ, one of which holds a key for something else.
    private static func writeSets(_ folder: TemporaryFolder) throws {
        func key(_ name: String, _ file: String, use: String = "sig") throws -> String {
            let bytes = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file).modulus")))
            return #"{"kty":"RSA","use":"\#(use)","alg":"RS256","kid":"\#(name)","#
                + #""n":"\#(TokenRecipe.encode(bytes))","e":"AQAB"}"#
        }
        let mine = [
            try key("one", "idp"), try key("two", "foreign"), try key("three", "ps", use: "enc"),
        ]
        try folder.write("{\"keys\":[\(mine.joined(separator: ","))]}", to: "set.json")
        let other = try key("four", "foreign")
        try folder.write("{\"keys\":[\(other)]}", to: "other.json")
    }

    static func runShell(_ script: String, in folder: TemporaryFolder) throws {
        let run = try ChildProcess.run("sh", ["-c", script], folder: folder.path)
        guard run.end == .exited(0) else { throw TestSupportError.closedEarly(run.errorOutput) }
    }

    @discardableResult
    private static func run(
        _ program: String, _ command: String, in folder: TemporaryFolder
    ) throws -> String {
        let words = command.components(separatedBy: " ")
        let run = try ChildProcess.run(program, words, folder: folder.path)
        guard run.end == .exited(0) else { throw TestSupportError.closedEarly(run.errorOutput) }
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func tokens(
        _ program: String, _ keyHost: KeyHost, in folder: TemporaryFolder
    ) throws -> [String: String] {
        var tokens: [String: String] = [:]
        for (name, key, algorithm, claims) in BenchPolicy.mintedTokens {
            let command = "token mint --key \(key) --algorithm \(algorithm) --claims \(claims)"
            tokens[name] = try run(program, command, in: folder)
        }
        let rows = Catalogue.all.compactMap { row in row.recipe.map { (row.id, $0) } }
        let others =
            BenchPolicy.scenarioTokens + BenchPolicy.countedTokens + BenchPolicy.revokedTokens
        let recipes = (rows + others).map {
            name, recipe in
            (name, recipe.naming(keyHost: "127.0.0.1:\(keyHost.port)"))
        }
        tokens.merge(try TokenRecipe.make(recipes, in: folder)) { _, made in made }
        let vendorKey = try String(contentsOfFile: "\(folder.path)/vendor.key", encoding: .utf8)
        tokens["vendor"] = vendorKey.trimmingCharacters(in: .whitespacesAndNewlines)
        return tokens
    }
}

/// Listens where forged tokens say that their key can be fetched.
final class KeyHost: Sendable {
    private let listener: RawSocket
    var port: UInt16 { listener.port }

    init() throws { listener = try RawSocket.listen(address: "127.0.0.1") }

    /// Whether somebody connected.
    var wasVisited: Bool { listener.accept(seconds: 0) != nil }
}
