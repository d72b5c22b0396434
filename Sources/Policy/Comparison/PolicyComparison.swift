/// What one policy allows, limits or believes otherwise than another one.
public struct PolicyComparison: Sendable {
    public enum Kind: String, Sendable { case added, removed, changed }

    /// One key that is different.
    public struct Change: Sendable {
        public var path: String
        /// The path within what it is part of.
        public var key: String
        public var old: EffectiveValue?
        public var new: EffectiveValue?
        /// Why more gets through than before; `nil` where it does not.
        public var widens: String?
    }

    /// Something with a name, or the settings of the gateway itself.
    public struct Group: Sendable {
        public var kind: Kind
        /// `route orders`; empty for the gateway's own settings.
        public var name: String
        public var oldMark: SourceMark?
        public var newMark: SourceMark?
        /// What matters about something that was added or removed, in a few words.
        public var summary: String
        public var widens: String?
        public var changes: [Change]
    }

    public private(set) var groups: [Group] = []

    /// Changes that let something through.
    public var widenings: Int {
        groups.reduce(0) { sum, group in
            sum + (group.widens == nil ? 0 : 1) + group.changes.count { $0.widens != nil }
        }
    }

    /// All of them: something added or removed is one.
    public var changes: Int {
        groups.reduce(0) { $0 + ($1.kind == .changed ? $1.changes.count : 1) }
    }

    /// - Parameter meanings: what both came to, to see who takes over a removed route's requests.
    public init(
        from old: EffectivePolicy, to new: EffectivePolicy,
        meanings: (old: GatewayPolicy, new: GatewayPolicy)
    ) {
        let before = Dictionary(grouping: old.values, by: \.owner)
        let after = Dictionary(grouping: new.values, by: \.owner)
        compare("", before[""] ?? [], after[""] ?? [], nil, nil)
        let olds = Dictionary(old.owners.map { ($0.name, $0.mark) }) { first, _ in first }
        let news = Dictionary(new.owners.map { ($0.name, $0.mark) }) { first, _ in first }
        for (name, mark) in new.owners {
            if let oldMark = olds[name] {
                compare(name, before[name] ?? [], after[name] ?? [], oldMark, mark)
            } else {
                add(.added, name, after[name] ?? [], mark: mark)
            }
        }
        for (name, mark) in old.owners where news[name] == nil {
            add(.removed, name, before[name] ?? [], mark: mark)
            groups[groups.count - 1].widens = Self.heir(of: name, meanings.old, meanings.new)
        }
    }

    /// A route that is gone may have kept requests from one that asks for less.
    private static func heir(
        of owner: String, _ old: GatewayPolicy, _ new: GatewayPolicy
    ) -> String? {
        guard let route = old.routes.first(where: { "route \($0.name)" == owner }) else {
            return nil
        }
        for other in new.routes where RuleSet.sharedPath(route, other) != nil {
            return "its requests are taken by route \(other.name)"
        }
        return nil
    }

    private mutating func compare(
        _ name: String, _ old: [EffectiveValue], _ new: [EffectiveValue], _ oldMark: SourceMark?,
        _ newMark: SourceMark?
    ) {
        var changes: [Change] = []
        let before = Dictionary(old.map { ($0.path, $0) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.path, $0) }) { first, _ in first }
        let paths = new.map(\.path) + old.map(\.path).filter { after[$0] == nil }
        for path in paths {
            let (one, other) = (before[path], after[path])
            guard !Self.isSame(one, other), let pattern = (other ?? one)?.pattern else { continue }
            changes.append(
                Change(
                    path: path, key: Self.key(of: path, in: name), old: one, new: other,
                    widens: Self.judge(pattern, one, other)))
        }
        guard !changes.isEmpty else { return }
        groups.append(
            Group(
                kind: .changed, name: name, oldMark: oldMark, newMark: newMark, summary: "",
                widens: nil, changes: changes))
    }

    private static func judge(
        _ pattern: String, _ old: EffectiveValue?, _ new: EffectiveValue?
    ) -> String? {
        guard let rule = Widening.rule(for: pattern) else {
            return "this version cannot tell what the change means"
        }
        return rule.reason(from: old, to: new)
    }

    /// Lists mean the same in any order.
    private static func isSame(_ one: EffectiveValue?, _ other: EffectiveValue?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        guard let items = one.items, let others = other.items else { return one.text == other.text }
        return Set(items) == Set(others)
    }

    /// `tenant.mode` of `routes.orders.tenant.mode`.
    private static func key(of path: String, in owner: String) -> String {
        guard let space = owner.firstIndex(of: " ") else { return path }
        let name = ".\(owner[owner.index(after: space)...])."
        guard let range = path.firstRange(of: name) else { return path }
        return String(path[range.upperBound...])
    }

    private mutating func add(
        _ kind: Kind, _ name: String, _ values: [EffectiveValue], mark: SourceMark
    ) {
        let noun = name.prefix { $0 != " " }
        func text(_ key: String) -> String? {
            values.first { $0.pattern.hasSuffix("." + key) || $0.pattern == key }?.text
        }
        var summary = ""
        var widens: String?
        switch noun {
        case "route":
            let host = text("match.host") ?? ""
            summary = "auth \(text("auth") ?? "?"), \(host)\(text("match.path") ?? "?")"
            if kind == .added {
                widens =
                    text("auth") == "none"
                    ? "requests that were refused are forwarded, whoever sends them"
                    : "requests that were refused are forwarded"
            } else {
                widens = nil
            }
        case "issuer":
            summary = "iss \(text("issuer") ?? "?")"
            if kind == .added { widens = "its tokens are believed" }
        case "tier":
            summary = text("requests") ?? ""
        case "tenant", "tenants.source":
            summary = "tier \(text("tier") ?? "?")"
            if kind == .added { widens = "a tenant that was unknown is served" }
        case "vendor":
            if kind == .added, text("key") != nil { widens = "a vendor gets a key" }
        default: break
        }
        groups.append(
            Group(
                kind: kind, name: name, oldMark: kind == .removed ? mark : nil,
                newMark: kind == .added ? mark : nil, summary: summary, widens: widens,
                changes: []))
    }
}
