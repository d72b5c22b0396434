import JSON
import Policy
import Reactor

/// `config show`: what a policy comes to, with where each value is from. Secrets are named by their
/// reference and never read.
struct ConfigCommand {
    static func run(_ words: inout Words) -> Int32 {
        guard words.next() == "show" else {
            return GatewayProgram.misuse("config has one command: show")
        }
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let hasOrigin = words.flag("--origin")
            let overlay = try words.overlay()
            let named = try words.option("--config")
            let path = words.next() ?? named ?? "policies/"
            try words.end()
            return show(path, overlay, isJSON: isJSON, hasOrigin: hasOrigin)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func show(
        _ path: String, _ overlay: String?, isJSON: Bool, hasOrigin: Bool
    ) -> Int32 {
        do throws(ToolFault) {
            guard let folder = try LoadedFolder.load(path, overlay: overlay) else {
                return GatewayProgram.Exit.invalid
            }
            let values = EffectivePolicy(folder.document).values
            let text =
                isJSON
                ? json(values, folder.places) + "\n"
                : text(values, folder.places, hasOrigin: hasOrigin)
            write(text, to: .output)
            return GatewayProgram.Exit.fine
        } catch {
            return GatewayProgram.complain(error.message, GatewayProgram.Exit.found)
        }
    }

    private static func shown(_ value: EffectiveValue) -> String {
        (value.isReference ? "<\(value.text)>" : value.text).printableText
    }

    private static func text(
        _ values: [EffectiveValue], _ places: PolicyPlaces, hasOrigin: Bool
    ) -> String {
        var out = ""
        for value in values {
            out += "\(value.path): \(shown(value))"
            if hasOrigin { out += "  # \(places.text(value.mark) ?? "default")" }
            out += "\n"
        }
        return out
    }

    private static func json(_ values: [EffectiveValue], _ places: PolicyPlaces) -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.key("values")
        out.beginArray()
        for value in values {
            out.beginObject()
            out.member("key", value.path)
            out.key("value")
            if let items = value.items {
                out.beginArray()
                for item in items { out.string(item) }
                out.endArray()
            } else {
                out.string(value.text)
            }
            out.member("default", value.mark == nil)
            let place = places.file(value.mark)
            out.key("file")
            if let place { out.string(place.path) } else { out.null() }
            out.key("line")
            if let place { out.integer(place.line) } else { out.null() }
            out.endObject()
        }
        out.endArray()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }
}
