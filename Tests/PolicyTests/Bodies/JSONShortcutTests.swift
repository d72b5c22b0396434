import HTTP1
import JSON
import Testing

@testable import Policy

/// Keys that were judged before are not judged again, and a document in which none is in doubt is
/// not gone through a second time. Neither must change what goes.
@Suite struct `Keys that were met before` {
    private static let rules = [
        TenantNames.defaults, ["status", "ab"], TenantNames.defaults + ["op", "path", "method"],
    ].map { JSONBodyRule(names: SkeletonSet(names: $0), clientValue: .strip, inject: nil) }

    private static let pieces = [
        "tenant", "Id", "_id", "org", "account", "x-", "status", "a", "b", "op", "n", "date", "-",
        "_", "__", ".", "attend", "method", "event", "0", "very_long_part_of_a_key",
    ]

    private struct Writer {
        var random: Shortcuts.Random
        var text = ""

        mutating func key() -> String {
            switch random.take(12) {
            case 0: return ["op", "op", "Op", "oP", "OP"][random.take(5)]
            case 1: return ["path", "path", "Path"][random.take(3)]
            case 2: return ["from", "from", "FROM"][random.take(3)]
            case 3: return "_method"
            case 4: return "\\u006fp"
            default: break
            }
            var key = ""
            for _ in 0...random.take(4) { key += pieces[random.take(pieces.count)] }
            return key
        }

        mutating func value(depth: Int) {
            switch random.take(depth > 4 ? 3 : 6) {
            case 0: text += "17.50"
            case 1: text += "\"/a/\(pieces[random.take(pieces.count)])/tenant\""
            case 2: text += "\"/\(pieces[random.take(pieces.count)])\""
            case 3, 4:
                text += "{"
                for index in 0..<random.take(6) {
                    if index > 0 { text += "," }
                    text += "\"\(key())\(random.take(3) == 0 ? "\(index)" : "")\":"
                    value(depth: depth + 1)
                }
                text += "}"
            default:
                text += "["
                for index in 0..<random.take(4) {
                    if index > 0 { text += "," }
                    value(depth: depth + 1)
                }
                text += "]"
            }
        }
    }

    private typealias Shortcuts = `Shortcuts of the rules`

    private struct Expected: Equatable {
        var removed = 0
        var overrides = 0
        /// Whether an operation says a thing in two spellings.
        var isRefused = false
    }

    /// The members that have this name to readers that take no notice of case.
    private static func members(
        of node: JSONNode, named name: String, in view: borrowing JSONView
    ) -> [JSONNode] {
        var found: [JSONNode] = []
        var children = view.children(of: node)
        while let child = children.next() {
            let key = String(decoding: view.key(of: child) ?? [], as: UTF8.self)
            if key.lowercased() == name { found.append(child) }
        }
        return found
    }

    /// The definition, value by value.
    private static func judge(
        _ node: JSONNode, in view: borrowing JSONView, _ names: SkeletonSet,
        _ expected: inout Expected
    ) {
        var children = view.children(of: node)
        while let child = children.next() {
            if let key = view.key(of: child) {
                if names.judgeSlowly(key.span) == .listed {
                    expected.removed += 1
                    continue
                }
                if view.depth(of: child) == 1, QueryRule.isMethodOverride(key.span) {
                    expected.overrides += 1
                    continue
                }
            } else if !members(of: child, named: "op", in: view).isEmpty {
                var isListed = false
                for name in ["op", "path", "from", "value"] {
                    let found = members(of: child, named: name, in: view)
                    if found.count > 1 { expected.isRefused = true }
                    guard name == "path" || name == "from", let first = found.first else {
                        continue
                    }
                    for token in (view.string(at: first) ?? []).split(separator: 0x2f)
                    where names.judgeSlowly(Array(token).span) == .listed { isListed = true }
                }
                if isListed {
                    expected.removed += 1
                    continue
                }
            }
            judge(child, in: view, names, &expected)
        }
    }

    @Test func `what goes is what goes without them`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var writer = Writer(random: Shortcuts.Random(state: seed))
        var scratch = BodyScratch()
        var document = JSONDocument()
        var (checked, removed, refused) = (0, 0, 0)
        for _ in 0..<Shortcuts.turns(6_000) {
            writer.text = "["
            writer.value(depth: 0)
            writer.text += ","
            writer.value(depth: 1)
            // With bytes behind it, which is where the last key is looked at in place.
            writer.text += "]" + String(repeating: " ", count: writer.random.take(40))
            var text = [UInt8](writer.text.utf8)
            if writer.random.take(3) == 0, let end = text.lastIndex(of: UInt8(ascii: "]")) {
                // The same as members of the top.
                text = [UInt8]("{\"\(writer.key())\":".utf8) + text[...end] + [UInt8]("}".utf8)
            }
            guard (try? document.parse(text.span)) != nil else { continue }
            let view = document.view(of: text.span)
            let rule = Self.rules[writer.random.take(Self.rules.count)]
            var expected = Expected()
            Self.judge(view.root, in: view, rule.names, &expected)
            var report = BodyReport()
            var out = ByteBuffer(capacityMax: text.count)
            do throws(Refusal) {
                try rule.clean(
                    text.span, as: .json, tenant: nil, &scratch, into: &out, &report)
            } catch {
                #expect(
                    expected.isRefused && error == .requestBodyMalformed,
                    "seed \(seed): \(String(decoding: text, as: UTF8.self))")
                refused += 1
                continue
            }
            let found = Expected(removed: report.removed, overrides: report.overridesRemoved)
            #expect(
                found == expected, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
            if found == Expected() { #expect(out.bytes == text) }
            checked += 1
            removed += found.removed
        }
        #expect(checked > 1_000 && removed > 500 && refused > 10)
    }
}
