import HTTP1

// The folding of names into letters, of fields and of parameters.
extension UpstreamHeadScan {
    /// Letters and digits of a name or of one component of it, lower case. The room is less than
    /// the rules have, so that a long name a client makes up never sets off this alarm.
    struct Letters: ~Copyable {
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

    func isTenantName(_ name: Span<UInt8>) -> Bool {
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
    func isConcept(_ letters: borrowing Letters, from start: Int) -> Bool {
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
