import Policy
import Postgres
import Reactor
import Verification
import YAML

/// A database to be verified, and who may lend its verification a seal key.
struct DatabaseProof: Sendable {
    var options: VerificationOptions
    /// The file of accepted risks.
    var waiverFile: String?
    /// The owner's login, of a database of ours that believes seals.
    private let owner: ConnectionString?

    /// Our own database: as the runtime role, in the mode that the configuration says.
    init(_ setup: BackendSetup) {
        options = VerificationOptions(login: setup.runtimeAddress)
        options.expectOurs(setup.context)
        options.watches = setup.policy.database.verify == .watch
        waiverFile = setup.policy.database.waivers
        owner = setup.context == .plain ? nil : setup.owner
    }

    /// Another one, which may have our guard.
    init(login: DatabaseAddress) {
        options = VerificationOptions(login: login)
        options.trustGuard(ContextMode.allCases)
        owner = nil
    }

    /// The accepted risks as the file says them now; none without a file.
    func readWaivers() throws(StartupFault) -> [WaiverFile.Waiver] {
        guard let waiverFile else { return [] }
        let loaded = loadWaivers(path: waiverFile, rules: Rule.allCases.map(\.rawValue)) {
            name throws(UnreadableFile) in
            do throws(FileFault) {
                return try readFile(name, bytesMax: PolicyBounds.fileBytesMax + 1)
            } catch {
                throw UnreadableFile(reason: error.words)
            }
        }
        guard let file = loaded.file else {
            throw StartupFault(
                exit: .invalidConfiguration, message: loaded.report.text(colour: false))
        }
        return file.waivers
    }

    /// What is found, with no risk accepted.
    ///
    /// - Throws: `ProbeFault` when the database gives no answer.
    func verify() throws(ProbeFault) -> VerificationReport {
        guard options.sealKey == nil, let owner, case .guarded = options.context,
            var key = ProbeKey(owner)
        else { return try Verifier.verify(options) }
        var options = options
        options.sealKey = key.key
        defer { key.retire() }
        return try Verifier.verify(options)
    }
}

extension VerificationOptions {
    /// A database as `db migrate` makes it, in this mode.
    mutating func expectOurs(_ mode: ContextMode) {
        context =
            mode == .plain
            ? .setting("app.current_tenant") : .guarded(schema: "ringfence_guard")
        trustGuard([mode])
        guard let bodies = GuardScript(mode: mode)?.contextBodies else { return }
        for (name, body) in [("tenant", bodies.tenant), ("vendor", bodies.vendor)] {
            allowedFunctions["ringfence.\(name)"] = [Self.pin(ofBody: body)]
        }
    }

    /// Our guard's functions, by their texts. Those that look after keys are not allowed to be
    /// called: the login has no business there.
    mutating func trustGuard(
        _ modes: [ContextMode], schemas: [String] = ["ringfence"],
        tenantColumn: String = "tenant_id"
    ) {
        let scripts = modes.compactMap {
            GuardScript(mode: $0, schemas: schemas, tenantColumn: tenantColumn)
        }
        for script in scripts {
            for (name, body) in script.bodies where !["list_keys", "retire_key"].contains(name) {
                allowedFunctions["ringfence_guard.\(name)", default: []].insert(
                    Self.pin(ofBody: body))
            }
            for (name, text) in script.functionTexts {
                pinnedFunctions["ringfence_guard.\(name)", default: []].insert(
                    Self.pin(ofBody: text.body) + " " + text.attributes)
            }
        }
        withheldFunctions = ["claim", "install_key", "mint", "sign"].map { "ringfence_guard.\($0)" }
    }
}

/// A seal key that the database knows for the minutes of one proof, installed by the owner, so
/// that seals can be tried without the gateway's key. Its id begins with `pr`; such keys are
/// deleted once they are over.
private struct ProbeKey: ~Copyable {
    private static let attemptsMax = 8

    let key: SealKey
    private let id: String
    private var session: OwnerSession

    /// `nil` when the owner cannot install one, whatever the reason: the report then says what
    /// could not be tried for want of a key.
    init?(_ owner: ConnectionString) {
        guard var session = try? OwnerSession(connectingTo: owner, deadline: Self.deadline),
            let database = try? session.rows(
                SealKeyCommands.nameDatabase, deadline: Self.deadline
            ).only().text(0)
        else { return nil }
        var random = [UInt8](repeating: 0, count: SealKeyCommands.keyBytes + 2)
        // Another proof may have drawn the same id.
        for _ in 0..<Self.attemptsMax {
            var span = random.mutableSpan
            randomBytes(into: &span)
            let secret = Array(random[..<SealKeyCommands.keyBytes])
            let letters = random[SealKeyCommands.keyBytes...].map { UInt8(ascii: "a") + $0 % 26 }
            let id = "pr" + String(decoding: letters, as: UTF8.self)
            let line = "rfseal1:\(id):\(database):\(SealKeyCommands.hex(secret))"
            let values: [Parameter] = [
                .text(id), .bytes(SealKeyCommands.pad(secret, 0x36)),
                .bytes(SealKeyCommands.pad(secret, 0x5C)),
            ]
            guard let key = SealKey(line: line) else { return nil }
            Interruption.whenAsked { Self.retire(id, as: owner) }
            let isInstalled =
                (try? session.rows(Self.install, values, deadline: Self.deadline)) != nil
            if isInstalled {
                self.key = key
                self.id = id
                self.session = session
                return
            }
        }
        Interruption.whenAsked(nil)
        return nil
    }

    /// What fails here ends by itself minutes later.
    mutating func retire() {
        _ = try? session.rows(Self.retire, [.text(id)], deadline: Self.deadline)
        Interruption.whenAsked(nil)
    }

    /// The same, while somebody else uses the session.
    private static func retire(_ id: String, as owner: ConnectionString) {
        var session = try? OwnerSession(connectingTo: owner, deadline: deadline)
        _ = try? session?.rows(retire, [.text(id)], deadline: deadline)
    }

    private static var deadline: Deadline {
        .after(milliseconds: DatabaseCommands.checkMilliseconds)
    }

    private static let install: StaticString = """
        SELECT ringfence_guard.install_key($1, $2, $3, pg_catalog.now(),
            pg_catalog.now() + interval '15 minutes')
        """

    private static let retire: StaticString =
        "SELECT ringfence_guard.retire_key($1, pg_catalog.now())"
}
