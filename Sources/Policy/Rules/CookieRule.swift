public import HTTP1

/// Takes the cookies that name a tenant out of a `Cookie` field; the others keep their bytes and
/// order (attacks C1, C2, C4).
///
/// A value is also read as legacy readers split it: at `,`, at whitespace (Python's `http.cookies`)
/// and at quotes and brackets (WebOb); a cookie without a name is read as if its value were one.
/// Where any reading names a tenant, the whole pair goes.
public struct CookieRule: Sendable {
    private let names: SkeletonSet
    private let clientValue: RoutePolicy.ClientValue
    /// The cookie that carries sessions, which are the gateway's; `nil` where there are none.
    private let session: [UInt8]?

    public init(
        names: SkeletonSet, clientValue: RoutePolicy.ClientValue, session: [UInt8]? = nil
    ) {
        self.names = names
        self.clientValue = clientValue
        self.session = session
    }

    /// Whether one field value has a session's cookie, which never goes on.
    public func holdsSession(_ value: Span<UInt8>) -> Bool {
        guard session != nil else { return false }
        var position = 0
        while let pair = Self.next(value, &position) {
            if isSession(value.extracting(pair)) { return true }
        }
        return false
    }

    /// By its name in any case: some readers do not mind.
    private func isSession(_ pair: Span<UInt8>) -> Bool {
        guard let session else { return false }
        var end = 0
        while end < pair.count, pair[end] != UInt8(ascii: "=") { end += 1 }
        while end > 0, pair[end - 1] == 0x20 || pair[end - 1] == 0x09 { end -= 1 }
        return pair.extracting(0..<end).equalsIgnoringCase(session.span)
    }

    /// How many cookies of one field value must go.
    ///
    /// - Throws: `tenant.conflict`, as the route says.
    public func count(_ value: Span<UInt8>, tenant: ExternalID?) throws(Refusal) -> Int {
        let found = judge(value, tenant: tenant)
        guard !clientValue.refuses(found) else { throw .tenantConflict }
        return found.count
    }

    /// The cookies of one field value that name a tenant.
    func judge(_ value: Span<UInt8>, tenant: ExternalID?) -> TenantFindings {
        var found = TenantFindings()
        var position = 0
        while let pair = Self.next(value, &position) {
            guard namesTenant(value, pair) else { continue }
            let text = value.extracting(pair)
            guard !isSession(text) else { continue }
            found.add(isSame: Self.isSame(text, tenant))
        }
        return found
    }

    /// Appends the cookies of `value` that stay, `; ` between them and before the first one where
    /// `isFirst` is false; clears `isFirst` when it wrote any.
    public func write(_ value: Span<UInt8>, isFirst: inout Bool, into out: inout ByteBuffer) {
        var position = 0
        while let pair = Self.next(value, &position) {
            let text = value.extracting(pair)
            guard !namesTenant(value, pair), !isSession(text) else { continue }
            if !isFirst { out.append("; ") }
            out.append(text)
            isFirst = false
        }
    }

    /// The next non-empty `;`-separated pair without the whitespace around it.
    private static func next(_ value: Span<UInt8>, _ position: inout Int) -> Range<Int>? {
        while position < value.count {
            var start = position
            var end = endOfPair(value, from: position)
            position = end + 1
            while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
            while end > start, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
            if start < end { return start..<end }
        }
        return nil
    }

    /// The next `;`, or the end; sixteen bytes at a time.
    @inline(__always)
    private static func endOfPair(_ value: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while value.count &- end >= 16 {
            let mark = SIMD16<UInt8>(repeating: UInt8(ascii: ";"))
            let place = SIMD16<UInt8>.firstIndex(in: value.block(at: end) .== mark)
            end &+= place
            if place < 16 { return end }
        }
        while end < value.count, value[end] != UInt8(ascii: ";") { end &+= 1 }
        return end
    }

    /// Where the name of a pair ends that all readers read alike: nothing in it ends a value, and
    /// it does not begin with `=`. `nil` for any other pair.
    private static func endOfPlainName(_ value: Span<UInt8>, _ pair: Range<Int>) -> Int? {
        guard value.count >= 16 else { return endOfShortName(value, pair) }
        let equals = SIMD16<UInt8>(repeating: UInt8(ascii: "="))
        var nameEnd = -1
        var index = pair.lowerBound
        while index < pair.upperBound {
            // The last sixteen bytes are looked at with some before them, which do not count; nor
            // do those behind the pair.
            let begin = min(index, value.count &- 16)
            let block = value.block(at: begin)
            if let place = SIMD16.first(in: ends(block), after: index &- begin),
                begin &+ place < pair.upperBound
            {
                return nil
            }
            if nameEnd < 0, let place = SIMD16.first(in: block .== equals, after: index &- begin),
                begin &+ place < pair.upperBound
            {
                nameEnd = begin &+ place
            }
            index = begin &+ 16
        }
        if nameEnd < 0 { return pair.upperBound }
        return nameEnd > pair.lowerBound ? nameEnd : nil
    }

    /// The same of a field with fewer than sixteen bytes.
    private static func endOfShortName(_ value: Span<UInt8>, _ pair: Range<Int>) -> Int? {
        var nameEnd = pair.upperBound
        for index in pair.reversed() {
            if endsValue(value[index]) { return nil }
            if value[index] == UInt8(ascii: "=") { nameEnd = index }
        }
        return nameEnd > pair.lowerBound ? nameEnd : nil
    }

    /// `endsValue` of sixteen bytes.
    @inline(__always)
    private static func ends(_ block: SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>> {
        (block .== SIMD16<UInt8>(repeating: 0x20)) .| (block .== SIMD16<UInt8>(repeating: 0x09))
            .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "\"")))
            .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: ",")))
            .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "[")))
            .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "]")))
    }

    /// Whether any reading of the pair names a tenant; an encoded control byte in a name counts.
    func namesTenant(_ value: Span<UInt8>, _ pair: Range<Int>) -> Bool {
        guard let end = Self.endOfPlainName(value, pair) else {
            return namesTenantSomehow(value.extracting(pair))
        }
        // What lacks a letter of every name lacks it without its prefix too.
        let start = pair.lowerBound
        return !names.excludes(value, start, end - start)
            && isTenant(value.extracting(start..<end))
    }

    /// The same without the shortcut, which must not make a difference.
    func namesTenantSomehow(_ pair: Span<UInt8>) -> Bool {
        var start = 0
        var isFirst = true
        while start < pair.count {
            var nameEnd = -1
            var end = start
            while end < pair.count, pair[end] != UInt8(ascii: ",") {
                if nameEnd < 0, pair[end] == UInt8(ascii: "=") {
                    // `=tenant_id=evil`: the first `=` with nothing before it separates nothing.
                    if end > start { nameEnd = end } else { start += 1 }
                }
                end += 1
            }
            // A comma in the name, which most readers take for a letter like others.
            let isCut = isFirst && nameEnd < 0 && end < pair.count
            isFirst = false
            if isCut, isTenant(Self.wholeName(pair)) { return true }
            let hasName = start == 0 || nameEnd >= 0 || pair[0] == UInt8(ascii: "=")
            if hasName, start < end,
                isTenant(pair.extracting(start..<(nameEnd < 0 ? end : nameEnd)))
            {
                return true
            }
            start = end + 1
        }
        return hidesName(pair)
    }

    /// The name as most read it: behind any leading `=`, up to the next one.
    @_lifetime(copy pair)
    private static func wholeName(_ pair: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        while start < pair.count, pair[start] == UInt8(ascii: "=") { start += 1 }
        var end = start
        while end < pair.count, pair[end] != UInt8(ascii: "=") { end += 1 }
        return pair.extracting(start..<end)
    }

    /// Whether a word inside the pair, between bytes that end a value somewhere, is followed by `=`
    /// and names a tenant: `a=1 tenant_id=evil`.
    private func hidesName(_ pair: Span<UInt8>) -> Bool {
        // Of the word that stands before the `=`; none in the first one, and none behind its `=`,
        // so that every byte is judged once.
        var wordStart = 0
        var wordEnd = 0
        for index in pair.indices {
            if Self.endsValue(pair[index]) { continue }
            if pair[index] == UInt8(ascii: "=") {
                if wordStart > 0, isTenant(pair.extracting(wordStart..<wordEnd)) { return true }
                wordStart = 0
            } else if index > 0, Self.endsValue(pair[index - 1]) {
                wordStart = index
            }
            wordEnd = index + 1
        }
        return false
    }

    /// With the prefixes that browsers give a meaning (RFC 6265bis section 4.1.3), in any case, and
    /// without them: `__Host-tenant_id` names the tenant too.
    private func isTenant(_ name: Span<UInt8>) -> Bool {
        if names.judge(name) != .clean { return true }
        guard name.count > 2, name[0] == UInt8(ascii: "_"), name[1] == UInt8(ascii: "_") else {
            return false
        }
        for prefix: StaticString in ["__Host-Http-", "__Host-", "__Http-", "__Secure-"] {
            let count = prefix.utf8CodeUnitCount
            guard name.count > count, name.extracting(first: count).equalsIgnoringCase(prefix)
            else { continue }
            return names.judge(name.extracting(count..<name.count)) != .clean
        }
        return false
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            true
        default: false
        }
    }

    /// Whether a cookie's value is the verified tenant.
    private static func isSame(_ pair: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
        guard let tenant else { return false }
        var start = 0
        while start < pair.count, pair[start] != UInt8(ascii: "=") { start += 1 }
        let value = pair.extracting(min(start + 1, pair.count)..<pair.count)
        return QueryRule.decodes(value, to: tenant.bytes)
    }
}
