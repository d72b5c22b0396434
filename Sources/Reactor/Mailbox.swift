import CLinux
public import Synchronization

/// The kernel object that wakes a mailbox's owner.
public struct Bell: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    init(semaphore: Bool) throws(SystemFault) {
        let number = rf_eventfd(semaphore ? 1 : 0)
        guard number >= 0 else { throw SystemFault("eventfd", negative: number) }
        unsafe descriptor = FileDescriptor(adopting: number)
    }

    var number: Int32 { descriptor.number }

    /// Every ring is an edge for an edge-triggered poller, so nobody need silence it.
    @usableFromInline func ring() { _ = rf_eventfd_add(number, 1) }

    /// - Returns: whether there was a ring to take.
    func take() -> Bool { rf_eventfd_take(number) == 1 }

    /// Waits until it rings or the deadline has passed; may return early.
    @usableFromInline func wait(until deadline: Monotonic?) {
        _ = rf_poll_readable(number, Monotonic.now().pollTimeoutMilliseconds(until: deadline))
    }

    @usableFromInline func silence() { _ = take() }
}

/// Messages from any thread to the one that owns the other end: a lock held for one append, and a
/// wake-up only when the box was empty.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline let pending = Mutex<[Message]>([])
    @usableFromInline let bell: Bell
    public let capacity: Int

    /// - Parameter capacity: messages waiting at once; beyond it `post` refuses.
    public init(capacity: Int) throws(SystemFault) {
        precondition(capacity > 0)
        self.capacity = capacity
        bell = try Bell(semaphore: false)
    }

    /// For registering with the owner's poller; readable means `drain`.
    public var number: Int32 { bell.number }

    /// Adds a message and wakes the owner if it may be asleep.
    ///
    /// - Returns: `false` when the box is full: the message is dropped, and what it owned with it.
    @inlinable public func post(_ message: Message) -> Bool {
        let waiting = pending.withLock { messages in
            guard messages.count < capacity else { return -1 }
            messages.append(message)
            return messages.count
        }
        if waiting == 1 { bell.ring() }
        return waiting > 0
    }

    /// Wakes the owner without a message.
    @inlinable public func wake() { bell.ring() }

    /// Replaces `batch` by what has arrived, oldest first. The two arrays change places, so both
    /// reach the size they need and nothing is allocated any more.
    @inlinable public func drain(into batch: inout [Message]) {
        batch.removeAll(keepingCapacity: true)
        pending.withLock { swap(&$0, &batch) }
    }

    /// For an owner without a poller: waits until a message arrives or `deadline` has passed, then
    /// drains. The batch may be empty before the deadline.
    @inlinable public func wait(until deadline: Monotonic?, into batch: inout [Message]) {
        bell.wait(until: deadline)
        bell.silence()
        drain(into: &batch)
    }
}

/// A bounded queue for several threads that each take one message at a time and may block
/// meanwhile, as the backend's database workers do. Two system calls a message: not for the
/// gateway's request path.
public final class WorkQueue<Message: Sendable>: Sendable {
    private struct State {
        /// A ring: `count` messages from `first` on.
        var ring: [Message?]
        var first = 0
        var count = 0
        var isClosed = false
    }
    private let state: Mutex<State>
    private let bell: Bell
    public let capacity: Int

    public init(capacity: Int) throws(SystemFault) {
        precondition(capacity > 0)
        self.capacity = capacity
        state = Mutex(State(ring: Array(repeating: nil, count: capacity)))
        bell = try Bell(semaphore: true)
    }

    /// Messages waiting now.
    public var count: Int { state.withLock { $0.count } }

    /// - Returns: `false` when the queue is full or closed; the message is dropped.
    public func post(_ message: Message) -> Bool {
        let accepted = state.withLock { state in
            guard state.count < state.ring.count, !state.isClosed else { return false }
            state.ring[(state.first + state.count) % state.ring.count] = message
            state.count += 1
            return true
        }
        if accepted { bell.ring() }
        return accepted
    }

    /// The oldest message, waiting for one until `deadline`.
    ///
    /// - Returns: `nil` when the deadline has passed, or the queue is closed and empty.
    public func take(until deadline: Monotonic?) -> Message? {
        while true {
            if bell.take() {
                let (message, isClosed) = state.withLock { state -> (Message?, Bool) in
                    guard state.count > 0 else { return (nil, state.isClosed) }
                    let message = state.ring[state.first]
                    state.ring[state.first] = nil
                    state.first = (state.first + 1) % state.ring.count
                    state.count -= 1
                    return (message, false)
                }
                if let message { return message }
                if isClosed {
                    // Passed on: everybody who waits must learn it.
                    bell.ring()
                    return nil
                }
            } else {
                if let deadline, deadline <= .now() { return nil }
                bell.wait(until: deadline)
            }
        }
    }

    /// Refuses new messages; those waiting are still taken.
    public func close() {
        state.withLock { $0.isClosed = true }
        bell.ring()
    }
}

/// A connection on its way to another thread. Whoever takes it owns it; if nobody does, because the
/// mailbox was full or its owner has gone, it is closed.
public final class SocketParcel: Sendable {
    public let peer: PeerAddress
    private let content: Mutex<Socket?>

    public init(_ socket: consuming sending Socket, peer: PeerAddress) {
        self.peer = peer
        content = Mutex(consume socket)
    }

    /// - Returns: `nil` the second time.
    public func take() -> Socket? { content.withLock { $0.take() } }
}
