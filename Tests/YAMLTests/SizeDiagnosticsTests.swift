import Policy
import Testing
import YAML

/// Diagnostics that only a large file can make, as users see them.
@Suite struct `Sizes as users see them` {
    private func report(_ text: String) -> String {
        Files(text).gateway().report.text(colour: false)
    }

    @Test func `a file beyond its bound is refused without being shown`() {
        let text = plainPolicy + String(repeating: "# 1234567890\n", count: 90_000)
        let shown = report(text)
        #expect(shown.hasPrefix("error[E1010]: "), "\(shown.prefix(300))")
        #expect(shown.utf8.count < 400)
    }

    @Test func `too many values are refused at the one that is too much`() {
        let text = plainPolicy + "tenant_names: [" + String(repeating: "a,", count: 100_001) + "]\n"
        let shown = report(text)
        #expect(
            shown.contains("error[E1009]: the file holds more than 100000 keys and values"),
            "\(shown.prefix(300))")
        #expect(shown.utf8.count < 1_000)
    }

    @Test func `a value that is too long is cut where it is shown`() {
        let text = plainPolicy + "x-note: " + String(repeating: "a", count: 70_000) + "\n"
        let shown = report(text)
        #expect(
            shown.contains("error[E1011]: the value has more than 65536 bytes"),
            "\(shown.prefix(300))")
        #expect(shown.utf8.count < 1_000)
    }
}
