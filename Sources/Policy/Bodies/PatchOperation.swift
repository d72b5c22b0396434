import HTTP1
import JSON

/// The members that say what an operation of a patch does (RFC 6902 section 4, RFC 7644 section
/// 3.5.2). Their names are compared without case, as SCIM (RFC 7643 section 2.1) and Go do: `Path`
/// is a path to somebody. No letter outside of ASCII is folded into one of theirs.
struct PatchOperation: BitwiseCopyable {
    /// Bytes of the longest name, each of its letters written as `\u0076`.
    private static let keyBytesMax = 5 * 6

    private var op: JSONNode?
    private(set) var path: JSONNode?
    private(set) var from: JSONNode?
    private(set) var value: JSONNode?
    /// Whether two members have one name: readers differ about which of them counts.
    private(set) var isTwofold = false
    private var hasExactOp = false
    private var hasExactPath = false

    /// - Parameter name: overwritten.
    init(_ node: JSONNode, in view: borrowing JSONView, _ name: inout [UInt8]) {
        var members = view.children(of: node)
        while let member = members.next() {
            guard let written = view.keyRange(of: member), written.count - 2 <= Self.keyBytesMax
            else { continue }
            if let key = view.plainKey(of: member) {
                add(member, key)
            } else {
                name.removeAll(keepingCapacity: true)
                _ = view.appendKey(of: member, to: &name)
                add(member, name.span)
            }
        }
    }

    /// Whether somebody takes it for an operation.
    var isOperation: Bool { op != nil }

    /// Whether everybody does.
    var isExact: Bool { hasExactOp && hasExactPath }

    private mutating func add(_ member: JSONNode, _ key: Span<UInt8>) {
        switch key.count {
        case 2 where key.equalsIgnoringCase("op"):
            isTwofold = isTwofold || op != nil
            op = member
            hasExactOp = hasExactOp || key.equals("op")
        case 4 where key.equalsIgnoringCase("path"):
            isTwofold = isTwofold || path != nil
            path = member
            hasExactPath = hasExactPath || key.equals("path")
        case 4 where key.equalsIgnoringCase("from"):
            isTwofold = isTwofold || from != nil
            from = member
        case 5 where key.equalsIgnoringCase("value"):
            isTwofold = isTwofold || value != nil
            value = member
        default: break
        }
    }
}
