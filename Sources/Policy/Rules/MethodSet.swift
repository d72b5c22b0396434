public import HTTP1

/// A set of the methods a route can allow. CONNECT and TRACE are not among them: the first is a
/// tunnel around every rule, the second echoes injected fields back (attacks U1, U2).
public struct MethodSet: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let get = MethodSet(rawValue: 1)
    public static let head = MethodSet(rawValue: 2)
    public static let post = MethodSet(rawValue: 4)
    public static let put = MethodSet(rawValue: 8)
    public static let patch = MethodSet(rawValue: 16)
    public static let delete = MethodSet(rawValue: 32)
    public static let options = MethodSet(rawValue: 64)
    public static let all = MethodSet(rawValue: 127)

    /// Bit `n` is the method named here.
    private static let names: [StaticString] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]

    /// The one method; empty for those no route can allow.
    public init(_ method: KnownMethod) {
        switch method {
        case .get: self = .get
        case .head: self = .head
        case .post: self = .post
        case .put: self = .put
        case .patch: self = .patch
        case .delete: self = .delete
        case .options: self = .options
        case .other, .trace, .track, .connect: self = []
        }
    }

    /// The one method `name` spells, case and all (RFC 9110 section 9.1); empty for any other.
    public init(name: Span<UInt8>) {
        self.init((try? KnownMethod(name)) ?? .other)
    }

    /// What a route's list of methods means: `nil` is all, and GET brings HEAD along.
    public init(policy methods: [String]?) {
        guard let methods else {
            self = .all
            return
        }
        var set = MethodSet()
        for method in methods { set.formUnion(MethodSet(name: [UInt8](method.utf8).span)) }
        self = set.contains(.get) ? set.union(.head) : set
    }

    /// Appends `GET, HEAD, POST`, the value of an `Allow` field (RFC 9110 section 10.2.1).
    public func write(into out: inout ByteBuffer) {
        var isFirst = true
        for bit in 0..<7 where rawValue >> UInt8(bit) & 1 == 1 {
            if !isFirst { out.append(", ") }
            out.append(Self.names[bit])
            isFirst = false
        }
    }
}
