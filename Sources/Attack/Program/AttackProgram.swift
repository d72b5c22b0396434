import Reactor
import Release

/// `ringfence-attack`, which `ringfence attack` becomes.
public enum AttackProgram {
    static let usage = """
        usage: ringfence attack --target URL --tokens A,B [OPTIONS]
               ringfence attack --list [--json]

        A and B are tokens of two tenants, as file:PATH, env:NAME or cred:NAME. A attacks B.

          --get PATH             attack this; {id} is where an object's id belongs; again for more
          --requests FILE        a list: METHOD PATH [TYPE BODY], one a line
          --own-id, --foreign-id ID   objects of A and of B; found in lists when left out
          --mark TEXT            something only B's answers hold; again for more
          --tenants A,B          names of the tenants, when the tokens do not say
          --names A,B            what a tenant is called, the first one in all spellings
          --credential FIELD     how a token is sent; 'Authorization: Bearer {token}'
          --ca FILE              certificates to trust
          --public-key FILE      the issuer's public key, to forge with
          --expired-token REF    a token of B that was good once
          --rate N               requests in a second at most; 20
          --time TIME            how long at most; 10m
          --samples N            pairs of a comparison by time; 60, 0 for none
          --allow-writes         attack requests that change something too
          --only FAMILY          beginnings of vector ids, with commas between them
          --json | -v | -q       the report as JSON; all that was tried; only the last line
          --report, --junit, --sarif FILE   the report as JSON, JUnit, SARIF
          --requests-to FOLDER   the exact bytes of what leaked, with the tokens in them

        Exit codes: 0 isolated; 1 not proven; 4 out of reach; 5 a leak; 64 usage; 70 our bug.

        """

    /// The whole life of the process.
    ///
    /// - Parameter arguments: the program's name first.
    public static func main(_ arguments: [String]) -> Never {
        ProcessContext.run("ringfence-attack") { run(Array(arguments.dropFirst())) }
    }

    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        if let expected = ProcessContext.variable("RINGFENCE_EXPECT_VERSION"),
            expected != Release.version
        {
            return complain(
                "this is \(Release.version), but it was started by \(expected); "
                    + "install both from one build",
                AttackReport.Exit.bug)
        }
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) {
            StandardStream.output.write(usage)
            return AttackReport.Exit.fine
        }
        if arguments == ["version"] || arguments == ["--version"] {
            StandardStream.output.write("ringfence-attack \(Release.version)\n")
            return AttackReport.Exit.fine
        }
        var words = CommandWords(arguments)
        do throws(Misuse) {
            if words.flag("--list") {
                let json = words.flag("--json")
                try words.end()
                StandardStream.output.write(json ? CatalogueList.json() : CatalogueList.text())
                return AttackReport.Exit.fine
            }
            return attack(try AttackOptions(&words))
        } catch {
            StandardStream.error.write("ringfence attack: \(error.message.printable)\n\(usage)")
            return AttackReport.Exit.usage
        }
    }

    private static func attack(_ options: AttackOptions) -> Int32 {
        let start = Monotonic.now()
        let campaign: Campaign
        do throws(Unreachable) {
            campaign = try Campaign(options.plan)
            if options.isVerbose, !options.json {
                campaign.progress = { finding in
                    StandardStream.error.write(
                        "\(finding.verdict.rawValue) \(finding.vector)\n")
                }
            }
            try campaign.run()
        } catch {
            return complain(error.reason, AttackReport.Exit.unreachable)
        }
        let report = AttackReport(
            target: options.plan.location.origin, own: options.plan.ownName,
            foreign: options.plan.foreignName, findings: campaign.findings,
            notes: campaign.notes, requests: campaign.requests,
            milliseconds: Monotonic.now().nanoseconds(since: start) / 1_000_000)
        if let failure = write(report, options) {
            return complain(failure, AttackReport.Exit.unproven)
        }
        if options.json {
            StandardStream.output.write(report.json())
        } else if options.isQuiet {
            StandardStream.output.write(report.summary.printable + "\n")
        } else {
            StandardStream.output.write(report.text(isVerbose: options.isVerbose))
        }
        return report.exitCode
    }

    /// - Returns: which file could not be written.
    private static func write(_ report: AttackReport, _ options: AttackOptions) -> String? {
        var files: [(path: String, bytes: [UInt8])] = []
        if let path = options.reportFile { files.append((path, [UInt8](report.json().utf8))) }
        if let path = options.junitFile { files.append((path, [UInt8](report.junit().utf8))) }
        if let path = options.sarifFile { files.append((path, [UInt8](report.sarif().utf8))) }
        if let folder = options.requestsFolder {
            for (index, finding) in report.findings.enumerated()
            where finding.verdict == .leak && !finding.request.isEmpty {
                files.append(("\(folder)/\(index)-\(finding.vector).http", finding.request))
            }
        }
        for (path, bytes) in files {
            do throws(FileFault) {
                // The requests hold tokens.
                try writeFileAtomically(path, bytes.span, mode: 0o600)
            } catch {
                return "cannot write `\(path)`: \(error)"
            }
        }
        return nil
    }

    private static func complain(_ message: String, _ code: Int32) -> Int32 {
        StandardStream.error.write("ringfence attack: \(message.printable)\n")
        return code
    }
}
