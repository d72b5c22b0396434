/// What the catalogue asks for and this version cannot do yet. A test proves that each of these
/// still fails, so that none outlives the work it waits for.
enum PendingCases {
    static let all: [Case] = hosts + others

    private static let hosts: [Case] = [
        .raw(
            "P12a",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"
                + "\0\0\u{1d}\u{1}\u{5}\0\0\0\u{1}\u{82}\u{86}\u{84}A\u{8}evil.com"
                + "\0\u{4}host\u{8}api.test", .refused(400, "request.host")
        ).pending("no listener speaks HTTP/2 yet")
    ]

    private static let proxies = "no listener takes the PROXY protocol yet"
    private static let good = "GET /a/proxied HTTP/1.1\r\n{host}{auth}\r\n"

    private static let others: [Case] = [
        .raw("S19e", "PROXY TCP4 127.9.9.9 127.0.0.1 4242 80\r\n" + good, .forwarded)
            .pending(proxies),
        .raw(
            "S19f",
            "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{c}\u{7f}\u{9}\u{9}\u{9}\u{7f}\0\0\u{1}\u{10}"
                + "\u{92}\0P" + good, .forwarded
        ).pending(proxies),
        .get(
            "U4a",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", .forwarded,
            .field("Upgrade", "websocket")
        ).pending("no route can allow WebSocket yet"),
        .get(
            "U7a", "Range: bytes=" + String(repeated("0-0,", 1_000).dropLast()),
            .declined(416, "asset.range")
        ).pending("the gateway serves no files of its own yet"),
    ]
}
