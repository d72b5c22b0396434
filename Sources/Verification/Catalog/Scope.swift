/// Which relations are whose, and what conditions prove it: the catalog in the light of a profile.
struct Scope {
    /// One subject a context can name.
    struct Axis {
        let scope: String
        let source: ContextSource
        /// What may stand on the right of `column =`.
        let accepted: Set<[String]>
        /// Functions that tell it, by oid.
        let functions: Set<String>
        let a: String
        let b: String
    }

    var catalog: Catalog
    let profile: Profile
    /// `nil` where no policy tells what the context is.
    let axes: [Axis?]
    let mode: VerificationReport.Mode
    /// Whether plain mode was said, and not guessed.
    let isPlainExplicit: Bool

    var tenanted: [Catalog.Relation] { catalog.relations.filter { !$0.keys.isEmpty } }

    func isGlobal(_ relation: Catalog.Relation, _ options: VerificationOptions) -> Bool {
        (profile.globals + options.globals).contains {
            $0 == relation.name || $0 == "\(relation.schema).*"
        }
    }

    init(_ catalog: Catalog, _ options: VerificationOptions) {
        let isOurs = catalog.relations.contains { $0.name == "ringfence_migrations.applied" }
        let name = options.profile ?? (isOurs ? "ringfence" : "generic")
        let profile =
            name == "ringfence" ? Profile.ringfence : .generic(columns: options.tenantColumns)
        var catalog = catalog
        for index in catalog.relations.indices {
            let relation = catalog.relations[index]
            // The guard's own tables are no tenant's to read or write at all (B10).
            if relation.schema == options.guardSchema { continue }
            if let keys = profile.keys[relation.name] {
                catalog.relations[index].keys = keys
            } else if let key = profile.columns.first(where: {
                relation.column($0.column) != nil
            }) {
                catalog.relations[index].keys = [key]
            }
        }
        // What an extension keeps for itself is nobody's; rows of tenants are theirs there too.
        catalog.relations.removeAll { $0.isExtended && $0.keys.isEmpty }
        self.catalog = catalog
        self.profile = profile
        var axes: [Axis?] = []
        for number in profile.axes.indices {
            axes.append(Self.axis(number, profile, catalog, options))
        }
        self.axes = axes
        isPlainExplicit = if case .setting = options.context { true } else { false }
        mode =
            switch axes.compactMap({ $0?.source }).first {
            case .slot: .sealed
            case .verifying: .statement
            case .setting, nil: .plain
            }
    }

    private static func axis(
        _ number: Int, _ profile: Profile, _ catalog: Catalog, _ options: VerificationOptions
    ) -> Axis? {
        let told = functions(catalog, options)
        var votes: [ContextSource: Int] = [:]
        if let wanted = profile.axes[number].function {
            if let known = told.first(where: { $0.value.name == wanted }) {
                votes[known.value.source] = 1
            }
        } else if case .setting(let name) = options.context {
            votes[.setting(name.lowercased())] = 1
        } else {
            for right in rights(axis: number, catalog) {
                if let read = ContextSource.reading(right) {
                    votes[read.source, default: 0] += 1
                } else if let known = told.first(where: { right == $0.value.words }) {
                    votes[known.value.source, default: 0] += 1
                }
            }
            if case .guarded(let schema) = options.context {
                votes = votes.filter {
                    switch $0.key {
                    case .slot: true
                    case .verifying(let name): name.hasPrefix(schema + ".")
                    case .setting: false
                    }
                }
            }
        }
        let best = votes.max { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }
        let known = best?.key
        guard let source = known ?? unknownSource(number, profile, catalog, options) else {
            return nil
        }
        let matching = told.filter { $0.value.source == source }
        var accepted = Set(matching.map(\.value.words))
        for right in rights(axis: number, catalog)
        where ContextSource.reading(right)?.source == source { accepted.insert(right) }
        let pair = subjects(number, profile, catalog, options)
        return Axis(
            scope: profile.axes[number].scope, source: source, accepted: accepted,
            functions: Set(matching.keys), a: pair.a, b: pair.b)
    }

    /// Where seals are believed, a context can be entered and its rows tried even when nobody knows
    /// how the function that tells it works; nothing that calls it is canonical then.
    private static func unknownSource(
        _ number: Int, _ profile: Profile, _ catalog: Catalog, _ options: VerificationOptions
    ) -> ContextSource? {
        guard case .guarded = options.context, let name = profile.axes[number].function,
            let function = catalog.functions.first(where: { $0.name == name })
        else { return nil }
        let slot = "'\(ContextSource.slotName)'"
        return PolicyText(function.body).words.contains(slot)
            ? .slot(0) : .verifying(function: name + " as it is")
    }

    /// Functions without parameters that tell a context, by oid.
    private static func functions(
        _ catalog: Catalog, _ options: VerificationOptions
    ) -> [String: (name: String, words: [String], source: ContextSource)] {
        let pinned = catalog.functions.filter { $0.isDefiner && options.allows($0) }
        var found: [String: (name: String, words: [String], source: ContextSource)] = [:]
        for function in catalog.functions where function.takesNothing {
            let words = PolicyText(function.name).words
            let body = PolicyText(function.body).words
            if function.isDefiner {
                guard options.allows(function) else { continue }
                found[function.oid] = (function.name, words, .verifying(function: function.name))
            } else if !function.isResolved {
                continue
            } else if let read = ContextSource.reading(body) {
                found[function.oid] = (function.name, words, read.source)
            } else if pinned.contains(where: { checker in
                // Nothing but a call of a pinned one, with a constant: `guard.verified('t')`.
                let call = PolicyText(checker.name).words
                return body.starts(with: call) && body.count == call.count + 1
                    && body.last?.hasPrefix("'") == true
            }) {
                found[function.oid] = (
                    function.name, words, .verifying(function: body.joined())
                )
            }
        }
        return found
    }

    /// What policies compare the columns of an axis with.
    private static func rights(axis: Int, _ catalog: Catalog) -> [[String]] {
        catalog.relations.flatMap { relation in
            relation.policies.flatMap { policy in
                [policy.using, policy.check].compactMap { $0 }.flatMap { text in
                    PolicyText(text).alternatives.flatMap { part in
                        relation.keys.filter { $0.axis == axis }.compactMap {
                            relation.right(of: $0, in: part)
                        }
                    }
                }
            }
        }
    }

    /// Two subjects in the form of the column's type.
    private static func subjects(
        _ axis: Int, _ profile: Profile, _ catalog: Catalog, _ options: VerificationOptions
    ) -> (a: String, b: String) {
        if let tenants = options.tenants { return tenants }
        let types = catalog.relations.flatMap { relation in
            relation.keys.filter { $0.axis == axis }.compactMap {
                relation.column($0.column)
            }
        }
        guard let first = types.first else { return ("a", "b") }
        if first.type == "uuid" {
            let digit = axis == 0 ? "a" : "f"
            return (
                "0a5e0000-0000-7000-8000-0000000000\(digit)1",
                "0b5e0000-0000-7000-8000-0000000000\(digit)2"
            )
        }
        if first.category == "N" {
            return first.type == "smallint" ? ("31001", "31002") : ("2000100001", "2000100002")
        }
        return ("rf-probe-a", "rf-probe-b")
    }
}
