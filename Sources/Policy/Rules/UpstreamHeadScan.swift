import HTTP1

/// The second reader: goes over the finished bytes of a request head, knowing nothing of how they
/// were made, and answers whether they name exactly the tenant they should. It shares no code with
/// the rules and the writer, on purpose down to the folding of names: a mistake there must not be
/// made twice.
public struct UpstreamHeadScan: Sendable {
    /// Folded tenant names without prefixes, by their number of letters: `concepts[n]` are those of
    /// `n`.
    let concepts: [[[UInt8]]]
    /// Bit n - 1 for concepts of n letters.
    let counts: UInt64
    /// The ends of concepts of four letters and more, a bit in each word for a hash of the last
    /// four; and those of the shorter ones. Nearly every name is told from a concept by its end.
    let longEnds: (UInt64, UInt64)
    let shortEnds: UInt64
    /// The injected field's and parameter's names in lower case.
    private let header: [UInt8]
    let parameter: [UInt8]?
    /// Which segments of the path are the tenant's, ascending.
    let tenantSegments: [Int]
    /// Whether other spellings than the injected field's own are left to whoever reads them.
    let isInShadow: Bool

    /// The scan of a route in shadow: the injected field has to be there once and say the same, and
    /// no name beside it that some upstream takes for it.
    init(inShadow injectHeader: String) {
        self.init(names: [], injectHeader: injectHeader, injectQuery: nil, isInShadow: true)
    }

    init(
        names: [String], injectHeader: String, injectQuery: String?, tenantSegments: [Int] = [],
        isInShadow: Bool = false
    ) {
        self.tenantSegments = tenantSegments
        self.isInShadow = isInShadow
        var concepts = [[[UInt8]]](repeating: [], count: 65)
        for name in names {
            var letters = name.lowercased().utf8.filter {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
            Self.dropMarkers(&letters)
            guard !letters.isEmpty, letters.count <= 64, !Self.markers.contains(letters) else {
                continue
            }
            concepts[letters.count].append(letters)
        }
        self.concepts = concepts
        var counts: UInt64 = 0
        var long: (UInt64, UInt64) = (0, 0)
        var short: UInt64 = 0
        for concept in concepts.joined() {
            counts |= 1 << UInt64(concept.count - 1)
            var end: UInt32 = 0
            for letter in concept.suffix(4) { end = end << 8 | UInt32(letter) }
            if concept.count >= 4 {
                long.0 |= Self.bit(end)
                long.1 |= Self.otherBit(end)
            } else {
                // Markers may stand before it, so only its last letter is sure.
                short |= Self.bit(end & 0xff)
            }
        }
        self.counts = counts
        longEnds = long
        shortEnds = short
        header = [UInt8](injectHeader.lowercased().utf8)
        parameter = injectQuery.map { [UInt8]($0.utf8) }
    }

    private static let markers: [[UInt8]] = [
        [UInt8]("grpcmetadata".utf8), [UInt8]("http".utf8), [0x78],
    ]

    private static func dropMarkers(_ letters: inout [UInt8]) {
        while let marker = markers.first(where: {
            letters.count > $0.count && letters.starts(with: $0)
        }) {
            letters.removeFirst(marker.count)
        }
        while letters.count > 3, letters.suffix(3).elementsEqual("bin".utf8) {
            letters.removeLast(3)
        }
    }

    /// Whether `head` is one well-formed request head with exactly one field for the tenant, equal
    /// to `tenant`, and no other spelling of one in any field's or parameter's name; without a
    /// tenant, none at all. Nor is there a `Connection`, which could nominate the field away
    /// (attack H5), a method override, or a second one of the fields an upstream trusts us for.
    ///
    /// Cookies and bodies are not its business: no one of their readings is the right one.
    public func accepts(_ head: Span<UInt8>, tenant: ExternalID?) -> Bool {
        guard let line = lineEnd(head, 0), acceptsRequestLine(head.extracting(0..<line), tenant)
        else { return false }
        var position = line + 2
        var tenants = 0
        var lengths = 0
        var hosts = 0
        var ours: UInt8 = 0
        while true {
            guard position < head.count else { return false }
            if head[position] == 13 { break }
            let colonPlace = isInShadow ? tokenEnd(head, position) : nameEnd(head, position)
            guard let nameEnd = colonPlace, let end = lineEnd(head, nameEnd) else {
                return false
            }
            let field = head.extracting(position..<end)
            let colon = nameEnd - position
            let name = field.extracting(0..<colon)
            position = end + 2
            if folds(name, to: header) {
                guard let tenant, isValue(field, from: colon + 1, tenant.bytes) else {
                    return false
                }
                tenants += 1
                continue
            }
            if isInShadow ? isReadAsHeader(name) : isTenantName(name) { return false }
            switch role(of: name) {
            case .other: break
            case .host: hosts += 1
            case .framing: lengths += 1
            case .never: return false
            case .ours(let bit):
                guard ours & bit == 0 else { return false }
                ours |= bit
            }
        }
        return position + 2 == head.count && head[position + 1] == 10
            && tenants == (tenant == nil ? 0 : 1) && lengths <= 1
            && hosts == 1
    }

    private enum Role {
        case other, host, framing, never
        /// One of ours, which comes once at most.
        case ours(UInt8)
    }

    /// By length first: most names have none of these.
    private func role(of name: Span<UInt8>) -> Role {
        switch name.count {
        case 4: folds(name, to: "host") ? .host : .other
        case 10: folds(name, to: "connection") ? .never : .other
        case 12: folds(name, to: "x-request-id") ? .ours(1) : .other
        case 13 where folds(name, to: "x-tenant-tier"): .ours(2)
        case 13: folds(name, to: "x-http-method") ? .never : .other
        case 14: folds(name, to: "content-length") ? .framing : .other
        case 16: folds(name, to: "proxy-connection") ? .never : .other
        case 17 where folds(name, to: "transfer-encoding"): .framing
        case 17: folds(name, to: "x-method-override") ? .never : .other
        case 19: folds(name, to: "ringfence-assertion") ? .ours(4) : .other
        case 22: folds(name, to: "x-http-method-override") ? .never : .other
        default: .other
        }
    }

    /// One of 64 bits for up to four letters.
    @inline(__always) static func bit(_ letters: UInt32) -> UInt64 {
        1 << UInt64((letters &* 0x9e37_79b1) >> 26)
    }

    /// Another one, for a second opinion.
    @inline(__always) static func otherBit(_ letters: UInt32) -> UInt64 {
        1 << UInt64((letters &* 0x85eb_ca6b) >> 26)
    }

    /// The next CRLF from `start`; `nil` without one or when a line holds any other control byte.
    private func lineEnd(_ head: Span<UInt8>, _ start: Int) -> Int? {
        let first = SIMD16<UInt8>(repeating: 0x20)
        let last = SIMD16<UInt8>(repeating: 0x7e - 0x20)
        var index = start
        while index + 1 < head.count {
            // Sixteen bytes at a time while all of them are from 0x20 to 0x7e.
            while head.count - index > 16 {
                let place = SIMD16.first(in: head.block(at: index) &- first .> last)
                index += place ?? 16
                if place != nil { break }
            }
            let byte = head[index]
            if byte == 13 { return head[index + 1] == 10 ? index : nil }
            if byte < 32 && byte != 9 || byte == 127 { return nil }
            index += 1
        }
        return nil
    }

    /// The colon of the field line at `start`, its name being letters, digits and `-` alone, or
    /// `nil`.
    private func nameEnd(_ head: Span<UInt8>, _ start: Int) -> Int? {
        let caseBit = SIMD16<UInt8>(repeating: 0x20)
        let (letter, letters) = (SIMD16<UInt8>(repeating: 0x61), SIMD16<UInt8>(repeating: 26))
        let (digit, digits) = (SIMD16<UInt8>(repeating: 0x30), SIMD16<UInt8>(repeating: 10))
        let dash = SIMD16<UInt8>(repeating: 0x2d)
        var index = start
        while index < head.count {
            if head.count - index >= 16 {
                let block = head.block(at: index)
                let isName =
                    ((block | caseBit) &- letter .< letters) .| (block &- digit .< digits)
                    .| (block .== dash)
                guard let place = SIMD16.first(in: .!isName) else {
                    index += 16
                    continue
                }
                index += place
            } else if Self.isName(head[index]) {
                index += 1
                continue
            }
            return head[index] == 0x3a && index > start ? index : nil
        }
        return nil
    }

    /// The colon of a field line whose name may be any token (RFC 9110 section 5.6.2), or `nil`.
    private func tokenEnd(_ head: Span<UInt8>, _ start: Int) -> Int? {
        var index = start
        while index < head.count, head[index] > 0x20, head[index] < 0x7f, head[index] != 0x3a {
            index += 1
        }
        return index > start && index < head.count && head[index] == 0x3a ? index : nil
    }

    /// Whether a name that is not the injected field's is the same variable to CGI and its heirs.
    private func isReadAsHeader(_ name: Span<UInt8>) -> Bool {
        guard name.count == header.count else { return false }
        for index in header.indices {
            let (one, other) = (lower(name[index]), header[index])
            let isWord = Self.isName(one) && one != 0x2d || Self.isName(other) && other != 0x2d
            if isWord, one != other { return false }
        }
        return true
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2d, 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }

    private func folds(_ name: Span<UInt8>, to expected: [UInt8]) -> Bool {
        guard name.count == expected.count else { return false }
        for index in expected.indices where lower(name[index]) != expected[index] { return false }
        return true
    }

    private func folds(_ name: Span<UInt8>, to expected: StaticString) -> Bool {
        guard name.count == expected.utf8CodeUnitCount else { return false }
        let text = expected.bytes
        for index in name.indices where lower(name[index]) != text[index] { return false }
        return true
    }

    func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte + 32 : byte
    }

    /// Whether the field's value, after one space, is `expected` and nothing more.
    private func isValue(_ field: Span<UInt8>, from start: Int, _ expected: [UInt8]) -> Bool {
        guard field.count == start + 1 + expected.count, field[start] == 0x20 else { return false }
        for index in expected.indices where field[start + 1 + index] != expected[index] {
            return false
        }
        return true
    }
}
