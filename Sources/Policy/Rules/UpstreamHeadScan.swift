import HTTP1

/// The second reader: goes over the finished bytes of a request head, knowing nothing of how they
/// were made, and answers whether they name exactly the tenant they should. It shares no code with
/// the rules and the writer, on purpose down to the folding of names: a mistake there must not be
/// made twice.
public struct UpstreamHeadScan: Sendable {
    /// Folded tenant names without prefixes, by their number of letters: `concepts[n]` are those of
    /// `n`.
    private let concepts: [[[UInt8]]]
    /// Bit n - 1 for concepts of n letters.
    private let counts: UInt64
    /// The ends of concepts of four letters and more, a bit in each word for a hash of the last
    /// four; and those of the shorter ones. Nearly every name is told from a concept by its end.
    private let longEnds: (UInt64, UInt64)
    private let shortEnds: UInt64
    /// The injected field's and parameter's names in lower case.
    private let header: [UInt8]
    private let parameter: [UInt8]?
    /// Which segments of the path are the tenant's, ascending.
    private let tenantSegments: [Int]
    /// Whether other spellings than the injected field's own are left to whoever reads them.
    private let isInShadow: Bool

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
    /// tenant, none at all.
    public func accepts(_ head: Span<UInt8>, tenant: ExternalID?) -> Bool {
        guard let line = lineEnd(head, 0), acceptsRequestLine(head.extracting(0..<line), tenant)
        else { return false }
        var position = line + 2
        var tenants = 0
        var lengths = 0
        var hosts = 0
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
            if folds(name, to: "content-length") || folds(name, to: "transfer-encoding") {
                lengths += 1
            } else if folds(name, to: "host") {
                hosts += 1
            }
        }
        return position + 2 == head.count && head[position + 1] == 10
            && tenants == (tenant == nil ? 0 : 1) && lengths <= 1
            && hosts == 1
    }

    /// One of 64 bits for up to four letters.
    private static func bit(_ letters: UInt32) -> UInt64 {
        1 << UInt64((letters &* 0x9e37_79b1) >> 26)
    }

    /// Another one, for a second opinion.
    private static func otherBit(_ letters: UInt32) -> UInt64 {
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

    private func lower(_ byte: UInt8) -> UInt8 {
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

// Names.
extension UpstreamHeadScan {
    /// Letters and digits of a name or of one component of it, lower case. The room is less than
    /// the rules have, so that a long name a client makes up never sets off this alarm.
    private struct Letters: ~Copyable {
        var bytes = InlineArray<128, UInt8>(repeating: 0)
        var count = 0
        var overflowed = false

        mutating func add(_ byte: UInt8) {
            if count < bytes.count {
                bytes[count] = byte
                count += 1
            } else {
                overflowed = true
            }
        }
    }

    private func isTenantName(_ name: Span<UInt8>) -> Bool {
        mayEndAsConcept(name) && hasConcept(name)
    }

    @inline(never)
    private func hasConcept(_ name: Span<UInt8>) -> Bool {
        var letters = Letters()
        for index in name.indices {
            let byte = lower(name[index])
            if (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) { letters.add(byte) }
        }
        return isConcept(letters, from: 0)
    }

    /// Whether a name's last letters can be those of a concept, or of a marker behind one.
    private func mayEndAsConcept(_ name: Span<UInt8>) -> Bool {
        var index = name.count - 1
        var end: UInt32 = 0
        var count = 0
        if index >= 7 {
            // All four at once, unless a "-" is among them. Of letters and digits the bit sets
            // those in lower case that are letters, and no other.
            let last = UInt32(truncatingIfNeeded: name.word(at: index - 7) >> 32)
            let dashes = last ^ 0x2d2d_2d2d
            if (dashes &- 0x0101_0101) & ~dashes & 0x8080_8080 == 0 {
                end = (last | 0x2020_2020).byteSwapped
                count = 4
            }
        }
        while index >= 0, count < 4 {
            let byte = lower(name[index])
            index -= 1
            guard (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) else { continue }
            end |= UInt32(byte) << UInt32(count * 8)
            count += 1
        }
        return longEnds.0 & Self.bit(end) != 0 && longEnds.1 & Self.otherBit(end) != 0
            || shortEnds & Self.bit(end & 0xff) != 0
            || end & 0xff_ffff == 0x62_696e
    }

    /// Whether the letters from `start` on are a concept with nothing but markers around it.
    private func isConcept(_ letters: borrowing Letters, from start: Int) -> Bool {
        guard !letters.overflowed else { return false }
        var end = letters.count
        while true {
            // Read backwards: every concept the letters end with, then markers before it.
            let letterCount = end - start
            var lengths = letterCount < 64 ? counts & (1 << UInt64(letterCount) - 1) : counts
            while lengths != 0 {
                let length = lengths.trailingZeroBitCount + 1
                lengths &= lengths &- 1
                for concept in concepts[length] where ends(letters, end, concept) {
                    if onlyMarkers(letters, start, end - length) { return true }
                }
            }
            guard end - start > 3, letters.bytes[end - 3] == 0x62, letters.bytes[end - 2] == 0x69,
                letters.bytes[end - 1] == 0x6e
            else { return false }
            end -= 3
        }
    }

    private func ends(_ letters: borrowing Letters, _ end: Int, _ concept: [UInt8]) -> Bool {
        let start = end - concept.count
        for index in concept.indices where letters.bytes[start + index] != concept[index] {
            return false
        }
        return true
    }

    private func onlyMarkers(_ letters: borrowing Letters, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end {
            if letters.bytes[index] == 0x78 {
                index += 1
            } else if spells(letters, index, end, "http") {
                index += 4
            } else if spells(letters, index, end, "grpcmetadata") {
                index += 12
            } else {
                return false
            }
        }
        return true
    }

    private func spells(
        _ letters: borrowing Letters, _ start: Int, _ end: Int, _ marker: StaticString
    ) -> Bool {
        let text = marker.bytes
        guard end - start >= text.count else { return false }
        for index in text.indices where letters.bytes[start + index] != text[index] { return false }
        return true
    }
}

// The request line.
extension UpstreamHeadScan {
    private func acceptsRequestLine(_ line: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
        var spaces = 0
        var start = 0
        var end = 0
        var question = -1
        for index in line.indices {
            let byte = line[index]
            if byte == 0x20 {
                spaces += 1
                if spaces == 1 { start = index + 1 } else { end = index }
            } else if byte == 0x3f, spaces == 1, question < 0 {
                question = index
            } else if byte == 0x23 || byte > 126 {
                return false
            }
        }
        guard spaces == 2, start < end, line[start] == 0x2f else { return false }
        let path = line.extracting(start..<(question < 0 ? end : question))
        guard !isInShadow else { return true }
        guard namesTenant(inPath: path, tenant) else { return false }
        guard question >= 0 else { return parameter == nil || tenant == nil }
        return acceptsQuery(line.extracting(question + 1..<end), tenant)
    }

    /// Whether the segments that are the tenant's say so to the byte, before any parameters.
    private func namesTenant(inPath path: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
        guard !tenantSegments.isEmpty else { return true }
        guard let tenant else { return false }
        var segment = -1
        var matched = 0
        var index = 0
        while index < path.count {
            guard path[index] == 0x2f else {
                index += 1
                continue
            }
            segment += 1
            index += 1
            guard tenantSegments.contains(segment) else { continue }
            for byte in tenant.bytes {
                guard index < path.count, path[index] == byte else { return false }
                index += 1
            }
            guard index == path.count || path[index] == 0x2f || path[index] == 0x3b else {
                return false
            }
            matched += 1
        }
        return matched == tenantSegments.count
    }

    private func acceptsQuery(_ query: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
        var own = 0
        var start = 0
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != 0x26, query[end] != 0x3b {
                if equals < 0, query[end] == 0x3d { equals = end }
                end += 1
            }
            let name = query.extracting(start..<(equals < 0 ? end : equals))
            if let tenant, isOwn(query.extracting(start..<end), tenant) {
                own += 1
            } else if namesTenant(name, rounds: 1) || namesTenant(name, rounds: 2) {
                return false
            }
            start = end + 1
        }
        return own == (tenant == nil || parameter == nil ? 0 : 1)
    }

    /// Whether a pair is the one we add, `name=value` to the byte.
    private func isOwn(_ pair: Span<UInt8>, _ tenant: ExternalID) -> Bool {
        guard let parameter, pair.count == parameter.count + 1 + tenant.bytes.count else {
            return false
        }
        for index in parameter.indices where pair[index] != parameter[index] { return false }
        guard pair[parameter.count] == 0x3d else { return false }
        for index in tenant.bytes.indices
        where pair[parameter.count + 1 + index] != tenant.bytes[index] {
            return false
        }
        return true
    }

    /// Reads a parameter's name decoded `rounds` times: each run between separators, and all of it.
    private func namesTenant(_ name: Span<UInt8>, rounds: Int) -> Bool {
        var all = Letters()
        var run = Letters()
        var index = 0
        var last: UInt32 = 0
        while index < name.count {
            // The last three bytes, because two letters outside ASCII have a lower case inside it.
            last = last << 8 | UInt32(lower(character(name, &index, rounds)))
            if let letter = Self.letter(last) {
                all.add(letter)
                run.add(letter)
            } else if Self.cuts(last) {
                if isConcept(run, from: 0) { return true }
                run = Letters()
            }
        }
        return isConcept(run, from: 0) || isConcept(all, from: 0)
    }

    /// The letter or digit that `last` ends with: plain, U+017F or U+212A.
    private static func letter(_ last: UInt32) -> UInt8? {
        let byte = UInt8(truncatingIfNeeded: last)
        if (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) { return byte }
        if last & 0xffff == 0xc5bf { return 0x73 }
        return last & 0xff_ffff == 0xe2_84aa ? 0x6b : nil
    }

    /// Whether a parameter's name is cut into components here.
    private static func cuts(_ last: UInt32) -> Bool {
        let cutting: StaticString = "[].:/(){},| +"
        let text = cutting.bytes
        for index in text.indices where UInt32(text[index]) == last & 0xff { return true }
        return last & 0xffff == 0x5f5f
    }

    /// One character at `index`, escapes undone `rounds` times; moves `index` behind it.
    private func character(_ text: Span<UInt8>, _ index: inout Int, _ rounds: Int) -> UInt8 {
        var ahead = index
        guard rounds > 0 else {
            index += 1
            return text[index - 1]
        }
        let first = character(text, &ahead, rounds - 1)
        index = ahead
        guard first == 0x25, ahead < text.count else { return first }
        let second = digit(character(text, &ahead, rounds - 1))
        guard second < 16, ahead < text.count else { return first }
        let third = digit(character(text, &ahead, rounds - 1))
        guard third < 16 else { return first }
        index = ahead
        return second * 16 + third
    }

    private func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: 16
        }
    }
}
