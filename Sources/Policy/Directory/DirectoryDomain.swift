/// How a tenant's host name is written: the one spelling under which it is kept and looked up.
public enum DirectoryDomain {
    /// The host name in lower case without a dot at its end: at most 253 bytes, two labels at
    /// least of 1 to 63 letters, digits and inner dashes (RFC 1123 section 2.1), the last one with
    /// a letter, so that it is no address.
    ///
    /// - Returns: `nil` for anything else: wildcards, ports, addresses and other scripts, which are
    ///   written in their ASCII form (RFC 5890).
    public static func canonical(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        if end > 1, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard end >= 3, end <= DirectoryBounds.domainBytesMax else { return nil }
        var host: [UInt8] = []
        host.reserveCapacity(end)
        var labelStart = 0
        var labels = 1
        var hasLetter = false
        for index in 0..<end {
            let byte = text[index]
            let folded = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            if folded == UInt8(ascii: ".") {
                guard endsLabel(host, labelStart) else { return nil }
                labelStart = index + 1
                labels += 1
                hasLetter = false
            } else if folded &- UInt8(ascii: "a") < 26 {
                hasLetter = true
            } else if folded == UInt8(ascii: "-") {
                guard index > labelStart else { return nil }
            } else {
                guard folded &- UInt8(ascii: "0") < 10 else { return nil }
            }
            host.append(folded)
        }
        guard endsLabel(host, labelStart), labels >= 2, hasLetter else { return nil }
        return host
    }

    private static func endsLabel(_ host: [UInt8], _ start: Int) -> Bool {
        (1...63).contains(host.count - start) && host.last != UInt8(ascii: "-")
    }
}
