extension IPAddress {
    /// Whether the address is somebody's on the open Internet: not this machine, not a private or
    /// local network, no address for documentation, tests or groups (RFC 6890 and the IANA
    /// registries of special-purpose addresses). What an outsider may name is fetched from such
    /// addresses only.
    public var isPublic: Bool {
        isIPv4 ? Self.isPublic(v4: UInt32(truncatingIfNeeded: low)) : isPublicV6
    }

    /// Blocks of IPv4 that are not: the address, and the bits that count.
    private static let specialV4: [(UInt32, UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8),
        (0xA9FE_0000, 16), (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24),
        (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
        (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
    ]

    private static func isPublic(v4 address: UInt32) -> Bool {
        !specialV4.contains { block, bits in (address ^ block) >> (32 - bits) == 0 }
    }

    private var isPublicV6: Bool {
        // 64:ff9b::/96 and 2002::/16 carry an IPv4 address that a relay takes out again.
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 {
            return Self.isPublic(v4: UInt32(truncatingIfNeeded: low))
        }
        if high >> 48 == 0x2002 {
            return Self.isPublic(v4: UInt32(truncatingIfNeeded: high >> 16))
        }
        // Of everything else only 2000::/3 is handed out; in it 2001::/23 (protocols, Teredo),
        // 2001:db8::/32 and 3fff::/20 (documentation) are not.
        return high >> 61 == 1 && high >> 41 != 0x2001_0000 >> 9 && high >> 32 != 0x2001_0DB8
            && high >> 44 != 0x3FFF0
    }
}
