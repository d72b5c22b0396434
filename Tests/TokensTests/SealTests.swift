import HTTP1
@_spi(TenantDirectory) import Policy
import Testing

@testable import Tokens

@Suite struct `Seals` {
    static let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static let tenant = TenantID(high: 0x0191_e3a0_1111_7222, low: 0x8333_4444_5555_6666)
    static let vendor = Array("0191e3a0-1111-7222-8333-444455556666".utf8)

    func minter(_ line: String = "rfseal1:k001:shop:\(secret)\n") throws -> SealMinter {
        let bytes = Array(line.utf8)
        return try SealMinter(keyFile: bytes.span)
    }

    func minted(
        _ minter: inout SealMinter, now: Int64 = 1_700_000_000, for seconds: Int64 = 30
    ) -> String? {
        var out = ByteBuffer(capacityMax: 200)
        guard
            minter.mint(
                forTenant: Self.tenant, now: now, lifetimeSeconds: seconds, into: &out)
        else { return nil }
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `are what another implementation of HMAC makes of the same bytes`() throws {
        // hmac.new(bytes(range(32)), b"ringfence-seal|shop|" + body, "sha256").hexdigest()
        let body = "0191e3a0-1111-7222-8333-4444555566661700000030"
        var minter = try minter()
        #expect(
            minted(&minter) == "s1k001t" + body
                + "433f275dc930a8d06f966956d61b281d31aae940fd3bbd3135848b77c10e536c")
        var out = ByteBuffer(capacityMax: 200)
        let made = minter.mint(
            forVendor: Self.vendor.span, now: 1_700_000_000, lifetimeSeconds: 30, into: &out)
        #expect(made)
        #expect(
            String(decoding: out.bytes, as: UTF8.self) == "s1k001v" + body
                + "59e156c252cd4aeaa1dc9238df6c13526c5cc6c698cd069b834c6d53c1570293")
        var other = try self.minter("rfseal1:k001:a:b:\(Self.secret)")
        #expect(
            minted(&other)?.hasSuffix(
                "5934548ccfd1144eec397e73a0cc1b84ff2a6005d64d094fedc52d5c5b6cfd51") == true)
    }

    @Test func `are made anew when the second, the subject or the key is another`() throws {
        var minter = try minter()
        let first = minted(&minter)
        let later = minted(&minter, now: 1_700_000_001)
        var vendor = ByteBuffer(capacityMax: 200)
        _ = minter.mint(
            forVendor: Self.vendor.span, now: 1_700_000_001, lifetimeSeconds: 30, into: &vendor)
        let again = minted(&minter)
        var other = try self.minter("rfseal1:k002:shop:\(Self.secret)")
        let texts = [
            first, later, String(decoding: vendor.bytes, as: UTF8.self), minted(&other),
        ]
        #expect(Set(texts).count == 4 && again == first)
        #expect(texts.allSatisfy { $0?.utf8.count == SealMinter.byteCount })
    }

    @Test func `live for a bounded time`() throws {
        var minter = try minter()
        for (asked, expiry) in [
            (30, "1700000030"), (0, "1700000001"), (-5, "1700000001"), (10_000, "1700000240"),
        ] as [(Int64, String)] {
            #expect(minted(&minter, for: asked)?.dropFirst(43).prefix(10) == expiry[...])
        }
        #expect(SealMinter.lifetimeSecondsMax == 240)
    }

    @Test func `are not made by a clock that is out of its mind or into no room`() throws {
        var minter = try minter()
        for now in [Int64.min, -1, 0, 9_999_999_999, Int64.max] {
            #expect(minted(&minter, now: now) == nil, "\(now)")
        }
        var small = ByteBuffer(capacityMax: SealMinter.byteCount - 1)
        let made = minter.mint(
            forTenant: Self.tenant, now: 1_700_000_000, lifetimeSeconds: 30, into: &small)
        #expect(!made && small.isEmpty)
        // An id that is none would shift what the database reads.
        var out = ByteBuffer(capacityMax: 200)
        let short = Array(Self.vendor.dropLast())
        let misshapen = minter.mint(
            forVendor: short.span, now: 1_700_000_000, lifetimeSeconds: 30, into: &out)
        #expect(!misshapen && out.isEmpty)
    }

    @Test(arguments: [
        "", "\n", "rfseal1:", "rfseal1:k001:shop:", "rfseal2:k001:shop:\(secret)",
        "rfseal1:k01:shop:\(secret)", "rfseal1:K001:shop:\(secret)",
        "rfseal1:k001::\(secret)", "rfseal1:k001:shop:\(secret.uppercased())",
        "rfseal1:k001:shop:\(secret.dropLast())", "rfseal1:k001:shop:\(secret)0",
        "rfseal1:k001:sh\nop:\(secret)", " rfseal1:k001:shop:\(secret)",
        "rfseal1:k001:shop:\(secret)\n\n",
        "rfseal1:k001:\(String(repeating: "d", count: 64)):\(secret)",
        String(repeating: "k7", count: 24),
    ])
    func `need a key file of exactly their form`(line: String) {
        #expect(throws: KeyDefect.sealKeyMalformed) { _ = try minter(line) }
    }
}
