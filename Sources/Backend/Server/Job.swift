import HTTPTransport
import Postgres
import Reactor

/// A checked request on its way to a database worker.
struct Job: Sendable {
    let key: SlotKey
    let operation: Operation
    let requestID: String
    /// What the front knows already.
    let observation: Observation
    let arrived: Monotonic
    /// After it the answer is 503, whether the request still waits or runs.
    let deadline: Deadline
}
