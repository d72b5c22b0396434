import HTTP1
import Testing

@testable import Policy

/// The shortcut past the skeleton must never change a verdict.
@Suite struct `Names told clean at a glance` {
    private struct Random {
        var state: UInt64
        mutating func take(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    /// Pieces of names of the tenant, and of what frameworks, encodings and attacks put between.
    private static let pieces =
        TenantNames.defaults.map { [UInt8]($0.utf8) }
        + [
            "t", "e", "n", "a", "T", "E", "N", "A", "ten", "ant", "org", "acc", "ount", "id", "ID",
            "x", "http", "bin", "user", "filter", "b", "z", "_", "-", ".", "[", "]", "__", " ", "+",
            "%74", "%2574", "%5f", "%", "/", ":", "0", "7", "\u{17f}", "\u{212a}", "é", "\u{0}",
            "\u{7f}", "\u{1f}", "@", "`", "~",
        ].map { [UInt8]($0.utf8) } + [[0xff], [0xc5], [0x80]]

    @Test func `of random names the verdict is that of the skeleton`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(state: seed)
        let sets = [
            SkeletonSet(names: TenantNames.defaults), SkeletonSet(names: []),
            SkeletonSet(names: ["k"]),
            SkeletonSet(names: ["org_id", "shop7", "abcdefghijklmnopq"]),
        ]
        var excluded = 0
        for _ in 0..<60_000 {
            var name: [UInt8] = []
            for _ in 0..<random.take(7) { name += Self.pieces[random.take(Self.pieces.count)] }
            for set in sets {
                let slow = set.judgeSlowly(name.span)
                #expect(set.judge(name.span) == slow, "seed \(seed): \(name)")
                if set.contains(name.span) { #expect(slow != .clean, "seed \(seed): \(name)") }
                // In the middle of a longer text, where it may be looked at in place.
                let text = [UInt8](repeating: 0x74, count: 5) + name + Array("tenant_id%".utf8)
                guard !name.isEmpty, set.excludes(text.span, 5, name.count) else { continue }
                #expect(slow == .clean, "seed \(seed): \(name)")
                excluded += 1
            }
        }
        #expect(excluded > 10_000, "the shortcut is not taken")
    }

    @Test func `every byte in every place of a name is judged as the skeleton does`() {
        let set = SkeletonSet(names: TenantNames.defaults)
        for count in 1...40 {
            for place in 0..<count {
                for byte in UInt8(0)...255 {
                    var name = [UInt8](repeating: UInt8(ascii: "t"), count: count)
                    name[place] = byte
                    #expect(set.judge(name.span) == set.judgeSlowly(name.span))
                }
            }
        }
    }
}
