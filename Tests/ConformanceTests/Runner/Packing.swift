/// Content codings made by hand, so that what is sent depends on nobody's library: DEFLATE (RFC
/// 1951) with the fixed codes, in the wrappings of RFC 1950 and RFC 1952. One scalar a byte.
enum Packing {
    /// - Parameters:
    ///   - repeats: copies of the last 258 bytes behind `text`, at 13 bits each.
    static func deflate(_ text: String, repeats: Int = 0) -> [UInt8] {
        var out = BitWriter()
        // The only block, with fixed codes.
        out.put(0b011, bits: 3)
        for byte in Wire.latin(text) {
            if byte < 144 {
                out.put(code: 0x30 + UInt32(byte), bits: 8)
            } else {
                out.put(code: 0x190 + UInt32(byte) - 144, bits: 9)
            }
        }
        for _ in 0..<repeats {
            // Length 258, distance 1.
            out.put(code: 0b1100_0101, bits: 8)
            out.put(code: 0, bits: 5)
        }
        out.put(code: 0, bits: 7)
        return out.finished
    }

    static func gzip(_ text: String, repeats: Int = 0, checksum: UInt32? = nil) -> String {
        let plain = Wire.latin(text)
        let sum = checksum ?? crc(plain)
        let length = UInt32(plain.count + repeats * 258)
        let head: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        let tail =
            (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return Sighting.text(head + deflate(text, repeats: repeats) + tail)
    }

    static func zlib(_ text: String, checksum: UInt32? = nil) -> String {
        let sum = checksum ?? adler(Wire.latin(text))
        let tail = (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) }
        return Sighting.text([0x78, 0x9c] + deflate(text) + tail)
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var held: UInt32 = 0
        private var count = 0

        /// The lowest bit first.
        mutating func put(_ value: UInt32, bits: Int) {
            for index in 0..<bits {
                held |= (value >> index & 1) << count
                count += 1
                if count == 8 { flush() }
            }
        }

        /// The highest bit first, as Huffman codes are.
        mutating func put(code: UInt32, bits: Int) {
            for index in (0..<bits).reversed() { put(code >> index & 1, bits: 1) }
        }

        private mutating func flush() {
            bytes.append(UInt8(held))
            (held, count) = (0, 0)
        }

        var finished: [UInt8] { count == 0 ? bytes : bytes + [UInt8(held)] }
    }
}
