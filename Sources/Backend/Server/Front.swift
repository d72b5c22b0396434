import HTTP1
import HTTPTransport
import Policy
import Postgres
import Reactor
import Telemetry

/// The thread that talks to gateways: it parses, asks the assertion, reads the input, and hands
/// what is left to a database worker. It never waits for a database.
struct Front: ~Copyable {
    private var service: HTTPService
    private let desk: FrontDesk

    init(_ service: consuming HTTPService, _ desk: FrontDesk) {
        self.service = service
        self.desk = desk
    }

    /// Serves until told to stop.
    mutating func run() {
        let desk = self.desk
        do throws(SystemFault) {
            try service.run(handle: { desk.handle($0) }, refuse: { desk.refuse($0) })
        } catch {
            preconditionFailure("the front cannot poll: \(error)")
        }
    }
}

/// What the front says to requests. One thread owns it.
final class FrontDesk {
    private var assertions: AssertionDesk
    private var reader: RequestReader
    private var log: AccessLog
    private let queue: WorkQueue<Job>
    private let state: ServerState
    private let metrics: BackendMetrics
    private let counters: CounterSet
    private let deadlineMilliseconds: UInt64
    private var linesLost: UInt64 = 0

    init(
        assertions: consuming AssertionDesk, reader: consuming RequestReader,
        log: consuming AccessLog, queue: WorkQueue<Job>,
        state: ServerState, metrics: BackendMetrics, counters: CounterSet,
        deadlineMilliseconds: UInt64
    ) {
        self.assertions = assertions
        self.reader = reader
        self.log = log
        self.queue = queue
        self.state = state
        self.metrics = metrics
        self.counters = counters
        self.deadlineMilliseconds = deadlineMilliseconds
    }

    func handle(_ request: ServiceRequest) -> ServiceAnswer {
        let wall = WallClock.now()
        let route = Route(path: request.path)
        var seen = Observation()
        seen.endpoint = route.endpoint
        seen.method = request.method
        seen.bytesIn = request.body.count
        let vouched: VouchedRequest
        do throws(AssertionRefusal) {
            vouched = try assertions.admit(request, now: wall)
        } catch {
            seen.defect = error.defect
            return .now(answer(Rejection(error.refusal), seen, request.arrived))
        }
        seen.note(vouched)
        do throws(Rejection) {
            let operation = try reader.read(request, route, for: vouched.caller)
            seen.cleaned = reader.dropped
            counters.add(metrics.cleaned.only, UInt64(reader.dropped))
            let end = request.arrived.advanced(byMilliseconds: deadlineMilliseconds)
            let job = Job(
                key: request.key, operation: operation, requestID: vouched.id, observation: seen,
                arrived: request.arrived,
                deadline: Deadline(monotonicNanoseconds: end.nanoseconds))
            guard queue.post(job) else { throw Rejection(.databaseUnavailable) }
            counters.set(metrics.queued.only, to: UInt64(queue.count))
            return .later
        } catch {
            return .now(answer(error, seen, request.arrived))
        }
    }

    /// The answer to what never became a request, or outlived its patience.
    func refuse(_ defect: ServiceDefect) -> ServiceReply {
        var seen = Observation()
        if case .violation(let violation) = defect { seen.defect = violation.code }
        return answer(Rejection(defect), seen, .now())
    }

    private func answer(
        _ rejection: Rejection, _ seen: Observation, _ arrived: Monotonic
    ) -> ServiceReply {
        var seen = seen
        let id = seen.requestID ?? FreshID.make()
        seen.requestID = id
        // No transaction ran, so there is nobody's data in this answer: it may name who asked, and
        // must, for a gateway that compares.
        let answer = Answer(rejection, requestID: id, tenant: seen.tenant)
        seen.status = answer.status
        seen.refusal = answer.refusal
        seen.bytesOut = answer.body.count
        seen.totalNanoseconds = Monotonic.now().nanoseconds(since: arrived)
        metrics.count(answer, at: seen.endpoint, in: counters)
        log.write(seen, now: .now())
        counters.add(metrics.logLinesLost.only, log.droppedLines - linesLost)
        linesLost = log.droppedLines
        return answer.reply
    }
}

extension Observation {
    mutating func note(_ request: VouchedRequest) {
        requestID = request.id
        vendor = request.caller.credential.name
        switch request.caller {
        case .tenant(let caller): tenant = caller.scope.text
        case .vendor: isVendorScope = true
        }
    }
}
