import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite struct `Resolver of names` {
    private func answer(
        _ name: String, resolver: Resolver, token: UInt64 = 1
    ) throws -> NameAnswer {
        let mailbox = try Mailbox<NameAnswer>(capacity: 4)
        try resolver.resolve(name, token: token, replyTo: mailbox)
        var batch: [NameAnswer] = []
        let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
        while batch.isEmpty, Monotonic.now() < deadline {
            mailbox.wait(until: deadline, into: &batch)
        }
        return try #require(batch.first)
    }

    @Test func `finds localhost`() throws {
        let answer = try answer("localhost", resolver: Resolver(), token: 77)
        #expect(answer.token == 77 && answer.name == "localhost")
        let addresses = try answer.result.get()
        #expect(!addresses.isEmpty && addresses.allSatisfy(\.isLoopback))
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func `answers an address without asking anybody`() throws {
        let resolver = try Resolver(requestsMax: 1) { _ in
            Issue.record("asked")
            return .failure(.unknownName)
        }
        for text in ["192.0.2.1", "::1"] {
            let answer = try answer(text, resolver: resolver)
            let addresses = try answer.result.get()
            #expect(addresses == [try #require(IPAddress(text))])
            let fresh = try resolver.keepFresh(text, everyMilliseconds: 10)
            #expect(fresh.snapshot.addresses == addresses)
        }
    }

    @Test(arguments: [
        "", ".", "a..b", "-a", "a-", "a b", "a/b", "a\0b", "é.example", "127.1", "0x7f000001",
        "10.0x1", "2130706433", "a.1", String(repeating: "a", count: 64),
        String(repeating: "a.", count: 127) + "aa", "user@host", "host:80", "[::1]", "fe80::1%lo",
    ])
    func `refuses what is no host name`(_ name: String) throws {
        let resolver = try Resolver()
        let mailbox = try Mailbox<NameAnswer>(capacity: 1)
        var fault = #expect(throws: ResolverFault.self) {
            try resolver.resolve(name, token: 0, replyTo: mailbox)
        }
        #expect(fault == .badName)
        fault = #expect(throws: ResolverFault.self) {
            _ = try resolver.keepFresh(name, everyMilliseconds: 10)
        }
        #expect(fault == .badName)
    }

    @Test(arguments: [
        "a", "localhost", "api.example.com", "api.example.com.", "my_service", "xn--bcher-kva.de",
        "3com.com", "0x.example", String(repeating: "a", count: 63), "127.0.0.1.nip", "0xg",
    ])
    func `takes host names`(_ name: String) {
        #expect(Resolver.isHostName(name))
    }

    @Test func `hands failures on, typed`() throws {
        for fault in [ResolverFault.unknownName, .unavailable, .failed(-4)] {
            let resolver = try Resolver(requestsMax: 4) { _ in .failure(fault) }
            let answer = try answer("host.example", resolver: resolver)
            #expect(throws: fault) { try answer.result.get() }
        }
    }

    @Test func `refuses when too many wait`() throws {
        let gate = try WorkQueue<Int>(capacity: 1)
        let resolver = try Resolver(requestsMax: 2) { _ in
            _ = gate.take(
                until: Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds))
            return .failure(.unavailable)
        }
        let mailbox = try Mailbox<NameAnswer>(capacity: 64)
        let fault = #expect(throws: ResolverFault.self) {
            for token in 0..<16 as Range<UInt64> {
                try resolver.resolve("host.example", token: token, replyTo: mailbox)
            }
        }
        #expect(fault == .busy)
        gate.close()
    }

    @Test func `keeps the last good answer while refreshes fail, and follows changes`() throws {
        let script = Script()
        let resolver = try Resolver(requestsMax: 4) { _ in script.next() }
        let fresh = try resolver.keepFresh("host.example", everyMilliseconds: 10)
        let one = try #require(IPAddress("192.0.2.1"))
        let two = try #require(IPAddress("192.0.2.2"))
        let first = try settled(fresh) { $0.version == 1 }
        #expect(first.addresses == [one] && first.resolvedAt != nil)
        script.set(.failure(.unavailable))
        let second = try settled(fresh) { $0.fault != nil }
        #expect(second.addresses == [one] && second.fault == .unavailable && second.version == 1)
        script.set(.success([two, one]))
        let third = try settled(fresh) { $0.fault == nil && $0.version == 2 }
        #expect(third.addresses == [two, one])
    }

    @Test func `a name nobody holds any more is not asked for`() throws {
        let script = Script()
        let resolver = try Resolver(requestsMax: 4) { _ in script.next() }
        do {
            let fresh = try resolver.keepFresh("host.example", everyMilliseconds: 10)
            _ = try settled(fresh) { $0.version == 1 }
        }
        // One lookup may be under way; the answer to a later request shows that rounds went on.
        _ = try answer("other.example", resolver: resolver)
        let asked = script.asked
        _ = try answer("other.example", resolver: resolver)
        let end = Monotonic.now().advanced(byMilliseconds: 50)
        let quiet = try Mailbox<Int>(capacity: 1)
        var batch: [Int] = []
        while Monotonic.now() < end { quiet.wait(until: end, into: &batch) }
        #expect(script.asked == asked + 1)
    }

    /// Waits for a snapshot, within a deadline.
    private func settled(
        _ name: FreshName, _ condition: (NameSnapshot) -> Bool
    ) throws -> NameSnapshot {
        let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
        let pause = try Mailbox<Int>(capacity: 1)
        var batch: [Int] = []
        while Monotonic.now() < deadline {
            let snapshot = name.snapshot
            if condition(snapshot) { return snapshot }
            pause.wait(until: Monotonic.now().advanced(byMilliseconds: 2), into: &batch)
        }
        throw Impatience()
    }

    /// What the name servers say.
    private final class Script: Sendable {
        private let state = Mutex<(Int, Result<[IPAddress], ResolverFault>)>(
            (0, .success([IPAddress(v4: 0xc000_0201)])))
        func set(_ result: Result<[IPAddress], ResolverFault>) { state.withLock { $0.1 = result } }
        var asked: Int { state.withLock { $0.0 } }
        func next() -> Result<[IPAddress], ResolverFault> {
            state.withLock { state in
                state.0 += 1
                return state.1
            }
        }
    }
}
