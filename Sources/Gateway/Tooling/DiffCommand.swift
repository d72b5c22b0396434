import JSON
import Policy
import Reactor

/// `diff OLD NEW`: what a changed policy means, and what of it lets more through.
struct DiffCommand {
    private let isJSON: Bool
    private let fails: Bool
    private let replays: Bool

    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let fails = words.flag("--fail-on-widening")
            let replays = words.flag("--replay")
            _ = words.flag("--no-color")
            let overlay = try words.overlay()
            guard let old = words.next(), let new = words.next() else {
                throw Misuse(message: "diff takes two policies: OLD NEW")
            }
            try words.end()
            let command = DiffCommand(isJSON: isJSON, fails: fails, replays: replays)
            return command.compare(old, new, overlay)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private func compare(_ oldPath: String, _ newPath: String, _ overlay: String?) -> Int32 {
        do throws(ToolFault) {
            guard let old = try LoadedFolder.load(oldPath, overlay: overlay),
                let new = try LoadedFolder.load(newPath, overlay: overlay)
            else { return GatewayProgram.Exit.invalid }
            let comparison = PolicyComparison(
                from: EffectivePolicy(old.document), to: EffectivePolicy(new.document),
                meanings: (old.policy, new.policy))
            let output = DiffOutput(comparison: comparison, old: old.places, new: new.places)
            write(isJSON ? output.json() + "\n" : output.text(), to: .output)
            var widenings = comparison.widenings
            if replays {
                let replay = try PolicyReplay(
                    old: oldPath, new: newPath, overlay: overlay,
                    tests: try PolicyTestFiles(at: newPath).tests)
                // Programs get the comparison; what people are told is a message to them.
                write(replay.text(), to: isJSON ? .error : .output)
                widenings += replay.widenings
            }
            let isFound = fails && widenings > 0
            return isFound ? GatewayProgram.Exit.found : GatewayProgram.Exit.fine
        } catch {
            return GatewayProgram.complain(error.message, GatewayProgram.Exit.found)
        }
    }
}

/// A comparison for people and for programs.
struct DiffOutput {
    let comparison: PolicyComparison
    let old: PolicyPlaces
    let new: PolicyPlaces

    func text() -> String {
        var out = ""
        for group in comparison.groups { out += text(group) }
        return out + summary + "\n"
    }

    private var summary: String {
        let changes = comparison.changes
        guard changes > 0 else { return "no difference in meaning" }
        let widenings = comparison.widenings
        let count = changes == 1 ? "1 change" : "\(changes) changes"
        if widenings == 0 { return "\(count), none widens access" }
        return "\(count), \(widenings) \(widenings == 1 ? "widens" : "widen") access"
    }

    private func text(_ group: PolicyComparison.Group) -> String {
        let name = group.name.isEmpty ? "gateway" : group.name
        let place = new.text(group.newMark) ?? old.text(group.oldMark)
        let sign =
            switch group.kind {
            case .added: "+"
            case .removed: "-"
            case .changed: "~"
            }
        var line = "\(sign) \(name)"
        if !group.summary.isEmpty { line += ": \(group.summary)" }
        if let place { line += "  (\(place))" }
        var out = line + "\n"
        if let reason = group.widens { out += "    WIDENS: \(reason)\n" }
        for change in group.changes {
            let mark = new.text(change.new?.mark) ?? ""
            out += "    \(change.key): \(Self.text(change.old)) -> \(Self.text(change.new))"
            if !mark.isEmpty { out += "  (\(mark))" }
            out += "\n"
            if let reason = change.widens { out += "        WIDENS: \(reason)\n" }
        }
        return out
    }

    private static func text(_ value: EffectiveValue?) -> String {
        guard let value else { return "not set" }
        let text = value.isReference ? "<\(value.text)>" : value.text
        return (value.mark == nil ? "\(text) (default)" : text).printableText
    }

    func json() -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.member("changes", comparison.changes)
        out.member("widenings", comparison.widenings)
        out.key("groups")
        out.beginArray()
        for group in comparison.groups { write(group, to: &out) }
        out.endArray()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private func write(_ group: PolicyComparison.Group, to out: inout JSONWriter) {
        out.beginObject()
        out.member("kind", group.kind.rawValue)
        out.member("name", group.name)
        out.member("summary", group.summary)
        write("widens", group.widens, to: &out)
        write("old", old.text(group.oldMark), to: &out)
        write("new", new.text(group.newMark), to: &out)
        out.key("changes")
        out.beginArray()
        for change in group.changes {
            out.beginObject()
            out.member("key", change.path)
            write("old", change.old?.text, to: &out)
            write("new", change.new?.text, to: &out)
            write("widens", change.widens, to: &out)
            out.endObject()
        }
        out.endArray()
        out.endObject()
    }

    private func write(_ name: String, _ text: String?, to out: inout JSONWriter) {
        out.key(name)
        if let text { out.string(text) } else { out.null() }
    }
}
