import CleaningOracle
import Foundation
import Testing

/// docs/fuzzing.md says how to run it for longer.
@Suite struct `Generated requests` {
    static let environment = ProcessInfo.processInfo.environment

    @Test func `the invariants hold on the bytes of every request, whatever names its tenant`()
        throws
    {
        let oracle = try #require(CleaningOracle())
        let seed =
            Self.environment["RINGFENCE_SEED"].flatMap(UInt64.init) ?? .random(in: 0 ... .max)
        let count = Self.environment["RINGFENCE_REQUESTS"].flatMap(Int.init) ?? 4_000
        print("generated requests: RINGFENCE_SEED=\(seed) RINGFENCE_REQUESTS=\(count)")
        var choices = Choices(seed: seed)
        var sent = 0
        for number in 0..<count {
            switch oracle.judgeRequest(&choices) {
            case .sent: sent += 1
            case .refused: break
            case .broken(let failure):
                Issue.record("seed \(seed), request \(number): \(failure)")
                return
            }
        }
        print("generated requests: \(sent) of \(count) sent, the others refused")
        // Were nearly all refused, nothing would be proven.
        #expect(sent > count / 3)
    }

    @Test func `a name the rules are not told of is found in every carrier`() throws {
        let oracle = try #require(CleaningOracle(unknown: ["session", "filter", "page"]))
        #expect(oracle.checkQuery([UInt8]("a=1&page=2".utf8), isForm: false) != nil)
        #expect(oracle.checkQuery([UInt8]("a=1&filter[x]=2".utf8), isForm: true) != nil)
        #expect(oracle.checkCookies([UInt8]("a=1; session=2".utf8)) != nil)
        let json = [UInt8](#"{"a":[{"p\u0061ge":1}]}"#.utf8)
        #expect(oracle.checkJSON(json, as: "application/json") != nil)
        let patch = [UInt8](#"[{"OP":1,"path":"/a","Fro\u006d":"/page"}]"#.utf8)
        #expect(oracle.checkJSON(patch, as: "application/json") != nil)
        let part = "--B\r\nContent-Disposition: form-data; name=page\r\n\r\n1\r\n--B--"
        #expect(oracle.checkMultipart([UInt8](part.utf8), boundary: "B") != nil)
        var broken = 0
        for seed in 0..<200 as Range<UInt64> {
            var choices = Choices(seed: seed)
            if case .broken = oracle.judgeRequest(&choices) { broken += 1 }
        }
        #expect(broken > 20)
    }
}
