import HTTP1
import Reactor

/// What the command line asks for.
struct AttackOptions {
    var plan: Plan
    var json = false
    var isQuiet = false
    var isVerbose = false
    var reportFile: String?
    var junitFile: String?
    var sarifFile: String?
    var requestsFolder: String?

    static let fileBytesMax = 1 << 20
    static let textsMax = 64

    init(_ words: inout CommandWords) throws(Misuse) {
        guard let url = try words.option("--target") else {
            throw Misuse(message: "--target is missing")
        }
        guard let location = TargetLocation(url) else {
            throw Misuse(message: "--target takes a URL, http:// or https://, without a user")
        }
        var (own, foreign) = try Self.identities(&words)
        let names = try words.options("--names").flatMap { $0.split(separator: ",") }.map(
            String.init)
        guard names.count <= Self.textsMax, names.allSatisfy({ ConceptName($0) != nil }) else {
            throw Misuse(message: "--names takes names with commas between them")
        }
        try Self.nameTenants(&own, &foreign, names, &words)
        let known = names.isEmpty ? own.claimName.map { [$0] } ?? [] : names
        plan = Plan(
            location: location, endpoints: try Self.endpoints(location, &words), own: own,
            foreign: foreign, names: known.isEmpty ? [ConceptName.usual[0]] : known)
        try readMaterial(&words)
        plan.rate = try words.number("--rate", in: 1...1_000, else: 20)
        plan.seconds = try words.seconds("--time", else: 600)
        plan.samples = try words.number("--samples", in: 0...TimingEstimate.pairsMax, else: 60)
        plan.allowsWrites = words.flag("--allow-writes")
        plan.only = try words.options("--only").flatMap { $0.split(separator: ",") }
            .map(String.init)
        json = words.flag("--json")
        isQuiet = words.flag("--quiet") || words.flag("-q")
        isVerbose = words.flag("--verbose") || words.flag("-v")
        reportFile = try words.option("--report")
        junitFile = try words.option("--junit")
        sarifFile = try words.option("--sarif")
        requestsFolder = try words.option("--requests-to")
        _ = words.flag("--no-color")
        try words.end()
    }

    private static func identities(
        _ words: inout CommandWords
    ) throws(Misuse) -> (Identity, Identity) {
        guard let text = try words.option("--tokens") else {
            throw Misuse(message: "--tokens is missing")
        }
        let references = text.split(separator: ",", omittingEmptySubsequences: false)
        guard references.count == 2 else {
            throw Misuse(message: "--tokens takes two, A,B: file:a.token,file:b.token")
        }
        let own = try secret(String(references[0]), of: "--tokens")
        let foreign = try secret(String(references[1]), of: "--tokens")
        guard own != foreign else { throw Misuse(message: "--tokens names the same token twice") }
        guard let one = Identity(token: own), let other = Identity(token: foreign) else {
            throw Misuse(message: "a token of --tokens has bytes that no field can carry")
        }
        return (one, other)
    }

    private static func nameTenants(
        _ own: inout Identity, _ foreign: inout Identity, _ names: [String],
        _ words: inout CommandWords
    ) throws(Misuse) {
        own.findTenant(names: names + ConceptName.usual + ["tid", "tnt"])
        if let claim = own.claimName { foreign.findTenant(names: [claim]) }
        if let text = try words.option("--tenants") {
            let given = text.split(separator: ",").map(String.init)
            guard given.count == 2 else {
                throw Misuse(message: "--tenants takes two names, A,B")
            }
            own.setTenant(given[0])
            foreign.setTenant(given[1])
        }
        guard let one = own.tenant, let other = foreign.tenant, one != other else {
            throw Misuse(
                message: "the tokens do not say whose they are: give --tenants A,B")
        }
        let isFit = [one, other].allSatisfy { name in
            (1...128).contains(name.utf8.count)
                && name.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        }
        guard isFit else {
            throw Misuse(message: "a tenant's name has bytes that no field can carry")
        }
    }

    private static func endpoints(
        _ location: TargetLocation, _ words: inout CommandWords
    ) throws(Misuse) -> [Endpoint] {
        var out: [Endpoint] = []
        do throws(Endpoint.Defect) {
            let paths: [String]
            do throws(Misuse) {
                paths = try words.options("--get")
            } catch {
                throw .target(line: 0)
            }
            for path in paths { out.append(try Endpoint("GET \(path)")) }
        } catch {
            throw Misuse(message: "--get takes a path, such as /v1/orders/{id}")
        }
        if let path = try words.option("--requests") {
            let text = String(decoding: try file(path, of: "--requests"), as: UTF8.self)
            do throws(Endpoint.Defect) {
                out += try Endpoint.list(text)
            } catch {
                throw Misuse(message: "\(path): \(error.words)")
            }
        }
        guard out.count <= Endpoint.countMax else {
            throw Misuse(message: "more than \(Endpoint.countMax) requests")
        }
        guard out.isEmpty else { return out }
        guard let only = try? Endpoint("GET \(location.target)") else {
            throw Misuse(message: "--target has a path that no request can have")
        }
        return [only]
    }

    private mutating func readMaterial(_ words: inout CommandWords) throws(Misuse) {
        plan.ownIDs = try Self.texts("--own-id", &words)
        plan.foreignIDs = try Self.texts("--foreign-id", &words)
        plan.marks = try Self.texts("--mark", &words)
        if let field = try words.option("--credential") {
            guard field.contains("{token}"), field.contains(": "),
                field.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
            else {
                throw Misuse(message: "--credential takes a field, such as 'X-API-Key: {token}'")
            }
            plan.field = field
        }
        if let path = try words.option("--ca") {
            plan.authorities = try Self.file(path, of: "--ca")
        }
        if let path = try words.option("--public-key") {
            plan.publicKey = try Self.file(path, of: "--public-key")
        }
        if let reference = try words.option("--expired-token") {
            plan.expired = try Self.secret(reference, of: "--expired-token")
        }
    }

    private static func texts(
        _ name: String, _ words: inout CommandWords
    ) throws(Misuse) -> [String] {
        let out = try words.options(name)
        guard out.count <= textsMax,
            out.allSatisfy({ text in
                (1...Marks.bytesMax).contains(text.utf8.count)
                    && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            })
        else { throw Misuse(message: "\(name) takes texts of 1 to \(Marks.bytesMax) bytes") }
        return out
    }

    private static func file(_ path: String, of option: String) throws(Misuse) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(path, bytesMax: fileBytesMax)
        } catch {
            throw Misuse(message: "\(option): cannot read `\(path)`: \(error)")
        }
    }

    /// `file:PATH`, `env:NAME` or `cred:NAME`; a token in the command line would be for everybody
    /// on the machine to read.
    static func secret(_ reference: String, of option: String) throws(Misuse) -> String {
        let parts = reference.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw Misuse(message: "\(option) takes file:PATH, env:NAME or cred:NAME, no token")
        }
        let text: String?
        switch parts[0] {
        case "file": text = String(decoding: try file(parts[1], of: option), as: UTF8.self)
        case "env": text = ProcessContext.variable(parts[1])
        case "cred":
            let folder = ProcessContext.variable("CREDENTIALS_DIRECTORY") ?? ""
            text = String(
                decoding: try file("\(folder)/\(parts[1])", of: option), as: UTF8.self)
        default:
            throw Misuse(message: "\(option) takes file:PATH, env:NAME or cred:NAME, no token")
        }
        let end = text?.lastIndex { !$0.isWhitespace }
        guard let text, let end else {
            throw Misuse(message: "\(option): `\(reference)` is empty or not there")
        }
        return String(text[...end])
    }
}

extension Endpoint.Defect {
    var words: String {
        switch self {
        case .method(let line): "line \(line): no method that is known"
        case .target(let line): "line \(line): no path that a request can have"
        case .body(let line): "line \(line): a body needs its type in front of it"
        case .tooLong(let line): "line \(line): longer than \(Endpoint.lineBytesMax) bytes"
        case .tooMany: "more than \(Endpoint.countMax) requests"
        }
    }
}
