import HTTP1

// The request line: one form, the tenant in the path where the route has it, and no other in the
// query.
extension UpstreamHeadScan {
    func acceptsRequestLine(_ line: Span<UInt8>, _ tenant: ExternalID?) -> Bool {
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
                // Readers count what they read: behind others it might be one too many.
                guard start == 0 else { return false }
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
