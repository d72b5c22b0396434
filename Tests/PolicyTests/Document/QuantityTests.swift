import Testing

@testable import Policy

@Suite struct `Quantities in policies` {
    @Test(
        arguments: [
            ("500ms", 500), ("5s", 5_000), ("1m", 60_000), ("24h", 86_400_000), ("0s", 0),
            ("5", nil), ("5 s", nil), ("-5s", nil), ("+5s", nil), ("1.5s", nil), ("05s", nil),
            ("s", nil), ("ms", nil), ("", nil), ("5S", nil), ("5d", nil), ("1h30m", nil),
            ("999999999999999999h", nil), ("9999999999999999999s", nil), ("٥s", nil), ("1e3s", nil),
        ] as [(String, Int?)])
    func `durations have a whole number and one unit`(text: String, milliseconds: Int?) {
        #expect(Quantity.milliseconds(text) == milliseconds)
    }

    @Test(
        arguments: [
            ("4096", 4_096), ("64KB", 64_000), ("64KiB", 65_536), ("1MB", 1_000_000),
            ("1MiB", 1_048_576), ("2GB", 2_000_000_000), ("2GiB", 2_147_483_648), ("0", 0),
            ("64kb", nil), ("64K", nil), ("64 KB", nil), ("0x10", nil), ("1_000", nil),
            ("KB", nil), ("999999999999999999GiB", nil), ("-1", nil), ("010", nil),
        ] as [(String, Int?)])
    func `sizes are bytes, thousands or powers of two`(text: String, bytes: Int?) {
        #expect(Quantity.bytes(text) == bytes)
    }

    @Test(
        arguments: [
            ("100/min", 100), ("0/min", 0), ("100", nil), ("100/s", nil), ("100 / min", nil),
            ("/min", nil), ("1e3/min", nil), ("9999999999999999999/min", nil),
        ] as [(String, Int?)])
    func `rates are per minute`(text: String, count: Int?) {
        #expect(Quantity.perMinute(text) == count)
    }

    @Test func `quantities are shown in the unit that keeps them whole`() {
        #expect(Quantity.text(milliseconds: 1) == "1ms")
        #expect(Quantity.text(milliseconds: 90_000) == "90s")
        #expect(Quantity.text(milliseconds: 300_000) == "5m")
        #expect(Quantity.text(milliseconds: 0) == "0s")
        #expect(Quantity.text(bytes: 65_535) == "65535")
        #expect(Quantity.text(bytes: 16_777_216) == "16MiB")
        #expect(Quantity.text(bytes: 1_024) == "1KiB")
    }
}

@Suite struct `Did you mean` {
    @Test(
        arguments: [
            ("audiance", "audience"), ("aud", nil), ("Audience", "audience"),
            ("teir", "tier"), ("max-lifetime", "max_lifetime"), ("isuer", "issuer"),
            ("xyz", nil), ("", nil), ("jkws", "jwks"),
        ] as [(String, String?)])
    func `the nearest word is named when it is near`(word: String, meant: String?) {
        let known = ["audience", "tier", "max_lifetime", "issuer", "jwks", "role"]
        #expect(Suggestion.nearest(to: word, among: known) == meant)
    }

    @Test func `a word is never a suggestion for itself, and the first of equals wins`() {
        #expect(Suggestion.nearest(to: "abc", among: ["abc"]) == nil)
        #expect(Suggestion.nearest(to: "abc", among: ["abd", "abe"]) == "abd")
    }

    @Test func `long words and long lists are not compared`() {
        let long = String(repeating: "a", count: Suggestion.wordBytesMax + 1)
        #expect(Suggestion.nearest(to: long, among: [long + "b"]) == nil)
        let many = [String](repeating: "zzzz", count: Suggestion.knownMax) + ["tier"]
        #expect(Suggestion.nearest(to: "teir", among: many) == nil)
    }

    @Test(arguments: [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)])
    func `distance counts slips`(one: String, other: String, slips: Int) {
        #expect(Suggestion.distance(Array(one.utf8), Array(other.utf8)) == slips)
        #expect(Suggestion.distance(Array(other.utf8), Array(one.utf8)) == slips)
    }
}
