import Foundation

/// A copy of a directory as a gateway keeps it, for tests that need tenants and keys and no
/// backend.
public struct DirectoryCopyFile {
    public static let pepper = "pepper-of-the-tests-0123456789-0123456789"
    /// Ids of the two tenants that most tests have.
    public static let acme = "0190a000-0000-7000-8000-00000000000a"
    public static let globex = "0190a000-0000-7000-8000-00000000000b"

    private var lines: [String] = []
    /// Of a second vendor, `other`.
    private var otherLines: [String] = []

    public init() {}

    /// - Parameters:
    ///   - more: further members, such as `"domains":["acme.example.test"]`.
    ///   - isOther: whether it is a tenant of the vendor `other`.
    public mutating func add(
        tenant name: String, id: String, tier: String, _ more: String = "", isOther: Bool = false
    ) {
        let rest = more.isEmpty ? "" : ",\(more)"
        let state = more.contains("\"state\"") ? "" : #","state":"active""#
        let line = #"{"tenant":"\#(id)","name":"\#(name)","tier":"\#(tier)"\#(state)\#(rest)}"#
        if isOther { otherLines.append(line) } else { lines.append(line) }
    }

    /// The text of a key with this letter in it, which is as good as random here.
    public static func key(_ letter: Character) -> String {
        "rf_live_" + String(repeating: letter, count: 16) + "_"
            + String(repeating: letter, count: 52)
    }

    /// - Parameter more: further members, such as `"revoked":true`.
    public mutating func add(
        key: String, of tenant: String, scopes: [String] = [], _ more: String = ""
    ) throws {
        let id = key.dropFirst(8).prefix(16)
        let digest = try Self.openssl(
            ["dgst", "-sha256", "-hmac", Self.pepper, "-r"], input: key
        ).prefix(64)
        let words = scopes.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        let list = scopes.isEmpty ? "" : #","scopes":[\#(words)]"#
        let rest = more.isEmpty ? "" : ",\(more)"
        lines.append(
            #"{"key":"\#(id)","tenant":"\#(tenant)","digest":"\#(digest)"\#(list)\#(rest)}"#)
    }

    /// A token that was revoked by its `jti`.
    public mutating func add(revoked jti: String, of tenant: String) throws {
        let digest = try Self.openssl(["dgst", "-sha256", "-r"], input: jti).prefix(32)
        lines.append(
            #"{"revoked_token":"\#(digest)","tenant":"\#(tenant)","expires":4000000000}"#)
    }

    /// - Parameter feed: the address in the gateway's policy, with a socket's whole path.
    public func write(to path: String, feed: String) throws {
        let now = Int(Date().timeIntervalSince1970)
        let vendors = otherLines.isEmpty ? "default\n" : "default\nother\n"
        let identity = try Self.digest("\(feed)\n\(vendors)")
        var text =
            #"{"copy":2,"as_of":\#(now),"of":"\#(identity)","tenants":16,"domains":16,"keys":16,"#
            + "\"revocations\":0,\"text_bytes\":4096}\n"
        text += #"{"feed":1,"vendor":"default","head":1,"mark":"m"}"# + "\n"
        for line in lines { text += line + "\n" }
        text += #"{"end":1,"more":false}"# + "\n"
        if !otherLines.isEmpty {
            text += #"{"feed":1,"vendor":"other","head":1,"mark":"m"}"# + "\n"
            for line in otherLines { text += line + "\n" }
            text += #"{"end":1,"more":false}"# + "\n"
        }
        text += #"{"sum":"\#(try Self.digest(text))"}"# + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// SHA-256 as copies write it: base64url.
    private static func digest(_ text: String) throws -> String {
        let sum = try Self.openssl(["dgst", "-sha256", "-r"], input: text).prefix(64)
        var bytes: [UInt8] = []
        var digits = sum[...]
        while let pair = UInt8(digits.prefix(2), radix: 16), digits.count >= 2 {
            bytes.append(pair)
            digits = digits.dropFirst(2)
        }
        return Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    private static func openssl(_ words: [String], input: String) throws -> String {
        let run = try ChildProcess.run("openssl", words, input: input)
        guard run.end == .exited(0) else { throw TestSupportError.closedEarly(run.errorOutput) }
        return run.output
    }
}
