import Foundation
import LocalPostgres
import Release

/// A gateway with everything around it, on this machine only, for trying things out.
///
/// It starts in an order in which each part finds what it needs, and stops in the reverse order.
/// What it starts dies with this process in whatever way that ends.
final class Playground {
    let options: PlaygroundOptions
    let state: PlaygroundState
    private let installation: Installation
    private let signals: SignalQueue

    private var postgres: PostgresServer?
    private var programs: [Sibling: SupervisedProgram] = [:]

    /// Filled while starting; written when everything is there.
    var facts = DevEnvironment()
    /// An event of another tenant than the first, for showing that it is out of reach.
    var foreignEventID = ""
    /// That tenant.
    var foreignTenantID = ""

    // These end hangs: what takes long on a busy machine is not broken.
    static let readyTimeoutSeconds = 60
    static let toolTimeoutSeconds = 120
    static let stopTimeoutSeconds = 30.0
    static let preferredPort: UInt16 = 8443
    static let portsTried: UInt16 = 100

    init(
        _ options: PlaygroundOptions, state: PlaygroundState,
        installation: Installation, signals: SignalQueue
    ) {
        self.options = options
        self.state = state
        self.installation = installation
        self.signals = signals
    }

    /// Runs until it is asked to stop, which is a good end, or until a part fails. Everything it
    /// started has stopped when it answers the exit code.
    func run(whenReady: () -> Void) -> Int32 {
        defer { stop() }
        do throws(CommandFault) {
            try start()
            whenReady()
            try watch()
        } catch {
            // ^C on a terminal reaches the tools of PostgreSQL too, and then they fail.
            if error == .stopAsked || isStopAsked() {
                say("stopping")
                return 0
            }
            // Said before stopping takes its time.
            say("\(error)")
            return error.exitCode
        }
    }

    /// Answers when everything is ready and dev.env is written.
    private func start() throws(CommandFault) {
        let began = Date()
        _ = try installation.path(of: .gateway)
        let port = try choosePort()
        try prepareKeys()
        try mintTokens()
        if let upstream = options.upstream {
            try startGateway(PlaygroundPolicies(port: port, behind: .api(upstream)))
        } else {
            try startGateway(PlaygroundPolicies(port: port, behind: try startBackend()))
        }
        facts.certificatePath = state.path("certificate.pem")
        try state.write(facts.text, to: "dev.env")
        say(String(format: "ready in %.1f seconds", Date().timeIntervalSince(began)))
    }

    /// Throws when it is asked to stop or when a part ends by itself.
    private func watch() throws(CommandFault) -> Never {
        while true {
            // The time limit is for what no signal tells, such as a server of another account.
            if signals.next(withinMilliseconds: 1_000) == .stopAsked { throw .stopAsked }
            try requireParts()
        }
    }

    /// Stops what was started, last first. A second ^C makes it quick.
    private func stop() {
        state.remove("dev.env")
        var isHurried = false
        let hurry = { [self] in
            if !isHurried, signals.next(withinMilliseconds: 10) == .stopAsked {
                isHurried = true
                say("stopping at once")
            }
            return isHurried
        }
        for sibling in [Sibling.gateway, .backend] {
            programs.removeValue(forKey: sibling)?.stop(
                timeoutSeconds: Self.stopTimeoutSeconds, hurry: hurry)
        }
        postgres?.stop(timeoutSeconds: isHurried ? 1 : 15)
        postgres = nil
        state.clear()
    }

    /// Where PostgreSQL has its data: elsewhere than the rest when its account cannot go there.
    var dataFolder: String? { postgres?.folder }

    private func requireParts() throws(CommandFault) {
        if let postgres, !postgres.isRunning {
            let log = SupervisedProgram.tail(of: postgres.logPath)
            throw .ended(program: "PostgreSQL", .exited(1), log: log)
        }
        for sibling in [Sibling.backend, .gateway] { try programs[sibling]?.requireRunning() }
    }

    /// Waits for `condition` and answers what it found; gives up when time is up, when a part ends,
    /// or when asked to stop.
    private func wait<Value>(
        for program: SupervisedProgram, _ condition: () throws(CommandFault) -> Value?
    ) throws(CommandFault) -> Value {
        let deadline = Date(timeIntervalSinceNow: Double(Self.readyTimeoutSeconds))
        while true {
            if let value = try condition() { return value }
            try requireParts()
            if Date() >= deadline {
                throw .notReady(
                    program: program.name, seconds: Self.readyTimeoutSeconds,
                    log: program.logTail)
            }
            if signals.next(withinMilliseconds: 10) == .stopAsked { throw .stopAsked }
        }
    }

    private func isStopAsked() -> Bool {
        while let occurrence = signals.next(withinMilliseconds: 0) {
            if occurrence == .stopAsked { return true }
        }
        return false
    }

    private func yieldToSignals() throws(CommandFault) {
        if isStopAsked() { throw .stopAsked }
    }

    private func say(_ text: String) { Message.error("dev: \(text)") }

    private func choosePort() throws(CommandFault) -> UInt16 {
        if let port = options.port {
            guard port == 0 || System.isFree(loopbackPort: port) else { throw .portTaken(port) }
            return port
        }
        let last = Self.preferredPort + Self.portsTried - 1
        let found = (Self.preferredPort...last).first { System.isFree(loopbackPort: $0) }
        guard let found else { throw .noPortFree(first: Self.preferredPort, last: last) }
        if found != Self.preferredPort {
            say("port \(Self.preferredPort) is taken, using \(found)")
        }
        return found
    }
}

// MARK: - Programs

extension Playground {
    /// The environment of siblings: ours, and which build they have to be of.
    private var environment: [String: String] {
        var settings = ProcessInfo.processInfo.environment
        settings[Installation.versionVariable] = Release.version
        return settings
    }

    /// Runs a sibling to its end and answers what it wrote.
    @discardableResult
    func run(_ sibling: Sibling, _ words: [String]) throws(CommandFault) -> String {
        let program = try installation.path(of: sibling)
        let result = try state.runTool(
            [program] + words, environment: environment,
            timeoutSeconds: Self.toolTimeoutSeconds)
        guard result.end == .exited(0) else {
            let command = ([sibling.rawValue] + words.prefix(2)).joined(separator: " ")
            let said = (result.output + result.errors)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw .ended(program: "`\(command)`", result.end, log: said)
        }
        try yieldToSignals()
        return result.output
    }

    /// Starts a sibling's `run` and answers its addresses when it says that it is ready.
    private func launch(
        _ sibling: Sibling, policy: String, log: String
    ) throws(CommandFault) -> [String: String] {
        let announcement = "run/\(sibling.rawValue)"
        state.remove(announcement)
        let words = [
            try installation.path(of: sibling), "run", "--config", state.path(policy),
            "--announce", state.path(announcement), "--die-with-parent",
        ]
        let program = try SupervisedProgram(
            sibling.rawValue, words, environment: environment, log: log, in: state)
        programs[sibling] = program
        let text = try wait(for: program) { () throws(CommandFault) in state.read(announcement) }
        var addresses: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { addresses[String(parts[0])] = String(parts[1]) }
        }
        return addresses
    }

    private func address(
        _ name: String, of sibling: Sibling, in addresses: [String: String]
    ) throws(CommandFault) -> String {
        guard let address = addresses[name] else {
            throw .unexpectedAnswer(
                to: "\(sibling.rawValue) --announce", "it names no address for `\(name)`")
        }
        return address
    }

    /// PostgreSQL, the tables, the backend; answers where it is.
    private func startBackend() throws(CommandFault) -> PlaygroundPolicies.Behind {
        _ = try installation.path(of: .backend)
        let access: PostgresServer.Access
        let adminURL: String
        do throws(LocalPostgresFault) {
            var settings = PostgresServer.Options(
                folder: state.path(options.keepsData ? "kept" : "data"))
            settings.isThrowaway = !options.keepsData
            let server = try PostgresServer.start(settings)
            postgres = server
            if !options.keepsData {
                // A run that the machine's own end interrupted may have left it.
                _ = try server.run(
                    sql: "DROP DATABASE IF EXISTS ringfence", database: "postgres")
            }
            access = try server.prepareDatabase(
                "ringfence", owner: "ringfence_owner", runtime: "ringfence_runtime")
            adminURL = try server.adminURL(database: "ringfence")
        } catch {
            throw .database(error)
        }
        try yieldToSignals()
        try state.write(access.ownerURL + "\n", to: "keys/owner.dsn")
        try state.write(access.runtimeURL + "\n", to: "keys/runtime.dsn")
        try state.write(adminURL + "\n", to: "keys/admin.dsn")
        facts.databaseURL = access.runtimeURL
        let policy = "policies/backend.yaml"
        let feed = PlaygroundPolicies.Feed(in: state.folder)
        try state.write(PlaygroundPolicies.backend(feed), to: policy)
        try run(.backend, ["db", "migrate", "--config", state.path(policy)])
        // Kept with the data, which knows it.
        if !state.exists("keys/seal.key") {
            try run(
                .backend,
                [
                    "db", "seal-key", "create", "--config", state.path(policy),
                    "--out", state.path("keys/seal.key"),
                ])
        }
        let addresses = try launch(
            .backend, policy: policy, log: "logs/backend.log")
        let address = try address("api", of: .backend, in: addresses)
        facts.backendURL = "http://\(address)"
        let announced = try self.address("feed", of: .backend, in: addresses)
        return .backend(address: address, feed: .init(feed, announced: announced))
    }

    private func startGateway(_ policies: PlaygroundPolicies) throws(CommandFault) {
        let isSettingUp = options.upstream == nil
        if !isSettingUp { try state.write(PlaygroundPolicies.tenants, to: "policies/tenants.yaml") }
        try state.write(policies.gateway(isSettingUp: isSettingUp), to: "policies/gateway.yaml")
        let addresses = try launch(
            .gateway, policy: "policies/gateway.yaml", log: "logs/gateway.log")
        facts.url = "https://\(try address("public", of: .gateway, in: addresses))"
        facts.healthURL = "http://\(try address("health", of: .gateway, in: addresses))"
        guard isSettingUp else { return }
        let identifiers = try createTenants()
        foreignTenantID = identifiers[DemoTenant.all[1].externalID] ?? ""
        for tenant in DemoTenant.all { try waitUntilKnown(tenant) }
        try sendEvents()
        try reload { () throws(CommandFault) in
            try state.write(policies.gateway(isSettingUp: false), to: "policies/gateway.yaml")
        }
    }

    /// Performs a call, and again while the gateway or the backend is too busy for it: only for
    /// calls that do nothing more when they are repeated.
    func performPatiently(_ call: HTTPCall) throws(CommandFault) -> HTTPReply {
        guard let gateway = programs[.gateway] else { return try state.perform(call) }
        var last: HTTPReply?
        do throws(CommandFault) {
            return try wait(for: gateway) { () throws(CommandFault) -> HTTPReply? in
                let reply = try state.perform(call)
                last = reply
                return reply.isBusy ? nil : reply
            }
        } catch {
            // The answer says more than that there was none better.
            if case .notReady = error, let last { return last }
            throw error
        }
    }

    /// Until the gateway has heard of it from the backend: it refuses a tenant it does not know,
    /// and everybody's while it knows nothing at all.
    private func waitUntilKnown(_ tenant: DemoTenant) throws(CommandFault) {
        guard let gateway = programs[.gateway] else { return }
        let call = HTTPCall(
            url: facts.url + "/v1/events?limit=1", credential: facts.tokens[tenant.externalID])
        try wait(for: gateway) { () throws(CommandFault) in
            let reply = try state.perform(call)
            if reply.isSuccess { return () }
            guard reply.status == 403 || reply.isBusy else {
                throw .unexpectedAnswer(to: "GET \(call.url)", reply.summary)
            }
            return nil
        }
    }

    /// Changes the gateway's files, and answers when the change is in force.
    private func reload(
        after change: () throws(CommandFault) -> Void
    ) throws(CommandFault) {
        guard let gateway = programs[.gateway] else { return }
        let before = try snapshotVersion()
        try change()
        gateway.signal(SIGHUP)
        try wait(for: gateway) { () throws(CommandFault) in
            try snapshotVersion() > before ? () : nil
        }
    }

    /// What the gateway's metric says about the policy in force.
    private func snapshotVersion() throws(CommandFault) -> Double {
        let metric = "ringfence_snapshot_version"
        let call = HTTPCall(url: facts.healthURL + "/metrics")
        let reply = try state.perform(call)
        for line in reply.body.split(separator: "\n") where line.hasPrefix(metric) {
            let words = line.split(separator: " ")
            if words.count >= 2, let version = Double(words[1]) { return version }
        }
        throw .unexpectedAnswer(to: call.url, "there is no \(metric)")
    }
}
