/// The rule of docs/tenant-names.md written down a second time, naively and from the text alone:
/// the reference that random tests and fuzz targets judge the product by. Slow, obvious, shares
/// nothing with Sources.
public struct NaiveNames: Sendable {
    /// The bounds of the text: longer components, and names whose last component starts later as
    /// one whole, are deliberately not caught, so nothing is claimed about them.
    public static let lettersMax = 128

    private let cores: Set<[UInt8]>

    public init(_ names: [String]) {
        cores = Set(names.map { Self.core(Self.letters(Self.decoded([UInt8]($0.utf8)))) })
    }

    /// Whether a field name means the tenant.
    public func isField(_ name: [UInt8]) -> Bool { isCore(Self.letters(name)) }

    /// Whether some reading of the name of a parameter, cookie, member or part means the tenant,
    /// within the bounds: such a name must go.
    public func mustGo(_ name: [UInt8]) -> Bool { names(name, lettersMax: Self.lettersMax) }

    /// The same without bounds: only such a name may go.
    public func mayGo(_ name: [UInt8]) -> Bool { names(name, lettersMax: .max) }

    private func names(_ name: [UInt8], lettersMax: Int) -> Bool {
        Self.readings(name).contains { reading in
            if isCore(Self.letters(reading), lettersMax) { return true }
            let components = Self.components(reading, at: "[].:/(){},| +")
            // A space is a part of the name to some, and so is its form as `+`.
            let spaced = Self.components(reading, at: "[].:/(){},|")
            return (components + spaced).contains { isCore(Self.letters($0), lettersMax) }
        }
    }

    private func isCore(_ letters: [UInt8], _ lettersMax: Int = .max) -> Bool {
        letters.count <= lettersMax && cores.contains(Self.core(letters))
    }

    /// Whether some reading of the name holds a control byte.
    public static func holdsControl(_ name: [UInt8]) -> Bool {
        readings(name).contains { $0.contains { $0 < 0x20 || $0 == 0x7f } }
    }

    /// The name decoded once, and once more where that leaves an encoding.
    public static func readings(_ name: [UInt8]) -> [[UInt8]] {
        let once = decoded(name)
        guard name.contains(0x25), once.contains(0x25) else { return [once] }
        return [once, decoded(once)]
    }

    public static func decoded(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x25, index + 2 < text.count,
                let byte = UInt8(
                    String(decoding: text[index + 1...index + 2], as: UTF8.self), radix: 16),
                text[index + 1] != UInt8(ascii: "+"), text[index + 1] != UInt8(ascii: "-")
            {
                out.append(byte)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    /// Cut at these bytes and at `__`.
    private static func components(_ name: [UInt8], at cuts: String) -> [[UInt8]] {
        let cuts = [UInt8](cuts.utf8)
        var parts: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for byte in name {
            if cuts.contains(byte) || byte == UInt8(ascii: "_") && previous == byte {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
            previous = byte
        }
        return parts
    }

    /// ASCII letters in lower case and digits, with the two letters that fold into them.
    static func letters(_ name: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for index in name.indices {
            let byte = name[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                out.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): out.append(byte + 32)
            case 0xc5 where name[index...].starts(with: [0xc5, 0xbf]): out.append(0x73)
            case 0xe2 where name[index...].starts(with: [0xe2, 0x84, 0xaa]): out.append(0x6b)
            default: break
            }
        }
        return out
    }

    private static let prefixes = ["x", "http", "grpcmetadata"].map { [UInt8]($0.utf8) }
    private static let suffix = [UInt8]("bin".utf8)

    private static func core(_ letters: [UInt8]) -> [UInt8] {
        var core = letters[...]
        while let prefix = prefixes.first(where: { core.count > $0.count && core.starts(with: $0) })
        {
            core = core.dropFirst(prefix.count)
        }
        while core.count > 3, core.suffix(3).elementsEqual(suffix) { core = core.dropLast(3) }
        return Array(core)
    }
}
