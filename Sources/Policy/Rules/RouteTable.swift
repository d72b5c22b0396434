/// The routes of a policy, compiled for matching: a trie of path segments in flat arrays, the host
/// and the methods looked at where a path pattern ends. Matching allocates nothing and takes the
/// same time for ten routes and ten thousand.
///
/// Which route is the most specific is decided by the path first, segment by segment from the left:
/// a literal beats `*`, `*` beats `**`, and ending there beats `**`. Between equal paths a route
/// with the host beats one for any host. A route that does not allow the method does not match, so
/// the next specific one is asked.
public struct RouteTable: Sendable {
    public enum Match: Equatable, Sendable {
        /// Index into `GatewayPolicy.routes`.
        case matched(Int)
        /// Routes match the path; these are the methods they allow together.
        case methodNotAllowed(MethodSet)
        case notFound
        /// No route serves this host at all.
        case misdirected
    }

    /// One place in the trie. Literal children are found by hash, the others by index.
    private struct Node: Sendable {
        var parent: Int32
        var segmentStart: UInt32 = 0
        var segmentCount: UInt32 = 0
        var anyChild: Int32 = -1
        /// Groups of routes: those that end here, and those with `**` here.
        var endGroup: Int32 = -1
        var restGroup: Int32 = -1
    }

    /// A route in the chain of its group and host.
    private struct Link: Sendable {
        var methods: MethodSet
        var next: Int32 = -1
    }

    private var nodes: [Node] = [Node(parent: -1)]
    private var segments: [UInt8] = []
    private var children: [Int32] = []
    private var links: [Link] = []
    /// First route of (group, host), by open addressing; the key of an empty place is `.max`.
    private var headKeys: [UInt64] = []
    private var headRoutes: [Int32] = []
    /// Host ordinals are one less than the host numbers; number 0 is "any host".
    private var hosts = ByteTable([])
    /// Hosts with `{tenant}` in them, by their number.
    private var hostPatterns: [(pattern: TenantPattern, number: Int)] = []
    private var servesAnyHost = false
    /// Whether a route has a literal with a capital letter, or ends with a slash.
    private var hasCapitals = false
    private var hasSlashedRoutes = false

    /// Routes that no request could tell apart: pairs of indices with the same path and host and a
    /// method in common. A compiler refuses a policy that has any.
    public private(set) var conflicts: [(Int, Int)] = []

    public init(_ routes: [RoutePolicy]) {
        var builder = RouteTableBuilder()
        for route in routes { builder.add(route) }
        nodes = builder.nodes.map {
            Node(
                parent: $0.parent, segmentStart: UInt32(0), segmentCount: UInt32($0.segment.count),
                anyChild: $0.anyChild, endGroup: $0.endGroup, restGroup: $0.restGroup)
        }
        layOutChildren(of: builder)
        layOutGroups(of: builder)
        links = builder.links.map { Link(methods: $0.methods, next: $0.next) }
        hosts = ByteTable(builder.hosts)
        hostPatterns = builder.hosts.enumerated().compactMap { index, host in
            TenantPattern(String(decoding: host, as: UTF8.self), separator: ".")
                .map { (pattern: $0, number: index + 1) }
        }
        servesAnyHost = builder.servesAnyHost
        conflicts = builder.conflicts
    }

    /// Finds the route for one request.
    ///
    /// - Parameters:
    ///   - host: the authority as it was sent, port included; empty where there is none (HTTP/1.0).
    ///   - path: passed by `PathRule.check`; compared after one percent-decode.
    ///   - method: exactly one method, or the empty set for one no route can allow.
    ///   - isLoose: reads the path as servlet containers and Express do, each segment up to its
    ///     first `;`, letters in any case, with or without the slash at the end, unless a route
    ///     spells it as sent.
    public func match(
        host: Span<UInt8>, path: Span<UInt8>, method: MethodSet, isLoose: Bool = false
    ) -> Match {
        let name = RouteHost(host)
        let number = hostNumber(name.name)
        guard number > 0 || servesAnyHost else { return .misdirected }
        var search = Search(host: number, method: method, isLoose: isLoose)
        // `/` has no segments; every other path starts its first one after the slash.
        let route = visit(0, path, path.count <= 1 ? path.count + 1 : 1, &search)
        if route >= 0 { return .matched(Int(route)) }
        return search.allowed.isEmpty ? .notFound : .methodNotAllowed(search.allowed)
    }
}

extension RouteTable {
    /// The number of a host as it is written, else of the first pattern it has the form of; 0 for
    /// none.
    private func hostNumber(_ name: Span<UInt8>) -> Int {
        if let ordinal = hosts.ordinal(of: name) { return ordinal + 1 }
        for pattern in hostPatterns where pattern.pattern.tenant(in: name) != nil {
            return pattern.number
        }
        return 0
    }

    private struct Search {
        let host: Int
        let method: MethodSet
        let isLoose: Bool
        var allowed: MethodSet = []

        init(host: Int, method: MethodSet, isLoose: Bool) {
            self.host = host
            self.method = method
            self.isLoose = isLoose
        }
    }

    /// Where the first `;` of a segment is, written or encoded; its end where there is none.
    static func endOfName(_ segment: Span<UInt8>) -> Int {
        var index = 0
        while index < segment.count {
            let (byte, next) = PercentCoding.decode(segment, at: index)
            if byte == UInt8(ascii: ";") { return index }
            index = next
        }
        return index
    }

    /// The best route at or below `node` for the path from `start` on; -1 where there is none. A
    /// node is visited at most once per request, because its depth fixes the segment it stands for.
    private func visit(
        _ node: Int, _ path: Span<UInt8>, _ start: Int, _ search: inout Search
    ) -> Int32 {
        if start > path.count {
            let ending = pick(nodes[node].endGroup, &search)
            if ending >= 0 { return ending }
            let slashed = search.isLoose ? child(of: node, path.extracting(0..<0)) : -1
            let route = slashed >= 0 ? pick(nodes[slashed].endGroup, &search) : -1
            return route >= 0 ? route : pick(nodes[node].restGroup, &search)
        }
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        let literal = child(of: node, path.extracting(start..<end))
        if literal >= 0 {
            let route = visit(literal, path, end + 1, &search)
            if route >= 0 { return route }
        }
        if search.isLoose {
            let name = path.extracting(start..<start + Self.endOfName(path.extracting(start..<end)))
            var loose = child(of: node, name)
            if loose < 0 { loose = child(of: node, name, foldingCase: true) }
            let route =
                loose >= 0 && loose != literal ? visit(loose, path, end + 1, &search) : -1
            if route >= 0 { return route }
            // Nothing stands behind the last slash.
            let ending =
                name.isEmpty && end == path.count ? pick(nodes[node].endGroup, &search) : -1
            if ending >= 0 { return ending }
        }
        let any = nodes[node].anyChild
        if any >= 0, end > start {
            let route = visit(Int(any), path, end + 1, &search)
            if route >= 0 { return route }
        }
        return pick(nodes[node].restGroup, &search)
    }

    /// The route of `group` for the host and method asked for, one with the host first.
    private func pick(_ group: Int32, _ search: inout Search) -> Int32 {
        guard group >= 0 else { return -1 }
        if search.host > 0 {
            let route = pick(group, host: search.host, &search)
            if route >= 0 { return route }
        }
        return pick(group, host: 0, &search)
    }

    private func pick(_ group: Int32, host: Int, _ search: inout Search) -> Int32 {
        let key = UInt64(UInt32(group)) << 32 | UInt64(host)
        var place = Int(truncatingIfNeeded: Self.mix(key)) & (headKeys.count - 1)
        while headKeys[place] != key {
            if headKeys[place] == .max { return -1 }
            place = (place + 1) & (headKeys.count - 1)
        }
        var route = headRoutes[place]
        while route >= 0 {
            let methods = links[Int(route)].methods
            if !methods.isDisjoint(with: search.method) { return route }
            search.allowed.formUnion(methods)
            route = links[Int(route)].next
        }
        return -1
    }

    private func child(
        of node: Int, _ segment: Span<UInt8>, foldingCase: Bool = false
    ) -> Int {
        var place = Self.place(of: segment, under: node) & (children.count - 1)
        while children[place] >= 0 {
            let candidate = Int(children[place])
            if nodes[candidate].parent == Int32(node),
                equals(nodes[candidate], segment, foldingCase: foldingCase)
            {
                return candidate
            }
            place = (place + 1) & (children.count - 1)
        }
        return -1
    }

    /// Compares a decoded literal with a segment as it was sent.
    private func equals(_ node: Node, _ segment: Span<UInt8>, foldingCase: Bool) -> Bool {
        let begin = Int(node.segmentStart)
        let count = Int(node.segmentCount)
        var index = 0
        var length = 0
        while index < segment.count {
            let (byte, next) = PercentCoding.decode(segment, at: index)
            guard length < count else { return false }
            let own = segments[begin + length]
            guard own == byte || foldingCase && Self.folded(own) == Self.folded(byte) else {
                return false
            }
            length += 1
            index = next
        }
        return length == count
    }

    /// Whether another route may be the one for a server that reads the path loosely.
    func mayBeLoose(_ path: Span<UInt8>) -> Bool {
        if hasCapitals || path.count > 1 && path[path.count - 1] == UInt8(ascii: "/") {
            return true
        }
        for index in path.indices {
            // What is encoded may be a capital or a `;`.
            if path[index] == UInt8(ascii: "%") || path[index] == UInt8(ascii: ";")
                || path[index] != Self.folded(path[index])
            {
                return true
            }
        }
        return hasSlashedRoutes
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// Where the search for a child begins: the same for all cases of a segment's letters.
    private static func place(of segment: Span<UInt8>, under node: Int) -> Int {
        var hash: UInt32 = 0x811c_9dc5
        var index = 0
        while index < segment.count {
            let (byte, next) = PercentCoding.decode(segment, at: index)
            hash = (hash ^ UInt32(folded(byte))) &* 0x0100_0193
            index = next
        }
        let mixed = mix(UInt64(hash) | UInt64(node) << 32)
        return Int(truncatingIfNeeded: mixed & 0x7fff_ffff)
    }

    /// A multiplicative hash (Fibonacci) folded so that low bits depend on all.
    private static func mix(_ key: UInt64) -> UInt64 {
        let product = key &* 0x9e37_79b9_7f4a_7c15
        return (product ^ product >> 32) & 0x7fff_ffff_ffff_ffff
    }

    private mutating func layOutChildren(of builder: RouteTableBuilder) {
        var size = 4
        while size < builder.nodes.count * 4 { size *= 2 }
        children = [Int32](repeating: -1, count: size)
        for (index, node) in builder.nodes.enumerated() where node.isLiteral {
            nodes[index].segmentStart = UInt32(segments.count)
            segments += node.segment
            hasCapitals = hasCapitals || node.segment.contains { $0 != Self.folded($0) }
            hasSlashedRoutes = hasSlashedRoutes || node.segment.isEmpty
            // Decoding a decoded segment again is harmless here only because no `%XX` can be left
            // in it: `PathRule` refuses paths with doubly encoded bytes, so it matches none.
            var place = Self.place(of: node.segment.span, under: Int(node.parent)) & (size - 1)
            while children[place] >= 0 { place = (place + 1) & (size - 1) }
            children[place] = Int32(index)
        }
    }

    private mutating func layOutGroups(of builder: RouteTableBuilder) {
        var size = 4
        while size < builder.heads.count * 4 { size *= 2 }
        headKeys = [UInt64](repeating: .max, count: size)
        headRoutes = [Int32](repeating: -1, count: size)
        for (key, route) in builder.heads {
            var place = Int(truncatingIfNeeded: Self.mix(key)) & (size - 1)
            while headKeys[place] != .max { place = (place + 1) & (size - 1) }
            headKeys[place] = key
            headRoutes[place] = route
        }
    }
}

/// Collects routes with the types that are handy for it; off the request path.
private struct RouteTableBuilder {
    struct Node {
        var parent: Int32
        var segment: [UInt8] = []
        var isLiteral = false
        var anyChild: Int32 = -1
        var endGroup: Int32 = -1
        var restGroup: Int32 = -1
    }
    struct ChildKey: Hashable {
        var parent: Int32
        var segment: [UInt8]
    }

    var nodes: [Node] = [Node(parent: -1)]
    var children: [ChildKey: Int32] = [:]
    var heads: [UInt64: Int32] = [:]
    var links: [(methods: MethodSet, next: Int32)] = []
    var hosts: [[UInt8]] = []
    var hostNumbers: [String: Int] = [:]
    var servesAnyHost = false
    var conflicts: [(Int, Int)] = []
    private var groups: Int32 = 0

    mutating func add(_ route: RoutePolicy) {
        let index = Int32(links.count)
        let methods = MethodSet(policy: route.methods)
        links.append((methods: methods, next: -1))
        let key = UInt64(UInt32(group(for: route.path))) << 32 | UInt64(hostNumber(route.host))
        guard var last = heads[key] else {
            heads[key] = index
            return
        }
        while true {
            let other = links[Int(last)]
            if !other.methods.isDisjoint(with: methods) {
                conflicts.append((Int(last), Int(index)))
            }
            guard other.next >= 0 else { break }
            last = other.next
        }
        links[Int(last)].next = index
    }

    private mutating func hostNumber(_ host: String?) -> Int {
        guard let host else {
            servesAnyHost = true
            return 0
        }
        if let known = hostNumbers[host] { return known }
        hosts.append([UInt8](host.utf8))
        hostNumbers[host] = hosts.count
        return hosts.count
    }

    private mutating func group(for path: PathPattern) -> Int32 {
        var node = 0
        for (place, segment) in path.segments.enumerated() {
            switch segment {
            case .literal(let text):
                // The pattern `/` may come as one empty literal; it has no segments.
                if text.isEmpty, path.segments.count == 1 { continue }
                node = literalChild(of: node, Self.decoded(text))
            case .any, .tenant: node = anyChild(of: node)
            case .rest:
                // Only a trailing `**` has a meaning; a compiler refuses any other.
                guard place == path.segments.count - 1 else { continue }
                if nodes[node].restGroup < 0 { nodes[node].restGroup = newGroup() }
                return nodes[node].restGroup
            }
        }
        if nodes[node].endGroup < 0 { nodes[node].endGroup = newGroup() }
        return nodes[node].endGroup
    }

    private mutating func newGroup() -> Int32 {
        defer { groups += 1 }
        return groups
    }

    private mutating func literalChild(of node: Int, _ segment: [UInt8]) -> Int {
        let key = ChildKey(parent: Int32(node), segment: segment)
        if let known = children[key] { return Int(known) }
        nodes.append(Node(parent: Int32(node), segment: segment, isLiteral: true))
        children[key] = Int32(nodes.count - 1)
        return nodes.count - 1
    }

    private mutating func anyChild(of node: Int) -> Int {
        if nodes[node].anyChild < 0 {
            nodes.append(Node(parent: Int32(node)))
            nodes[node].anyChild = Int32(nodes.count - 1)
        }
        return Int(nodes[node].anyChild)
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < text.count {
            let (byte, next) = PercentCoding.decode(text.span, at: index)
            out.append(byte)
            index = next
        }
        return out
    }
}
