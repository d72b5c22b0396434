import Policy
import Reactor

/// `init`: a folder of policies to begin with. It writes into an empty folder or makes one, and
/// never over anything.
enum InitCommand {
    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let name = try words.option("--template") ?? PolicyTemplate.api.rawValue
            let path = words.next() ?? "policies"
            try words.end()
            guard let template = PolicyTemplate(rawValue: name) else {
                let known = PolicyTemplate.allCases.map(\.rawValue).joined(separator: ", ")
                throw Misuse(message: "--template takes one of \(known)")
            }
            return write(template, to: String(path.trimmingSlash))
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func write(_ template: PolicyTemplate, to folder: String) -> Int32 {
        let files = template.files + PolicyTemplate.schemas
        do throws(FileFault) {
            guard try isEmpty(folder) else {
                return GatewayProgram.complain(
                    "`\(folder)` is not empty; nothing was written", GatewayProgram.Exit.found)
            }
            for file in files {
                // Folders are one deep.
                let inner = PolicyDocument.folder(of: file.path)
                if !inner.isEmpty { _ = try makeFolder("\(folder)/\(inner)") }
                let bytes = [UInt8](file.text.utf8)
                try writeFileAtomically("\(folder)/\(file.path)", bytes.span)
            }
        } catch {
            return GatewayProgram.complain(
                "cannot write to `\(folder)`: \(error.description)", GatewayProgram.Exit.found)
        }
        for file in template.files { Reactor.write("\(folder)/\(file.path)\n", to: .output) }
        Reactor.write(
            """
            Next:
              ringfence check \(folder)
              ringfence test \(folder)
              ringfence gateway run --config \(folder)

            """, to: .error)
        return GatewayProgram.Exit.fine
    }

    /// Whether nothing is there, after making the folder where it is missing.
    private static func isEmpty(_ folder: String) throws(FileFault) -> Bool {
        if try makeFolder(folder) { return true }
        return try listFolder(folder).isEmpty
    }
}

/// `schema`: what editors check policy files with.
enum SchemaCommand {
    static func run(_ words: inout Words) -> Int32 {
        let name = words.next() ?? PolicySchema.gateway.rawValue
        do throws(Misuse) {
            try words.end()
            guard let schema = PolicySchema(rawValue: name) else {
                let known = PolicySchema.allCases.map(\.rawValue).joined(separator: ", ")
                throw Misuse(message: "schema takes one of \(known)")
            }
            write(schema.json(), to: .output)
            return GatewayProgram.Exit.fine
        } catch {
            return GatewayProgram.misuse(error)
        }
    }
}
