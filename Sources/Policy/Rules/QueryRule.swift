public import HTTP1

/// What cleaning one query did.
public struct QueryReport: Equatable, Sendable {
    /// Parameters in the query, empty ones too: some readers count them.
    public var parameters = 0
    /// Parameters taken out because they name a tenant.
    public var removed = 0
    /// Those of them that name another tenant than the verified one.
    public var different = 0
    /// `_method` parameters taken out (attack U5).
    public var overridesRemoved = 0
}

/// Cleans the query of one route: every spelling of the tenant is taken out, everything else passes
/// verbatim and in order, and ours is added once. It comes first: many readers stop at a thousand
/// parameters, empty ones counted or not, and none overlooks the first.
public struct QueryRule: Sendable {
    /// Parameters beyond which a query is refused as a whole, ours included: a query is never half
    /// checked, and never half read (qs, PHP and Django read so many).
    public static let parametersMax = 1_000

    private let names: SkeletonSet
    private let clientValue: RoutePolicy.ClientValue
    /// `tenant_id=`, encoded and with its `=`; empty where nothing is added.
    private let injected: [UInt8]
    /// Cleans what GraphQL servers read from parameters; `nil` where the route takes no GraphQL.
    let json: JSONBodyRule?
    /// Whether there is one. Kept apart, because to look at `json`, which is large, is to copy it.
    private let hasGraphQL: Bool
    /// Whether it is a body, in which a field may say how the others are encoded.
    private let isForm: Bool

    public init(names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject: String?) {
        self.init(names: names, clientValue: clientValue, inject: inject, graphQL: nil)
    }

    init(
        names: SkeletonSet, clientValue: RoutePolicy.ClientValue, inject: String?,
        graphQL: GraphQLRule?, isForm: Bool = false
    ) {
        self.isForm = isForm
        hasGraphQL = graphQL != nil
        self.names = names
        self.clientValue = clientValue
        json = graphQL.map {
            JSONBodyRule(names: names, clientValue: clientValue, inject: nil, graphQL: $0)
        }
        injected = inject.map { Self.encoded($0) + [UInt8(ascii: "=")] } ?? []
    }

    /// Appends the cleaned `query` (without its `?`) to `out`; nothing is appended when nothing is
    /// left, so the caller writes `?` only where `out` grew.
    ///
    /// Both readings of `;` are checked: where a server that splits there would see a tenant, the
    /// request is refused, because there is no cleaning that is right for both (attack Q6). So are
    /// both ends of a name: Node's qs ends one behind the first `]=`, whatever `=` comes before.
    ///
    /// - Parameter tenant: the verified tenant; `nil` where the request acts for none.
    /// - Throws: `request.query.malformed`, `request.target`, `request.target.too_long` (also when
    ///   `out` has no room), `tenant.conflict`.
    public func clean(
        _ query: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer
    ) throws(Refusal) -> QueryReport {
        var report = QueryReport()
        try clean(query, tenant: tenant, into: &out, &report)
        return report
    }

    /// The same; a refusal leaves in `report` what was found before it.
    func clean(
        _ query: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer,
        _ report: inout QueryReport
    ) throws(Refusal) {
        let room = query.count + injected.count + ExternalID.bytesMax + 1
        guard out.freeCapacityMax >= room else { throw .requestTargetTooLong }
        let begin = out.count
        inject(tenant, into: &out)
        let injectedEnd = out.count
        let parametersMax = Self.parametersMax - (injectedEnd > begin ? 1 : 0)
        // While nothing is taken out there is nothing to write piece by piece.
        var isCopying = hasGraphQL
        var start = 0
        var marks = QueryMarks()
        while start <= query.count, query.count > 0 {
            let pair = try Pair(query, from: start, &marks)
            report.parameters += pair.parts
            guard report.parameters <= parametersMax else { throw .requestTargetTooLong }
            if pair.end > start {
                if try keeps(pair, query, tenant, &report) {
                    if isCopying {
                        Self.append(query.extracting(start..<pair.end), after: begin, to: &out)
                    }
                    if hasGraphQL, let json {
                        try cleanGraphQL(
                            query, pair, json, tenant, room: query.count - pair.end + 1,
                            into: &out, &report)
                    }
                } else if !isCopying {
                    isCopying = true
                    Self.append(pairsOf: query.extracting(0..<start), after: begin, to: &out)
                }
            }
            start = pair.end + 1
        }
        if report.removed == 0, report.overridesRemoved == 0 {
            // Verbatim, empty parameters included.
            if isCopying { out.truncate(to: injectedEnd) }
            if query.count > 0 { Self.append(query, after: begin, to: &out) }
        }
    }

    private static func append(
        _ pair: Span<UInt8>, after begin: Int, to out: inout ByteBuffer
    ) {
        if out.count > begin { out.append(UInt8(ascii: "&")) }
        out.append(pair)
    }

    /// Appends the parameters of what was read so far, of which all stay.
    private static func append(
        pairsOf query: Span<UInt8>, after begin: Int, to out: inout ByteBuffer
    ) {
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            if end > start { append(query.extracting(start..<end), after: begin, to: &out) }
            start = end + 1
        }
    }

    private func inject(_ tenant: ExternalID?, into out: inout ByteBuffer) {
        guard let tenant, !injected.isEmpty else { return }
        out.append(injected)
        // The bytes of an external id need no encoding in a query (RFC 3986 section 3.4).
        out.append(tenant.bytes)
    }

    /// Whether `pair` stays; counts it when not.
    private func keeps(
        _ pair: Pair, _ query: Span<UInt8>, _ tenant: ExternalID?, _ report: inout QueryReport
    ) throws(Refusal) -> Bool {
        // Any may be the first of those that stay.
        if isForm, FormBodyRule.isDocument(query.extracting(pair.start..<pair.end)) {
            throw .requestQueryMalformed
        }
        if pair.parts > 1 {
            try checkParts(pair, query)
            return true
        }
        let name = query.extracting(pair.start..<pair.nameEnd)
        switch names.judge(query, pair.start, name.count) {
        case .clean:
            guard
                pair.bracketEnd == pair.nameEnd
                    || names.judge(query.extracting(pair.start..<pair.bracketEnd)) == .clean
            else { throw .requestQueryMalformed }
            if isForm, FormBodyRule.isCharset(name) {
                let value = query.extracting(min(pair.nameEnd + 1, pair.end)..<pair.end)
                guard FormBodyRule.isUTF8(value) else { throw .requestBodyType }
            }
            guard Self.isMethodOverride(name) else { return true }
            report.overridesRemoved += 1
        case .listed:
            let isSame = Self.isSame(pair, query, tenant)
            report.removed += 1
            if !isSame { report.different += 1 }
            guard !clientValue.refuses(isSame: isSame) else { throw .tenantConflict }
        case .control: throw .requestQueryMalformed
        }
        return false
    }

    /// A pair with `;` in it passes only when neither reading of it names a tenant.
    private func checkParts(_ pair: Pair, _ query: Span<UInt8>) throws(Refusal) {
        guard names.judge(query.extracting(pair.start..<pair.nameEnd)) == .clean,
            names.judge(query.extracting(pair.start..<pair.bracketEnd)) == .clean
        else { throw .requestQueryMalformed }
        var start = pair.start
        while start < pair.end {
            var end = start
            var nameEnd = -1
            var bracketEnd = -1
            while end < pair.end, query[end] != UInt8(ascii: ";") {
                if query[end] == UInt8(ascii: "=") {
                    if nameEnd < 0 { nameEnd = end }
                    if bracketEnd < 0, Pair.endsInBracket(query, start..<end) { bracketEnd = end }
                }
                end += 1
            }
            let name = query.extracting(start..<(nameEnd < 0 ? end : nameEnd))
            guard names.judge(name) == .clean, !isForm || !FormBodyRule.isCharset(name),
                bracketEnd < 0 || names.judge(query.extracting(start..<bracketEnd)) == .clean,
                !Self.isMethodOverride(name)
            else {
                throw .requestQueryMalformed
            }
            start = end + 1
        }
    }

    /// Whether a parameter's value is the verified tenant.
    private static func isSame(
        _ pair: Pair, _ query: Span<UInt8>, _ tenant: ExternalID?
    ) -> Bool {
        guard let tenant else { return false }
        let start = min(pair.nameEnd + 1, pair.end)
        return decodes(query.extracting(start..<pair.end), to: tenant.bytes)
    }

    /// Whether `text`, decoded once as a form value, is `value`. (`+` is a space, which no external
    /// id has, so it needs no case of its own.)
    static func decodes(_ text: Span<UInt8>, to value: [UInt8]) -> Bool {
        var index = 0
        var length = 0
        while index < text.count {
            let (byte, next) = PercentCoding.decode(text, at: index)
            guard length < value.count, value[length] == byte, byte != UInt8(ascii: "+") else {
                return false
            }
            length += 1
            index = next
        }
        return length == value.count
    }

    /// `_method` in any case and encoding, and what becomes of it: PHP drops leading spaces and
    /// makes `_` of a dot, Rack and qs take it out of brackets (`[_method]`). Its skeleton,
    /// `method`, is too common a name to take.
    static func isMethodOverride(_ name: Span<UInt8>) -> Bool {
        let expected: StaticString = "_method"
        // Letters are what most names begin with, and this one never does.
        guard name.count >= expected.bytes.count, (name[0] | 0x20) &- UInt8(ascii: "a") >= 26
        else { return false }
        var index = 0
        var length = 0
        while index < name.count {
            let (byte, next) = PercentCoding.decode(name, at: index)
            let isBracket = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
            if length == expected.bytes.count { return isBracket }
            index = next
            if length == 0 {
                if isBracket || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "+") { continue }
                guard byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") else { return false }
            } else {
                guard byte | 0x20 == expected.bytes[length] else { return false }
            }
            length += 1
        }
        return length == expected.bytes.count
    }

    private static func encoded(_ name: String) -> [UInt8] {
        var out: [UInt8] = []
        let digits = [UInt8]("0123456789ABCDEF".utf8)
        for byte in name.utf8 {
            out +=
                isUnreserved(byte)
                ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return out
    }
}

/// One `&`-separated parameter, found and checked byte by byte.
struct Pair {
    var start: Int
    /// Where its name ends: at the first `=`, or at its end.
    var nameEnd: Int
    /// Where it ends for qs: behind the first `]` that `=` follows; `nameEnd` where there is none.
    var bracketEnd: Int
    var end: Int
    /// What a server that also splits at `;` would make of it.
    var parts: Int

    /// - Parameter marks: has gone as far as `start`, and goes behind the parameter.
    init(_ query: Span<UInt8>, from start: Int, _ marks: inout QueryMarks) throws(Refusal) {
        self.start = start
        nameEnd = -1
        bracketEnd = -1
        parts = 1
        var index: Int
        while true {
            index = marks.next(query)
            guard index < query.count else { break }
            let byte = query[index]
            if byte == UInt8(ascii: "&") { break }
            switch byte {
            case UInt8(ascii: "="):
                if nameEnd < 0 { nameEnd = index }
                if bracketEnd < 0, Self.endsInBracket(query, start..<index) { bracketEnd = index }
            case UInt8(ascii: ";"): parts += 1
            case UInt8(ascii: "%"):
                guard query.count - index > 2, PercentCoding.hexValue(query[index + 1]) < 16,
                    PercentCoding.hexValue(query[index + 2]) < 16
                else { throw .requestQueryMalformed }
            case 0...0x20, 0x7f...0xff, UInt8(ascii: "#"): throw .requestTarget
            default: break
            }
        }
        end = index
        if nameEnd < 0 { nameEnd = end }
        if bracketEnd < 0 { bracketEnd = nameEnd }
    }

    /// Whether the last byte is `]`, written or encoded.
    @inline(__always)
    static func endsInBracket(_ query: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let last = range.last else { return false }
        let byte = query[last]
        if byte == UInt8(ascii: "]") { return true }
        // Encoded it ends in the D of `%5D`.
        return byte | 0x20 == UInt8(ascii: "d") && endsInEncodedBracket(query, range)
    }

    private static func endsInEncodedBracket(_ query: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count > 2, query[range.upperBound - 3] == UInt8(ascii: "%") else {
            return false
        }
        return PercentCoding.decode(query, at: range.upperBound - 3).0 == UInt8(ascii: "]")
    }
}

/// Finds, one after the other, the bytes of a query that mean more than themselves; sixteen bytes
/// are looked at once, however many of them do.
struct QueryMarks {
    private var base = -16
    /// Those of the sixteen from `base` on that were not yet answered, four bits each.
    private var left: UInt64 = 0

    /// The next one, or the end of the query.
    @inline(__always)
    mutating func next(_ query: Span<UInt8>) -> Int {
        while left == 0 {
            let begin = base &+ 16
            guard begin < query.count else { return query.count }
            if query.count &- begin >= 16 {
                base = begin
                left = Self.marks(query.block(at: begin))
            } else {
                look(atLast: query, from: begin)
            }
        }
        let place = left.trailingZeroBitCount &>> 2
        left &= ~(0xf &<< UInt64(place &* 4))
        return base &+ place
    }

    /// The last sixteen bytes, those before `begin` apart.
    private mutating func look(atLast query: Span<UInt8>, from begin: Int) {
        guard query.count >= 16 else {
            var block = SIMD16<UInt8>(repeating: UInt8(ascii: "a"))
            for index in query.indices { block[index] = query[index] }
            base = 0
            left = Self.marks(block)
            return
        }
        base = query.count &- 16
        left = Self.marks(query.block(at: base)) & (.max &<< UInt64((begin &- base) &* 4))
    }

    /// Each operand is a vector of a stated type, as in `LetterSets`.
    @inline(__always)
    private static func marks(_ block: SIMD16<UInt8>) -> UInt64 {
        SIMD16<UInt8>.nibbles(
            of: (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "&")))
                .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "=")))
                .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: ";")))
                .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "%")))
                .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "#")))
                .| (block .< SIMD16<UInt8>(repeating: 0x21))
                .| (block .>= SIMD16<UInt8>(repeating: 0x7f)))
    }
}
