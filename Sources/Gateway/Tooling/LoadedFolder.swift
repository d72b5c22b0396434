import Policy
import Reactor
import YAML

/// A policy that a command looks at and does not serve.
struct LoadedFolder {
    let policy: GatewayPolicy
    let document: PolicyDocument
    let report: PolicyReport
    var places: PolicyPlaces { PolicyPlaces(files: report.files, document: document) }

    /// Loads it, or shows all that is wrong with it.
    ///
    /// - Returns: `nil` after diagnostics were shown; the command ends with `Exit.invalid`.
    static func load(
        _ path: String, overlay: String?
    ) throws(ToolFault) -> LoadedFolder? {
        let resolver: Resolver
        do throws(SystemFault) {
            resolver = try Resolver()
        } catch {
            throw ToolFault(message: "\(error)")
        }
        let loaded = SnapshotLoader(path: path, resolver: resolver, overlay: overlay)
            .loadPolicy()
        guard let policy = loaded.policy, let document = loaded.document else {
            write(loaded.report.text(colour: isTerminal(.error)), to: .error)
            return nil
        }
        return LoadedFolder(policy: policy, document: document, report: loaded.report)
    }
}
