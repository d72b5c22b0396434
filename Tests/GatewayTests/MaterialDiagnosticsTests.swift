import Foundation
import Policy
import Reactor
import TLS
import TestSupport
import Testing

@testable import Gateway

/// Diagnostics that only a look at keys, secrets and certificates can make, as users see them.
@Suite struct `Materials of a policy` {
    /// A folder with a policy that names materials of every kind.
    private func folder(_ change: (String) -> String = { $0 }) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(
            change(
                """
                version: 1
                listen:
                  public:
                    address: 127.0.0.1:0
                    tls: {certificate: file:tls.crt, key: file:tls.key}
                vendors: {default: {key: file:vendor.key}}
                upstreams:
                  orders: {targets: ["http://127.0.0.1:1"]}
                routes:
                  - {name: orders, match: {path: /v1/**}, auth: vendor, upstream: orders}
                assertion: {to: [orders], key: file:assertion.key}

                """), to: "gateway.yaml")
        let made = try SelfSignedCertificate(
            hosts: ["localhost"], notBeforeSeconds: WallClock.now().seconds - 60, days: 90)
        try write(made, to: folder)
        for name in ["vendor.key", "assertion.key"] {
            try secret(String(repeating: "k7", count: 24), name, in: folder)
        }
        return folder
    }

    private func write(_ made: SelfSignedCertificate, to folder: TemporaryFolder) throws {
        try folder.write(String(decoding: made.certificatePEM, as: UTF8.self), to: "tls.crt")
        try secret(String(decoding: made.keyPEM, as: UTF8.self), "tls.key", in: folder)
    }

    private func secret(
        _ text: String, _ name: String, mode: Int = 0o600, in folder: TemporaryFolder
    ) throws {
        let file = try folder.write(text, to: name)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }

    /// What `check`, or a start, prints about the folder.
    private func report(_ folder: TemporaryFolder, isStart: Bool = false) throws -> String {
        let loader = SnapshotLoader(path: folder.path, resolver: try Resolver())
        let text = loader.load(version: 1, toleratesMissing: !isStart).report.text(colour: false)
        return text.replacingOccurrences(of: folder.path + "/", with: "policies/")
    }

    @Test func `are as they should be`() throws {
        #expect(
            try report(folder()) == "checked 1 file, 1 route, 0 issuers, 0 tiers: no problems\n")
    }

    @Test func `that are missing are a warning for check and an error for a start`() throws {
        let folder = try folder()
        try FileManager.default.removeItem(atPath: folder.path + "/vendor.key")
        let expected = """
            [CODE]: cannot read `policies/vendor.key`: no such file
             --> policies/gateway.yaml:6:26
              |
            6 | vendors: {default: {key: file:vendor.key}}
              |                          ^^^^^^^^^^^^^^^
            checked 1 file, 1 route, 0 issuers, 0 tiers: 1 [KIND]

            """
        #expect(
            try report(folder)
                == expected.replacingOccurrences(of: "[CODE]", with: "warning[W2012]")
                .replacingOccurrences(of: "[KIND]", with: "warning"))
        #expect(
            try report(folder, isStart: true)
                == expected.replacingOccurrences(of: "[CODE]", with: "error[E1315]")
                .replacingOccurrences(of: "[KIND]", with: "error"))
    }

    @Test func `that are not what they should be are an error`() throws {
        let folder = try folder()
        try secret("hunter2", "assertion.key", in: folder)
        let text = try report(folder)
        #expect(text.hasPrefix("error[E1315]: `policies/assertion.key` "), "\(text)")
        #expect(
            text.hasSuffix(
                """
                  --> policies/gateway.yaml:11:32
                   |
                11 | assertion: {to: [orders], key: file:assertion.key}
                   |                                ^^^^^^^^^^^^^^^^^^
                checked 1 file, 1 route, 0 issuers, 0 tiers: 1 error

                """), "\(text)")
        #expect(!text.contains("hunter2"))
    }

    @Test(arguments: [
        "hunter2", "rfseal1:k001:shop:hunter2",
        "rfseal1:K001:shop:" + String(repeating: "ab", count: 32),
    ])
    func `that are no seal key are an error that repeats none of it`(line: String) throws {
        let folder = try folder {
            $0.replacingOccurrences(
                of: "file:assertion.key}",
                with: "file:assertion.key, seal: {key: file:seal.key, to: [orders]}}")
        }
        try secret(line, "seal.key", in: folder)
        let text = try report(folder)
        let words = "error[E1315]: `policies/seal.key` is no seal key; "
        #expect(
            text.hasPrefix(words + "`ringfence-backend db seal-key create` makes one"), "\(text)")
        #expect(!text.contains("hunter2") && !text.contains("abab"))
        let good = "rfseal1:k001:shop:" + String(repeating: "ab", count: 32) + "\n"
        try secret(good, "seal.key", in: folder)
        #expect(try report(folder).hasSuffix("0 tiers: no problems\n"))
    }

    @Test func `that others can read are a warning`() throws {
        let folder = try folder()
        try secret(String(repeating: "k7", count: 24), "vendor.key", mode: 0o644, in: folder)
        #expect(
            try report(folder) == """
                warning[W2013]: `policies/vendor.key` can be read by others
                 --> policies/gateway.yaml:6:26
                  |
                6 | vendors: {default: {key: file:vendor.key}}
                  |                          ^^^^^^^^^^^^^^^ chmod 600
                checked 1 file, 1 route, 0 issuers, 0 tiers: 1 warning

                """)
    }

    @Test func `that end soon are a warning`() throws {
        let folder = try folder()
        let made = try SelfSignedCertificate(
            hosts: ["localhost"], notBeforeSeconds: WallClock.now().seconds - 60, days: 5)
        try write(made, to: folder)
        let text = try report(folder)
        #expect(text.contains("certificate `policies/tls.crt` expires in 4 days"), "\(text)")
        #expect(text.contains(" --> policies/gateway.yaml:5:24\n"), "\(text)")
    }
}
