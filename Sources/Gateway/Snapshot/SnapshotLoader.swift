import Policy
import Reactor
import TLS
import Tokens
import YAML

/// What a policy folder came to: a snapshot with the certificates to serve, or diagnostics.
struct LoadedSnapshot {
    var report: PolicyReport
    /// What was read, with the place of every key; `nil` where the first file could not be.
    var document: PolicyDocument?
    var snapshot: Snapshot?
    var certificates: [TLSCertificate] = []
    var clientAuthorities: TLSClientAuthorities?
}

/// Reads a policy with everything it names: files, keys, certificates. `check` and `run` use the
/// same code; only `run` keeps the result.
struct SnapshotLoader {
    static let secretBytesMax = 1_048_576
    /// How long a reload waits for whoever writes into a pipe that is named for a file.
    static let pipePatienceMilliseconds: Int32 = 10_000

    let path: String
    let resolver: Resolver
    /// `NAME` of `env/NAME.yaml`.
    var overlay: String?
    /// What stands in for the world where a policy is only tried out.
    var substitutes: Substitutes?
    /// How often names of upstreams are looked up again.
    static let resolveMilliseconds: UInt64 = 10_000

    final class Findings {
        var diagnostics: [Diagnostic] = []
        /// What could not be read: an error for `run`, a warning for `check`.
        var missing: [(message: String, mark: SourceMark)] = []
    }

    /// `gateway.yaml` in the folder, or the file itself.
    static func file(at path: String) -> String {
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return path }
        return (path.hasSuffix("/") ? path : path + "/") + "gateway.yaml"
    }

    /// - Parameters:
    ///   - version: of the snapshot to be made.
    ///   - previous: whose fetched keys are kept for issuers that did not change.
    ///   - toleratesMissing: `check` on a machine that does not have the secrets: what cannot be
    ///     read is a warning, what can be read must be right.
    func load(
        version: UInt64, previous: Snapshot? = nil, toleratesMissing: Bool = false
    ) -> LoadedSnapshot {
        let loaded = loadPolicy()
        guard var policy = loaded.policy else {
            return LoadedSnapshot(report: loaded.report, document: loaded.document)
        }
        substitutes?.change(&policy)
        let findings = Findings()
        let certificates = substitutes == nil ? certificates(policy, findings) : []
        if substitutes == nil { checkState(policy, findings) }
        let issuers = issuers(policy, previous, findings)
        let vendorKeys = vendorKeys(policy, findings)
        let (upstreams, targets) = upstreams(policy, findings)
        let assertionKey = assertionKey(policy, findings)
        let sealKey = sealKey(policy, findings)
        let (feedSecret, keyPepper) = directorySecrets(policy, findings)
        let (credentials, authorities) = credentials(policy, previous, findings)
        var diagnostics = loaded.report.diagnostics + findings.diagnostics
        let missing: DiagnosticCode = toleratesMissing ? .materialMissing : .materialInvalid
        diagnostics += findings.missing.map { Diagnostic(missing, $0.message, at: $0.mark) }
        let report = PolicyReport(
            files: loaded.report.files, diagnostics: diagnostics, counts: loaded.report.counts)
        guard report.errors == 0, let vendorKeys else {
            return LoadedSnapshot(report: report, document: loaded.document)
        }
        let snapshot = Snapshot(
            version: version, policy: policy, upstreams: upstreams, targets: targets,
            issuers: issuers, vendorKeys: vendorKeys, assertionKey: assertionKey,
            sealKey: sealKey, feedSecret: feedSecret, keyPepper: keyPepper,
            credentials: credentials,
            directory: substitutes?.credentials?.directory.map {
                TenantDirectory(policy: policy, edition: $0)
            })
        return LoadedSnapshot(
            report: report, document: loaded.document, snapshot: snapshot,
            certificates: certificates, clientAuthorities: authorities)
    }

    static func read(_ file: String) throws(UnreadableFile) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(
                file, bytesMax: PolicyBounds.fileBytesMax + 1,
                patienceMilliseconds: pipePatienceMilliseconds)
        } catch {
            throw UnreadableFile(reason: error.description)
        }
    }

    /// The policy alone, with the overlay and what the environment sets; nothing it names but files
    /// of tenants is read.
    func loadPolicy() -> LoadedPolicy<GatewayPolicy> {
        let variables = ProcessContext.variables(beginningWith: "RINGFENCE_")
        return loadGatewayPolicy(
            path: Self.file(at: path),
            settings: PolicySettings(overlay: overlay, variables: variables),
            list: { (folder: String) throws(UnreadableFile) in
                do throws(FileFault) {
                    return try listFolder(folder)
                } catch {
                    throw UnreadableFile(reason: error.description)
                }
            },
            read: { (file: String) throws(UnreadableFile) in try Self.read(file) })
    }

    // MARK: - Material

    func bytes(_ reference: SecretReference, _ findings: Findings) -> [UInt8]? {
        switch reference.kind {
        case .file: return file(reference.name, reference, findings)
        case .env:
            if let value = ProcessContext.variable(reference.name) { return [UInt8](value.utf8) }
            findings.missing.append(
                ("the environment has no variable `\(reference.name)`", reference.mark))
            return nil
        case .cred:
            guard let folder = ProcessContext.variable("CREDENTIALS_DIRECTORY") else {
                findings.missing.append(
                    (
                        "there is no `CREDENTIALS_DIRECTORY`: `cred:` needs a systemd service",
                        reference.mark
                    ))
                return nil
            }
            return file(folder + "/" + reference.name, reference, findings)
        }
    }

    private func file(
        _ path: String, _ reference: SecretReference, _ findings: Findings
    ) -> [UInt8]? {
        do throws(FileFault) {
            return try readFile(
                path, bytesMax: Self.secretBytesMax,
                patienceMilliseconds: Self.pipePatienceMilliseconds)
        } catch {
            findings.missing.append(
                ("cannot read `\(path)`: \(error.description)", reference.mark))
            return nil
        }
    }

    /// The bytes of a secret; one that others can read is worth a warning, not a refusal: whoever
    /// mounts it may have no say in its mode.
    func secret(_ reference: SecretReference, _ findings: Findings) -> [UInt8]? {
        if reference.kind == .file, let mode = try? fileMode(reference.name),
            mode.isReadableByOthers
        {
            findings.diagnostics.append(
                Diagnostic(
                    .secretReadable, "`\(reference.name)` can be read by others",
                    at: reference.mark, label: "chmod 600"))
        }
        return bytes(reference, findings)
    }

    func refuse(
        _ secret: SecretReference, _ message: String, _ findings: Findings
    ) {
        findings.diagnostics.append(
            Diagnostic(.materialInvalid, "`\(secret.name)` \(message)", at: secret.mark))
    }

    private func certificates(_ policy: GatewayPolicy, _ findings: Findings) -> [TLSCertificate] {
        guard let tls = policy.listen.tls else { return [] }
        var made: [TLSCertificate] = []
        for pair in tls.certificates {
            guard let chain = bytes(pair.certificate, findings),
                let key = secret(pair.key, findings)
            else { continue }
            do throws(TLSFault) {
                let certificate = try TLSCertificate(
                    chainPEM: chain.span, keyPEM: key.span, nowSeconds: WallClock.now().seconds)
                warn(about: certificate, pair.certificate, findings)
                made.append(certificate)
            } catch {
                refuse(pair.certificate, "with its key is not usable: \(error)", findings)
            }
        }
        return made
    }

    /// Two weeks: long enough to do something about it, short enough that automatic renewal has
    /// failed by then.
    static let certificateNoticeSeconds: Int64 = 1_209_600

    private func warn(
        about certificate: TLSCertificate, _ reference: SecretReference, _ findings: Findings
    ) {
        let now = WallClock.now().seconds
        let problem: String
        if certificate.warnings.contains(.expired) {
            problem = "has expired"
        } else if certificate.warnings.contains(.notYetValid) {
            problem = "is not valid yet"
        } else if certificate.notAfterSeconds - now < Self.certificateNoticeSeconds {
            problem = "expires in \((certificate.notAfterSeconds - now) / 86_400) days"
        } else {
            return
        }
        findings.diagnostics.append(
            Diagnostic(
                .certificateEnding, "certificate `\(reference.name)` \(problem)",
                at: reference.mark))
    }

    private func vendorKeys(_ policy: GatewayPolicy, _ findings: Findings) -> VendorKeySet? {
        var files: [(vendor: Int, bytes: [UInt8])] = []
        for (index, vendor) in policy.vendors.enumerated() {
            guard let key = vendor.key else { continue }
            let known = substitutes?.vendorKeys[vendor.name] ?? secret(key, findings)
            if let known { files.append((index, known)) }
        }
        do throws(KeyDefect) {
            return try VendorKeySet(keyFiles: files)
        } catch {
            guard let key = policy.vendors.compactMap(\.key).first else { return nil }
            refuse(key, error.message, findings)
            return nil
        }
    }

    private func assertionKey(_ policy: GatewayPolicy, _ findings: Findings) -> [UInt8]? {
        guard let assertion = policy.assertion,
            let bytes = substitutes?.assertionKey ?? secret(assertion.key, findings)
        else { return nil }
        do throws(KeyDefect) {
            _ = try AssertionSigner(keyFile: bytes.span)
        } catch {
            refuse(assertion.key, error.message, findings)
        }
        return bytes
    }

    /// What both sides of a feed share, and what API keys are digested with.
    private func directorySecrets(
        _ policy: GatewayPolicy, _ findings: Findings
    ) -> (feed: [UInt8]?, pepper: [UInt8]?) {
        if let made = substitutes?.credentials { return (nil, made.keyPepper) }
        guard case .directory(let directory) = policy.tenants else { return (nil, nil) }
        return (
            // Nobody is asked where a policy is only tried out.
            substitutes == nil ? directory.secret.flatMap { sharedSecret($0, findings) } : nil,
            directory.pepper.flatMap { sharedSecret($0, findings) }
        )
    }

    /// The bytes of a secret that another program has too: less one line end, and long enough not
    /// to be guessed.
    private func sharedSecret(_ reference: SecretReference, _ findings: Findings) -> [UInt8]? {
        guard var bytes = secret(reference, findings) else { return nil }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard bytes.count >= DirectoryPolicy.secretBytesMin,
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            refuse(
                reference, "is no secret of \(DirectoryPolicy.secretBytesMin) printable characters",
                findings)
            return nil
        }
        return bytes
    }

    // MARK: - Upstreams

    private func upstreams(
        _ policy: GatewayPolicy, _ findings: Findings
    ) -> ([Snapshot.Upstream], [Snapshot.Target]) {
        var upstreams: [Snapshot.Upstream] = []
        var targets: [Snapshot.Target] = []
        for (index, upstream) in policy.upstreams.enumerated() {
            let first = targets.count
            let context = clientContext(upstream, findings)
            for target in upstream.targets {
                guard let made = self.target(target, context, upstream, findings) else { continue }
                targets.append(made)
            }
            upstreams.append(
                Snapshot.Upstream(
                    audience: [UInt8](upstream.name.utf8),
                    connectMilliseconds: UInt64(upstream.connectMilliseconds),
                    responseMilliseconds: UInt64(upstream.responseMilliseconds),
                    idleMilliseconds: UInt64(upstream.idleMilliseconds),
                    echoRequired: upstream.echoRequired && substitutes == nil,
                    isAsserted: policy.assertion?.upstreams.contains(index) ?? false,
                    isSealed: policy.assertion?.seal?.upstreams.contains(index) ?? false,
                    targets: first..<targets.count))
        }
        return (upstreams, targets)
    }

    private func clientContext(
        _ upstream: UpstreamPolicy, _ findings: Findings
    ) -> TLSClientContext? {
        guard substitutes == nil, upstream.targets.contains(where: { $0.scheme == .https })
        else { return nil }
        var certificate: TLSCertificate?
        if let pair = upstream.certificate {
            certificate = clientCertificate(pair, findings)
            guard certificate != nil else { return nil }
        }
        do throws(TLSFault) {
            guard let authority = upstream.certificateAuthority else {
                return try TLSClientContext(certificate: certificate)
            }
            guard let pem = bytes(authority, findings) else { return nil }
            return try TLSClientContext(
                trust: .authorities(pem: pem), certificate: certificate)
        } catch {
            if let authority = upstream.certificateAuthority {
                refuse(authority, "is not a list of certificates: \(error)", findings)
            }
            return nil
        }
    }

    private func target(
        _ target: UpstreamPolicy.Target, _ context: TLSClientContext?, _ upstream: UpstreamPolicy,
        _ findings: Findings
    ) -> Snapshot.Target? {
        let isIPv6 = target.host.utf8.contains(UInt8(ascii: ":"))
        let defaultPort: UInt16 = target.scheme == .https ? 443 : 80
        var authority = isIPv6 ? "[\(target.host)]" : target.host
        if target.port != defaultPort { authority += ":\(target.port)" }
        if target.scheme == .unix { authority = "localhost" }
        let source: Snapshot.AddressSource
        if let recorder = substitutes?.upstream {
            source = .fixed(recorder)
        } else if target.scheme == .unix {
            source = .fixed(.unix(path: target.host))
        } else if let address = IPAddress(target.host) {
            source = .fixed(.ip(address, port: target.port))
        } else {
            do throws(ResolverFault) {
                let name = try resolver.keepFresh(
                    target.host, everyMilliseconds: Self.resolveMilliseconds)
                source = .name(name, port: target.port)
            } catch {
                findings.diagnostics.append(
                    Diagnostic(
                        .materialInvalid, "`\(target.host)` is not a host name", at: upstream.mark)
                )
                return nil
            }
        }
        return Snapshot.Target(
            authority: [UInt8](authority.utf8), serverName: target.host, addresses: source,
            tls: target.scheme == .https ? context : nil)
    }
}
