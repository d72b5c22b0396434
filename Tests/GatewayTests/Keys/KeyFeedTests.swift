import Foundation
import Policy
import Reactor
import Synchronization
import TLS
import TestSupport
import Testing
import Tokens

@testable import Gateway

@Suite struct `A feed of keys` {
    static func feed(_ url: String, allowsPrivate: Bool = false) throws -> KeyFeed {
        var remote = RemoteKeys(.url(url))
        remote.allowsPrivateAddresses = allowsPrivate
        let origin = KeyFeed.Origin(
            name: "idp", issuer: "https://idp.example.com/", remote: remote, algorithms: [.es256],
            authorities: nil, stateFolder: nil)
        return try KeyFeed(origin, context: TLSClientContext())
    }

    /// Runs the fetcher until it says something.
    private func firstWords(_ feed: KeyFeed) throws -> String {
        let said = Mutex("")
        let fetcher = KeyFetcher(feed: feed, resolver: try Resolver()) { text in
            said.withLock { if $0.isEmpty { $0 = text } }
        }
        let thread = try WorkerThread(name: "keys") { fetcher.run() }
        try eventually("a word") { said.withLock { !$0.isEmpty } }
        feed.end()
        withExtendedLifetime(thread) {}
        return said.withLock { $0 }
    }

    @Test func `is not fetched from a private address, and nobody there hears of it`() throws {
        let listener = try RawSocket.listen(address: "127.0.0.1")
        for host in ["127.0.0.1", "localhost"] {
            let feed = try Self.feed("https://\(host):\(listener.port)/keys")
            let words = try firstWords(feed)
            #expect(words.contains("has no public address"), "\(words)")
            #expect(feed.status.counts[KeyFeed.Outcome.refused.rawValue] == 1)
        }
        #expect(listener.accept(seconds: 0) == nil)
        // With the word it is, and fails because it speaks no TLS.
        let allowed = try Self.feed("https://127.0.0.1:\(listener.port)/keys", allowsPrivate: true)
        let visit = Mutex(false)
        Thread.detachNewThread {
            let socket = listener.accept(seconds: Patience.seconds)
            visit.withLock { $0 = socket != nil }
        }
        #expect(try firstWords(allowed).contains("cannot be fetched"))
        #expect(visit.withLock { $0 })
    }

    @Test func `keeps its epoch while the set stays the same`() throws {
        let feed = try Self.feed("https://idp.example.com/keys")
        let text = Array(Self.set("k").utf8)
        let keys = try KeySet(file: text.span, algorithms: [.es256])
        #expect(feed.accept(keys, text, fetchedAt: 1, outcome: .fetched))
        let epoch = feed.epoch
        #expect(!feed.accept(keys, text, fetchedAt: 2, outcome: .unchanged))
        #expect(feed.epoch == epoch && feed.status.fetchedAt == 2)
        let other = Array(Self.set("l").utf8)
        let more = try KeySet(file: other.span, algorithms: [.es256])
        #expect(feed.accept(more, other, fetchedAt: 3, outcome: .fetched))
        #expect(feed.epoch == epoch + 1)
        feed.withdraw()
        #expect(feed.epoch == epoch + 2 && feed.keys.set == nil)
        #expect(feed.status.counts == [2, 1, 0, 0])
    }

    @Test func `hears of unknown keys once, however many there are`() throws {
        let feed = try Self.feed("https://idp.example.com/keys")
        var heard: [KeyFeed.Wish] = []
        for _ in 0..<10_000 { feed.noteUnknownKey() }
        feed.wishes.drain(into: &heard)
        #expect(heard == [.unknownKey])
        for _ in 0..<10_000 { feed.noteUnknownKey() }
        feed.wishes.drain(into: &heard)
        #expect(heard.isEmpty)
        feed.beginFetch()
        feed.noteUnknownKey()
        feed.wishes.drain(into: &heard)
        #expect(heard == [.unknownKey])
    }

    /// The point of RFC 6979's example key (appendix A.2.5).
    static func set(_ name: String) -> String {
        #"{"keys":[{"kty":"EC","crv":"P-256","kid":"\#(name)","#
            + #""x":"YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y","#
            + #""y":"eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"}]}"#
    }
}
