internal import COpenSSL

/// Points of edwards25519 that generate next to nothing: under such a public key a signature that
/// fits is found by trying, without any private key. OpenSSL takes them for keys.
enum EdwardsPoint {
    /// The y coordinates, little-endian, of the eight points of small order, and of those of them
    /// that have a second, non-canonical spelling. The sign of x does not matter.
    private static let weak: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF,
            0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88,
            0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10,
            0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77,
            0x92, 0xAC, 0x03, 0x7A,
        ],
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    ]

    static func isWeak(_ encoded: [UInt8]) -> Bool {
        guard encoded.count == 32 else { return true }
        var y = encoded
        y[31] &= 0x7F
        return weak.contains(y)
    }
}

extension PublicKey {
    /// Of an Ed25519 key.
    var isOfSmallOrder: Bool {
        var raw = [UInt8](repeating: 0, count: 32)
        var count = raw.count
        guard unsafe EVP_PKEY_get_raw_public_key(pointer, &raw, &count) == 1, count == raw.count
        else { return true }
        return EdwardsPoint.isWeak(raw)
    }
}
