/// Risks that somebody accepted, for `db verify`: which finding, why, who, and until when.
public struct WaiverFile: Equatable, Sendable {
    public struct Waiver: Equatable, Sendable {
        /// As reports call it, such as `B8`.
        public let rule: String
        /// As the report writes it, such as `policy old_one on shop.orders`.
        public let object: String
        public let reason: String
        public let owner: String
        /// `YYYY-MM-DD`; holds for the whole day, in UTC.
        public let expires: String
        /// SHA-256 in hex of what was judged; `nil` where the finding has none.
        public let hash: String?
        public let mark: SourceMark
    }

    public var waivers: [Waiver] = []

    /// Letters of a reason: enough that somebody had to think, and one screen at most.
    public static let reasonBytes = 10...1_000

    /// Gives a document its meaning, or says all that is wrong with it.
    ///
    /// - Parameter rules: the ids there are.
    /// - Returns: the file exactly when no diagnostic is an error.
    public static func compile(
        _ root: PolicyNode, rules: [String]
    ) -> (file: WaiverFile?, diagnostics: [Diagnostic]) {
        var check = ShapeCheck(isDevelopment: false)
        check.check(root: root, WaiverShape.root)
        var list = check.list
        var file = WaiverFile()
        var seen: [String: SourceMark] = [:]
        for node in root["waivers"]?.items ?? [] {
            guard let waiver = Waiver(node) else { continue }
            waiver.check(rules, node, &list)
            let key = "\(waiver.rule) \(waiver.object)"
            if let first = seen[key] {
                list.add(
                    .repeatedItem, "`\(waiver.object.shortened)` is waived twice for this rule",
                    at: node.mark, label: "first in line \(first.line)")
            }
            seen[key] = node.mark
            file.waivers.append(waiver)
        }
        return (list.hasErrors ? nil : file, list.items)
    }
}

extension WaiverFile.Waiver {
    fileprivate init?(_ node: PolicyNode) {
        guard let rule = node["rule"]?.text, let object = node["object"]?.text,
            let reason = node["reason"]?.text, let owner = node["owner"]?.text,
            let expires = node["expires"]?.text
        else { return nil }
        self.init(
            rule: rule, object: object, reason: reason, owner: owner, expires: expires,
            hash: node["hash"]?.text, mark: node.mark)
    }

    fileprivate func check(
        _ rules: [String], _ node: PolicyNode, _ list: inout DiagnosticList
    ) {
        if !rules.contains(rule) {
            list.add(
                .unknownWord, "there is no rule `\(rule.shortened)`", at: node["rule"]?.mark,
                label: Suggestion.label(for: rule, among: rules))
        }
        if !WaiverFile.reasonBytes.contains(reason.utf8.count) {
            list.add(
                .outOfRange,
                "a reason has \(WaiverFile.reasonBytes.lowerBound) to "
                    + "\(WaiverFile.reasonBytes.upperBound) bytes", at: node["reason"]?.mark)
        }
        if PolicyTestCompiler.seconds(expires + "T00:00:00Z") == nil {
            list.add(
                .invalidValue, "`\(expires.shortened)` is no date", at: node["expires"]?.mark,
                label: "write it as `2026-12-31`")
        }
        if let hash, hash.utf8.count != 64 || !hash.utf8.allSatisfy(Self.isHexDigit) {
            list.add(
                .invalidValue, "`\(hash.shortened)` is no SHA-256", at: node["hash"]?.mark,
                label: "copy the hash of the finding, 64 digits")
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "a") < 6
    }
}

/// The declaration of a waivers file.
enum WaiverShape {
    static let root = PolicyRecord(
        "a waivers file",
        [
            PolicyKey("version", .scalar(.version), required: true, "Version of the file format."),
            PolicyKey(
                "waivers", .list(.record(waiver), minimum: 0), required: true,
                "Risks that somebody accepted."),
        ])

    static let waiver = PolicyRecord(
        "a waiver",
        [
            PolicyKey("rule", .scalar(.text), required: true, "The rule's id, such as `B8`."),
            PolicyKey(
                "object", .scalar(.text), required: true,
                "What it is about, as the report writes it."),
            PolicyKey("reason", .scalar(.text), required: true, "Why the risk is accepted."),
            PolicyKey("owner", .scalar(.text), required: true, "Who answers for it."),
            PolicyKey(
                "expires", .scalar(.text), required: true,
                "Its last day, as in `2026-12-31` (UTC)."),
            PolicyKey(
                "hash", .scalar(.text),
                "The hash of the finding: the waiver ends when the text behind it changes."),
        ])
}
