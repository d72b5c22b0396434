import CLinux
import Synchronization

/// Why a name has no addresses.
public enum ResolverFault: Error, Equatable, Sendable {
    /// No host name at all: other bytes than letters, digits, `-`, `_` and dots, a label over 63 or
    /// a name over 253 bytes, or an end in a number (`127.1`), which C libraries read as IPv4.
    case badName
    case unknownName
    /// The name servers do not answer; later they may.
    case unavailable
    /// Too many requests wait already.
    case busy
    /// getaddrinfo's own number.
    case failed(Int32)
}

/// The answer to one `resolve`.
public struct NameAnswer: Sendable {
    /// What the asker gave to recognise it by, a slot key for example.
    public let token: UInt64
    public let name: String
    /// In the resolver's order of preference, without duplicates, `1...Resolver.addressesMax`.
    public let result: Result<[IPAddress], ResolverFault>
}

/// Names to addresses, on one thread of its own: `getaddrinfo` blocks for seconds when name servers
/// are silent, and no worker may. One slow name therefore delays the others, but nothing else.
public final class Resolver: Sendable {
    typealias Lookup = @Sendable (String) -> Result<[IPAddress], ResolverFault>

    enum Request: Sendable {
        case once(String, token: UInt64, replyTo: Mailbox<NameAnswer>)
        case keepFresh(FreshName)
    }

    /// What the resolver and its thread share.
    final class Desk: Sendable {
        let requests: Mailbox<Request>
        let isStopping = Atomic<Bool>(false)
        let lookup: Lookup

        init(requestsMax: Int, lookup: @escaping Lookup) throws(SystemFault) {
            requests = try Mailbox(capacity: requestsMax)
            self.lookup = lookup
        }
    }

    public static let addressesMax = 32
    private let desk: Desk

    /// - Parameter requestsMax: requests waiting at once.
    public convenience init(requestsMax: Int = 1_024) throws(SystemFault) {
        try self.init(requestsMax: requestsMax, lookup: Resolver.addresses(of:))
    }

    /// - Parameter lookup: stands in for getaddrinfo in tests.
    init(requestsMax: Int, lookup: @escaping Lookup) throws(SystemFault) {
        let desk = try Desk(requestsMax: requestsMax, lookup: lookup)
        self.desk = desk
        let thread = try WorkerThread(name: "resolver") {
            var round = ResolverRound(desk: desk)
            round.run()
        }
        // It may be deep in getaddrinfo when the process wants to end; it holds nothing of ours.
        thread.detach()
    }

    deinit {
        desk.isStopping.store(true, ordering: .releasing)
        desk.requests.wake()
    }

    /// Asks for the addresses of `name`, or answers at once when it is an address already. The
    /// answer is posted to `replyTo`; a full mailbox loses it, so the asker keeps a deadline.
    public func resolve(
        _ name: String, token: UInt64, replyTo: Mailbox<NameAnswer>
    ) throws(ResolverFault) {
        if let address = IPAddress(name) {
            let answer = NameAnswer(token: token, name: name, result: .success([address]))
            guard replyTo.post(answer) else { throw .busy }
            return
        }
        guard Self.isHostName(name) else { throw .badName }
        guard desk.requests.post(.once(name, token: token, replyTo: replyTo)) else { throw .busy }
    }

    /// Keeps the addresses of `name` fresh as long as somebody holds the answer. It begins without
    /// addresses (an address as name begins with itself and is never asked for).
    ///
    /// - Parameter interval: between refreshes, at least 10 ms; after a failure at most `retry`.
    public func keepFresh(
        _ name: String, everyMilliseconds interval: UInt64
    ) throws(ResolverFault) -> FreshName {
        let fresh = FreshName(name, intervalMilliseconds: max(interval, 10))
        if let address = IPAddress(name) {
            fresh.accept(.success([address]), now: .now())
            return fresh
        }
        guard Self.isHostName(name) else { throw .badName }
        guard desk.requests.post(.keepFresh(fresh)) else { throw .busy }
        return fresh
    }

    /// How soon a failed refresh is tried again, unless the interval is shorter.
    static let retryMilliseconds: UInt64 = 2_000
}

// MARK: - Lookup

extension Resolver {
    /// Blocks.
    static func addresses(of name: String) -> Result<[IPAddress], ResolverFault> {
        var count: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16 * addressesMax) { space, used in
            count = unsafe rf_resolve(name, space.baseAddress, Int32(addressesMax))
            used = 16 * Int(max(count, 0))
        }
        guard count >= 0 else {
            if rf_name_is_unknown(count) != 0 { return .failure(.unknownName) }
            return .failure(rf_name_may_come(count) != 0 ? .unavailable : .failed(count))
        }
        var addresses: [IPAddress] = []
        for place in 0..<Int(count) {
            let address = unsafe bytes.withUnsafeBytes {
                unsafe IPAddress(
                    networkOrder: UnsafeRawBufferPointer(rebasing: $0[(16 * place)...]))
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(.unknownName) : .success(addresses)
    }

    /// RFC 1123 §2.1 with the underscores that containers use, and one dot at the end allowed.
    static func isHostName(_ name: String) -> Bool {
        var bytes = name.utf8[...]
        if bytes.last == UInt8(ascii: ".") { bytes = bytes.dropLast() }
        guard (1...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"),
                label.last != UInt8(ascii: "-"), label.allSatisfy(isHostByte)
            else { return false }
        }
        return labels.last.map { !isNumber($0) } ?? false
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Decimal, or hexadecimal after `0x`: `inet_aton` would read it as a part of an address.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        if label.allSatisfy({ digits.contains($0) }) { return true }
        let isPrefixed =
            label.count >= 2 && label.first == UInt8(ascii: "0")
            && label.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
        return isPrefixed
            && label.dropFirst(2).allSatisfy {
                digits.contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
            }
    }
}
