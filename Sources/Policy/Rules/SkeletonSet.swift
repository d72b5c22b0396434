import HTTP1

/// A precompiled set of names that mean one concept, matched in every spelling (`Skeleton`). Asking
/// allocates nothing.
public struct SkeletonSet: Sendable {
    /// What a client's name turned out to be.
    public enum Verdict: Equatable, Sendable {
        case clean
        /// Some reading of the name is in the set.
        case listed
        /// Some reading of the name holds a control byte; where names are decoded that is an attack
        /// on whoever decodes after us (attack Q10).
        case control
    }

    private let table: ByteTable
    private let letters: LetterSets
    /// Copies share it, for they judge alike.
    let identity = RuleIdentity.make()

    /// Names without a usable skeleton are left out; `skeleton(of:)` tells which they are.
    public init(names: [String]) {
        let skeletons = names.map { Skeleton.bytes(of: $0) }.filter { !$0.isEmpty }
        table = ByteTable(skeletons)
        letters = LetterSets(of: skeletons)
    }

    public var isEmpty: Bool { table.count == 0 }

    /// The skeleton of a configured name as text; `nil` when it has none that could match: no ASCII
    /// letter or digit in it, or more than 64 of them.
    public static func skeleton(of name: String) -> String? {
        let bytes = Skeleton.bytes(of: name)
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Whether `name`, taken as one whole, is in the set: field names.
    public func contains(_ name: Span<UInt8>) -> Bool {
        if letters.excludes(name) { return false }
        var skeleton = Skeleton()
        return contains(name, using: &skeleton)
    }

    /// The same with the caller's scratch, which afterwards holds the folded name.
    func contains(_ name: Span<UInt8>, using skeleton: inout Skeleton) -> Bool {
        skeleton.reset()
        var hasPercent = false
        for index in name.indices where name[index] == UInt8(ascii: "%") { hasPercent = true }
        guard hasPercent else {
            for index in name.indices { skeleton.take(name[index]) }
            return !skeleton.isTooLong && table.ordinal(of: skeleton.core()) != nil
        }
        return judge(name) == .listed
    }

    /// Judges the name of a parameter, a cookie or a form field: the name as one whole and each of
    /// its components (`filter[tenant_id]`, `a.b.tenant_id`, `tenant_id__in`), percent-decoded once
    /// and, where that leaves another encoding, twice (attack Q8).
    public func judge(_ name: Span<UInt8>) -> Verdict {
        letters.excludes(name) ? .clean : judgeSlowly(name)
    }

    /// Whether the `count` bytes of `source` from `start` on, 0 or more, are a name that `judge`
    /// calls clean, as far as can be told at a glance.
    @inline(__always)
    func excludes(_ source: Span<UInt8>, _ start: Int, _ count: Int) -> Bool {
        guard count <= 16, source.count &- start >= 16 else {
            return letters.excludes(source.extracting(start..<start + count))
        }
        return letters.excludes(source.block(at: start), first: count)
    }

    /// `judge` of the `count` bytes of `source` from `start` on.
    @inline(__always)
    func judge(_ source: Span<UInt8>, _ start: Int, _ count: Int) -> Verdict {
        excludes(source, start, count)
            ? .clean : judgeSlowly(source.extracting(start..<start + count))
    }

    /// The same without the shortcut, which must not make a difference.
    func judgeSlowly(_ name: Span<UInt8>) -> Verdict {
        var hasPercent = false
        for index in name.indices where name[index] == UInt8(ascii: "%") { hasPercent = true }
        guard hasPercent else { return judge(name, decodings: 0) }
        var holdsEncoding = false
        var index = 0
        while index < name.count, !holdsEncoding {
            let (byte, next) = PercentCoding.decode(name, at: index)
            holdsEncoding = byte == UInt8(ascii: "%")
            index = next
        }
        let once = judge(name, decodings: 1)
        guard once == .clean, holdsEncoding else { return once }
        return judge(name, decodings: 2)
    }

    private func judge(_ name: Span<UInt8>, decodings: Int) -> Verdict {
        var skeleton = Skeleton()
        var component = 0
        // Where the component began for readers to whom a space is part of it: `filter[tenant id]`.
        var spaced = 0
        var wholeIsTooLong = false
        var isListed = false
        var previous: UInt8 = 0
        var index = 0
        while index < name.count {
            var byte = name[index]
            var next = index + 1
            if decodings == 1 {
                (byte, next) = PercentCoding.decode(name, at: index)
            } else if decodings == 2 {
                (byte, next) = PercentCoding.decodeTwice(name, at: index)
            }
            // A control byte decides whatever else the name says: two readings are a refusal.
            if byte < 0x20 || byte == 0x7f { return .control }
            let isDoubleUnderscore = byte == UInt8(ascii: "_") && previous == byte
            if Self.separates(byte) || isDoubleUnderscore {
                isListed = isListed || matches(skeleton, from: component)
                let isSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "+")
                if !isSpace, spaced != component {
                    isListed = isListed || matches(skeleton, from: spaced)
                }
                if skeleton.count > Skeleton.wholeBytesMax {
                    // The whole is given up, so that every component has all the room it needs.
                    wholeIsTooLong = true
                    skeleton.reset()
                    spaced = 0
                }
                component = skeleton.count
                if !isSpace { spaced = component }
            }
            skeleton.take(byte)
            previous = byte
            index = next
        }
        if isListed || matches(skeleton, from: component) { return .listed }
        if spaced != component, matches(skeleton, from: spaced) { return .listed }
        return !wholeIsTooLong && matches(skeleton, from: 0) ? .listed : .clean
    }

    private func matches(_ skeleton: borrowing Skeleton, from start: Int) -> Bool {
        !skeleton.isTooLong && table.ordinal(of: skeleton.core(from: start)) != nil
    }

    /// Bytes at which frameworks cut a parameter's name into a path.
    private static func separates(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "."), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "|"), UInt8(ascii: " "),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }
}
