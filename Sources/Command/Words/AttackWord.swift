import ArgumentParser

struct AttackWord: ParsableCommand {
    static let configuration = describe(
        "attack", "Attack an API as one tenant, and see whether another's data comes out.",
        synopsis: "attack --target URL --tokens A,B [OPTIONS]\n       ringfence attack --list")

    @Option(help: "The API, http:// or https://.") var target: String
    @Option(help: "Two tokens, file:PATH, env:NAME or cred:NAME each; A attacks B.")
    var tokens: String
    @Option(help: "A path to attack; {id} is where an object's id belongs.") var get: [String] = []
    @Option(help: "A list: METHOD PATH [TYPE BODY].", completion: .file()) var requests: String?
    @Option(help: "An object of A.") var ownId: [String] = []
    @Option(help: "An object of B.") var foreignId: [String] = []
    @Option(help: "Something only B's answers hold.") var mark: [String] = []
    @Option(help: "Names of the tenants, A,B.") var tenants: String?
    @Option(help: "What a tenant is called.") var names: String?
    @Option(help: "How a token is sent, as in 'X-API-Key: {token}'.") var credential: String?
    @Option(help: "Certificates to trust.", completion: .file()) var ca: String?
    @Option(help: "The issuer's public key, to forge with.", completion: .file())
    var publicKey: String?
    @Option(help: "A token of B that was good once, file:PATH.") var expiredToken: String?
    @Option(help: "Requests in a second at most.") var rate: Int?
    @Option(help: "How long at most, as in 10m.") var time: String?
    @Option(help: "Pairs of a comparison by time; 0 for none.") var samples: Int?
    @Flag(help: "Attack requests that change something too.") var allowWrites = false
    @Option(help: "Beginnings of vector ids to try.") var only: String?
    @Option(help: "Write the report as JSON.", completion: .file()) var report: String?
    @Option(help: "Write it as JUnit.", completion: .file()) var junit: String?
    @Option(help: "Write it as SARIF.", completion: .file()) var sarif: String?
    @Option(help: "Write the exact bytes of what leaked, tokens and all.", completion: .directory)
    var requestsTo: String?
    @Flag(help: "List the attacks.") var list = false
    @Flag(name: .shortAndLong, help: "Print everything that was tried.") var verbose = false
    @Flag(name: .shortAndLong, help: "Print the last line alone.") var quiet = false
    @Flag(help: "Print JSON.") var json = false
}
