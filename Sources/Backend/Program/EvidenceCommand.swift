import Reactor
import Tokens
import Verification

/// `db evidence`: keys for signed reports, and their check, which needs no database.
enum EvidenceCommand: Equatable {
    case makeKey(privateFile: String, publicFile: String)
    case check(file: String, publicFile: String)

    private static let keyBytesMax = 65_536

    /// - Parameter words: behind `db evidence`.
    init(_ words: ArraySlice<String>) throws(BackendCommand.UsageFault) {
        var rest = words
        switch rest.popFirst() {
        case "keygen":
            let flags = try BackendCommand.flags(&rest, [], ["--private", "--public"])
            guard let privateFile = flags["--private"], let publicFile = flags["--public"] else {
                throw BackendCommand.UsageFault(
                    message: "`db evidence keygen` needs `--private` and `--public`")
            }
            self = .makeKey(privateFile: privateFile, publicFile: publicFile)
        case "check":
            let file = rest.popFirst()
            let flags = try BackendCommand.flags(&rest, [], ["--public-key"])
            guard let file, !file.hasPrefix("--"), let publicFile = flags["--public-key"] else {
                throw BackendCommand.UsageFault(
                    message: "`db evidence check` takes a file and `--public-key`")
            }
            self = .check(file: file, publicFile: publicFile)
        default:
            throw BackendCommand.UsageFault(
                message: "`db evidence` is followed by `keygen` or `check`")
        }
    }

    func perform() throws(StartupFault) -> ExitCode {
        switch self {
        case .makeKey(let privateFile, let publicFile):
            // Whoever lost a key this way could prove nothing of what it has signed.
            for file in [privateFile, publicFile] where (try? fileMode(file)) != nil {
                throw StartupFault(exit: .failed, message: "error: `\(file)` is there already\n")
            }
            let pair: (privatePEM: [UInt8], publicPEM: [UInt8])
            do throws(KeyDefect) {
                pair = try Evidence.makeKey()
            } catch {
                throw StartupFault(exit: .bug, message: "error: OpenSSL made no key\n")
            }
            try Self.write(pair.privatePEM, to: privateFile, mode: 0o600)
            try Self.write(pair.publicPEM, to: publicFile, mode: 0o644)
            StandardStream.output.write("key \(Evidence.keyID(pair.publicPEM))\n")
        case .check(let file, let publicFile):
            let key = try Self.read(publicFile, Self.keyBytesMax)
            let evidence = try Self.read(file, Evidence.bytesMax)
            do throws(Evidence.Defect) {
                let id = try Evidence.check(evidence, publicPEM: key)
                StandardStream.output.write("\(file) is as it was signed by key \(id)\n")
            } catch {
                throw StartupFault(exit: .failed, message: "error: \(file) \(error.words)\n")
            }
        }
        return .fine
    }

    private static func read(_ file: String, _ bytesMax: Int) throws(StartupFault) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(file, bytesMax: bytesMax)
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: cannot read `\(file)`: \(error.words)\n")
        }
    }

    private static func write(
        _ bytes: [UInt8], to file: String, mode: UInt16
    ) throws(StartupFault) {
        do throws(FileFault) {
            try writeFileAtomically(file, bytes.span, mode: mode)
        } catch {
            throw StartupFault(
                exit: .failed, message: "error: cannot write `\(file)`: \(error.words)\n")
        }
    }
}
