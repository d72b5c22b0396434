import Foundation
import Testing
import TestSupport
import Verification

@Suite struct `Evidence for a reviewer` {
    static let keys = Result { try Evidence.makeKey() }

    static func page() throws -> [UInt8] {
        try Evidence.write(
            `What a verification is written as`.report(), privatePEM: keys.get().privatePEM)
    }

    @Test func `the page loads nothing, runs nothing and shows data as data`() throws {
        let page = String(decoding: try Self.page(), as: UTF8.self)
        for bad in ["<script", "src=", "href=", "http://", "https://", "url(", "@import", "onload"]
        {
            #expect(!page.lowercased().contains(bad), "\(bad)")
        }
        #expect(page.contains("shop&lt;script&gt;"))
        #expect(page.contains("&quot;other&quot; &amp; more"))
        #expect(!page.contains("\u{1B}"))
        for words in [
            "PostgreSQL 15.18", "plain: a setting that every statement can change", "Not covered",
            "SQL injection", "2026-11-22T00:00:00Z", String(repeating: "cd", count: 32),
            "3 rows of B", "SELECT as A", "@media print",
        ] {
            #expect(page.contains(words), "\(words)")
        }
    }

    @Test func `waivers are on it with reason, owner and day`() throws {
        var report = `What a verification is written as`.report()
        let waiver = `What a verification is written as`.waiver(
            "B8", "policy odd on shop.orders", "12")
        report.apply([waiver], today: "2026-01-01")
        let bytes = try Evidence.write(report, privatePEM: Self.keys.get().privatePEM)
        let page = String(decoding: bytes, as: UTF8.self)
        for words in ["read by two of us on the day", "ada@example.com", "2026-12-31"] {
            #expect(page.contains("<td>\(words)</td>"), "\(words)")
        }
    }

    @Test func `it is believed as it was signed, and not otherwise`() throws {
        let page = try Self.page()
        let key = try Self.keys.get().publicPEM
        #expect(try Evidence.check(page, publicPEM: key) == Evidence.keyID(key))
        var seed = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var changed = page
            let place = Int.random(in: 0..<page.count, using: &seed)
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &seed)
            #expect(throws: Evidence.Defect.self, "byte \(place) of \(page.count)") {
                try Evidence.check(changed, publicPEM: key)
            }
        }
        let others: [[UInt8]] = [
            [], Array(page.dropLast()), page + [0x0A], page + page, Array(page.dropFirst()),
            Array("<!-- ringfence evidence v1 key= ed25519= -->\n".utf8),
        ]
        for other in others {
            #expect(throws: Evidence.Defect.self) { try Evidence.check(other, publicPEM: key) }
        }
    }

    @Test func `another key is named`() throws {
        let page = try Self.page()
        let other = try Evidence.makeKey()
        let own = Evidence.keyID(try Self.keys.get().publicPEM)
        #expect(throws: Evidence.Defect.otherKey(own)) {
            try Evidence.check(page, publicPEM: other.publicPEM)
        }
        #expect(throws: Evidence.Defect.self) {
            try Evidence.check(page, publicPEM: Array("no key".utf8))
        }
        // OpenSSL's own program agrees on the signature.
        let folder = try TemporaryFolder()
        let text = String(decoding: page, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").last)
        let digits = line.dropLast(4).suffix(128)
        var signature = Data()
        var rest = Substring(digits)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            signature.append(byte)
            rest = rest.dropFirst(2)
        }
        try signature.write(to: URL(fileURLWithPath: folder.path + "/sig"))
        let signed = "ringfence evidence v1\n" + text.dropLast(line.count + 1)
        try folder.write(String(signed), to: "signed")
        try folder.write(String(decoding: Self.keys.get().publicPEM, as: UTF8.self), to: "key")
        let run = try ChildProcess.run(
            "openssl",
            [
                "pkeyutl", "-verify", "-pubin", "-inkey", "\(folder.path)/key", "-rawin", "-in",
                "\(folder.path)/signed", "-sigfile", "\(folder.path)/sig",
            ])
        #expect(run.end == .exited(0), "\(run.output)\(run.errorOutput)")
    }
}
