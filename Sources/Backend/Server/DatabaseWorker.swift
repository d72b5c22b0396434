import HTTPTransport
import Policy
import Postgres
import Reactor
import Telemetry

/// One thread with one connection. It takes one request at a time and answers it from
/// straight-line code; meanwhile it looks after its login, so that a database that comes back is
/// noticed without a request having to find out.
struct DatabaseWorker: ~Copyable {
    /// Between two looks at an idle connection.
    static let lookMilliseconds: UInt64 = 1_000
    /// One attempt to log in.
    static let loginMilliseconds = 3_000

    private var runner: OperationRunner
    private var log: AccessLog
    private let queue: WorkQueue<Job>
    private let replies: Mailbox<(SlotKey, ServiceReply)>
    private let state: ServerState
    private let metrics: BackendMetrics
    private let counters: CounterSet
    private var isConnected = false
    private var generation = 0
    private var linesLost: UInt64 = 0

    init(
        database: ConnectionString, context: ContextMode, room: DirectoryRoom,
        log: consuming AccessLog, queue: WorkQueue<Job>, replies: Mailbox<(SlotKey, ServiceReply)>,
        state: ServerState,
        metrics: BackendMetrics, counters: CounterSet
    ) {
        runner = OperationRunner(database: database, context: context, room: room)
        self.log = log
        self.queue = queue
        self.replies = replies
        self.state = state
        self.metrics = metrics
        self.counters = counters
    }

    /// Works until the queue is closed and empty.
    mutating func run() {
        lookAfterConnection()
        // Looks come by the clock, however much there is to do: who is refused brings no login
        // back.
        var look = Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
        while true {
            if let job = queue.take(until: look) {
                serve(job)
                noteConnection(isLook: false)
            } else if Monotonic.now() < look {
                break
            }
            guard Monotonic.now() >= look else { continue }
            lookAfterConnection()
            look = Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
        }
        if isConnected { state.noteWorker(isConnected: false) }
    }

    private mutating func serve(_ job: Job) {
        let start = Monotonic.now()
        var seen = job.observation
        seen.waitNanoseconds = start.nanoseconds(since: job.arrived)
        let answer: Answer
        if !state.isSchemaFit {
            answer = Answer(
                Rejection(.databaseUnavailable),
                requestID: job.requestID, tenant: seen.tenant)
        } else if start.nanoseconds >= job.deadline.nanoseconds {
            answer = Answer(
                Rejection(.databaseTimeout, "nothing was done"), requestID: job.requestID,
                tenant: seen.tenant)
        } else {
            answer = perform(job, &seen)
        }
        let end = Monotonic.now()
        // A client that has gone, or a request that has timed out, has no use for it.
        _ = replies.post((job.key, answer.reply))
        seen.databaseNanoseconds = end.nanoseconds(since: start)
        seen.totalNanoseconds = end.nanoseconds(since: job.arrived)
        seen.status = answer.status
        seen.refusal = answer.refusal
        seen.bytesOut = answer.body.count
        account(answer, seen)
    }

    private mutating func perform(_ job: Job, _ seen: inout Observation) -> Answer {
        do throws(DatabaseFault) {
            return try runner.answer(
                job.operation, requestID: job.requestID, deadline: job.deadline)
        } catch {
            seen.fault = error
            return Answer(Rejection(error), requestID: job.requestID, tenant: seen.tenant)
        }
    }

    private mutating func account(_ answer: Answer, _ seen: Observation) {
        metrics.count(answer, at: seen.endpoint, in: counters)
        let endpoint = Int(seen.endpoint.rawValue)
        counters.record(metrics.duration[endpoint], nanoseconds: seen.totalNanoseconds)
        counters.record(
            metrics.database[endpoint], nanoseconds: seen.databaseNanoseconds ?? 0)
        log.write(seen, now: .now())
        counters.add(metrics.logLinesLost.only, log.droppedLines - linesLost)
        linesLost = log.droppedLines
    }

    // MARK: Connection

    private mutating func lookAfterConnection() {
        try? runner.connect(deadline: .after(milliseconds: Self.loginMilliseconds))
        noteConnection(isLook: true)
    }

    /// After each new login the schema is looked at again: behind the same address may be another
    /// database by now, such as one restored from before a migration. An unfit one is looked at
    /// again with every look.
    private mutating func noteConnection(isLook: Bool) {
        if runner.isConnected, runner.generation != generation || (isLook && !state.isSchemaFit) {
            if runner.generation != generation { counters.add(metrics.logins.only) }
            generation = runner.generation
            examineSchema()
        }
        guard runner.isConnected != isConnected else { return }
        isConnected = runner.isConnected
        state.noteWorker(isConnected: isConnected)
        counters.set(metrics.workersConnected.only, to: isConnected ? 1 : 0)
    }

    private mutating func examineSchema() {
        do throws(DatabaseFault) {
            let deadline = Deadline.after(milliseconds: Self.loginMilliseconds)
            state.isSchemaFit = try runner.isSchemaFit(deadline: deadline)
        } catch {
            // Each transaction is refused as well; here it keeps requests from coming at all.
            if error.kind == .unsafeRole { state.isSchemaFit = false }
        }
    }
}
