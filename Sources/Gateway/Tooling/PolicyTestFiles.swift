import Policy
import Reactor

/// The policy, and the test files, that a path names: a folder with `tests/` in it, or one file.
struct PolicyTestFiles {
    let policy: String
    let tests: [String]

    init(at path: String) throws(ToolFault) {
        guard !path.hasSuffix(".test.yaml") else {
            let folder = PolicyDocument.folder(of: path)
            let parent = folder.hasSuffix("tests") ? String(folder.dropLast(5)) : folder + "/.."
            policy = parent.isEmpty ? "." : parent
            tests = [path]
            return
        }
        let folder =
            path.hasSuffix(".yaml") || path.hasSuffix(".yml")
            ? PolicyDocument.folder(of: path) : String(path.trimmingSlash)
        let place = PolicyDocument.join(folder, "tests")
        do throws(FileFault) {
            _ = try fileMode(folder.isEmpty ? "." : folder)
        } catch {
            throw ToolFault(
                message: "cannot read `\(folder)`: \(error.description)",
                exit: GatewayProgram.Exit.invalid)
        }
        let names = (try? listFolder(place)) ?? []
        let found = names.filter { $0.hasSuffix(".test.yaml") }.sorted()
        guard !found.isEmpty else {
            throw ToolFault(message: "no tests: there is no `\(place)/*.test.yaml`")
        }
        policy = path
        tests = found.map { place + "/" + $0 }
    }
}

extension String {
    /// Without the slash at its end.
    var trimmingSlash: Substring {
        count > 1 && hasSuffix("/") ? dropLast() : self[...]
    }
}
