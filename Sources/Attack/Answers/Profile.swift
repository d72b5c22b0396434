/// What was learnt of one request before it is attacked: how its answers to the two tenants differ,
/// and what of them never stays the same.
struct Profile: Sendable {
    /// What all answers to the attacker's tenant had in common.
    private(set) var own: Leaves
    /// Every place that any of them had.
    private var ownPlaces: Set<String>
    /// Places that tell the tenants apart: the attacker's value, if it has one there, and the other
    /// tenant's.
    private(set) var telling: [String: Telling]
    let ownStatus: UInt16
    let foreignStatus: UInt16
    /// What all answers to the other tenant had in common.
    let foreign: Leaves

    struct Telling: Sendable, Equatable {
        var own: String?
        var foreign: String
    }

    /// - Parameters:
    ///   - hidden: texts of the other tenant's request, its object's id for example: a value that
    ///     holds one of them tells what was asked, not who was believed.
    init?(own: [Answer], foreign: [Answer], hidden: [String]) {
        guard let first = own.first, let other = foreign.first else { return nil }
        let ownLeaves = own.map(\.leaves)
        self.own = Self.common(ownLeaves)
        ownPlaces = ownLeaves.reduce(into: []) { $0.formUnion($1.keys) }
        self.foreign = Self.common(foreign.map(\.leaves))
        ownStatus = first.status
        foreignStatus = other.status
        telling = [:]
        for (place, value) in self.foreign {
            let mine = self.own[place]
            // A place that came and went, or changed, says nothing.
            guard mine != nil || !ownPlaces.contains(place), mine != value,
                !hidden.contains(where: { !$0.isEmpty && value.contains($0) })
            else { continue }
            telling[place] = Telling(own: mine, foreign: value)
        }
    }

    private static func common(_ all: [Leaves]) -> Leaves {
        guard var out = all.first else { return [:] }
        for other in all.dropFirst() {
            for (place, value) in out where other[place] != value { out[place] = nil }
        }
        return out
    }

    /// Whether anything tells whose answer one is.
    var isTelling: Bool { !telling.isEmpty }

    /// Places where an answer says what only the other tenant's answers say there.
    ///
    /// A place that the attacker's own answers do not have counts only beside one that they do
    /// have, or where they have none at all: a list that is longer than before is no proof.
    func followed(by leaves: Leaves) -> [String] {
        // A refusal may say at some place by chance what the other's answers say there.
        guard leaves["status"] == "\(foreignStatus)" else { return [] }
        let places = telling.filter { leaves[$0.key] == $0.value.foreign }
        let firm = places.filter { place, value in
            // Another status alone has other fields.
            value.own != nil && place != "status"
                && (ownStatus == foreignStatus || !place.hasPrefix("field "))
        }
        // Where the attacker is refused, an answer that is the other's from end to end counts.
        let isWhole = places.count == telling.count && ownStatus != foreignStatus
        guard !firm.isEmpty || isWhole else { return [] }
        return (firm.isEmpty ? places : firm).keys.sorted()
    }

    /// The same without the places that `leaves`, an answer to the attacker's own request, has
    /// otherwise; `nil` when nothing is left that says whose answer it is.
    func relaxed(by leaves: Leaves) -> Profile? {
        guard leaves["status"] == "\(ownStatus)" else { return nil }
        var out = self
        for place in Set(own.keys).union(leaves.keys) where leaves[place] != own[place] {
            out.own[place] = nil
            out.telling[place] = nil
            out.ownPlaces.insert(place)
        }
        let isOwn = out.telling.contains { $0.value.own != nil && leaves[$0.key] == $0.value.own }
        return isOwn ? out : nil
    }

    /// Whether a place had no steady value in the attacker's own answers.
    func isUnstable(_ place: String) -> Bool { ownPlaces.contains(place) && own[place] == nil }

    /// The first place where an answer differs from what the attacker gets anyway.
    func difference(of leaves: Leaves) -> String? {
        for place in own.keys.sorted() where leaves[place] != own[place] {
            return place
        }
        return leaves.keys.sorted().first { !ownPlaces.contains($0) && !$0.hasPrefix("field ") }
    }
}

/// Texts that only the other tenant's answers hold. Where one shows up in an answer to the attacker
/// who did not send it, it is a leak.
struct Marks: Sendable {
    static let bytesMin = 6
    static let bytesMax = 256
    static let countMax = 512

    private(set) var texts: [String]

    /// - Parameters:
    ///   - given: what the operator says is the other tenant's alone.
    ///   - foreign: of each request, what all answers to the other tenant had in common.
    ///   - own: all bodies that the attacker's tenant got.
    ///   - sent: what attacks send in forms that do not look like it, the other tenant's name and
    ///     claims: a target that repeats them in its refusal gives nothing away.
    init(given: [String], foreign: [Leaves], own: [[UInt8]], sent: [String]) {
        var found = Set<String>()
        for leaves in foreign {
            for (place, value) in leaves where place.hasPrefix("body ") || place.hasPrefix("word ")
            {
                guard !place.hasSuffix(" kind"),
                    (Self.bytesMin...Self.bytesMax).contains(value.utf8.count)
                else { continue }
                found.insert(value)
            }
        }
        let mine = own.map { String(decoding: $0, as: UTF8.self) } + sent
        found = found.filter { text in !mine.contains { $0.contains(text) } }
        texts = given + found.subtracting(given).sorted().prefix(Self.countMax)
    }

    /// The first mark in an answer that its request does not hold.
    func found(in answer: [UInt8], request: [UInt8]) -> String? {
        let text = String(decoding: answer, as: UTF8.self)
        let asked = String(decoding: request, as: UTF8.self)
        return texts.first { text.contains($0) && !asked.contains($0) }
    }
}
