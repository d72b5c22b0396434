import HTTP1
import Reactor
import Testing

@Suite struct `Addresses` {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.255", "192.0.2.255"), ("::", "::"), ("::1", "::1"),
        ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"), ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:c000:201", "192.0.2.1"),
        ("0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("fe80::", "fe80::"),
    ])
    func `are read and written as RFC 5952 says`(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.",
        ".1.2.3", "1..2.3", "1.2.3.4 ", " 1.2.3.4", "0x7f.0.0.1", "1.2.3.+4", "127.1", "12345::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1::", "1::2::3", "1:", ":1",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "g::", "fe80::1%eth0", "[::1]",
        "::ffff:1.2.3.4.5",
        "1:2:3:4:5:6:7:", "1.2.3.4:5", "é::1", "1234567.1.1.1",
        "0000:0000:0000:0000:0000:0000:0000:000000000001",
    ])
    func `other spellings are refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `random addresses survive being written and read`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed)
        for _ in 0..<2_000 {
            // Sparse bits make runs of zero groups likely.
            let mask = random.next() & random.next()
            let address = IPAddress(
                high: random.next() & mask & random.next(), low: random.next() & mask)
            #expect(IPAddress(address.description) == address, "seed \(seed)")
        }
    }

    @Test func `an IPv4-mapped address is the IPv4 address`() {
        #expect(IPAddress("::ffff:10.1.2.3") == IPAddress("10.1.2.3"))
        #expect(IPAddress("10.1.2.3")?.isIPv4 == true)
        #expect(IPAddress("::10.1.2.3")?.isIPv4 == false)
    }

    @Test func `a budget is kept per IPv4 address and per IPv6 network`() {
        func key(_ text: String) -> IPAddress? { IPAddress(text)?.budgetKey }
        #expect(key("10.0.0.1") != key("10.0.0.2"))
        #expect(key("2001:db8:1:2:3:4:5:6") == IPAddress("2001:db8:1:2::"))
        #expect(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::1"))
        #expect(key("2001:db8:1:3::1") != key("2001:db8:1:2::1"))
        #expect(IPAddress("127.9.9.9")?.isLoopback == true && IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("128.0.0.1")?.isLoopback == false)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
        ("10.0.0.1/32", "10.0.0.1", true), ("0.0.0.0/0", "1.2.3.4", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "::1", true), ("::/0", "1.2.3.4", false),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
        ("2001:db8::/64", "2001:db8::ffff:1:2:3", true), ("2001:db8::/64", "2001:db8:0:1::", false),
        ("2001:db8::8000:0:0:0/65", "2001:db8::8000:0:0:1", true),
        ("2001:db8::8000:0:0:0/65", "2001:db8::1", false), ("::1/128", "::1", true),
        ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("10.0.0.0/8", "::ffff:10.0.0.1", true),
    ])
    func `blocks contain what their prefix says`(
        _ block: String, _ address: String, _ expected: Bool
    ) throws {
        let block = try #require(AddressBlock(block))
        let address = try #require(IPAddress(address))
        #expect(block.contains(address) == expected)
        #expect(AddressBlock(block.description) == block)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0.7/8", "fd00::1/8", "::/129", "10.0.0.0/+8", "10.0.0.0/8 ", "::ffff:10.0.0.0/8",
        "10.0.0.0/99999999999999999999",
    ])
    func `blocks that say two things or nothing are refused`(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }
}

@Suite struct `Socket addresses` {
    @Test(arguments: [
        "127.0.0.1:0", "[::]:8443", "0.0.0.0:9901", "[2001:db8::1]:65535", "unix:/run/a.sock",
        "unix:relative.sock",
    ])
    func `are written as they were read`(_ text: String) throws {
        let address = try SocketAddress(parsing: text)
        #expect(address.description == text)
    }

    @Test(arguments: [
        ("", SocketAddress.Defect.portMissing), ("127.0.0.1", .portMissing),
        ("[::1]", .portMissing),
        ("127.0.0.1:", .badPort), ("127.0.0.1:65536", .badPort), ("127.0.0.1:080", .badPort),
        ("127.0.0.1:http", .badPort), ("127.0.0.1:+80", .badPort), ("127.0.0.1:-1", .badPort),
        ("127.0.0.1:00000000000000000080", .badPort), ("localhost:80", .badAddress),
        (":80", .badAddress), ("::1:80", .badAddress), ("[::1:80", .badAddress),
        ("::1]:80", .badAddress), ("[127.0.0.1]:80", .badAddress), ("[]:80", .badAddress),
        ("unix:", .badPath), ("unix:a\0b", .badPath),
        ("unix:" + String(repeating: "x", count: 108), .badPath),
    ])
    func `say what is wrong with them`(_ text: String, _ defect: SocketAddress.Defect) {
        let thrown = #expect(throws: SocketAddress.Defect.self) {
            _ = try SocketAddress(parsing: text)
        }
        #expect(thrown == defect)
    }

    @Test func `a peer is written without its port`() throws {
        var buffer = ByteBuffer(capacityMax: 64)
        PeerAddress.ip(try #require(IPAddress("2001:db8::1")), port: 4).append(to: &buffer)
        #expect(buffer.bytes == Array("2001:db8::1".utf8))
        buffer.removeAll()
        PeerAddress.unix.append(to: &buffer)
        #expect(buffer.bytes == Array("unix".utf8))
    }
}
