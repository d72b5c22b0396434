import HTTP1
import Reactor

extension Snapshot {
    /// Entries of `X-Forwarded-For` looked at; a longer chain of trusted proxies is a mistake.
    static let forwardedHopsMax = 16

    /// The address whose budget pays for a request: the peer's, or behind a trusted proxy the one
    /// it reports, read from the end of `X-Forwarded-For` because every proxy appends. Entries of
    /// further trusted proxies are passed over; what is no address ends the search at the last one
    /// that was, so that nonsense has a budget too. Unix clients have none of their own and share.
    func payingAddress(
        of peer: PeerAddress, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) -> IPAddress {
        var found = peer.address ?? .anyV6
        guard trusts(peer) else { return found }
        var hops = 0
        var index = head.fields.count
        while index > 0 {
            index -= 1
            guard head.fields[index].known == .xForwardedFor else { continue }
            let value = bytes[head.fields[index].value]
            var end = value.count
            while end >= 0 {
                var start = end
                while start > 0, value[start - 1] != UInt8(ascii: ",") { start -= 1 }
                guard hops < Self.forwardedHopsMax,
                    let address = IPAddress(forwarded: value.extracting(start..<end))
                else { return found }
                found = address
                guard trusts(address) else { return found }
                hops += 1
                end = start - 1
            }
        }
        return found
    }
}

extension IPAddress {
    /// One entry of `X-Forwarded-For`: an address, some proxies add a port and IPv6's brackets.
    fileprivate init?(forwarded text: Span<UInt8>) {
        var start = 0
        var end = text.count
        while start < end, Self.isSpace(text[start]) { start += 1 }
        while start < end, Self.isSpace(text[end - 1]) { end -= 1 }
        guard start < end else { return nil }
        var colons = 0
        var firstColon = end
        var bracket = end
        for index in start..<end {
            if text[index] == UInt8(ascii: ":") {
                colons += 1
                if firstColon == end { firstColon = index }
            } else if text[index] == UInt8(ascii: "]"), bracket == end {
                bracket = index
            }
        }
        if text[start] == UInt8(ascii: "[") {
            guard bracket < end else { return nil }
            start += 1
            end = bracket
        } else if colons == 1 {
            end = firstColon
        }
        self.init(text.extracting(start..<end))
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
