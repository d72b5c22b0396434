import Glibc
import HTTP1
import Reactor
import Synchronization
import Testing

@Suite struct `Mailboxes and threads` {
    @Test func `every message of several threads arrives once, in each sender's order`() throws {
        let mailbox = try Mailbox<(Int, Int)>(capacity: 1_000_000)
        var poller = try Poller(eventsMax: 4)
        try poller.add(mailbox.number, key: .fixed(9))
        let senders = 4
        let each = 5_000
        var threads: [ThreadHolder] = []
        for sender in 0..<senders {
            threads.append(
                ThreadHolder(
                    try WorkerThread(name: "sender") {
                        for number in 0..<each where !mailbox.post((sender, number)) {
                            Issue.record("a message was refused")
                        }
                    }))
        }
        var next = [Int](repeating: 0, count: senders)
        var batch: [(Int, Int)] = []
        let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
        while next.reduce(0, +) < senders * each {
            try #require(Monotonic.now() < deadline)
            try poller.wait(until: deadline)
            mailbox.drain(into: &batch)
            for (sender, number) in batch {
                try #require(next[sender] == number)
                next[sender] += 1
            }
        }
        mailbox.drain(into: &batch)
        #expect(batch.isEmpty)
        threads.removeAll()
    }

    @Test func `a full mailbox refuses and goes on after a drain`() throws {
        let mailbox = try Mailbox<Int>(capacity: 2)
        var posted = [mailbox.post(1), mailbox.post(2), mailbox.post(3)]
        #expect(posted == [true, true, false])
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        #expect(batch == [1, 2])
        posted = [mailbox.post(4)]
        mailbox.drain(into: &batch)
        #expect(posted == [true] && batch == [4])
    }

    @Test func `an owner without a poller waits for a message or its deadline`() throws {
        let mailbox = try Mailbox<Int>(capacity: 8)
        var batch: [Int] = []
        mailbox.wait(until: Monotonic.now().advanced(byMilliseconds: 20), into: &batch)
        #expect(batch.isEmpty)
        let thread = try WorkerThread(name: "poster") { _ = mailbox.post(5) }
        let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
        while batch.isEmpty, Monotonic.now() < deadline {
            mailbox.wait(until: deadline, into: &batch)
        }
        #expect(batch == [5])
        thread.join()
    }

    @Test func `a work queue gives each message to one taker and ends when closed`() throws {
        let queue = try WorkQueue<Int>(capacity: 128)
        let sum = Adder()
        var threads: [ThreadHolder] = []
        for _ in 0..<3 {
            threads.append(
                ThreadHolder(
                    try WorkerThread(name: "taker") {
                        while let number = queue.take(until: nil) { sum.add(number) }
                    }))
        }
        let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
        for number in 1...2_000 {
            while !queue.post(number) {
                try #require(Monotonic.now() < deadline)
                sched_yield()
            }
        }
        queue.close()
        threads.removeAll()
        #expect(sum.total == 2_001_000)
        let posted = queue.post(1)
        #expect(!posted && queue.count == 0)
    }

    @Test func `a work queue is bounded and its wait has a deadline`() throws {
        let queue = try WorkQueue<Int>(capacity: 2)
        let posted = [queue.post(1), queue.post(2), queue.post(3)]
        #expect(posted == [true, true, false])
        let soon = Monotonic.now().advanced(byMilliseconds: 20)
        let taken = [queue.take(until: soon), queue.take(until: soon), queue.take(until: soon)]
        #expect(taken == [1, 2, nil])
    }

    @Test func `a thread has the name and owns the worker it was given`() throws {
        struct Worker: ~Copyable {
            let adder: Adder
            deinit { adder.add(100) }
        }
        let adder = Adder()
        let box = NameBox()
        let thread = try WorkerThread(name: "gateway-12", running: Worker(adder: adder)) {
            worker in
            box.readOwnName()
            worker.adder.add(1)
        }
        thread.join()
        #expect(adder.total == 101)
        #expect(box.name == "gateway-12")
    }

    @Test func `the stack of a thread is as large as libjwt needs`() throws {
        let thread = try WorkerThread(name: "deep") {
            // Six of the eight megabytes, touched.
            unsafe withUnsafeTemporaryAllocation(byteCount: 6 << 20, alignment: 16) {
                _ = unsafe $0.initializeMemory(as: UInt8.self, repeating: 1)
            }
        }
        thread.join()
    }

    @Test func `a thread can be bound to one usable core`() throws {
        let cores = usableCores()
        let core = try #require(cores.last)
        let seen = NameBox()
        let thread = try WorkerThread(name: "bound", core: core) {
            seen.set(usableCores().map(String.init).joined(separator: ","))
        }
        thread.join()
        #expect(seen.name == String(core))
    }

    @Test func `a connection posted to a mailbox is closed when nobody takes it`() throws {
        try Socket.withPair { near, far in
            let mailbox = try Mailbox<SocketParcel>(capacity: 1)
            var client = try Client(near)
            #expect(mailbox.post(SocketParcel(far, peer: .unix)))
            var batch: [SocketParcel] = []
            mailbox.drain(into: &batch)
            let taken = batch[0].take()
            let again = batch[0].take()
            let isTaken = [taken != nil, again != nil]
            #expect(isTaken == [true, false])
            // Posted on to a full box, it is refused, and gone.
            if let socket = taken {
                let small = try Mailbox<SocketParcel>(capacity: 1)
                Socket.withPair { one, _ in _ = small.post(SocketParcel(one, peer: .unix)) }
                #expect(!small.post(SocketParcel(socket, peer: .unix)))
            }
            batch = []
            let isEnded = try client.isEnded()
            #expect(isEnded)
        }
    }
}

@Suite struct `Process signals` {
    @Test func `arrive at the source instead of ending the process`() async {
        await #expect(processExitsWith: .success) {
            let source = try SignalSource()
            var poller = try Poller(eventsMax: 4)
            try poller.add(source.number, key: .fixed(2))
            // A thread started later has them blocked too. (The test library's own threads, which
            // were started before, have not, so every signal here names its thread.)
            let thread = try WorkerThread(name: "survivor") {
                for number in [SIGHUP, SIGTERM, SIGINT, SIGPIPE] { raise(number) }
            }
            thread.join()
            for number in [SIGHUP, SIGTERM, SIGPIPE] { raise(number) }
            let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
            var seen: [ProcessSignal] = []
            while seen.count < 2, Monotonic.now() < deadline {
                try poller.wait(until: deadline)
                while let signal = source.next() { seen.append(signal) }
            }
            guard seen.contains(.hangUp), seen.contains(.terminate), seen.count == 2 else {
                exit(11)
            }
            raise(SIGINT)
            guard source.next() == .interrupt, source.next() == nil else { exit(12) }
        }
    }

    @Test func `the descriptor limit is raised no further than allowed`() async {
        await #expect(processExitsWith: .success) {
            guard let now = raiseDescriptorLimit(to: 0), now > 0 else { exit(11) }
            guard let most = raiseDescriptorLimit(to: .max), most >= now else { exit(12) }
            guard raiseDescriptorLimit(to: 1) == most else { exit(13) }
        }
    }
}

@Suite struct `Byte budget` {
    @Test func `bytes are taken up to the bound and given back`() {
        let budget = ByteBudget()
        #expect(budget.take(8_000, of: 10_000) && !budget.take(2_001, of: 10_000))
        #expect(budget.take(2_000, of: 10_000) && budget.take(0, of: 10_000))
        // A lower bound than what is out refuses, and takes nothing.
        #expect(!budget.take(1, of: 5_000) && budget.bytes == 10_000)
        budget.give(10_000)
        #expect(budget.bytes == 0)
    }
}

/// Arrays hold no threads themselves.
private final class ThreadHolder {
    private let thread: WorkerThread
    init(_ thread: consuming WorkerThread) { self.thread = thread }
}

private final class Adder: Sendable {
    private let sum = Atomic<Int>(0)
    func add(_ number: Int) { sum.add(number, ordering: .relaxed) }
    var total: Int { sum.load(ordering: .relaxed) }
}

private final class NameBox: Sendable {
    private let text = Mutex("")
    var name: String { text.withLock { $0 } }
    func set(_ value: String) { text.withLock { $0 = value } }
    func readOwnName() {
        guard let bytes = try? readFile("/proc/thread-self/comm", bytesMax: 64) else { return }
        set(String(decoding: bytes.dropLast(), as: UTF8.self))
    }
}

extension Optional where Wrapped: ~Copyable {
    /// The value of an optional that cannot be copied.
    consuming func unwrapped() throws -> Wrapped {
        guard let value = self else { throw Impatience() }
        return value
    }
}
