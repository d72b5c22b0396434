import Foundation
import Release

/// The programs of one build that work together.
enum Sibling: String {
    case gateway = "ringfence-gateway"
    case backend = "ringfence-backend"
    case attack = "ringfence-attack"
}

/// Where this program lies, and with it its siblings. PATH is never asked: whoever can write to a
/// folder of it would be handed our keys.
struct Installation {
    /// Folders to look in, in this order.
    let folders: [String]

    /// Says to a sibling which build it must be of; it refuses to serve another.
    static let versionVariable = "RINGFENCE_EXPECT_VERSION"

    init(executable: String) {
        let folder = (executable as NSString).deletingLastPathComponent
        let prefix = (folder as NSString).deletingLastPathComponent
        folders = [folder, (prefix as NSString).appendingPathComponent("libexec/ringfence")]
    }

    /// That of the running program, wherever links lead to it.
    static func own() throws(CommandFault) -> Installation {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let link else { throw .executableUnknown }
        return Installation(executable: link)
    }

    func path(of sibling: Sibling) throws(CommandFault) -> String {
        for folder in folders {
            let path = (folder as NSString).appendingPathComponent(sibling.rawValue)
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw .siblingMissing(sibling, folders: folders)
    }
}

/// Words that a sibling answers. It gets everything behind them untouched, and what it reads,
/// writes and ends with is its own.
struct HandOver: Equatable {
    let sibling: Sibling
    /// Whether the word itself is one of the sibling's commands, or only names the sibling.
    let keepsWord: Bool

    static let words: [String: HandOver] = [
        "gateway": HandOver(sibling: .gateway, keepsWord: false),
        "backend": HandOver(sibling: .backend, keepsWord: false),
        "check": HandOver(sibling: .gateway, keepsWord: true),
        "test": HandOver(sibling: .gateway, keepsWord: true),
        "explain": HandOver(sibling: .gateway, keepsWord: true),
        "diff": HandOver(sibling: .gateway, keepsWord: true),
        "routes": HandOver(sibling: .gateway, keepsWord: true),
        "config": HandOver(sibling: .gateway, keepsWord: true),
        "status": HandOver(sibling: .gateway, keepsWord: true),
        "init": HandOver(sibling: .gateway, keepsWord: true),
        "schema": HandOver(sibling: .gateway, keepsWord: true),
        "token": HandOver(sibling: .gateway, keepsWord: true),
        "certificate": HandOver(sibling: .gateway, keepsWord: true),
        "tenant": HandOver(sibling: .gateway, keepsWord: true),
        "key": HandOver(sibling: .gateway, keepsWord: true),
        "db": HandOver(sibling: .backend, keepsWord: true),
        "attack": HandOver(sibling: .attack, keepsWord: false),
    ]

    /// Becomes the sibling; returns only by throwing.
    ///
    /// - Parameter wordIndex: place of the word among ours.
    func perform(wordIndex: Int) throws(CommandFault) -> Never {
        let program = try Installation.own().path(of: sibling)
        System.setEnvironment(Installation.versionVariable, Release.version)
        let code = System.become(
            program, words: [], ownWordsFrom: keepsWord ? wordIndex : wordIndex + 1)
        throw .cannotRun(program, reason: System.describe(code))
    }
}
