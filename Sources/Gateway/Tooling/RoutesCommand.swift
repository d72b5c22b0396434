import JSON
import Policy
import Reactor

/// `routes`: which requests go where, at a glance, and which routes share some.
struct RoutesCommand {
    static func run(_ words: inout Words) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let overlaps = words.flag("--overlaps")
            let overlay = try words.overlay()
            let named = try words.option("--config")
            let path = words.next() ?? named ?? "policies/"
            try words.end()
            return show(path, overlay, isJSON: isJSON, onlyOverlaps: overlaps)
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    private static func show(
        _ path: String, _ overlay: String?, isJSON: Bool, onlyOverlaps: Bool
    ) -> Int32 {
        do throws(ToolFault) {
            guard let folder = try LoadedFolder.load(path, overlay: overlay) else {
                return GatewayProgram.Exit.invalid
            }
            let table = RoutesTable(
                policy: folder.policy, places: folder.places,
                overlaps: RuleSet(policy: folder.policy).overlaps())
            if isJSON {
                write(table.json() + "\n", to: .output)
            } else {
                write(onlyOverlaps ? table.overlapText() : table.text(), to: .output)
            }
            return GatewayProgram.Exit.fine
        } catch {
            return GatewayProgram.complain(error.message, GatewayProgram.Exit.found)
        }
    }
}

private struct RoutesTable {
    let policy: GatewayPolicy
    let places: PolicyPlaces
    let overlaps: [RouteOverlap]

    private func cells(_ route: RoutePolicy) -> [String] {
        [
            route.name, route.methods?.joined(separator: ",") ?? "any", route.host ?? "any",
            route.path.text, auth(route), notes(route), policy.upstreams[route.upstream].name,
            places.text(route.mark) ?? "",
        ]
    }

    private func auth(_ route: RoutePolicy) -> String {
        switch route.authentication {
        case .issuer(let index): policy.issuers[index].name
        case .internalCaller(let index): "internal \(policy.issuers[index].name)"
        case .credentials(let kinds):
            [
                kinds.issuer.map { policy.issuers[$0].name }, kinds.apiKey ? "api-key" : nil,
                kinds.session ? "session" : nil, kinds.certificate ? "certificate" : nil,
            ].compactMap(\.self).joined(separator: ",")
        case .vendor: "vendor"
        case .none: "NONE"
        }
    }

    /// What of a route is less than usual.
    private func notes(_ route: RoutePolicy) -> String {
        guard route.actsForTenant else { return "no tenant" }
        var notes: [String] = []
        notes.append(route.mode == .shadow ? "SHADOW" : route.clientValue.rawValue)
        if !route.body.isCleaned { notes.append("bodies unread") }
        if !route.exceptedNames.isEmpty { notes.append("except") }
        return notes.joined(separator: ", ")
    }

    func text() -> String {
        var rows = [["ROUTE", "METHODS", "HOST", "PATH", "AUTH", "TENANT", "UPSTREAM", "PLACE"]]
        rows += policy.routes.map(cells)
        var out = TextTable.text(rows, indent: "")
        if !overlaps.isEmpty { out += "\n" + overlapText() }
        return out
    }

    func overlapText() -> String {
        guard !overlaps.isEmpty else { return "no two routes share a request\n" }
        return overlaps.map { overlap in
            let winner = policy.routes[overlap.winner].name
            let other = policy.routes[overlap.other].name
            return "\(overlap.path) goes to `\(winner)`, which is more specific than `\(other)`\n"
        }.joined()
    }

    func json() -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.key("routes")
        out.beginArray()
        for route in policy.routes {
            out.beginObject()
            let names = ["name", "methods", "host", "path", "auth", "tenant", "upstream", "place"]
            for (name, cell) in zip(names, cells(route)) { out.member(name, cell) }
            out.endObject()
        }
        out.endArray()
        out.key("overlaps")
        out.beginArray()
        for overlap in overlaps {
            out.beginObject()
            out.member("path", overlap.path)
            out.member("winner", policy.routes[overlap.winner].name)
            out.member("other", policy.routes[overlap.other].name)
            out.endObject()
        }
        out.endArray()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }
}
