/// The part of an authority that routes are matched by (attack P10): the name in lower case,
/// without its port and without the dot that makes it absolute.
///
/// What it is given was accepted by `HTTP1.HostName`; it only has to find the end of the name. Two
/// spellings of one IPv6 address stay different names, so at worst no route serves one of them.
struct RouteHost: ~Copyable {
    private var folded = InlineArray<256, UInt8>(repeating: 0)
    private var count = 0

    /// An empty name where `authority` is empty or too long to be one.
    init(_ authority: Span<UInt8>) {
        var end = 0
        let isLiteral = authority.count > 0 && authority[0] == UInt8(ascii: "[")
        let stop = isLiteral ? UInt8(ascii: "]") : UInt8(ascii: ":")
        while end < authority.count, authority[end] != stop { end += 1 }
        if isLiteral { end = min(end + 1, authority.count) }
        if end > 1, authority[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard end <= 255 else { return }
        for index in 0..<end {
            let byte = authority[index]
            folded[index] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        }
        count = end
    }

    var name: Span<UInt8> {
        @_lifetime(borrow self)
        get { folded.span.extracting(0..<count) }
    }
}
