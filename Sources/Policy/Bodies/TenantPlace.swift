import HTTP1
import JSON

/// A place in JSON documents that is the tenant's though its name is not: `/meta/id`, where `id`
/// means many things elsewhere. Each token stands for every spelling of it, because some readers
/// (Go's among them) take no notice of case and let the last member win.
struct TenantPlace: Sendable {
    private struct Token: Sendable {
        let bytes: [UInt8]
        let spellings: SkeletonSet

        func matches(_ name: Span<UInt8>) -> Bool {
            name.equals(bytes.span) || !spellings.isEmpty && spellings.contains(name)
        }
    }

    /// How far down the place the containers around a value are.
    struct Way {
        var reached = 0
    }

    private let tokens: [Token]

    /// `nil` without a pointer, and where its last token is among `names`: those go anywhere.
    init?(_ pointer: [[UInt8]], besides names: SkeletonSet) {
        guard let last = pointer.last, names.judge(last.span) == .clean else { return nil }
        tokens = pointer.map {
            Token(
                bytes: $0, spellings: SkeletonSet(names: [String(decoding: $0, as: UTF8.self)]))
        }
    }

    /// Whether `node` is at the place. To be asked of every value in document order, those inside
    /// of one that went aside.
    ///
    /// - Parameter key: the node's; empty for elements and the root.
    func isReached(
        by node: JSONNode, in view: borrowing JSONView, _ key: Span<UInt8>, _ way: inout Way
    ) -> Bool {
        let depth = view.depth(of: node)
        way.reached = min(way.reached, max(depth - 1, 0))
        guard depth > 0, depth <= tokens.count, way.reached == depth - 1,
            view.keyRange(of: node) != nil, tokens[depth - 1].matches(key)
        else { return false }
        way.reached = depth
        return depth == tokens.count
    }

    /// Whether an operation of a patch writes or reads the place: its path leads there or further
    /// down, or to a container around it, and it brings one that has the place inside.
    ///
    /// - Parameters:
    ///   - path: a JSON Pointer, or a path of SCIM (RFC 7644 section 3.5.2).
    ///   - isSource: whether it is the operation's `from`, to which nothing is written.
    func isReached(
        by operation: PatchOperation, path: Span<UInt8>, isSource: Bool, in view: borrowing JSONView
    ) -> Bool {
        guard let count = matches(path) else { return false }
        guard count < tokens.count, !isSource else { return count == tokens.count }
        // What is moved or copied there is not to be seen here.
        if operation.from != nil { return true }
        guard let value = operation.value else { return false }
        return holds(value, from: count, in: view)
    }

    /// How many tokens the path shares with the place; `nil` where it leads elsewhere.
    private func matches(_ path: Span<UInt8>) -> Int? {
        let isPointer = path.count > 0 && path[0] == UInt8(ascii: "/")
        let separator = UInt8(ascii: isPointer ? "/" : ".")
        var index = isPointer ? 1 : 0
        var count = 0
        var token: [UInt8] = []
        while path.count > 0, index <= path.count, count < tokens.count {
            if index == path.count || path[index] == separator {
                guard tokens[count].matches(token.span) else { return nil }
                count += 1
                token.removeAll(keepingCapacity: true)
            } else if isPointer, path[index] == UInt8(ascii: "~"), index + 1 < path.count {
                index += 1
                token.append(UInt8(ascii: path[index] == UInt8(ascii: "1") ? "/" : "~"))
            } else {
                token.append(path[index])
            }
            index += 1
        }
        return count
    }

    /// Whether the place's tokens from `first` on lead to something inside of `node`. As deep as
    /// the pointer is long, which the policy bounds.
    private func holds(_ node: JSONNode, from first: Int, in view: borrowing JSONView) -> Bool {
        guard view.kind(of: node) == .object else { return false }
        var members = view.children(of: node)
        while let member = members.next() {
            guard let key = view.key(of: member), tokens[first].matches(key.span) else { continue }
            if first + 1 == tokens.count || holds(member, from: first + 1, in: view) { return true }
        }
        return false
    }
}
