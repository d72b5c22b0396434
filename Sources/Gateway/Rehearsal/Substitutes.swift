import Policy
import Reactor
import Tokens

/// What stands in for the world while a policy is tried out: where its upstreams are, and keys in
/// the place of those that only the real machine has. Everything else of the policy is as written.
struct Substitutes {
    /// Where everything goes that would go to an upstream.
    var upstream: SocketAddress
    /// By the name of an issuer.
    var keys: [String: KeySet] = [:]
    /// By the name of a vendor: the bytes of a key file.
    var vendorKeys: [String: [UInt8]] = [:]
    /// What is sent nowhere need not be signed with a real key.
    let assertionKey = Self.randomSecret()
    let sealKey = [UInt8]("rfseal1:test:rehearsal:".utf8) + Self.randomSecret()
    /// In place of those that the policy's own secrets check; without it these are read.
    var credentials: TestMaterial?
    /// In place of the policy that was read: the same with other tenants.
    var policy: GatewayPolicy?

    /// The policy as it is rehearsed: no log is written, and no upstream is kept waiting for.
    func change(_ policy: inout GatewayPolicy) {
        if let changed = self.policy { policy = changed }
        policy.listen.accessLog = ""
        // Nothing here is many at once, and a worker makes room for all it may get.
        policy.listen.connectionsMax = min(policy.listen.connectionsMax, Self.connectionsMax)
    }

    static let connectionsMax = 64

    /// 256 random bits in hexadecimal digits.
    static func randomSecret() -> [UInt8] {
        (0..<4).flatMap { _ -> [UInt8] in
            let digits = String(randomUInt64(), radix: 16)
            return [UInt8]((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
        }
    }
}

/// What a test's credentials other than tokens are checked with.
struct TestMaterial {
    var sessionKey: [UInt8]
    var keyPepper: [UInt8]
    /// The test's tenants with their API keys; `nil` where it has no keys.
    var directory: DirectoryEdition?
    /// PEM; empty where the test has no certificates.
    var clientAuthorities: [UInt8] = []
}

/// The time of a rehearsal: it stands still until it is moved.
final class RehearsalClock {
    private(set) var now: Monotonic
    private(set) var wall: WallClock

    init(wall: WallClock) {
        now = .now()
        self.wall = wall
    }

    func advance(milliseconds: UInt32) {
        now = now.advanced(byMilliseconds: UInt64(milliseconds))
        let rest = wall.nanoseconds / 1_000_000 + milliseconds
        wall = WallClock(
            seconds: wall.seconds + Int64(rest / 1_000), nanoseconds: rest % 1_000 * 1_000_000)
    }
}
