import Foundation
import Release
import TestSupport
import Testing

@testable import ringfence

@Suite struct `Words of siblings` {
    /// Writes each word in brackets.
    static let echo = #"printf '%s:' "${0##*/}"; for word in "$@"; do printf '[%s]' "$word"; done"#

    @Test(arguments: [
        (["gateway", "run", "--config", "a b"], "ringfence-gateway:[run][--config][a b]"),
        (["gateway"], "ringfence-gateway:"),
        (["gateway", "--", "--no-color", ""], "ringfence-gateway:[--][--no-color][]"),
        (["check", "--strict", "policies/"], "ringfence-gateway:[check][--strict][policies/]"),
        (["token", "mint", "--version"], "ringfence-gateway:[token][mint][--version]"),
        (["certificate", "create"], "ringfence-gateway:[certificate][create]"),
        (["key", "create", "-x"], "ringfence-gateway:[key][create][-x]"),
        (["attack", "--help"], "ringfence-attack:[--help]"),
        (["backend", "run"], "ringfence-backend:[run]"),
        (["db", "migrate", "--config", "x"], "ringfence-backend:[db][migrate][--config][x]"),
        (["test", "--coverage"], "ringfence-gateway:[test][--coverage]"),
        (["explain", "--request", "GET /"], "ringfence-gateway:[explain][--request][GET /]"),
        (["diff", "a", "b"], "ringfence-gateway:[diff][a][b]"),
        (["config", "show"], "ringfence-gateway:[config][show]"),
        (["routes", "--overlaps"], "ringfence-gateway:[routes][--overlaps]"),
        (["status"], "ringfence-gateway:[status]"),
        (["gateway", "reload"], "ringfence-gateway:[reload]"),
        (["attack", "--target", "u"], "ringfence-attack:[--target][u]"),
        (["help", "E1204"], "ringfence-gateway:[help][E1204]"),
        (["help", "rate.limited"], "ringfence-gateway:[help][rate.limited]"),
        (["help", "W2001", "--json"], "ringfence-gateway:[help][W2001][--json]"),
        (["--no-color", "db", "posture"], "ringfence-backend:[db][posture]"),
    ]) func `arrive untouched`(_ words: [String], _ expected: String) throws {
        let stage = try Stage()
        for name in ["ringfence-gateway", "ringfence-backend", "ringfence-attack"] {
            try stage.add(Self.echo, as: "bin/" + name)
        }
        let result = try stage.run(words)
        #expect(result.output == expected)
        #expect(result.end == .exited(0))
    }

    @Test func `arrive as the bytes they came as`() throws {
        let stage = try Stage()
        try stage.add(#"printf '%s' "$2""#, as: "bin/ringfence-gateway")
        let result = try ChildProcess.run(
            "sh",
            [
                "-c", #""$1" gateway run "$(printf 'a\377b')" | od -An -tx1"#, "sh",
                stage.program,
            ])
        #expect(result.output.trimmingCharacters(in: .whitespacesAndNewlines) == "61 ff 62")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 64, 70, 255]) func `end with the sibling's code`(
        _ code: Int
    ) throws {
        let stage = try Stage()
        try stage.add("echo data; echo words >&2; exit \(code)", as: "bin/ringfence-gateway")
        let result = try stage.run(["check"])
        #expect(result.end == .exited(Int32(code)))
        #expect(result.output == "data\n")
        #expect(result.errors == "words\n")
    }

    @Test func `become the sibling, so that signals are its own`() throws {
        let stage = try Stage()
        try stage.add(
            "trap 'echo hung up; exit 9' HUP; echo $$; while :; do sleep 0.05; done",
            as: "bin/ringfence-backend")
        let process = try stage.start(["backend", "run"])
        try process.waitForOutput("\n")
        #expect(process.output == "\(process.pid)\n")
        process.signal(SIGHUP)
        #expect(try process.wait() == .exited(9))
        #expect(process.output == "\(process.pid)\nhung up\n")
    }

    @Test func `leave standard input to the sibling`() throws {
        let stage = try Stage()
        try stage.add("cat", as: "bin/ringfence-gateway")
        #expect(try stage.run(["check", "-"], input: "line\n").output == "line\n")
    }

    @Test func `tell the sibling which build is wanted, and whether colour is`() throws {
        let stage = try Stage()
        try stage.add(
            #"echo "$RINGFENCE_EXPECT_VERSION ${NO_COLOR-unset} $OTHER""#,
            as: "bin/ringfence-gateway")
        let version = Release.version
        let plain = try stage.run(["gateway", "run"], environment: ["OTHER": "kept"])
        #expect(plain.output == "\(version) unset kept\n")
        let colourless = try stage.run(["--no-color", "gateway", "run"])
        #expect(colourless.output == "\(version) 1 \n")
    }

    @Test func `are refused by a sibling of another build`() throws {
        let stage = try Stage()
        try stage.add(
            #"[ "$RINGFENCE_EXPECT_VERSION" = 0.0.0 ] || { echo "this is 0.0.0" >&2; exit 70; }"#,
            as: "bin/ringfence-gateway")
        let result = try stage.run(["gateway", "run"])
        #expect(result.end == .exited(70))
        #expect(result.errors == "this is 0.0.0\n")
    }

    @Test func `never go to a program on PATH`() throws {
        let stage = try Stage()
        try stage.add("echo stranger", as: "path/ringfence-gateway")
        let result = try stage.run(
            ["gateway", "run"], environment: ["PATH": stage.files.path + "/path:/usr/bin:/bin"])
        #expect(result.end == .exited(70))
        #expect(result.output == "")
        #expect(result.errors.contains("`ringfence-gateway` is neither in \(stage.files.path)/bin"))
        #expect(result.errors.contains("\(stage.files.path)/libexec/ringfence;"))
    }

    @Test func `go to libexec only when nothing is beside the program`() throws {
        let stage = try Stage()
        try stage.add("echo libexec", as: "libexec/ringfence/ringfence-gateway")
        #expect(try stage.run(["gateway"]).output == "libexec\n")
        try stage.add("echo beside", as: "bin/ringfence-gateway")
        #expect(try stage.run(["gateway"]).output == "beside\n")
    }

    @Test func `go to the siblings of the program, not to those of a link to it`() throws {
        let stage = try Stage()
        try stage.add("echo own", as: "bin/ringfence-gateway")
        try stage.add("echo stranger", as: "links/ringfence-gateway")
        let link = stage.files.path + "/links/ringfence"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: stage.program)
        let result = try ChildProcess.run(link, ["gateway"])
        #expect(result.output == "own\n")
    }

    @Test func `fail clearly when the sibling cannot be run`() throws {
        let stage = try Stage()
        try stage.addProgram("no program", as: "bin/ringfence-gateway")
        let result = try stage.run(["gateway"])
        #expect(result.end == .exited(70))
        #expect(result.errors.contains("cannot run \(stage.files.path)/bin/ringfence-gateway: "))
    }
}

@Suite struct `Own commands` {
    @Test(arguments: Errand.planned.sorted())
    func `a planned command is unavailable and not listed`(_ word: String) throws {
        let stage = try Stage()
        let result = try stage.run([word, "--help"])
        #expect(result.end == .exited(64))
        #expect(result.output == "")
        #expect(
            result.errors.hasPrefix(
                "ringfence: `ringfence \(word)` is not available in this version\n"))
        #expect(try stage.run(["help", word]).end == .exited(64))
        let listed = try stage.run(["--help"]).output.split(separator: "\n").contains {
            $0.hasPrefix("  \(word) ")
        }
        #expect(!listed)
    }

    @Test(arguments: [["frobnicate"], ["--json"], ["version", "extra"], ["dev", "--nope"]])
    func `what nobody knows is a usage error`(_ words: [String]) throws {
        let stage = try Stage()
        let result = try stage.run(words)
        #expect(result.end == .exited(64))
        #expect(result.output == "")
        #expect(!result.errors.isEmpty)
    }

    @Test(arguments: [[], ["help"], ["--help"]])
    func `help lists what is there`(_ words: [String]) throws {
        let stage = try Stage()
        let result = try stage.run(words)
        #expect(result.end == .exited(0))
        for word in HandOver.words.keys.sorted() + ["dev", "version"] {
            #expect(result.output.contains("\n  \(word) "), "\(word)")
        }
    }

    @Test(arguments: ["dev", "gateway", "check", "db", "version"])
    func `help about a command needs no sibling`(_ word: String) throws {
        let stage = try Stage()
        let result = try stage.run(["help", word])
        #expect(result.end == .exited(0))
        #expect(result.output.contains("USAGE: ringfence \(word)"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a completion script knows the siblings' words`(_ shell: String) throws {
        let stage = try Stage()
        let result = try stage.run(["completion", shell])
        #expect(result.end == .exited(0))
        for word in ["explain", "coverage", "fail-on-widening", "reload", "inspect"] {
            #expect(result.output.contains(word), "\(shell) \(word)")
        }
        #expect(try stage.run(["completion", "csh"]).end == .exited(64))
        guard shell == "bash" else { return }
        let check = try ChildProcess.run("bash", ["-n"], input: result.output)
        #expect(check.end == .exited(0), "\(check.errorOutput)")
    }

    @Test func `the manual page has every command and every option`() throws {
        let stage = try Stage()
        let result = try stage.run(["man"])
        #expect(result.end == .exited(0))
        #expect(result.output.hasPrefix(".TH RINGFENCE 1"))
        let words = HandOver.words.keys.sorted() + ["dev", "version", "completion"]
        for word in words {
            #expect(result.output.contains("\n.SS ringfence \(word)"), "\(word)")
        }
        #expect(result.output.contains("\\-\\-fail\\-on\\-widening"))
        #expect(result.output.contains(".SS ringfence gateway reload"))
    }

    @Test func `the version is printed for people and for programs`() throws {
        let stage = try Stage()
        #expect(try stage.run(["version"]).output == "ringfence \(Release.version)\n")
        #expect(try stage.run(["--version"]).output == "ringfence \(Release.version)\n")
        #expect(
            try stage.run(["version", "--json"]).output
                == "{\"version\":\"\(Release.version)\"}\n")
    }
}
