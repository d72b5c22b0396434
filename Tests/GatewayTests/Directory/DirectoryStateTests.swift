import Policy
import Reactor
import Testing

@testable import Gateway

@Suite struct `What is known of the directory` {
    private static func edition() -> (DirectoryEdition, [DirectoryPosition]) {
        var replica = DirectoryReplica(seed: 1, vendors: [[UInt8]("default".utf8)])
        return (replica.edition(), replica.positions)
    }

    @Test func `is not what a follower says that was told to end`() throws {
        let state = DirectoryState()
        let now = Monotonic.now()
        let (edition, positions) = Self.edition()
        let old = state.beginTerm()
        // Another backend's address: the old follower is still reading a page of the first one.
        state.forget()
        state.confirm(at: Int64(clamping: now.nanoseconds), term: old)
        state.publish(edition, at: positions, term: old)
        #expect(state.published == nil && state.number == 0 && state.age(now: now) == nil)
        let new = state.beginTerm()
        state.confirm(at: Int64(clamping: now.nanoseconds), term: new)
        state.publish(edition, at: positions, term: new)
        #expect(state.number == 1 && state.age(now: now) == 0)
        // Nor may it put its own in place of what the new one said.
        state.publish(edition, at: positions, term: old)
        state.advance(to: [], term: old)
        #expect(state.number == 1 && state.published?.positions == positions)
    }
}
