import Foundation
import TestSupport

/// A folder with a copy of the built `ringfence` and stand-ins for its siblings.
final class Stage: Sendable {
    let files: TemporaryFolder
    /// Where commands run.
    let place: String

    /// - Parameter folder: where in the stage the program is put.
    init(program folder: String = "bin") throws {
        files = try TemporaryFolder()
        place = files.path + "/place"
        let target = "\(files.path)/\(folder)"
        for path in [target, place] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
        let copy = try ChildProcess.run(
            "cp", [try BuiltProducts.path("ringfence"), target + "/ringfence"])
        guard copy.end == .exited(0) else {
            throw TestSupportError.closedEarly(copy.errorOutput)
        }
    }

    var program: String { files.path + "/bin/ringfence" }

    /// Writes a program. Other processes do that, here and with the copy: a child that another
    /// test starts meanwhile would hold a file of ours open for writing, and what is written to
    /// cannot be run ("text file busy").
    func addProgram(_ text: String, as name: String) throws {
        let result = try ChildProcess.run(
            "sh", ["-c", "mkdir -p \"${1%/*}\" && cat >\"$1\" && chmod 755 \"$1\"", "sh", name],
            folder: files.path, input: text)
        guard result.end == .exited(0) else {
            throw TestSupportError.closedEarly(result.errorOutput)
        }
    }

    /// Writes a shell script as a sibling.
    func add(_ script: String, as name: String) throws {
        try addProgram("#!/bin/sh\n\(script)\n", as: name)
    }

    /// A gateway that only does what a playground in front of an existing API needs; its `run` is
    /// `body`, which finds the announcement's path in `$announce`.
    func addGateway(running body: String) throws {
        try add(
            """
            certificate= key= private= public= announce=
            command="$1 $2"
            while [ $# -gt 0 ]; do
                case $1 in
                --certificate) certificate=$2 ;;
                --key) key=$2 ;;
                --private) private=$2 ;;
                --public) public=$2 ;;
                --announce) announce=$2 ;;
                esac
                shift
            done
            announce() {
                printf 'public=127.0.0.1:1\\nhealth=127.0.0.1:2\\n' >"$announce.new"
                mv "$announce.new" "$announce"
            }
            # Until the parent is gone: a test that breaks must not leave us behind.
            hold() { while kill -0 $PPID 2>/dev/null; do sleep 0.05; done; }
            case $command in
            "certificate create") echo made >"$certificate"; echo made >"$key" ;;
            "key create") echo made >"$private"; echo made >"$public" ;;
            "token mint") echo a.b.c ;;
            run*)
                \(body)
                ;;
            *) exit 64 ;;
            esac
            """, as: "bin/ringfence-gateway")
    }

    /// A gateway that runs until it is asked to stop, and then says so in `place/stopped`.
    func addSteadyGateway() throws {
        try addGateway(
            running: """
                trap 'echo asked >stopped; exit 0' TERM
                announce
                hold
                """)
    }

    /// The built gateway and backend, whose feed is at `run/late.sock`, where no gateway looks for
    /// it, and after that `script`, which finds the playground's folder in `$folder`.
    func addLateFeed(after script: String) throws {
        for sibling in ["gateway", "backend"] {
            let program = try BuiltProducts.path("ringfence-\(sibling)")
            guard sibling == "backend" else {
                try add("exec '\(program)' \"$@\"", as: "bin/ringfence-gateway")
                continue
            }
            try add(
                """
                if [ "$1" = run ]; then
                    folder=$(dirname "$3")/..
                    sed -i 's/feed[.]sock/late.sock/' "$3"
                    (\(script)) >/dev/null 2>&1 &
                fi
                exec '\(program)' "$@"
                """, as: "bin/ringfence-backend")
        }
    }

    func start(
        _ words: [String], environment: [String: String] = [:], input: String? = nil
    ) throws -> ChildProcess {
        var settings = ProcessInfo.processInfo.environment
        settings["NO_COLOR"] = nil
        settings.merge(environment) { $1 }
        return try ChildProcess(
            program, words, environment: settings, folder: place, input: input)
    }

    func run(
        _ words: [String], environment: [String: String] = [:], input: String? = nil
    ) throws -> (end: ChildProcess.End, output: String, errors: String) {
        let process = try start(words, environment: environment, input: input)
        let end = try process.wait()
        return (end, process.output, process.errorOutput)
    }

    /// A file in the folder where commands run.
    func read(_ name: String) -> String? {
        try? String(contentsOfFile: "\(place)/\(name)", encoding: .utf8)
    }

    func waitForFile(_ name: String, of process: ChildProcess) throws {
        try eventually("\(name)\n\(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return read(name) != nil
        }
    }
}
