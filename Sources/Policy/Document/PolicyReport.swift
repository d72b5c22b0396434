/// Everything one check has to say, for people or for programs: all diagnostics in the order of the
/// files, the summary last.
public struct PolicyReport: Sendable {
    /// How many diagnostics are shown; the summary counts all.
    public static let shownMax = 100
    /// Characters of a source line that are shown around the place.
    static let lineCharactersMax = 120

    /// Sizes of a gateway policy, for the summary.
    public struct Counts: Equatable, Sendable {
        public var routes = 0
        public var issuers = 0
        public var tiers = 0
        /// Routes that only watch, and names that routes except from those of the tenant.
        public var shadows = 0
        public var exceptions = 0

        /// Counted in the document and not in the compiled policy, which broken files do not have.
        public init(root: PolicyNode) {
            routes = root["routes"]?.items?.count ?? 0
            issuers = root["issuers"]?.entries?.count ?? 0
            tiers = root["tiers"]?.entries?.count ?? 0
            for route in root["routes"]?.items ?? [] {
                if route["tenant"]?["mode"]?.text == "shadow" { shadows += 1 }
                exceptions += route["tenant"]?["except"]?.items?.count ?? 0
            }
        }
    }

    public let files: [PolicyFile]
    /// By file, line and column; what has no place comes first.
    public let diagnostics: [Diagnostic]
    /// `nil` for files without routes.
    public let counts: Counts?

    public init(files: [PolicyFile], diagnostics: [Diagnostic], counts: Counts?) {
        self.files = files
        self.counts = counts
        self.diagnostics = diagnostics.enumerated().sorted { left, right in
            Self.key(left.element, left.offset) < Self.key(right.element, right.offset)
        }.map(\.element)
    }

    public var errors: Int { diagnostics.count { $0.severity == .error } }
    public var warnings: Int { diagnostics.count { $0.severity == .warning } }

    /// 0 fine, 2 errors, 3 warnings where `strict` asks for none.
    public func exitCode(strict: Bool) -> Int32 {
        if errors > 0 { return 2 }
        return strict && warnings > 0 ? 3 : 0
    }

    /// The whole report with a line end after each line.
    public func text(colour: Bool) -> String {
        var out = ""
        let paint = Paint(isOn: colour)
        for diagnostic in diagnostics.prefix(Self.shownMax) {
            out += render(diagnostic, paint)
        }
        if diagnostics.count > Self.shownMax {
            out += "... and \(diagnostics.count - Self.shownMax) more\n"
        }
        return out + summary + "\n"
    }

    /// `checked 6 files, 9 routes, 2 issuers, 4 tiers: 1 error`
    public var summary: String {
        var parts = [Self.plural(files.count { $0.isFile }, "file")]
        if let counts {
            parts.append(Self.plural(counts.routes, "route"))
            parts.append(Self.plural(counts.issuers, "issuer"))
            parts.append(Self.plural(counts.tiers, "tier"))
            // What weakens a policy is said as long as it is there.
            if counts.shadows > 0 { parts.append("\(counts.shadows) in shadow") }
            if counts.exceptions > 0 {
                parts.append(Self.plural(counts.exceptions, "name") + " excepted")
            }
        }
        for file in files {
            if case .overlay(let name) = file.origin { parts.append("env \(name.printable)") }
        }
        let overrides = files.count { !$0.isFile }
        if overrides > 0 { parts.append(Self.plural(overrides, "variable")) }
        var findings: [String] = []
        if errors > 0 { findings.append(Self.plural(errors, "error")) }
        if warnings > 0 { findings.append(Self.plural(warnings, "warning")) }
        let result = findings.isEmpty ? "no problems" : findings.joined(separator: ", ")
        return "checked \(parts.joined(separator: ", ")): \(result)"
    }

    private static func plural(_ count: Int, _ word: String) -> String {
        count == 1 ? "1 \(word)" : "\(count) \(word)s"
    }

    private static func key(_ item: Diagnostic, _ offset: Int) -> (Int, Int, Int, Int) {
        guard let mark = item.mark else { return (-1, 0, 0, offset) }
        return (mark.file, mark.line, mark.column, offset)
    }

    private func render(_ item: Diagnostic, _ paint: Paint) -> String {
        let head = paint.severity("\(item.severity.rawValue)[\(item.code.rawValue)]", item.severity)
        var out = "\(head)\(paint.bold(": " + item.message.printable))\n"
        var gutter = " "
        if let mark = item.mark, files.indices.contains(mark.file) {
            let number = String(mark.line)
            gutter = String(repeating: " ", count: number.utf8.count)
            let file = files[mark.file]
            let bar = paint.frame("|")
            out += "\(gutter)\(paint.frame("-->")) "
            out += "\(file.path.printable):\(mark.line):\(mark.column)\(origin(of: file))\n"
            out += "\(gutter) \(bar)\n"
            let (line, underline) = excerpt(file, mark)
            out += "\(paint.frame(number)) \(bar)\(line.isEmpty ? "" : " " + line)\n"
            let label = item.label.isEmpty ? "" : " " + item.label.printable
            out += "\(gutter) \(bar) \(paint.severity(underline + label, item.severity))\n"
        }
        for note in item.notes {
            out += "\(gutter) \(paint.frame("=")) \(paint.bold("note:")) \(note.printable)\n"
        }
        return out
    }

    /// Why the file is read at all, where that is not plain from its path.
    private func origin(of file: PolicyFile) -> String {
        switch file.origin {
        case .included(let mark) where files.indices.contains(mark.file):
            "  (included by \(files[mark.file].path.printable):\(mark.line))"
        case .overlay(let name): "  (overlay \(name.printable))"
        case .environment: "  (environment)"
        case .main, .included, .referred: ""
        }
    }

    /// The source line, cut to what a terminal shows, and the carets below it.
    private func excerpt(_ file: PolicyFile, _ mark: SourceMark) -> (String, String) {
        var scalars = Array(file.line(mark.line).unicodeScalars)
        hideSecrets(in: &scalars, mark)
        let column = max(mark.column, 1) - 1
        let width = Self.lineCharactersMax
        var start = 0
        if scalars.count > width, column > width / 2 {
            start = min(column - width / 2, scalars.count)
        }
        let end = min(start + width, scalars.count)
        var line = String.UnicodeScalarView()
        line.append(contentsOf: scalars[start..<end])
        let before = start > 0 ? "..." : ""
        let after = end < scalars.count ? "..." : ""
        let indent = column - start + before.utf8.count
        let room = max(end - column, 1)
        let carets = min(max(mark.length, 1), room)
        return (
            before + String(line).printable + after,
            String(repeating: " ", count: indent) + String(repeating: "^", count: carets)
        )
    }

    /// A secret that was written into a file must not reach a build log through the excerpt, not
    /// even that of another error in the same line.
    private func hideSecrets(in scalars: inout [Unicode.Scalar], _ shown: SourceMark) {
        for item in diagnostics where item.code == .literalSecret {
            guard let mark = item.mark, mark.file == shown.file, mark.line == shown.line else {
                continue
            }
            let start = min(max(mark.column - 1, 0), scalars.count)
            let end = min(start + max(mark.length, 0), scalars.count)
            for index in start..<end { scalars[index] = "*" }
        }
    }
}

/// Terminal colours, or none.
private struct Paint {
    let isOn: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func frame(_ text: String) -> String { wrap(text, "1;34") }
    func severity(_ text: String, _ severity: Diagnostic.Severity) -> String {
        wrap(text, severity == .error ? "1;31" : "1;33")
    }

    private func wrap(_ text: String, _ style: String) -> String {
        isOn ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
    }
}

extension PolicyFile {
    /// Line `number` (1-based) without its end; empty when there is none. CR, LF and CRLF end a
    /// line, as they do for the reader that made the marks.
    func line(_ number: Int) -> String {
        var current = 1
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                index += 1
                continue
            }
            if current == number { break }
            let isPair =
                byte == UInt8(ascii: "\r") && index + 1 < bytes.endIndex
                && bytes[index + 1] == UInt8(ascii: "\n")
            index += isPair ? 2 : 1
            current += 1
            start = index
        }
        guard current == number else { return "" }
        // A byte order mark has no column.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if start == 0, bytes.starts(with: mark) { start = min(mark.count, index) }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }
}

extension String {
    /// One character for one character, and none that could move a terminal's cursor: policy files
    /// and their paths are shown to whoever runs a check.
    var printable: String {
        guard unicodeScalars.contains(where: Self.isUnprintable) else { return self }
        var out = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar == "\t" || scalar == "\n" {
                out.append(" ")
            } else {
                out.append(Self.isUnprintable(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(out)
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}
