/// Where a generated request takes its decisions from: a seed, or the bytes of a fuzzer, which then
/// learns which decisions lead somewhere new.
public struct Choices {
    private var state: UInt64
    private var bytes: ArraySlice<UInt8>?

    /// The same seed makes the same decisions for ever (SplitMix64).
    public init(seed: UInt64) {
        state = seed
        bytes = nil
    }

    /// Behind the last of `bytes` every decision is 0.
    public init(_ bytes: [UInt8]) {
        state = 0
        self.bytes = bytes[...]
    }

    /// A number in `0..<bound`; `bound` is in 1...256, so that one byte of a fuzzer reaches all.
    mutating func below(_ bound: Int) -> Int {
        if bytes != nil { return Int(bytes?.popFirst() ?? 0) % bound }
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    /// True once in `times`, and never where the fuzzer has nothing more to say.
    mutating func once(in times: Int) -> Bool { below(times) == times - 1 }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}

// Names.
extension Choices {
    private static let concepts = [
        ["tenant", "id"], ["tenant"], ["org", "id"], ["organization", "id"], ["account", "id"],
        ["workspace", "id"], ["customer", "external", "id"], ["current", "tenant"],
        ["app", "current", "tenant"], ["x", "scope", "orgid"], ["tenant", "slug"], ["acme", "org"],
    ]
    private static let plain = [
        "a", "id", "name", "filter", "data", "Data", "da_ta", "q", "page", "Accept", "session",
        "tenants", "my_tenant",
        "tenant_id_2", "x", "http", "bin", "method", "op", "path", "orgs", "value", "boundary",
    ]

    /// A spelling of the tenant, as a header, an identifier, a variable of CGI or a member has it.
    mutating func spelling() -> String {
        let words = pick(Self.concepts)
        let joints = ["_", "-", "", ".", " ", "__", "/", ":", "--"]
        var name = ""
        let style = below(4)
        let joint = pick(joints)
        for (index, word) in words.enumerated() {
            if index > 0, style != 3 { name += joint }
            switch style {
            case 0: name += word
            case 1: name += word.uppercased()
            case 2: name += word.prefix(1).uppercased() + word.dropFirst()
            default:
                name += index == 0 ? word : word.prefix(1).uppercased() + word.dropFirst()
            }
        }
        for _ in 0..<(once(in: 3) ? 1 + below(2) : 0) {
            name = pick(["X-", "x_", "HTTP_", "http-", "Grpc-Metadata-", "x"]) + name
        }
        if once(in: 8) { name += pick(["-Bin", "-bin", "bin"]) }
        return name
    }

    /// A spelling of the tenant one time in two.
    mutating func name() -> String { once(in: 2) ? spelling() : pick(Self.plain) }

    mutating func value() -> String { pick(["evil", "acme", "1", "", "x y", "tenant_id"]) }

    /// A name of a parameter or member: alone, or as a part of a path.
    mutating func path() -> String {
        switch below(8) {
        case 5: "\(pick(Self.plain))[\(name())]"
        case 6: "\(name())[\(pick(["", "0", "$ne", "id"]))]"
        case 7: "\(pick(Self.plain)).\(name())"
        default: name()
        }
    }

    /// Percent-encoded where it must be, and here and there where it need not.
    mutating func encoded(_ text: String) -> String {
        let often = pick([1, 1, 2, 9])
        var out = ""
        for byte in text.utf8 {
            let plain = (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
            let mayStand = plain || [UInt8]("-_.~[]:/".utf8).contains(byte)
            if mayStand, often == 1 || !once(in: often) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: once(in: 2))
                out += once(in: 40) ? "%25" : "%"
                out += digits.count == 1 ? "0" + digits : digits
            }
        }
        return out
    }

    /// A JSON string without its quotes, escaped where it need not be.
    mutating func escaped(_ text: String) -> String {
        let often = pick([0, 0, 2, 6])
        return text.utf16.map { unit in
            guard often > 0, once(in: often) else {
                return String(decoding: [unit], as: UTF16.self)
            }
            let digits = String(unit, radix: 16, uppercase: once(in: 2))
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
